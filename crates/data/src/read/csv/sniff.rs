//! What the first bytes of a text table tell: its encoding and its delimiter.

use super::number::{Evidence, evidence};
use crate::failure::{Code, Failure, Result};

/// How much is looked at.
pub(super) const SAMPLE: usize = 1 << 16;
const LINES: usize = 20;
const DELIMITERS: [u8; 4] = *b",;\t|";

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// First bytes of formats that people hand over under a text name.
const SIGNATURES: [(&[u8], &str, &str); 7] = [
    (b"\x1F\x8B", "gzip-compressed", "decompress it first: gunzip"),
    (b"\x28\xB5\x2F\xFD", "zstd-compressed", "decompress it first: zstd -d"),
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook",
        "export the sheet as CSV, or name a file with the ending .npz",
    ),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook", "export the sheet as CSV"),
    (b"\x93NUMPY", "a NumPy array", "name the file with the ending .npy"),
    (b"\x89HDF", "an HDF5 file", "name the file with the ending .h5ad"),
    (b"PAR1", "a Parquet file", "name the file with the ending .parquet"),
];

/// The number of bytes to skip (a UTF-8 mark), or why this is not UTF-8 text. Of the content only the absence of zero bytes
/// is checked here; invalid sequences are found where a field is used, so that ignored columns may hold anything.
///
/// # Errors
/// `DATA_ENCODING`, `DATA_UNKNOWN_FORMAT`.
pub(super) fn encoding(head: &[u8]) -> Result<usize> {
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(Failure::new(Code::DataEncoding, "the text is UTF-16, expected UTF-8")
            .hint("convert it: iconv -f UTF-16 -t UTF-8 old.csv > new.csv (in Excel: save as \"CSV UTF-8\")"));
    }
    if let Some((_, what, hint)) = SIGNATURES.iter().find(|(bytes, ..)| head.starts_with(bytes)) {
        return Err(Failure::new(Code::DataUnknownFormat, format!("the file is {what}, expected text")).hint(*hint));
    }
    if let Some(at) = head.iter().position(|&byte| byte == 0) {
        return Err(Failure::new(
            Code::DataEncoding,
            format!("byte {at} is zero: UTF-16 or binary, expected UTF-8 text"),
        )
        .hint("if it is text, convert it: iconv -f UTF-16LE -t UTF-8 old.csv > new.csv"));
    }
    Ok(if head.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 })
}

/// What stands above the table, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Opening {
    /// Bytes before the header.
    pub skip: usize,
    /// Lines before the header.
    pub lines: u64,
    /// The delimiter that Excel's line `sep=;` names.
    pub delimiter: Option<u8>,
    /// Whether lines that begin with `#` are comments.
    pub comments: bool,
}

/// Looks for Excel's `sep=` and for lines of comments above the header. A header may itself be commented out, as
/// `numpy.savetxt` writes it: it is the last line with a `#`, and the line below it has numbers and as many fields.
pub(super) fn opening(text: &[u8], quote: Option<u8>) -> Opening {
    let mut opening = Opening::default();
    if let Some((delimiter, length)) = sep_line(text) {
        opening = Opening { skip: length, lines: 1, delimiter: Some(delimiter), comments: false };
    }
    let mut header = None;
    let mut at = opening.skip;
    let mut lines = opening.lines;
    let mut comments = 0;
    while let Some((line, length)) = line_at(text, at) {
        match line.trim_ascii().first() {
            None => {}
            Some(b'#') => (header, comments) = (Some((at, lines)), comments + 1),
            Some(_) => break,
        }
        (at, lines) = (at + length, lines + 1);
    }
    let (Some((start, line)), Some((below, _))) = (header, line_at(text, at)) else { return opening };
    let header = line_at(text, start).map_or(&text[..0], |(header, _)| header);
    let marks = header.iter().take_while(|byte| **byte == b'#' || byte.is_ascii_whitespace()).count();
    if is_header_of(&header[marks..], below, opening.delimiter, quote) {
        // A name that is nothing but the mark stays: "#,name,type".
        let named = !header.get(marks).is_none_or(|byte| DELIMITERS.contains(byte));
        let skip = if named { start + marks } else { start };
        return Opening { skip, lines: line, comments: comments > 1, ..opening };
    }
    Opening { skip: at, lines, comments: true, ..opening }
}

fn sep_line(text: &[u8]) -> Option<(u8, usize)> {
    let (line, length) = line_at(text, 0)?;
    let line = line.strip_prefix(b"\"").map_or(line, |line| line.strip_suffix(b"\"").unwrap_or(line));
    let (word, rest) = line.split_at_checked(4)?;
    match rest {
        &[delimiter] if word.eq_ignore_ascii_case(b"sep=") => Some((delimiter, length)),
        _ => None,
    }
}

/// The line that begins at `at`, without its end, and how many bytes it takes with it.
fn line_at(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
    let length = if rest[end..].starts_with(b"\r\n") { end + 2 } else { (end + 1).min(rest.len()) };
    Some((&rest[..end], length))
}

fn is_header_of(header: &[u8], below: &[u8], delimiter: Option<u8>, quote: Option<u8>) -> bool {
    let both = [header, b"\n", below].concat();
    let delimiter = delimiter.unwrap_or_else(|| self::delimiter(&both, quote, false, None));
    let fields = |line: &[u8]| -> Vec<Vec<u8>> {
        let parts: Vec<Vec<u8>> = match delimiter {
            b' ' => line.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect(),
            _ => line.split(|&byte| byte == delimiter).map(<[u8]>::to_vec).collect(),
        };
        parts
    };
    let is_number = |field: &Vec<u8>| !matches!(evidence(field), Evidence::Text);
    let (names, values) = (fields(header), fields(below));
    names.len() == values.len() && !names.iter().any(is_number) && values.iter().any(is_number)
}

/// The delimiter that the header contains and that cuts the first lines into equally many fields; of several the one that
/// makes most fields, then the more usual one. A blank stands for runs of blanks, where nothing else cuts evenly and rows hold
/// numbers. A table without any is one column, and a comma. `likely` is the one that such a table had before.
pub(super) fn delimiter(head: &[u8], quote: Option<u8>, comments: bool, likely: Option<u8>) -> u8 {
    let lines = counts(head, quote, comments);
    let Some((header, rows)) = lines.split_first() else { return DELIMITERS[0] };
    // Row names may stand in a column that the header does not count.
    let is_even = |d: usize| {
        rows.iter().all(|row| row[d] == rows[0][d])
            && rows.first().is_none_or(|row| (0..2).contains(&(row[d] - header[d])))
    };
    if let Some(d) = DELIMITERS.iter().position(|d| Some(*d) == likely)
        && header[d] > 0
    {
        return DELIMITERS[d];
    }
    let best = (0..DELIMITERS.len()).rev().filter(|&d| header[d] > 0).max_by_key(|&d| (is_even(d), header[d]));
    let blanks = DELIMITERS.len();
    if !best.is_some_and(is_even)
        && !rows.is_empty()
        && header[blanks] > 0
        && is_even(blanks)
        && rows_hold_numbers(head)
    {
        return b' ';
    }
    best.map_or(DELIMITERS[0], |d| DELIMITERS[d])
}

/// Whether each of the first rows holds a number between blanks: prose does not.
fn rows_hold_numbers(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n' || byte == b'\r').filter(|line| !line.trim_ascii().is_empty());
    lines.next();
    let complete = lines.by_ref().take(LINES).collect::<Vec<_>>();
    let (last, others) = complete.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
    let holds = |line: &[u8]| {
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.into_iter().any(|word| !matches!(evidence(word), Evidence::Text))
    };
    others.iter().all(|line| line.starts_with(b"#") || holds(line))
        && (!others.is_empty() || last.is_some_and(|line| holds(line)))
}

/// How often each delimiter stands outside quotes, for each of the first lines that are not blank; last how many runs of blanks
/// stand between two fields.
fn counts(head: &[u8], quote: Option<u8>, comments: bool) -> Vec<[i64; 5]> {
    let blanks = DELIMITERS.len();
    let mut lines = Vec::new();
    let mut line = [0; 5];
    let (mut quoted, mut blank, mut comment, mut run) = (false, true, false, false);
    for &byte in head {
        if !quoted && (byte == b'\n' || byte == b'\r') {
            if !blank && !comment {
                lines.push(line);
            }
            if lines.len() == LINES {
                return lines;
            }
            (line, blank, comment, run) = ([0; 5], true, false, false);
            continue;
        }
        comment |= comments && blank && byte == b'#';
        if quoted || !(byte == b' ' || byte == b'\t') {
            line[blanks] += i64::from(run);
            run = false;
        } else {
            run = !blank;
        }
        if Some(byte) == quote {
            quoted = !quoted;
        } else if let Some(d) = DELIMITERS.iter().position(|&d| d == byte).filter(|_| !quoted) {
            line[d] += 1;
        }
        blank &= byte == b' ';
    }
    // The last line may be cut off: it counts only when there is no other, or when it is the end of the file.
    if !blank && !comment && (lines.is_empty() || head.len() < SAMPLE) {
        lines.push(line);
    }
    lines
}

/// Whether most delimiters of the first lines have a blank behind them, which then belongs to the writing and not to the field.
pub(super) fn blanks_follow(head: &[u8], delimiter: u8, quote: Option<u8>) -> bool {
    let (mut all, mut followed, mut quoted, mut lines) = (0, 0, false, 0);
    for (at, &byte) in head.iter().enumerate() {
        if Some(byte) == quote {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            all += 1;
            followed += usize::from(head.get(at + 1) == Some(&b' '));
        } else if byte == b'\n' && !quoted {
            lines += 1;
        }
        if lines > LINES {
            break;
        }
    }
    delimiter != b'\t' && all > 0 && 2 * followed > all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_cuts_the_lines_evenly() {
        for (text, expected) in [
            ("a,b\n1,2\n", ','),
            ("a;b;c\n1,5;2,5;3,5\n", ';'),
            ("a\tb\nx, y\tz\n", '\t'),
            ("a|b|c\r\n1|2|3", '|'),
            ("\"a;b\",c\n\"1;2;3\",4\n", ','),
            ("\n\na;b\n1;2\n", ';'),
            ("a,b;c,d\n1,0;2,0\n1;2,0\n", ';'),
            ("only\n1\n", ','),
            ("a  b   c\n1.5  2 3\n  4 5 6\n", ' '),
            ("\"a\" \"b\"\n\"r 1\" 1 2\n\"r 2\" 3 4\n", ' '),
            ("a name\nof things\n", ','),
            ("a b,c\n1 2,3\n", ','),
            ("a,b\nr1,1,2\nr2,3,4\n", ','),
            ("", ','),
        ] {
            assert_eq!(char::from(delimiter(text.as_bytes(), Some(b'"'), false, None)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_header_longer_than_the_sample_still_shows_its_delimiter() {
        let wide: String = (0..20_000).map(|i| format!("gene{i}\t")).collect();
        assert_eq!(delimiter(&wide.as_bytes()[..SAMPLE], Some(b'"'), false, None), b'\t');
    }

    #[test]
    fn lines_above_the_header_are_known_for_what_they_are() {
        for (text, header, delimiter) in [
            ("a;b\n1;2\n", "a;b", None),
            ("sep=;\r\na;b\n", "a;b", Some(b';')),
            ("\"SEP=\t\"\na\tb\n", "a\tb", Some(b'\t')),
            ("# made by a tool, version 2\n\n# twice\na,b\n1,2\n", "a,b", None),
            ("# made by a tool\n# a,b\n1,2\n", "a,b", None),
            ("# a b\n1.5 2\n", "a b", None),
            ("#chrom\tstart\nchr1\t100\n", "chrom\tstart", None),
            ("#,name\n1,x\n", "#,name", None),
            ("# a,b\nc,d\n1,2\n", "c,d", None),
        ] {
            let found = opening(text.as_bytes(), Some(b'"'));
            assert!(text[found.skip..].starts_with(header), "{text:?}: {found:?}");
            assert_eq!(found.delimiter, delimiter, "{text:?}");
            let lines = text[..found.skip].matches('\n').count() as u64;
            assert_eq!(found.lines, lines, "{text:?}");
        }
    }

    #[test]
    fn blanks_after_delimiters_are_found_where_most_have_one() {
        assert!(blanks_follow(b"a, b, c\n1, 2,3\n", b',', None));
        assert!(!blanks_follow(b"a,b\nx, y,\n1,2\n", b',', None));
    }

    #[test]
    fn the_delimiter_of_before_wins_where_the_header_has_it() {
        assert_eq!(delimiter(b"a;b,c\n1;2,3\n", None, false, Some(b';')), b';');
        assert_eq!(delimiter(b"a,c\n1,3\n", None, false, Some(b';')), b',');
    }

    #[test]
    fn only_a_utf8_mark_is_skipped() {
        assert_eq!(encoding(b"\xEF\xBB\xBFa,b\n"), Ok(3));
        assert_eq!(encoding("é,b\n".as_bytes()), Ok(0));
        for (bytes, code) in [
            (&b"\xFF\xFEa\0"[..], Code::DataEncoding),
            (b"\xFE\xFF\0a", Code::DataEncoding),
            (b"a\0,\0b\0", Code::DataEncoding),
            (b"\x1F\x8B\x08", Code::DataUnknownFormat),
            (b"PK\x03\x04", Code::DataUnknownFormat),
        ] {
            let failure = encoding(bytes).expect_err("not UTF-8 text");
            assert_eq!(failure.code, code);
            assert!(failure.hint.is_some());
        }
    }
}

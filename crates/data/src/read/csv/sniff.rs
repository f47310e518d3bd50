//! What the first bytes of a text table tell: its encoding and its delimiter.

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

/// The delimiter that the header contains and that cuts the first lines into equally many fields; of several the one that
/// makes most fields, then the more usual one. A table without any is one column, and a comma.
pub(super) fn delimiter(head: &[u8], quote: Option<u8>) -> u8 {
    let lines = counts(head, quote);
    let Some(header) = lines.first() else { return DELIMITERS[0] };
    let score = |d: usize| (lines.iter().all(|line| line[d] == header[d]), header[d]);
    (0..DELIMITERS.len())
        .rev()
        .filter(|&d| header[d] > 0)
        .max_by_key(|&d| score(d))
        .map_or(DELIMITERS[0], |d| DELIMITERS[d])
}

/// How often each delimiter stands outside quotes, for each of the first lines that are not blank.
fn counts(head: &[u8], quote: Option<u8>) -> Vec<[usize; 4]> {
    let mut lines = Vec::new();
    let mut line = [0; 4];
    let (mut quoted, mut blank) = (false, true);
    for &byte in head {
        if Some(byte) == quote {
            (quoted, blank) = (!quoted, false);
        } else if !quoted && (byte == b'\n' || byte == b'\r') {
            if !blank {
                lines.push(line);
            }
            if lines.len() == LINES {
                return lines;
            }
            (line, blank) = ([0; 4], true);
        } else {
            blank = false;
            if let Some(d) = DELIMITERS.iter().position(|&d| d == byte).filter(|_| !quoted) {
                line[d] += 1;
            }
        }
    }
    // The last line may be cut off: it counts only when there is no other, or when it is the end of the file.
    if !blank && (lines.is_empty() || head.len() < SAMPLE) {
        lines.push(line);
    }
    lines
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
            ("", ','),
        ] {
            assert_eq!(char::from(delimiter(text.as_bytes(), Some(b'"'))), expected, "{text:?}");
        }
    }

    #[test]
    fn a_header_longer_than_the_sample_still_shows_its_delimiter() {
        let wide: String = (0..20_000).map(|i| format!("gene{i}\t")).collect();
        assert_eq!(delimiter(&wide.as_bytes()[..SAMPLE], Some(b'"')), b'\t');
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

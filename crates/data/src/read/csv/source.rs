//! A table being read, record by record, and the failures that know where they are.

use super::CsvOptions;
use super::locate::{Cut, is_left_open, place_of_field, place_of_record, places};
use super::number::{self, Evidence, NotANumber};
use super::sniff;
use super::spaced::{Blanks, RUN, Spaced};
use crate::failure::{Code, Failure, Result};
use crate::nearest::did_you_mean;
use crate::read::{open, unreadable};
use csv::ByteRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::path::Path;

/// A table being read: header read, one record at a time.
pub(super) struct Source<'a> {
    path: &'a Path,
    cut: Cut,
    /// Unique names, in file order.
    pub header: Vec<String>,
    /// Names of the columns that have none of their own.
    pub unnamed: Vec<String>,
    reader: csv::Reader<Box<dyn Read>>,
    /// Whether rows begin with a field that the header does not name.
    row_names: bool,
    /// The current row, as long as the header.
    pub record: ByteRecord,
    /// Where the last record begins, if it contains line breaks.
    several_lines: Option<u64>,
}

impl<'a> Source<'a> {
    /// Opens a table and reads its header.
    pub fn open(path: &'a Path, options: &CsvOptions) -> Result<Self> {
        let quote = options.quote.map(|quote| ascii("quote", quote)).transpose()?;
        let chosen = options.delimiter.map(|delimiter| ascii("delimiter", delimiter)).transpose()?;
        if chosen.is_some() && chosen == quote {
            return Err(
                Failure::new(Code::ConfigConflict, "delimiter and quote are the same character").at("delimiter")
            );
        }
        let mut file = open(path)?;
        let mut head = Vec::with_capacity(sniff::SAMPLE);
        (&mut file).take(sniff::SAMPLE as u64).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
        let mark = sniff::encoding(&head).map_err(|failure| failure.at(path.display().to_string()))?;
        let opening = sniff::opening(&head[mark..], quote);
        let skip = mark + opening.skip;
        let text = &head[skip..];
        let likely = options.likely.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
        let found = || sniff::delimiter(text, quote, opening.comments, likely);
        let delimiter = chosen.or(opening.delimiter).unwrap_or_else(found);
        let blanks = match delimiter {
            b' ' => Blanks::Separate,
            _ if sniff::blanks_follow(text, delimiter, quote) => Blanks::AfterDelimiter,
            _ => Blanks::Kept,
        };
        let cut = Cut {
            delimiter: if delimiter == b' ' { RUN } else { delimiter },
            quote,
            blanks,
            comments: opening.comments,
            skip: skip as u64,
            lines: opening.lines,
        };
        let whole = head.len() < sniff::SAMPLE;
        let row_names = names_rows(&cut, text, whole);
        let mut start = Cursor::new(head);
        start.set_position(skip as u64);
        let text: Box<dyn Read> = match blanks {
            Blanks::Kept => Box::new(start.chain(file)),
            _ => Box::new(Spaced::new(start.chain(file), cut.filter())),
        };
        let mut source = Self {
            path,
            cut,
            header: Vec::new(),
            unnamed: Vec::new(),
            reader: parser(&cut).from_reader(text),
            row_names,
            record: ByteRecord::new(),
            several_lines: None,
        };
        source.read_header()?;
        Ok(source)
    }

    /// Lines above the header.
    pub fn skipped(&self) -> u64 {
        self.cut.lines
    }

    /// A field as a label: blanks that belong to the writing are no part of it.
    pub fn label<'t>(&self, text: &'t str) -> &'t str {
        if self.cut.blanks == Blanks::Kept { text } else { text.trim() }
    }

    /// The delimiter given or found.
    pub fn delimiter(&self) -> char {
        if self.cut.blanks == Blanks::Separate { ' ' } else { char::from(self.cut.delimiter) }
    }

    fn read_header(&mut self) -> Result<()> {
        if !self.advance()? {
            return Err(Failure::new(Code::DataEmpty, format!("{} is empty", self.path.display()))
                .at(self.path.display().to_string())
                .hint("expected a header with the names of the columns, and rows below it"));
        }
        let mut names = Vec::with_capacity(self.record.len() + usize::from(self.row_names));
        if self.row_names {
            names.push(String::new());
        }
        for (field, name) in self.record.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(name) else { return Err(self.not_utf8(0, field)) };
            names.push(name.to_owned());
        }
        let trimmed: BTreeSet<&str> = names.iter().map(|name| name.trim()).collect();
        // Names that differ in blanks alone are still two names.
        if trimmed.len() == names.len() || names.iter().any(|name| name.trim().is_empty()) {
            names.iter_mut().for_each(|name| *name = name.trim().to_owned());
        }
        let taken: BTreeSet<String> = names.iter().cloned().collect();
        for (place, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
            // As pandas does where a table that it wrote before is written again.
            let further = (1..).map(|count| format!("Unnamed: {place}.{count}"));
            let free = std::iter::once(format!("Unnamed: {place}")).chain(further).find(|name| !taken.contains(name));
            *name = free.expect("names do not end");
            self.unnamed.push(name.clone());
        }
        let mut seen = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            if let Some(first) = seen.insert(name, place) {
                return Err(self.duplicate(name, first, place));
            }
        }
        self.header = names;
        Ok(())
    }

    /// The next row into `record`, checked to have as many fields as the header; `false` at the end.
    pub fn next(&mut self) -> Result<bool> {
        if !self.advance()? {
            return Ok(false);
        }
        if self.record.len() == self.header.len() { Ok(true) } else { Err(self.ragged()) }
    }

    fn advance(&mut self) -> Result<bool> {
        let more = self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => unreadable(self.path, &error),
            other => Failure::new(Code::DataUnknownFormat, format!("cannot read {}: {other:?}", self.path.display()))
                .at(self.path.display().to_string()),
        })?;
        if more {
            let bytes = self.record.as_slice();
            let breaks = bytes.contains(&b'\n') || bytes.contains(&b'\r');
            self.several_lines = breaks.then(|| self.record_start());
        } else if let Some(byte) = self.several_lines {
            // The parser takes the end of the file for the closing quote: rows would vanish into a field.
            if is_left_open(self.path, self.cut, byte) {
                return Err(Failure::new(Code::DataRaggedRow, "a quote is opened and never closed")
                    .at(place_of_record(self.path, self.cut, byte))
                    .hint("close it; a quote inside a quoted field is written twice"));
            }
        }
        Ok(more)
    }

    /// The byte after the beginning of the header at which the current record begins.
    pub fn record_start(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    /// The positions of named columns.
    pub fn indices(&self, names: &[String]) -> Result<Vec<usize>> {
        let index: BTreeMap<&str, usize> = self.header.iter().map(String::as_str).zip(0..).collect();
        let find = |name: &String| {
            index.get(name.as_str()).copied().ok_or_else(|| {
                Failure::new(Code::DataMissingColumn, format!("{} has no column {name:?}", self.path.display()))
                    .at(place_of_record(self.path, self.cut, 0))
                    .hint(did_you_mean(name, &self.header))
                    .with("column", name.clone())
            })
        };
        names.iter().map(find).collect()
    }

    /// Adds place, row and column to a failure about one field; rows from 1 under the header.
    fn at_field(&self, failure: Failure, row: usize, field: usize) -> Failure {
        let name = self.header.get(field).cloned().unwrap_or_default();
        let field = if row == 0 && self.row_names { field.saturating_sub(1) } else { field };
        failure
            .at(place_of_field(self.path, self.cut, self.record_start(), field))
            .with("row", row)
            .with("column", name)
    }

    /// Places of fields, each given by the byte at which its record begins.
    pub fn places(&self, wanted: &[(u64, usize)]) -> Vec<Option<(u64, u64)>> {
        places(self.path, self.cut, wanted)
    }

    /// The failure of a field of the current row that should have been a number.
    pub fn not_a_number(&self, row: usize, field: usize, why: NotANumber) -> Failure {
        if std::str::from_utf8(&self.record[field]).is_err() {
            return self.not_utf8(row, field);
        }
        self.at_field(self.no_number(row, field, why), row, field)
    }

    /// The same without its place in the file.
    pub fn no_number(&self, row: usize, field: usize, why: NotANumber) -> Failure {
        let text = &String::from_utf8_lossy(&self.record[field]);
        let name = &self.header[field];
        let value = shortened(text);
        let missing_hint = format!("list {value:?} under `missingValues` if it means no value");
        let failure = match why {
            NotANumber::Overflow => {
                Failure::new(Code::DataOverflow, format!("column {name:?}, row {row}: {value} exceeds 3.4e38 (32-bit)"))
                    .hint("rescale the column, for example by its unit")
            }
            NotANumber::NotFinite => {
                Failure::new(Code::DataNotFinite, format!("column {name:?}, row {row}: {value} is not finite"))
                    .hint(missing_hint)
            }
            NotANumber::Text => {
                let failure = Failure::new(
                    Code::DataNotNumeric,
                    format!("column {name:?}, row {row}: {value:?} is not a number"),
                );
                match number::evidence(text.as_bytes()) {
                    Evidence::Comma => failure.hint(format!(
                        "set `decimal` to \",\" (--decimal ,) if this is a decimal comma, or write {} instead of {value}",
                        value.replace('.', "").replace(',', ".")
                    )),
                    Evidence::Grouped => {
                        failure.hint("set `decimal` to \".\" (--decimal .) if its thousands are separated")
                    }
                    Evidence::Either => failure.hint(format!(
                        "set `decimal` to \".\" (--decimal .) if this is {}, or to \",\" (--decimal ,) if it is {}",
                        value.replace(',', ""),
                        value.replace(',', ".")
                    )),
                    Evidence::Point => failure.hint(format!(
                        "decimal commas are read here: set `decimal` to \".\" (--decimal .), or write {}",
                        value.replace('.', ",")
                    )),
                    _ if text.trim().is_empty() => {
                        failure.hint("list \"\" under `missingValues` if it means no value")
                    }
                    _ if number::truth(text.as_bytes()).is_some() => {
                        failure.hint("a column holds numbers or truth values, not both: write 1 and 0")
                    }
                    _ => failure
                        .hint(format!("correct the value, {missing_hint}, or leave the input out with \"!{name}\"")),
                }
            }
        };
        failure.with("row", row).with("column", name.as_str()).with("value", value)
    }

    /// The failure of a field of the current row that is not UTF-8.
    pub fn not_utf8(&self, row: usize, field: usize) -> Failure {
        let failure = Failure::new(Code::DataEncoding, "the field is not UTF-8 text")
            .hint("convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv");
        self.at_field(failure, row, field)
    }

    fn duplicate(&self, name: &str, first: usize, second: usize) -> Failure {
        let message = format!("two columns are called {name:?}: columns {} and {}", first + 1, second + 1);
        let failure = Failure::new(Code::DataDuplicateColumn, message).hint("rename or remove one of them");
        self.at_field(failure, 0, second).with("column", name)
    }

    fn ragged(&self) -> Failure {
        let (got, expected) = (self.record.len(), self.header.len());
        let failure =
            Failure::new(Code::DataRaggedRow, format!("the row has {got} fields, but the header has {expected}"))
                .at(place_of_record(self.path, self.cut, self.record_start()))
                .with("got", got)
                .with("expected", expected);
        if self.several_lines.is_some() {
            failure.hint("a quote in this row is opened and not closed; inside a quoted field it is written twice")
        } else if got == expected + 1 {
            failure.hint("one delimiter too many, or the header lacks a name for the column of row names")
        } else if self.record.get(0).is_some_and(|field| field.starts_with(b"#")) {
            failure.hint("lines that begin with # are comments only where the file begins with one: remove the line")
        } else {
            failure.hint(format!("check the row and the delimiter, {:?}", self.delimiter()))
        }
    }
}

/// What cuts settled text into fields. Row lengths are checked here, where the failure can say what they should be.
fn parser(cut: &Cut) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(cut.delimiter).buffer_capacity(1 << 18);
    builder.comment(cut.comments.then_some(b'#'));
    match cut.quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    builder
}

/// Whether all of the first rows begin with a field that the header does not name, as R's `write.table` writes row names.
/// Rows that end with a delimiter too many have no last field.
fn names_rows(cut: &Cut, text: &[u8], whole: bool) -> bool {
    let mut reader = parser(cut).from_reader(Spaced::new(text, cut.filter()));
    let mut records: Vec<ByteRecord> = reader.byte_records().take(SAMPLED).map_while(std::result::Result::ok).collect();
    if !whole && records.len() < SAMPLED {
        records.pop();
    }
    let Some((header, rows)) = records.split_first() else { return false };
    rows.len() > 1
        && rows.iter().all(|row| row.len() == header.len() + 1)
        && rows.iter().any(|row| row.iter().next_back().is_some_and(|last| !last.is_empty()))
}

/// Records that are looked at for row names.
const SAMPLED: usize = 20;

/// A separator as the one byte it must be.
fn ascii(key: &str, character: char) -> Result<u8> {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(byte),
        _ => Err(Failure::new(
            Code::ConfigOutOfRange,
            format!("{key} {character:?} is not one ASCII character other than a line break"),
        )
        .at(key)),
    }
}

/// The beginning of a value, for a message on one line.
fn shortened(text: &str) -> String {
    let mut characters = text.trim().chars();
    let start: String = characters.by_ref().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_some() { format!("{start}...") } else { start }
}

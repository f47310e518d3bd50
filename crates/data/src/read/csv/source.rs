//! A table being read, record by record, and the failures that know where they are.

use super::CsvOptions;
use super::locate::{Cut, is_left_open, place_of_field, place_of_record};
use super::number::{self, NotANumber};
use super::sniff;
use crate::failure::{Code, Failure, Result};
use crate::interrupt::Stoppable;
use crate::nearest::did_you_mean;
use crate::read::{open, unreadable};
use csv::ByteRecord;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Chain, Cursor, Read};
use std::path::Path;

/// A table being read: header read, one record at a time.
pub(super) struct Source<'a> {
    path: &'a Path,
    cut: Cut,
    /// Unique names, in file order.
    pub header: Vec<String>,
    reader: csv::Reader<Chain<Cursor<Vec<u8>>, Stoppable<File>>>,
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
        let skip = sniff::encoding(&head).map_err(|failure| failure.at(path.display().to_string()))?;
        let delimiter = chosen.unwrap_or_else(|| sniff::delimiter(&head[skip..], quote));
        let mut start = Cursor::new(head);
        start.set_position(skip as u64);
        let mut builder = csv::ReaderBuilder::new();
        // Row lengths are checked here, where the failure can say what they should be.
        builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(1 << 18);
        match quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut source = Self {
            path,
            cut: Cut { delimiter, quote, skip: skip as u64 },
            header: Vec::new(),
            reader: builder.from_reader(start.chain(file)),
            record: ByteRecord::new(),
            several_lines: None,
        };
        source.read_header()?;
        Ok(source)
    }

    /// The delimiter given or found.
    pub fn delimiter(&self) -> char {
        char::from(self.cut.delimiter)
    }

    fn read_header(&mut self) -> Result<()> {
        if !self.advance()? {
            return Err(Failure::new(Code::DataEmpty, format!("{} is empty", self.path.display()))
                .at(self.path.display().to_string())
                .hint("expected a header with the names of the columns, and rows below it"));
        }
        let mut seen = BTreeMap::new();
        let mut header = Vec::with_capacity(self.record.len());
        for (field, name) in self.record.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(name) else { return Err(self.not_utf8(0, field)) };
            if let Some(first) = seen.insert(name, field) {
                return Err(self.duplicate(name, first, field));
            }
            header.push(name.to_owned());
        }
        self.header = header;
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

    fn record_start(&self) -> u64 {
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
        failure
            .at(place_of_field(self.path, self.cut, self.record_start(), field))
            .with("row", row)
            .with("column", name)
    }

    /// The failure of a field of the current row that should have been a number.
    pub fn not_a_number(&self, row: usize, field: usize, why: NotANumber) -> Failure {
        let Ok(text) = std::str::from_utf8(&self.record[field]) else { return self.not_utf8(row, field) };
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
                match number::with_point(text) {
                    Some(point) => failure.hint(format!("write decimal points, {point} instead of {value}")),
                    None if text.trim().is_empty() => {
                        failure.hint("list \"\" under `missingValues` if it means no value")
                    }
                    None => failure
                        .hint(format!("correct the value, {missing_hint}, or leave the input out with \"!{name}\"")),
                }
            }
        };
        self.at_field(failure, row, field).with("value", value)
    }

    /// The failure of a field of the current row that is not UTF-8.
    pub fn not_utf8(&self, row: usize, field: usize) -> Failure {
        let failure = Failure::new(Code::DataEncoding, "the field is not UTF-8 text")
            .hint("convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv");
        self.at_field(failure, row, field)
    }

    fn duplicate(&self, name: &str, first: usize, second: usize) -> Failure {
        let what = match name {
            "" => "two columns have no name".to_owned(),
            _ => format!("two columns are called {name:?}"),
        };
        let message = format!("{what}: columns {} and {}", first + 1, second + 1);
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
        } else {
            failure.hint(format!("check the row and the delimiter, {:?}", self.delimiter()))
        }
    }
}

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

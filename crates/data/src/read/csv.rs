//! Delimited text: which columns there are, and the chosen ones as numbers or as text.
//!
//! Only chosen fields are parsed, straight from the bytes of one reused record, so a table of 20,000 columns costs what its
//! bytes cost. Labels stay text: whether a column is numeric is said by the caller; [`kinds`] helps one who does not know.

mod kinds;
mod locate;
mod number;
mod sniff;
mod source;

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
pub use kinds::{ColumnKind, KindOptions, kinds};
use number::NotANumber;
use serde::{Deserialize, Serialize};
use source::Source;
use std::path::Path;

/// How the text is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsvOptions {
    /// One ASCII character; `None` finds out which of comma, semicolon, tab and bar cuts the first lines evenly.
    pub delimiter: Option<char>,
    /// One ASCII character around fields that contain delimiters or line breaks, doubled inside; `None` turns quoting off.
    pub quote: Option<char>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, quote: Some('"') }
    }
}

/// The header of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CsvColumns {
    /// Names, in file order, unique.
    pub columns: Vec<String>,
    /// The delimiter given or found.
    pub delimiter: char,
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsvSelection {
    /// How the text is cut.
    #[serde(flatten)]
    pub options: CsvOptions,
    /// Columns to read as numbers, in the order wanted.
    pub numeric: Vec<String>,
    /// Columns to read as text, in the order wanted.
    pub text: Vec<String>,
    /// Fields that mean "no value" (compared without surrounding blanks): NaN in numeric columns, "" in text.
    pub missing: Vec<String>,
}

impl Default for CsvSelection {
    fn default() -> Self {
        Self { options: CsvOptions::default(), numeric: Vec::new(), text: Vec::new(), missing: missing_words() }
    }
}

/// The fields that mean "no value" where nothing else is said.
fn missing_words() -> Vec<String> {
    ["", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "Null", "null", "None", "<NA>"].map(str::to_owned).to_vec()
}

/// The chosen columns.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvTable {
    /// Number of rows under the header; blank lines are none.
    pub rows: usize,
    /// rows x `numeric`; NaN = missing, everything else finite.
    pub numeric: Matrix,
    /// `text[column][row]`; "" = missing.
    pub text: Vec<Vec<String>>,
}

/// Reads the header.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_EMPTY`, `DATA_ENCODING`, `DATA_UNKNOWN_FORMAT`, `DATA_DUPLICATE_COLUMN`, and
/// `CONFIG_OUT_OF_RANGE` for a delimiter or quote that is no single ASCII character.
pub fn columns(path: &Path, options: &CsvOptions) -> Result<CsvColumns> {
    let source = Source::open(path, options)?;
    Ok(CsvColumns { delimiter: source.delimiter(), columns: source.header })
}

/// Reads the chosen columns of all rows, in file order.
///
/// # Errors
/// As [`columns`], and with `path` = `file:line:column`: `DATA_MISSING_COLUMN`, `DATA_RAGGED_ROW`, `DATA_NOT_NUMERIC`,
/// `DATA_NOT_FINITE`, `DATA_OVERFLOW`, `DATA_ENCODING`.
pub fn read(path: &Path, selection: &CsvSelection) -> Result<CsvTable> {
    let mut source = Source::open(path, &selection.options)?;
    let numeric = source.indices(&selection.numeric)?;
    let text = source.indices(&selection.text)?;
    let missing = Missing::new(&selection.missing);
    let mut rows = 0;
    let mut numbers = Vec::new();
    let mut texts = vec![Vec::new(); text.len()];
    while source.next()? {
        rows += 1;
        for &field in &numeric {
            match missing.number(&source.record[field]) {
                Ok(value) => numbers.push(value),
                Err(why) => return Err(source.not_a_number(rows, field, why)),
            }
        }
        for (&field, column) in text.iter().zip(&mut texts) {
            match std::str::from_utf8(&source.record[field]) {
                Ok(value) if missing.contains(value.as_bytes()) => column.push(String::new()),
                Ok(value) => column.push(value.to_owned()),
                Err(_) => return Err(source.not_utf8(rows, field)),
            }
        }
    }
    refuse_empty(path, rows)?;
    Ok(CsvTable { rows, numeric: Matrix::new(rows, numeric.len(), numbers)?, text: texts })
}

fn refuse_empty(path: &Path, rows: usize) -> Result<()> {
    if rows > 0 {
        return Ok(());
    }
    Err(Failure::new(Code::DataEmpty, format!("{} has a header but no rows", path.display()))
        .at(path.display().to_string())
        .hint("expected at least one row below the header"))
}

/// The words for "no value".
struct Missing<'a> {
    words: Vec<&'a [u8]>,
    /// Whether some word, such as -999, would pass for a number: then words are looked at first.
    numbers_among_them: bool,
}

impl<'a> Missing<'a> {
    fn new(words: &'a [String]) -> Self {
        let words: Vec<&[u8]> = words.iter().map(|word| word.trim().as_bytes()).collect();
        let numbers_among_them = words.iter().any(|word| number::parse(word).is_ok());
        Self { words, numbers_among_them }
    }

    fn contains(&self, field: &[u8]) -> bool {
        self.words.contains(&field.trim_ascii())
    }

    #[inline]
    fn number(&self, field: &[u8]) -> std::result::Result<f32, NotANumber> {
        match number::parse(field) {
            Ok(value) if !self.numbers_among_them || !self.contains(field) => Ok(value),
            Err(why) if !self.contains(field) => Err(why),
            _ => Ok(f32::NAN),
        }
    }
}

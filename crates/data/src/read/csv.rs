//! Delimited text: which columns there are, and the chosen ones as numbers or as text.
//!
//! Only chosen fields are parsed, straight from the bytes of one reused record, so a table of 20,000 columns costs what its
//! bytes cost. Labels stay text: whether a column is numeric is said by the caller; [`kinds`] helps one who does not know.
//! How a table is written - delimiter, blanks, comments, decimal mark - is found by [`columns`], which says what it found.

mod kinds;
mod locate;
mod missing;
mod number;
mod numbers;
mod sniff;
mod source;
mod spaced;
mod survey;

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory::{self, Held};
pub use kinds::{ColumnKind, KindOptions, kinds};
use missing::Missing;
pub use missing::Words;
pub use number::Numbers;
use number::{Float, NotANumber};
use serde::{Deserialize, Serialize};
use source::Source;
use std::path::Path;
pub use survey::{Survey, survey};

/// How the text is cut and how its numbers are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsvOptions {
    /// One ASCII character, a blank for runs of blanks; `None` finds out which of comma, semicolon, tab, bar and blank cuts the
    /// first lines evenly.
    pub delimiter: Option<char>,
    /// One ASCII character around fields that contain delimiters or line breaks, doubled inside; `None` turns quoting off.
    pub quote: Option<char>,
    /// How numbers are written. [`columns`] finds out where it is `None`; for all others that is [`Numbers::Plain`].
    pub numbers: Option<Numbers>,
    /// How a table of the same origin was written: decides where the text does not.
    pub likely: Likely,
}

/// What is expected of a table, and gives way to what it says itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Likely {
    /// Its delimiter.
    pub delimiter: Option<char>,
    /// How its numbers are written.
    pub numbers: Option<Numbers>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, quote: Some('"'), numbers: None, likely: Likely::default() }
    }
}

/// The header of a table, and how it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CsvColumns {
    /// Names, in file order, unique, without blanks around them. A column without a name is called `Unnamed: 0` after its place,
    /// as pandas calls it.
    pub columns: Vec<String>,
    /// Names of the columns that have none of their own.
    pub unnamed: Vec<String>,
    /// The delimiter given or found; a blank stands for runs of blanks.
    pub delimiter: char,
    /// How numbers are written, given or found.
    pub numbers: Numbers,
    /// Columns that look like numbers written in another way.
    pub otherwise: Vec<String>,
    /// Lines above the header that are passed over: comments, Excel's `sep=`.
    pub skipped: u64,
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsvSelection {
    /// How the text is cut.
    #[serde(flatten)]
    pub options: CsvOptions,
    /// Columns to read as numbers, in the order wanted.
    pub numeric: Vec<String>,
    /// Columns to read as text, in the order wanted.
    pub text: Vec<String>,
    /// Fields that mean "no value", compared without surrounding blanks and numbers by their value: NaN in numeric columns, ""
    /// in text. `None`: the usual spellings; `None` itself is then a label in text.
    pub missing: Option<Vec<String>>,
}

/// The chosen columns.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvTable<T = f32> {
    /// Number of rows under the header; blank lines are none.
    pub rows: usize,
    /// rows x `numeric`; NaN = missing, everything else finite.
    pub numeric: Matrix<T>,
    /// `text[column][row]`; "" = missing.
    pub text: Vec<Vec<String>>,
    /// Of each text column the words that were read as missing, empty ones aside, with how often.
    pub words: Vec<Words>,
}

/// Reads the header and finds out how the table is written.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_EMPTY`, `DATA_ENCODING`, `DATA_UNKNOWN_FORMAT`, `DATA_DUPLICATE_COLUMN`, and
/// `CONFIG_OUT_OF_RANGE` for a delimiter or quote that is no single ASCII character. `DATA_RAGGED_ROW` among the first rows,
/// where these tell how numbers are written.
pub fn columns(path: &Path, options: &CsvOptions) -> Result<CsvColumns> {
    let mut source = Source::open(path, options)?;
    let (delimiter, skipped, unnamed) = (source.delimiter(), source.skipped(), source.unnamed.clone());
    let (numbers, otherwise) = match options.numbers {
        Some(numbers) => (numbers, Vec::new()),
        None => numbers::detect(&mut source, options.likely.numbers)?,
    };
    Ok(CsvColumns { columns: source.header, unnamed, delimiter, numbers, otherwise, skipped })
}

/// Reads the chosen columns of all rows, in file order.
///
/// # Errors
/// As [`columns`], and with `path` = `file:line:column`: `DATA_MISSING_COLUMN`, `DATA_RAGGED_ROW`, `DATA_NOT_NUMERIC`,
/// `DATA_NOT_FINITE`, `DATA_OVERFLOW`, `DATA_ENCODING`.
pub fn read(path: &Path, selection: &CsvSelection) -> Result<CsvTable> {
    read_as(path, selection)
}

/// As [`read`], with numbers of 64 bits.
///
/// # Errors
/// As [`read`].
pub fn read_exact(path: &Path, selection: &CsvSelection) -> Result<CsvTable<f64>> {
    read_as(path, selection)
}

fn read_as<T: Float + Default>(path: &Path, selection: &CsvSelection) -> Result<CsvTable<T>> {
    let mut source = Source::open(path, &selection.options)?;
    let numeric = source.indices(&selection.numeric)?;
    let text = source.indices(&selection.text)?;
    let missing = Missing::new(selection.missing.as_deref(), selection.options.numbers.unwrap_or_default());
    let mut rows = 0;
    let mut numbers = Vec::new();
    let mut texts = vec![Vec::new(); text.len()];
    let mut words = vec![Words::new(); text.len()];
    let mut forms = vec![Form::default(); numeric.len()];
    let mut held = Held::default();
    while source.next()? {
        rows += 1;
        memory::reserve(&mut numbers, numeric.len(), READING).map_err(|failure| located(path, failure))?;
        for (&field, form) in numeric.iter().zip(&mut forms) {
            match form.number(&missing, &source.record[field]) {
                Ok(value) => numbers.push(value),
                Err(why) => return Err(source.not_a_number(rows, field, why)),
            }
        }
        for ((&field, column), words) in text.iter().zip(&mut texts).zip(&mut words) {
            match missing.label(&source.record[field], words) {
                Ok(value) => {
                    let label = source.label(value);
                    let others = numbers.capacity() * size_of::<T>();
                    held.text(label.len(), others, READING).map_err(|failure| located(path, failure))?;
                    column.push(label.to_owned());
                }
                Err(_) => return Err(source.not_utf8(rows, field)),
            }
        }
    }
    refuse_empty(path, rows)?;
    Ok(CsvTable { rows, numeric: Matrix::new(rows, numeric.len(), numbers)?, text: texts, words })
}

/// What asks for memory, in messages.
const READING: &str = "reading the table";

fn located(path: &Path, failure: Failure) -> Failure {
    failure.at(path.display().to_string())
}

/// Whether a column holds numbers or truth values; both together are a mistake.
#[derive(Debug, Clone, Copy, Default)]
struct Form {
    numbers: bool,
    truths: bool,
}

impl Form {
    #[inline]
    fn number<T: Float>(&mut self, missing: &Missing<'_>, field: &[u8]) -> std::result::Result<T, NotANumber> {
        match missing.number::<T>(field) {
            Ok(value) if value.is_nan() => Ok(value),
            Ok(value) if !self.truths => {
                self.numbers = true;
                Ok(value)
            }
            Err(NotANumber::Text) if !self.numbers => {
                let value = number::truth(field).ok_or(NotANumber::Text)?;
                self.truths = true;
                Ok(T::of(value))
            }
            Ok(_) => Err(NotANumber::Text),
            Err(why) => Err(why),
        }
    }
}

fn refuse_empty(path: &Path, rows: usize) -> Result<()> {
    if rows > 0 {
        return Ok(());
    }
    Err(Failure::new(Code::DataEmpty, format!("{} has a header but no rows", path.display()))
        .at(path.display().to_string())
        .hint("expected at least one row below the header"))
}

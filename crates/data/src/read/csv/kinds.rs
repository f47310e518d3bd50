//! What the columns of a text table look like, where nobody named those that hold numbers.

use super::number::NotANumber;
use super::source::Source;
use super::{CsvOptions, Missing};
use crate::failure::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Rows that are looked at. A column without a value in them is looked at further down, to its first value.
pub(super) const ROWS: usize = 2000;

/// What the fields of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Numbers, nine in ten at least: what else stands among them is taken for a mistake, which the reading then names.
    Number,
    /// Anything else.
    Text,
    /// No field has a value.
    Unknown,
}

/// Which fields have no value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KindOptions {
    /// How the text is cut.
    #[serde(flatten)]
    pub options: CsvOptions,
    /// Fields that mean "no value", as in [`super::CsvSelection`].
    pub missing: Option<Vec<String>>,
}

/// What was seen of a column so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    numbers: usize,
    others: usize,
}

impl Seen {
    pub fn add(&mut self, missing: &Missing<'_>, field: &[u8]) {
        match missing.number::<f32>(field) {
            Ok(value) if value.is_nan() => {}
            Ok(_) | Err(NotANumber::NotFinite | NotANumber::Overflow) => self.numbers += 1,
            Err(NotANumber::Text) => self.others += 1,
        }
    }

    pub fn is_nothing(self) -> bool {
        self.numbers + self.others == 0
    }

    pub fn kind(self) -> ColumnKind {
        match self {
            nothing if nothing.is_nothing() => ColumnKind::Unknown,
            Seen { numbers, others } if numbers >= 9 * others => ColumnKind::Number,
            _ => ColumnKind::Text,
        }
    }
}

/// The kind of each column, in file order, from the first 2,000 rows.
///
/// # Errors
/// As [`super::columns`]; `DATA_RAGGED_ROW` among the rows that were looked at, `DATA_EMPTY` where there are none.
pub fn kinds(path: &Path, options: &KindOptions) -> Result<Vec<ColumnKind>> {
    let mut source = Source::open(path, &options.options)?;
    let missing = Missing::new(options.missing.as_deref(), options.options.numbers.unwrap_or_default());
    let mut seen = vec![Seen::default(); source.header.len()];
    let mut open: Vec<usize> = (0..seen.len()).collect();
    let mut rows = 0;
    while !open.is_empty() && source.next()? {
        rows += 1;
        for &field in &open {
            seen[field].add(&missing, &source.record[field]);
        }
        if rows >= ROWS {
            open.retain(|&field| seen[field].is_nothing());
        }
    }
    super::refuse_empty(path, rows)?;
    Ok(seen.into_iter().map(Seen::kind).collect())
}

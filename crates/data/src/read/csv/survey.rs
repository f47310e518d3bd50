//! All of a table in one pass, for one who only wants to know what is in it: nothing that stands in a field stops it.

use super::kinds::{ColumnKind, KindOptions, ROWS, Seen};
use super::locate::place;
use super::number::NotANumber;
use super::source::Source;
use super::{Form, Missing, READING, Words, located};
use crate::failure::{Failure, Result};
use crate::matrix::Matrix;
use crate::memory::{self, Held};
use std::path::Path;

/// What is in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Number of rows.
    pub rows: usize,
    /// The kind of each column, in file order.
    pub kinds: Vec<ColumnKind>,
    /// rows x number columns, in file order; NaN where there is no number, infinities as they are.
    pub numeric: Matrix,
    /// `text[column][row]` of the text columns, in file order.
    pub text: Vec<Vec<String>>,
    /// Of each text column the words that were read as missing.
    pub words: Vec<Words>,
    /// Of each number column that holds something else the first such field and their count, in the order of the rows.
    pub problems: Vec<Failure>,
}

/// A column so far. One without a value in the first rows has a place among the numbers, whatever comes of it.
struct Column {
    kind: ColumnKind,
    is_slot: bool,
    form: Form,
    bad: Option<usize>,
    labels: Vec<String>,
    words: Words,
}

/// A column with a field that is no number: where the first one stands, and how many there are.
struct Bad {
    byte: u64,
    field: usize,
    failure: Failure,
    count: usize,
}

/// Surveys a table.
///
/// # Errors
/// As [`super::columns`]; `DATA_RAGGED_ROW`, `DATA_ENCODING` for a label, `DATA_EMPTY`.
pub fn survey(path: &Path, options: &KindOptions) -> Result<Survey> {
    let mut source = Source::open(path, &options.options)?;
    let missing = Missing::new(options.missing.as_deref(), options.options.numbers.unwrap_or_default());
    let mut seen = vec![Seen::default(); source.header.len()];
    let mut first = Vec::new();
    let mut bytes = 0;
    while first.len() < ROWS && bytes < BUFFERED && source.next()? {
        seen.iter_mut().zip(&source.record).for_each(|(seen, field)| seen.add(&missing, field));
        bytes += source.record.as_slice().len();
        first.push(source.record.clone());
    }
    super::refuse_empty(path, first.len())?;
    let columns = seen.into_iter().map(|seen| {
        let kind = seen.kind();
        let is_slot = kind != ColumnKind::Text;
        Column { kind, is_slot, form: Form::default(), bad: None, labels: Vec::new(), words: Words::new() }
    });
    let columns: Vec<Column> = columns.collect();
    let slots = columns.iter().filter(|column| column.is_slot).count();
    let mut walk = Walk { rows: 0, columns, slots, numbers: Vec::new(), bad: Vec::new(), held: Held::default() };
    for record in first {
        source.record = record;
        walk.row(path, &source, &missing)?;
    }
    while source.next()? {
        walk.row(path, &source, &missing)?;
    }
    walk.finish(path, &source)
}

/// Records are kept until the kinds of their columns are known, up to so many bytes.
const BUFFERED: usize = 1 << 25;

struct Walk {
    rows: usize,
    columns: Vec<Column>,
    /// Columns with a place among the numbers.
    slots: usize,
    numbers: Vec<f32>,
    bad: Vec<Bad>,
    held: Held,
}

impl Walk {
    fn row(&mut self, path: &Path, source: &Source<'_>, missing: &Missing<'_>) -> Result<()> {
        self.rows += 1;
        memory::reserve(&mut self.numbers, self.slots, READING).map_err(|failure| located(path, failure))?;
        for (field, (column, bytes)) in self.columns.iter_mut().zip(&source.record).enumerate() {
            if column.is_slot {
                let value = match column.kind {
                    ColumnKind::Text => f32::NAN,
                    _ => number(column, missing, bytes, source, (self.rows, field), &mut self.bad),
                };
                self.numbers.push(value);
            }
            if column.kind == ColumnKind::Text {
                // A column that began without values becomes one of labels late.
                column.labels.resize(self.rows - 1, String::new());
                let Ok(label) = missing.label(bytes, &mut column.words) else {
                    return Err(source.not_utf8(self.rows, field));
                };
                let label = source.label(label);
                let others = self.numbers.capacity() * size_of::<f32>();
                self.held.text(label.len(), others, READING).map_err(|failure| located(path, failure))?;
                column.labels.push(label.to_owned());
            }
        }
        Ok(())
    }

    fn finish(self, path: &Path, source: &Source<'_>) -> Result<Survey> {
        let Self { rows, columns, numbers, mut bad, .. } = self;
        let slots = columns.iter().filter(|column| column.is_slot);
        let chosen: Vec<usize> =
            slots.clone().enumerate().filter(|(_, c)| c.kind == ColumnKind::Number).map(|(slot, _)| slot).collect();
        let all = Matrix::new(rows, slots.count(), numbers)?;
        let numeric = if chosen.len() == all.cols() { all } else { all.select_cols(&chosen) };
        bad.sort_by_key(|bad| (bad.byte, bad.field));
        let wanted: Vec<(u64, usize)> = bad.iter().map(|bad| (bad.byte, bad.field)).collect();
        let places = source.places(&wanted);
        let problems = bad.into_iter().zip(places).map(|(bad, at)| {
            let more = match bad.count {
                1 => String::new(),
                count => format!("; {count} such fields in the column"),
            };
            let message = format!("{}{more}", bad.failure.message);
            Failure { message, ..bad.failure.at(place(path, at)).with("count", bad.count) }
        });
        let problems = problems.collect();
        let kinds = columns.iter().map(|column| column.kind).collect();
        let texts = columns.into_iter().filter(|column| column.kind == ColumnKind::Text);
        let (text, words) = texts.map(|column| (column.labels, column.words)).unzip();
        Ok(Survey { rows, kinds, numeric, text, words, problems })
    }
}

/// A field of a number column; the column becomes one of text where its first value is none.
fn number(
    column: &mut Column,
    missing: &Missing<'_>,
    bytes: &[u8],
    source: &Source<'_>,
    (row, field): (usize, usize),
    bad: &mut Vec<Bad>,
) -> f32 {
    match column.form.number::<f32>(missing, bytes) {
        Ok(value) => {
            // Truth values are labels until somebody wants them as numbers.
            if column.kind == ColumnKind::Unknown && !value.is_nan() {
                column.kind = if column.form.truths { ColumnKind::Text } else { ColumnKind::Number };
            }
            if column.kind == ColumnKind::Text { f32::NAN } else { value }
        }
        Err(NotANumber::Text) if column.kind == ColumnKind::Unknown => {
            column.kind = ColumnKind::Text;
            f32::NAN
        }
        Err(why) => {
            column.kind = ColumnKind::Number;
            match column.bad {
                Some(known) => bad[known].count += 1,
                None => {
                    column.bad = Some(bad.len());
                    let failure = source.no_number(row, field, why);
                    bad.push(Bad { byte: source.record_start(), field, failure, count: 1 });
                }
            }
            let negative = bytes.trim_ascii().starts_with(b"-");
            match why {
                NotANumber::Overflow | NotANumber::NotFinite if !bytes.to_ascii_lowercase().ends_with(b"nan") => {
                    if negative {
                        f32::NEG_INFINITY
                    } else {
                        f32::INFINITY
                    }
                }
                _ => f32::NAN,
            }
        }
    }
}

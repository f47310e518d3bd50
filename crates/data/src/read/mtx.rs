//! Matrix Market files: sparse or dense matrices as text, among them the counts of 10x Genomics.
//!
//! Format: <https://math.nist.gov/MatrixMarket/formats.html>. Rows and columns are counted from 1.

use super::sparse::Dense;
use super::{open, unreadable};
use crate::failure::{Code, Failure, Result};
use crate::interrupt::Stoppable;
use crate::matrix::Matrix;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::AddAssign;
use std::path::Path;

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MtxAbout {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
}

/// Which of the two dimensions are the rows of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// As it is written.
    AsWritten,
    /// The columns are the observations, as single-cell counts are written (genes x cells).
    Transposed,
}

impl Orientation {
    /// The one that is meant where only turning is asked for.
    pub fn of(transposed: bool) -> Self {
        if transposed { Self::Transposed } else { Self::AsWritten }
    }
}

/// Rows and columns.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT` (no banner), `DATA_UNSUPPORTED` (complex numbers), `DATA_CORRUPT`.
pub fn about(path: &Path) -> Result<MtxAbout> {
    let Reader { rows, columns, .. } = Reader::open(path)?;
    Ok(MtxAbout { rows, columns })
}

/// Reads the chosen columns (rows where transposed) as a dense matrix; entries at the same place are added.
///
/// # Errors
/// As [`about`]; `DATA_CORRUPT` with the line of what is no entry, `DATA_OVERFLOW`.
pub fn read(path: &Path, orientation: Orientation, chosen: &[usize]) -> Result<Matrix> {
    filled(path, orientation, chosen, |value| value as f32)?.finish()
}

/// Reads the chosen columns as [`read`] does, with 64 bits, row-major.
///
/// # Errors
/// As [`read`].
pub fn read_exact(path: &Path, orientation: Orientation, chosen: &[usize]) -> Result<Vec<f64>> {
    Ok(filled(path, orientation, chosen, |value| value)?.into_data())
}

fn filled<T: Copy + Default + AddAssign>(
    path: &Path,
    orientation: Orientation,
    chosen: &[usize],
    of: impl Fn(f64) -> T,
) -> Result<Dense<T>> {
    let mut reader = Reader::open(path)?;
    let transposed = orientation == Orientation::Transposed;
    let shape = if transposed { (reader.columns, reader.rows) } else { (reader.rows, reader.columns) };
    let room = reader.entries.min(reader.most_entries);
    let mut dense = Dense::new(shape, chosen, room).map_err(|failure| failure.at(path.display().to_string()))?;
    let mut put = |row: usize, column: usize, value: f64| {
        if transposed { dense.add(column, row, of(value)) } else { dense.add(row, column, of(value)) }
    };
    let mirror = reader.mirror;
    for entry in 0..reader.entries {
        let (row, column, value) = reader.entry(entry)?;
        put(row, column, value);
        if row != column && mirror != 0.0 {
            put(column, row, mirror * value);
        }
    }
    if reader.next_line()? {
        return Err(reader.corrupt(format!("more lines than the {} entries announced", reader.entries)));
    }
    Ok(dense)
}

struct Reader<'a> {
    path: &'a Path,
    file: BufReader<Stoppable<File>>,
    line: Vec<u8>,
    number: usize,
    rows: usize,
    columns: usize,
    entries: usize,
    /// As many as the file has room for: an entry takes two bytes at least.
    most_entries: usize,
    is_dense: bool,
    is_pattern: bool,
    /// The factor of an entry across the diagonal: 1 in symmetric matrices, -1 in skew-symmetric ones, else 0.
    mirror: f64,
}

/// No line of numbers is longer; a file without line breaks is not read into memory to say so.
const LONGEST_LINE: u64 = 1 << 16;

impl<'a> Reader<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = open(path)?;
        let size = file.0.metadata().map_err(|error| unreadable(path, &error))?.len();
        let mut reader = Self {
            path,
            file: BufReader::with_capacity(1 << 18, file),
            line: Vec::new(),
            number: 0,
            rows: 0,
            columns: 0,
            entries: 0,
            most_entries: usize::try_from(size / 2).unwrap_or(usize::MAX),
            is_dense: false,
            is_pattern: false,
            mirror: 0.0,
        };
        reader.take_line()?;
        let banner = String::from_utf8_lossy(&reader.line).to_lowercase();
        let words: Vec<&str> = banner.split_whitespace().collect();
        let ["%%matrixmarket", "matrix", layout, field, symmetry] = words[..] else {
            return Err(Failure::new(Code::DataUnknownFormat, format!("{} is no Matrix Market file", path.display()))
                .at(path.display().to_string())
                .hint("its first line should be like: %%MatrixMarket matrix coordinate real general"));
        };
        reader.is_dense = layout == "array";
        reader.is_pattern = field == "pattern";
        let is_known = ["array", "coordinate"].contains(&layout)
            && ["real", "double", "integer", "pattern"].contains(&field)
            && ["general", "symmetric", "skew-symmetric"].contains(&symmetry)
            && !(reader.is_dense && (reader.is_pattern || symmetry != "general"));
        if !is_known {
            return Err(Failure::new(
                Code::DataUnsupported,
                format!("{} is a Matrix Market file of the kind {layout} {field} {symmetry}", path.display()),
            )
            .at(path.display().to_string())
            .hint("write it as real numbers: scipy.io.mmwrite(path, scipy.sparse.coo_matrix(matrix))"));
        }
        reader.mirror = match symmetry {
            "symmetric" => 1.0,
            "skew-symmetric" => -1.0,
            _ => 0.0,
        };
        if !reader.next_line()? {
            return Err(reader.corrupt("the line with rows and columns is missing".to_owned()));
        }
        let text = String::from_utf8_lossy(&reader.line).into_owned();
        let sizes: Option<Vec<usize>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
        (reader.rows, reader.columns, reader.entries) = match (sizes.as_deref(), reader.is_dense) {
            (Some(&[rows, columns, entries]), false) => (rows, columns, entries),
            (Some(&[rows, columns]), true) => (
                rows,
                columns,
                rows.checked_mul(columns).ok_or_else(|| reader.corrupt(format!("{text:?} is no size")))?,
            ),
            _ => return Err(reader.corrupt(format!("expected rows, columns and entries, got {:?}", text.trim()))),
        };
        if reader.mirror != 0.0 && reader.rows != reader.columns {
            let size = format!("{} x {}", reader.rows, reader.columns);
            return Err(reader.corrupt(format!("the matrix is {symmetry}, so it must be square, got {size}")));
        }
        Ok(reader)
    }

    fn entry(&mut self, index: usize) -> Result<(usize, usize, f64)> {
        if !self.next_line()? {
            return Err(self.corrupt(format!("it ends after {index} of {} entries", self.entries)));
        }
        let mut words = self.line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut place = |most: usize| {
            let word = std::str::from_utf8(words.next()?).ok()?;
            word.parse::<usize>().ok().filter(|at| (1..=most).contains(at)).map(|at| at - 1)
        };
        let place = match self.is_dense {
            true => Some((index % self.rows, index / self.rows)),
            false => place(self.rows).and_then(|row| Some((row, place(self.columns)?))),
        };
        let value =
            if self.is_pattern { Some(1.0) } else { words.next().and_then(|word| fast_float2::parse(word).ok()) };
        let (Some((row, column)), Some(value), None) = (place, value, words.next()) else {
            let got = String::from_utf8_lossy(&self.line).trim().chars().take(60).collect::<String>();
            let expected = format!("expected an entry of a {} x {} matrix", self.rows, self.columns);
            return Err(self.corrupt(format!("{got:?}: {expected}")));
        };
        if (value as f32).is_infinite() && f64::is_finite(value) {
            return Err(Failure::new(Code::DataOverflow, format!("{value:e} is too large for 32-bit floating point"))
                .at(self.place())
                .hint("rescale the matrix"));
        }
        Ok((row, column, value))
    }

    /// Steps to the next line that is neither empty nor a comment.
    fn next_line(&mut self) -> Result<bool> {
        loop {
            if !self.take_line()? {
                return Ok(false);
            }
            if !self.line.starts_with(b"%") && !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn take_line(&mut self) -> Result<bool> {
        self.line.clear();
        self.number += 1;
        let got = (&mut self.file).take(LONGEST_LINE).read_until(b'\n', &mut self.line);
        let got = got.map_err(|error| unreadable(self.path, &error))?;
        if got as u64 == LONGEST_LINE {
            return Err(self.corrupt(format!("the line is longer than {LONGEST_LINE} bytes")));
        }
        Ok(got > 0)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.number)
    }

    fn corrupt(&self, message: String) -> Failure {
        Failure::new(Code::DataCorrupt, format!("{}: {message}", self.place()))
            .at(self.place())
            .hint("the file is damaged or incomplete; copy or write it again")
            .with("line", self.number)
    }
}

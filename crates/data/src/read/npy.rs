//! NumPy arrays: `.npy` files and anything that streams like one.
//!
//! The format is small (a magic, a Python literal, the numbers), so it is read here: the crates for it answer with untyped
//! input/output errors, trust the header with the allocation, or decode value by value. Here memory grows only with
//! bytes that were really there, and every refusal says what was expected.
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

mod dtype;
mod header;
mod literal;
mod text;

use super::open;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory::{self, Held};
use dtype::Dtype;
pub(crate) use header::Header;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::Path;
use text::TextType;

/// An array of any number of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray<T = f32> {
    /// Length of each dimension; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, row-major (the last index runs fastest).
    pub data: Vec<T>,
}

/// What an array says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NpyAbout {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// NumPy's description of its type, such as `<f4`.
    pub dtype: String,
}

impl NpyArray<f32> {
    /// The array as a matrix; a vector becomes one column.
    ///
    /// # Errors
    /// `DATA_SHAPE` for any other number of dimensions.
    pub fn into_matrix(self) -> Result<Matrix> {
        match self.shape[..] {
            [rows] => Matrix::new(rows, 1, self.data),
            [rows, cols] => Matrix::new(rows, cols, self.data),
            _ => Err(Failure::new(
                Code::DataShape,
                format!("the array has {} dimensions {:?}, expected rows and columns", self.shape.len(), self.shape),
            )
            .hint("reshape it: array.reshape(len(array), -1)")),
        }
    }
}

/// Reads a file of numbers or booleans of any width and byte order, in C or Fortran order. Wider numbers are rounded to
/// 32 bits; NaN and infinities pass as they are.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT` (truncated, too long, a header that lies), `DATA_UNSUPPORTED`
/// (pickled objects, text, complex numbers, records), `DATA_OVERFLOW` (a finite value beyond 32 bits).
pub fn read(path: &Path) -> Result<NpyArray> {
    let file = open(path)?;
    let bytes = file.0.metadata().map_or(0, |about| about.len());
    decode_with(file, bytes, Dtype::parse, |dtype, bytes, data| dtype.decode(bytes, data))
        .map_err(|failure| placed(path, failure))
}

/// Reads an array from bytes, as [`read`] does from a file.
///
/// # Errors
/// As [`read`].
pub fn decode(reader: impl Read) -> Result<NpyArray> {
    decode_with(reader, 0, Dtype::parse, |dtype, bytes, data| dtype.decode(bytes, data))
}

/// Type and shape of a file, without its numbers.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT`.
pub fn peek_file(path: &Path) -> Result<NpyAbout> {
    let Header { descr, shape, .. } = peek(open(path)?).map_err(|failure| placed(path, failure))?;
    Ok(NpyAbout { shape, dtype: descr })
}

/// Reads columns of a vector or a matrix as text, each entry exactly as its type writes it: whole numbers of 64 bits, floats of any
/// width, booleans, dates to the nanosecond, text. NaN and "not a time" are "".
///
/// # Errors
/// As [`read`]; `DATA_SHAPE` for an array without such a column.
pub fn read_text(path: &Path, columns: &[usize]) -> Result<Vec<Vec<String>>> {
    decode_text(open(path)?, columns).map_err(|failure| placed(path, failure))
}

/// Reads columns as text from bytes, as [`read_text`] does from a file.
///
/// # Errors
/// As [`read_text`].
pub fn decode_text(mut reader: impl Read, columns: &[usize]) -> Result<Vec<Vec<String>>> {
    let header = Header::read(&mut reader)?;
    let dtype = TextType::parse(&header.descr)?;
    let mut texts = vec![Vec::new(); columns.len()];
    let mut held = Held::default();
    for_chosen(&mut reader, &header, dtype.width(), columns, |_, slot, bytes| {
        let text = dtype.text(bytes)?;
        held.text(text.len(), 0, READING)?;
        texts[slot].push(text);
        Ok(())
    })?;
    Ok(texts)
}

/// Reads columns of a vector or a matrix of numbers with 64 bits, row-major.
///
/// # Errors
/// As [`read`]; `DATA_SHAPE` for an array without such a column.
pub fn read_exact(path: &Path, columns: &[usize]) -> Result<Vec<f64>> {
    decode_exact(open(path)?, columns).map_err(|failure| placed(path, failure))
}

/// Reads columns with 64 bits from bytes, as [`read_exact`] does from a file.
///
/// # Errors
/// As [`read_exact`].
pub fn decode_exact(mut reader: impl Read, columns: &[usize]) -> Result<Vec<f64>> {
    let header = Header::read(&mut reader)?;
    let dtype = Dtype::parse(&header.descr)?;
    let mut numbers = Vec::new();
    for_chosen(&mut reader, &header, dtype.width(), columns, |row, slot, bytes| {
        let place = row * columns.len() + slot;
        // Memory grows only with what was really there: in Fortran order a column is there before the next begins.
        if numbers.len() <= place {
            let more = (row + 1) * columns.len() - numbers.len();
            memory::reserve(&mut numbers, more, READING)?;
            numbers.resize((row + 1) * columns.len(), f64::NAN);
        }
        numbers[place] = dtype.number(bytes);
        Ok(())
    })?;
    Ok(numbers)
}

/// Visits the entries of chosen columns in file order, each with its row and the place of its column among the chosen.
fn for_chosen(
    reader: &mut impl Read,
    header: &Header,
    width: usize,
    chosen: &[usize],
    mut visit: impl FnMut(usize, usize, &[u8]) -> Result<()>,
) -> Result<()> {
    let (rows, columns) = match header.shape[..] {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        _ => (0, 0),
    };
    if let Some(column) = chosen.iter().find(|column| **column >= columns) {
        return Err(Failure::new(
            Code::DataShape,
            format!("an array of shape {:?} has no column {column}", header.shape),
        )
        .hint("reshape it: array.reshape(len(array), -1)"));
    }
    let mut slots = vec![None; chosen.iter().map(|column| column + 1).max().unwrap_or(0)];
    for (slot, &column) in chosen.iter().enumerate() {
        slots[column] = Some(slot);
    }
    let mut entry = 0;
    read_entries(reader, header, width, |chunk| {
        for bytes in chunk.chunks_exact(width) {
            let (row, column) =
                if header.fortran { (entry % rows, entry / rows) } else { (entry / columns, entry % columns) };
            if let Some(Some(slot)) = slots.get(column) {
                visit(row, *slot, bytes)?;
            }
            entry += 1;
        }
        Ok(())
    })
}

/// Reads a single text or number, whatever its shape says of one.
pub(crate) fn decode_scalar_text(mut reader: impl Read) -> Result<String> {
    let header = Header::read(&mut reader)?;
    let dtype = TextType::parse(&header.descr)?;
    let mut bytes = vec![0; dtype.width()];
    let got = fill(&mut reader, &mut bytes).map_err(|error| interrupted(&error))?;
    if got < bytes.len() {
        return Err(wrong_length(&header, bytes.len() as u64, got as u64, "truncated"));
    }
    dtype.text(&bytes)
}

/// Reads whole numbers exactly: the places of the entries of a sparse matrix.
pub(crate) fn decode_whole(reader: impl Read) -> Result<NpyArray<i64>> {
    decode_with(reader, 0, Dtype::parse, |dtype, bytes, data| dtype.decode_whole(bytes, data))
}

/// Reads codes: 32-bit unsigned integers, exactly.
///
/// # Errors
/// As [`read`]; `DATA_UNSUPPORTED` for any other type.
pub(crate) fn decode_codes(reader: impl Read) -> Result<NpyArray<u32>> {
    decode_with(reader, 0, Dtype::parse_codes, |dtype, bytes, data| {
        dtype.decode_codes(bytes, data);
        Ok(())
    })
}

/// Adds the place, unless the failure knows a better one.
pub(crate) fn placed(path: &Path, failure: Failure) -> Failure {
    if failure.path.is_some() { failure } else { failure.at(path.display().to_string()) }
}

/// What asks for memory, in messages.
const READING: &str = "reading the array";

/// `there`: so many bytes are known to be there, and room for their numbers is made at once.
fn decode_with<T: Copy>(
    mut reader: impl Read,
    there: u64,
    parse: impl FnOnce(&str) -> Result<Dtype>,
    decode: impl Fn(Dtype, &[u8], &mut Vec<T>) -> Result<()>,
) -> Result<NpyArray<T>> {
    let header = Header::read(&mut reader)?;
    let dtype = parse(&header.descr)?;
    let width = dtype.width();
    let mut data = Vec::new();
    let known = header.count()?.min((there / width as u64) as usize);
    memory::reserve(&mut data, known, READING)?;
    read_entries(reader, &header, width, |chunk| {
        memory::reserve(&mut data, chunk.len() / width, READING)?;
        decode(dtype, chunk, &mut data)
    })?;
    if header.fortran {
        memory::claim(2 * size_of_val(data.as_slice()) as u64, READING)?;
    }
    let data = if header.fortran { row_major(&header.shape, &data) } else { data };
    Ok(NpyArray { shape: header.shape, data })
}

/// Hands over all entries after a header, each `width` bytes wide, many at a time; there must be as many as its shape says.
fn read_entries(
    mut reader: impl Read,
    header: &Header,
    width: usize,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    const CHUNK: usize = 1 << 18;
    let expected = (header.count()? as u64)
        .checked_mul(width as u64)
        .filter(|bytes| *bytes <= isize::MAX as u64)
        .ok_or_else(|| header.too_large())?;
    let mut buffer = vec![0; (CHUNK / width).max(1) * width];
    let mut found = 0;
    while found < expected {
        let size = buffer.len().min((expected - found) as usize);
        let chunk = &mut buffer[..size];
        let got = fill(&mut reader, chunk).map_err(|error| interrupted(&error))?;
        found += got as u64;
        if got < size {
            return Err(wrong_length(header, expected, found, "truncated"));
        }
        each(chunk)?;
    }
    let surplus = fill(&mut reader, &mut buffer).map_err(|error| interrupted(&error))?;
    if surplus > 0 {
        return Err(wrong_length(header, expected, expected + surplus as u64, "too long"));
    }
    Ok(())
}

/// Numbers that stand one after the other, of a type as NumPy describes it.
///
/// # Errors
/// `DATA_UNSUPPORTED`, `DATA_OVERFLOW`.
pub(super) fn numbers(descr: &str, bytes: &[u8]) -> Result<Vec<f32>> {
    let mut data = Vec::new();
    Dtype::parse(descr)?.decode(bytes, &mut data)?;
    Ok(data)
}

/// Reads until the buffer is full or the stream ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

fn wrong_length(header: &Header, expected: u64, found: u64, what: &str) -> Failure {
    let Header { descr, shape, .. } = header;
    Failure::new(
        Code::DataCorrupt,
        format!("the array is {what}: {descr} of shape {shape:?} takes {expected} bytes, found {found}"),
    )
    .hint("save the array again; the copy or download may be incomplete")
    .with("expected", expected)
    .with("found", found)
}

/// A stream that broke off inside an array: a damaged archive, or a failing disk.
fn interrupted(error: &io::Error) -> Failure {
    Failure::new(Code::DataCorrupt, format!("the array cannot be read to its end: {error}"))
        .hint("save the array again; the copy or download may be incomplete")
}

/// The same array with the last index running fastest instead of the first.
fn row_major<T: Copy>(shape: &[usize], data: &[T]) -> Vec<T> {
    /// Side of the squares in which a table is turned, so that reads and writes both stay in the cache.
    const SIDE: usize = 32;
    let [first, middle @ .., last] = shape else { return data.to_vec() };
    let Some(&filler) = data.first() else { return Vec::new() };
    let mut out = vec![filler; data.len()];
    let (row, column) = (data.len() / first, data.len() / last);
    let tables: usize = middle.iter().product();
    for table in 0..tables {
        // `table` counts the middle indices with the last one fastest; `mirrored` with the first one.
        let (mut rest, mut weight, mut mirrored) = (table, tables, 0);
        for length in middle.iter().rev() {
            weight /= length;
            mirrored += rest % length * weight;
            rest /= length;
        }
        for top in (0..*first).step_by(SIDE) {
            for left in (0..*last).step_by(SIDE) {
                for i in top..(top + SIDE).min(*first) {
                    for j in left..(left + SIDE).min(*last) {
                        out[i * row + table * last + j] = data[i + mirrored * first + j * column];
                    }
                }
            }
        }
    }
    out
}

/// Type and shape of an array, without its numbers.
///
/// # Errors
/// `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT`.
pub(crate) fn peek(mut reader: impl Read) -> Result<Header> {
    Header::read(&mut reader)
}

#[cfg(test)]
mod tests {
    use super::row_major;

    #[test]
    fn fortran_order_is_the_reversal_of_all_axes() {
        // Entry (i, j, k, l) of the shape (a, b, c, d) stands at i + a (j + b (k + c l)).
        for [a, b, c, d] in [[2, 3, 4, 5], [70, 1, 1, 45], [33, 2, 3, 32], [1, 1, 1, 1]] {
            let data: Vec<usize> = (0..a * b * c * d).collect();
            let mut expected = Vec::new();
            for (i, j, k, l) in (0..a * b * c * d).map(|at| (at / (b * c * d), at / (c * d) % b, at / d % c, at % d)) {
                expected.push(i + a * (j + b * (k + c * l)));
            }
            assert_eq!(row_major(&[a, b, c, d], &data), expected);
        }
        assert_eq!(row_major(&[2, 3], &[0, 1, 2, 3, 4, 5]), [0, 2, 4, 1, 3, 5]);
        assert_eq!(row_major(&[], &[7]), [7]);
        assert_eq!(row_major(&[3], &[1, 2, 3]), [1, 2, 3]);
        assert!(row_major::<u8>(&[2, 0], &[]).is_empty());
    }
}

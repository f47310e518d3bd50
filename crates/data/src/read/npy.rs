//! NumPy arrays: `.npy` files and anything that streams like one.
//!
//! The format is small (a magic, a Python literal, the numbers), so it is read here: the crates for it answer with untyped
//! input/output errors, trust the header with the allocation, or decode value by value. Here memory grows only with
//! bytes that were really there, and every refusal says what was expected.
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

mod dtype;
mod header;
mod literal;

use super::open;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use dtype::Dtype;
pub(crate) use header::Header;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// An array of any number of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray<T = f32> {
    /// Length of each dimension; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, row-major (the last index runs fastest).
    pub data: Vec<T>,
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
    decode(BufReader::new(file)).map_err(|failure| placed(path, failure))
}

/// Reads an array from bytes, as [`read`] does from a file.
///
/// # Errors
/// As [`read`].
pub fn decode(reader: impl Read) -> Result<NpyArray> {
    decode_with(reader, Dtype::parse, |dtype, bytes, data| dtype.decode(bytes, data))
}

/// Reads codes: 32-bit unsigned integers, exactly.
///
/// # Errors
/// As [`read`]; `DATA_UNSUPPORTED` for any other type.
pub(crate) fn decode_codes(reader: impl Read) -> Result<NpyArray<u32>> {
    decode_with(reader, Dtype::parse_codes, |dtype, bytes, data| {
        dtype.decode_codes(bytes, data);
        Ok(())
    })
}

/// Adds the place, unless the failure knows a better one.
pub(crate) fn placed(path: &Path, failure: Failure) -> Failure {
    if failure.path.is_some() { failure } else { failure.at(path.display().to_string()) }
}

fn decode_with<T: Copy>(
    mut reader: impl Read,
    parse: impl FnOnce(&str) -> Result<Dtype>,
    decode: impl Fn(Dtype, &[u8], &mut Vec<T>) -> Result<()>,
) -> Result<NpyArray<T>> {
    /// A multiple of every width.
    const CHUNK: u64 = 1 << 18;
    let header = Header::read(&mut reader)?;
    let dtype = parse(&header.descr)?;
    let count = header.count()?;
    let expected = (count as u64)
        .checked_mul(dtype.width() as u64)
        .filter(|bytes| *bytes <= isize::MAX as u64)
        .ok_or_else(|| header.too_large())?;
    let mut data = Vec::new();
    let mut chunk = Vec::new();
    let mut found = 0;
    while found < expected {
        chunk.clear();
        let wanted = (expected - found).min(CHUNK);
        let got = (&mut reader).take(wanted).read_to_end(&mut chunk).map_err(|error| interrupted(&error))? as u64;
        found += got;
        if got < wanted {
            return Err(wrong_length(&header, expected, found, "truncated"));
        }
        data.try_reserve(chunk.len() / dtype.width()).map_err(|_| header.too_large())?;
        decode(dtype, &chunk, &mut data)?;
    }
    let surplus = io::copy(&mut (&mut reader).take(CHUNK), &mut io::sink()).map_err(|error| interrupted(&error))?;
    if surplus > 0 {
        return Err(wrong_length(&header, expected, expected + surplus, "too long"));
    }
    let data = if header.fortran { row_major(&header.shape, &data) } else { data };
    Ok(NpyArray { shape: header.shape, data })
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
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &length| {
            let this = *stride;
            *stride *= length;
            Some(this)
        })
        .collect();
    let Some((&inner, outer)) = shape.split_last() else { return data.to_vec() };
    if data.is_empty() {
        return Vec::new();
    }
    let step = strides[outer.len()];
    let mut index = vec![0; outer.len()];
    let mut start = 0;
    let mut out = Vec::with_capacity(data.len());
    loop {
        out.extend((0..inner).map(|i| data[start + i * step]));
        // The next index of the outer dimensions, last one first.
        let Some(axis) = (0..outer.len()).rev().find(|&axis| index[axis] + 1 < outer[axis]) else { return out };
        for later in axis + 1..outer.len() {
            start -= index[later] * strides[later];
            index[later] = 0;
        }
        index[axis] += 1;
        start += strides[axis];
    }
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
        // data[i + 2 j + 6 k] = value of index (i, j, k) for shape (2, 3, 2).
        let data: Vec<usize> = (0..12).collect();
        let expected: Vec<usize> =
            (0..2).flat_map(|i| (0..3).flat_map(move |j| (0..2).map(move |k| i + 2 * j + 6 * k))).collect();
        assert_eq!(row_major(&[2, 3, 2], &data), expected);
        assert_eq!(row_major(&[], &[7]), [7]);
        assert_eq!(row_major(&[3], &[1, 2, 3]), [1, 2, 3]);
        assert!(row_major::<u8>(&[2, 0], &[]).is_empty());
    }
}

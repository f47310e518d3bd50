//! Writers of plain files.

use crate::atomic::cannot_write;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Numbers of an array, row-major.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NpyData<'a> {
    /// 32-bit floats, `<f4`.
    F32(&'a [f32]),
    /// 64-bit floats, `<f8`.
    F64(&'a [f64]),
    /// Codes, `<u4`.
    U32(&'a [u32]),
    /// Bytes, `|u1`.
    U8(&'a [u8]),
}

/// Writes an array that `numpy.load` opens, and syncs it. The path is one that nobody reads yet: the caller moves the file to its place, and
/// knows what a killed process leaves there.
///
/// # Errors
/// `DATA_SHAPE` when the numbers do not fill the shape, `FILE_WRITE`.
pub fn write_npy(path: &Path, shape: &[usize], data: NpyData<'_>) -> Result<()> {
    check_shape(shape, data)?;
    let attempt = || -> io::Result<()> {
        let mut writer = BufWriter::with_capacity(1 << 16, File::create(path)?);
        encode_npy(&mut writer, shape, data)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    attempt().map_err(|error| cannot_write(path, &error))
}

/// Lines of a text table: the rows of a matrix, each after its name where there are any. Numbers are the shortest text that
/// reads back as the same 32-bit number.
///
/// # Errors
/// `DATA_SHAPE` when there are not as many names as rows.
pub fn csv_rows(values: &Matrix, names: Option<&[String]>) -> Result<Vec<u8>> {
    if let Some(names) = names.filter(|names| names.len() != values.rows()) {
        return Err(Failure::new(Code::DataShape, format!("{} names for {} rows", names.len(), values.rows())));
    }
    let mut text = String::with_capacity(values.data().len() * 12);
    for row in 0..values.rows() {
        if let Some(names) = names {
            push_field(&mut text, &names[row]);
        }
        for (column, &value) in values.row(row).iter().enumerate() {
            if column > 0 || names.is_some() {
                text.push(',');
            }
            push_f32(&mut text, value);
        }
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// A text as a field of a CSV table.
fn push_field(text: &mut String, field: &str) {
    if !field.contains([',', '"', '\n', '\r']) {
        return text.push_str(field);
    }
    text.push('"');
    text.push_str(&field.replace('"', "\"\""));
    text.push('"');
}

fn push_f32(text: &mut String, value: f32) {
    push_shortest(text, value, f64::from(value));
}

/// The shortest text that reads back as the same number; NaN is "".
pub(crate) fn shortest_f32(value: f32) -> String {
    let mut text = String::new();
    push_f32(&mut text, value);
    text
}

/// As [`shortest_f32`].
pub(crate) fn shortest_f64(value: f64) -> String {
    let mut text = String::new();
    push_shortest(&mut text, value, value);
    text
}

fn push_shortest(text: &mut String, value: impl zmij::Float, size: f64) {
    match size {
        _ if size.is_nan() => {}
        _ if size.is_infinite() => text.push_str(if size < 0.0 { "-Infinity" } else { "Infinity" }),
        _ => {
            let mut buffer = zmij::Buffer::new();
            let digits = buffer.format_finite(value);
            text.push_str(digits.strip_suffix(".0").unwrap_or(digits));
        }
    }
}

fn check_shape(shape: &[usize], data: NpyData<'_>) -> Result<()> {
    let count = match data {
        NpyData::F32(values) => values.len(),
        NpyData::F64(values) => values.len(),
        NpyData::U32(values) => values.len(),
        NpyData::U8(values) => values.len(),
    };
    let room = shape.iter().try_fold(1usize, |room, &length| room.checked_mul(length));
    // NumPy opens at most 64 dimensions.
    if room == Some(count) && shape.len() <= 64 {
        return Ok(());
    }
    Err(Failure::new(Code::DataShape, format!("{count} values do not fill an array of shape {shape:?}"))
        .with("values", count)
        .with("shape", shape))
}

/// The bytes of an array file, version 1.0, as NumPy itself writes them.
pub(crate) fn encode_npy(writer: &mut impl Write, shape: &[usize], data: NpyData<'_>) -> io::Result<()> {
    let descr = match data {
        NpyData::F32(_) => "<f4",
        NpyData::F64(_) => "<f8",
        NpyData::U32(_) => "<u4",
        NpyData::U8(_) => "|u1",
    };
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tuple = match &lengths[..] {
        [one] => format!("({one},)"),
        _ => format!("({})", lengths.join(", ")),
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    // NumPy leaves room for the first length to grow to 21 digits.
    header.push_str(&" ".repeat(lengths.first().map_or(0, |first| 21usize.saturating_sub(first.len()))));
    // Magic, version and length take 10 bytes; a line break ends the header, and the numbers begin at a multiple of 64.
    header.push_str(&" ".repeat((64 - (10 + header.len() + 1) % 64) % 64));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| io::Error::other("the shape is too long for a header"))?;
    writer.write_all(b"\x93NUMPY\x01\x00")?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(header.as_bytes())?;
    match data {
        NpyData::F32(values) => write_values(writer, values, |v| v.to_le_bytes()),
        NpyData::F64(values) => write_values(writer, values, |v| v.to_le_bytes()),
        NpyData::U32(values) => write_values(writer, values, |v| v.to_le_bytes()),
        NpyData::U8(values) => writer.write_all(values),
    }
}

fn write_values<T: Copy, const N: usize>(
    writer: &mut impl Write,
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096 * N);
    for chunk in values.chunks(4096) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(|&value| bytes(value)));
        writer.write_all(&buffer)?;
    }
    Ok(())
}

//! IDX files, as MNIST comes in: a magic, big-endian lengths, then the numbers.
//!
//! Format: <http://yann.lecun.com/exdb/mnist/>, repeated in
//! <https://github.com/zalandoresearch/fashion-mnist#loading-data-with-other-machine-learning-libraries>.

use super::npy::{NpyArray, numbers, placed};
use super::open;
use crate::failure::{Code, Failure, Result};
use crate::memory;
use std::io::{BufReader, Read};
use std::path::Path;

/// More dimensions than any file has: what claims more is damaged.
const MOST: usize = 8;

/// Reads a file of any of the six types. Numbers wider than 32 bits are rounded to them.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT` (not IDX), `DATA_CORRUPT` (truncated, too long), `DATA_OVERFLOW`.
pub fn read(path: &Path) -> Result<NpyArray> {
    decode(BufReader::new(open(path)?)).map_err(|failure| placed(path, failure))
}

/// Reads an array from bytes, as [`read`] does from a file.
///
/// # Errors
/// As [`read`].
pub fn decode(mut reader: impl Read) -> Result<NpyArray> {
    let truncated = |error: std::io::Error| {
        Failure::new(Code::DataCorrupt, format!("the IDX file cannot be read to its end: {error}"))
            .hint("download or copy it again; it may be incomplete")
    };
    let mut head = [0; 4];
    reader.read_exact(&mut head).map_err(truncated)?;
    let [0, 0, kind, rank] = head else { return Err(unknown(head)) };
    let (width, descr) = match kind {
        0x08 => (1, "|u1"),
        0x09 => (1, "|i1"),
        0x0b => (2, ">i2"),
        0x0c => (4, ">i4"),
        0x0d => (4, ">f4"),
        0x0e => (8, ">f8"),
        _ => return Err(unknown(head)),
    };
    let rank = usize::from(rank);
    if rank == 0 || rank > MOST {
        return Err(unknown(head));
    }
    let mut shape = Vec::with_capacity(rank);
    for _ in 0..rank {
        let mut length = [0; 4];
        reader.read_exact(&mut length).map_err(truncated)?;
        shape.push(u32::from_be_bytes(length) as usize);
    }
    let count = shape.iter().try_fold(1usize, |all, &length| all.checked_mul(length));
    let expected = count.and_then(|count| (count as u64).checked_mul(width)).filter(|&bytes| bytes < 1 << 48);
    let Some(expected) = expected else {
        let message = format!("the IDX file claims the shape {shape:?}, which no memory holds");
        return Err(Failure::new(Code::DataCorrupt, message).hint("download or copy it again"));
    };
    // Memory grows with bytes that are really there, not with what the header claims.
    let mut bytes = Vec::new();
    let found = reader.by_ref().take(expected + 1).read_to_end(&mut bytes).map_err(truncated)? as u64;
    if found != expected {
        let what = if found < expected { format!("found {found}") } else { "there are more".to_owned() };
        let message = format!("the IDX file of shape {shape:?} takes {expected} bytes after its header, {what}");
        return Err(Failure::new(Code::DataCorrupt, message)
            .hint("download or copy it again; it may be incomplete")
            .with("expected", expected)
            .with("found", found));
    }
    memory::claim(expected + 4 * (expected / width), "reading the IDX file")?;
    Ok(NpyArray { data: numbers(descr, &bytes)?, shape })
}

fn unknown(head: [u8; 4]) -> Failure {
    Failure::new(Code::DataUnknownFormat, format!("not an IDX file: it begins with the bytes {head:02x?}"))
        .hint("an IDX file begins with two zeros, a type (08, 09, 0b, 0c, 0d or 0e) and the number of dimensions")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
        let lengths = shape.iter().flat_map(|length| length.to_be_bytes());
        [0, 0, kind, shape.len() as u8].into_iter().chain(lengths).chain(values.iter().copied()).collect()
    }

    fn got(bytes: &[u8]) -> (Vec<usize>, Vec<f32>) {
        let array = decode(bytes).expect("a good file");
        (array.shape, array.data)
    }

    #[test]
    fn every_type_is_read_big_endian() {
        assert_eq!(got(&file(0x08, &[2, 1, 2], &[0, 7, 255, 1])), (vec![2, 1, 2], vec![0.0, 7.0, 255.0, 1.0]));
        assert_eq!(got(&file(0x09, &[1], &[0xff])), (vec![1], vec![-1.0]));
        assert_eq!(got(&file(0x0b, &[1], &[0xff, 0xfe])), (vec![1], vec![-2.0]));
        assert_eq!(got(&file(0x0c, &[1], &[0, 0, 1, 0])), (vec![1], vec![256.0]));
        assert_eq!(got(&file(0x0d, &[1], &1.5f32.to_be_bytes())), (vec![1], vec![1.5]));
        assert_eq!(got(&file(0x0e, &[1], &(-0.25f64).to_be_bytes())), (vec![1], vec![-0.25]));
    }

    #[test]
    fn what_is_damaged_is_refused_with_its_reason() {
        let refused = |bytes: &[u8]| decode(bytes).expect_err("it is refused");
        let good = file(0x08, &[2, 2], &[1, 2, 3, 4]);
        assert_eq!(refused(&good[..good.len() - 1]).context["found"], 3);
        assert!(refused(&[good.clone(), vec![9]].concat()).message.ends_with("there are more"));
        assert!(refused(&file(0x08, &[u32::MAX; 4], &[])).message.contains("no memory holds"));
        assert_eq!(refused(&file(0x08, &[u32::MAX], &[1])).code, Code::DataCorrupt, "memory is not asked for");
        assert_eq!(refused(&file(0x07, &[1], &[1])).code, Code::DataUnknownFormat);
        assert_eq!(refused(b"x,y\n1,2\n").code, Code::DataUnknownFormat);
        assert_eq!(refused(&[0, 0]).code, Code::DataCorrupt);
        let overflow = refused(&file(0x0e, &[2], &[1f64.to_be_bytes(), 1e300f64.to_be_bytes()].concat()));
        assert_eq!((overflow.code, &overflow.context["entry"]), (Code::DataOverflow, &1.into()));
    }
}

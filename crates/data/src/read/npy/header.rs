//! The first bytes of an array file: magic, version, and a dictionary with type, order and shape.

use super::literal::{self, Literal};
use crate::failure::{Code, Failure, Result};
use std::io::{ErrorKind, Read};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy itself refuses headers beyond 10,000 bytes; only records with very many fields come near.
const LONGEST: usize = 1 << 20;
/// NumPy's own bound.
const MOST_DIMENSIONS: usize = 64;

/// What an array says about itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    /// NumPy's description of the type, such as `<f4`; of a record type its fields.
    pub descr: String,
    /// Whether the first index runs fastest.
    pub fortran: bool,
    /// Length of each dimension.
    pub shape: Vec<usize>,
}

impl Header {
    /// Reads up to the first number.
    pub(super) fn read(reader: &mut impl Read) -> Result<Self> {
        let magic: [u8; 6] = take(reader)?;
        if &magic != MAGIC {
            return Err(foreign(&magic));
        }
        let [major, minor] = take(reader)?;
        let length = match major {
            1 => usize::from(u16::from_le_bytes(take(reader)?)),
            2 | 3 => u32::from_le_bytes(take(reader)?) as usize,
            _ => {
                return Err(Failure::new(
                    Code::DataUnsupported,
                    format!("the array is in format {major}.{minor}, expected 1.0 to 3.0"),
                )
                .hint("save it with numpy.save"));
            }
        };
        if length > LONGEST {
            return Err(corrupt(format!("the header claims {length} bytes, allowed are {LONGEST}")));
        }
        let mut bytes = Vec::new();
        reader.take(length as u64).read_to_end(&mut bytes).map_err(|error| corrupt(error.to_string()))?;
        if bytes.len() < length {
            return Err(corrupt(format!("the header is truncated: {length} bytes expected, found {}", bytes.len()))
                .with("expected", length)
                .with("found", bytes.len()));
        }
        // Latin-1 before version 3; beyond ASCII there are only the field names of records, which are refused anyway.
        let text = String::from_utf8_lossy(&bytes);
        Self::from_literal(literal::parse(&text)).ok_or_else(|| {
            let start: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
            corrupt(format!("the header does not hold descr, fortran_order and shape: {:?}", start.trim_end()))
        })
    }

    fn from_literal(literal: Option<Literal>) -> Option<Self> {
        let Literal::Dictionary(entries) = literal? else { return None };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("descr", Literal::Text(text)) => descr = Some(text),
                ("descr", Literal::Sequence(fields)) => descr = Some(record(&fields)),
                ("fortran_order", Literal::Bool(value)) => fortran = Some(value),
                ("shape", Literal::Sequence(lengths)) if lengths.len() <= MOST_DIMENSIONS => {
                    shape = lengths.iter().map(length).collect::<Option<Vec<usize>>>();
                }
                _ => return None,
            }
        }
        Some(Self { descr: descr?, fortran: fortran?, shape: shape? })
    }

    /// The number of entries.
    pub(super) fn count(&self) -> Result<usize> {
        if self.shape.contains(&0) {
            return Ok(0);
        }
        self.shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length)).ok_or_else(|| self.too_large())
    }

    /// The failure of a shape that no memory could hold.
    pub(super) fn too_large(&self) -> Failure {
        corrupt(format!("{} of shape {:?} does not fit into memory", self.descr, self.shape))
    }
}

fn length(literal: &Literal) -> Option<usize> {
    match literal {
        Literal::Whole(length) => usize::try_from(*length).ok(),
        _ => None,
    }
}

/// The field names of a record type, for the message that refuses it.
fn record(fields: &[Literal]) -> String {
    let name = |field: &Literal| match field {
        Literal::Sequence(parts) => match parts.first() {
            Some(Literal::Text(name)) => name.clone(),
            _ => "?".to_owned(),
        },
        _ => "?".to_owned(),
    };
    let names: Vec<String> = fields.iter().take(8).map(name).collect();
    format!("record({}{})", names.join(", "), if fields.len() > 8 { ", ..." } else { "" })
}

fn take<const N: usize>(reader: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => corrupt("the array ends inside its header".to_owned()),
        _ => corrupt(format!("the array cannot be read: {error}")),
    })?;
    Ok(bytes)
}

fn corrupt(message: String) -> Failure {
    Failure::new(Code::DataCorrupt, message).hint("save the array again with numpy.save")
}

/// Another file under this name.
fn foreign(magic: &[u8; 6]) -> Failure {
    let (code, what, hint) = match magic {
        [b'P', b'K', 3, 4, ..] => (Code::DataUnknownFormat, "a zip archive", "name the file with the ending .npz"),
        [0x80, 2..=5, ..] => {
            (Code::DataUnsupported, "a pickle", "pickles can run code; save a plain array with numpy.save")
        }
        b"\x89HDF\r\n" => (Code::DataUnknownFormat, "an HDF5 file", "name the file with the ending .h5ad"),
        _ => (Code::DataUnknownFormat, "something else", "save the array with numpy.save"),
    };
    Failure::new(code, format!("the file is {what}, expected a NumPy array (first bytes 93 4e 55 4d 50 59)")).hint(hint)
}

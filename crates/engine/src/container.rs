//! The one binary format, of models and of checkpoints: a JSON header, named tensors, and a digest over both.
//!
//! Layout, little endian: magic `DISENTGL`, format version (u32), header length (u64), header (UTF-8 JSON),
//! payload (tensors one after another), BLAKE3 of everything before (32 bytes). The header's `tensors` list gives name,
//! type and shape in payload order.

use disentangle_data::{Code, Failure, Result, memory};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{self, Write};

const MAGIC: &[u8; 8] = b"DISENTGL";
const VERSION: u32 = 1;
const PREFIX: usize = 20;
const DIGEST: usize = 32;

/// Values of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision: weights and moments.
    F32(Vec<f32>),
    /// Double precision: closed-form results.
    F64(Vec<f64>),
}

impl Values {
    fn lent(&self) -> LentValues<'_> {
        match self {
            Values::F32(values) => LentValues::F32(values),
            Values::F64(values) => LentValues::F64(values),
        }
    }
}

/// Values of a tensor that lie elsewhere.
#[derive(Debug, Clone, Copy)]
pub enum LentValues<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl LentValues<'_> {
    fn bytes(self) -> usize {
        match self {
            LentValues::F32(values) => size_of_val(values),
            LentValues::F64(values) => size_of_val(values),
        }
    }

    fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        match self {
            LentValues::F32(values) => write_pieces(values, |x| x.to_le_bytes(), out),
            LentValues::F64(values) => write_pieces(values, |x| x.to_le_bytes(), out),
        }
    }
}

/// A piece at a time: the bytes of all of them would take as much memory again.
fn write_pieces<T: Copy, const WIDTH: usize>(
    values: &[T],
    bytes: impl Fn(T) -> [u8; WIDTH],
    out: &mut impl Write,
) -> io::Result<()> {
    const AT_ONCE: usize = 1 << 13;
    let mut piece = vec![[0; WIDTH]; AT_ONCE.min(values.len())];
    values.chunks(AT_ONCE).try_for_each(|some| {
        piece.iter_mut().zip(some).for_each(|(place, value)| *place = bytes(*value));
        out.write_all(piece[..some.len()].as_flattened())
    })
}

/// A tensor that is written from where it lies.
#[derive(Debug, Clone)]
pub struct Lent<'a> {
    /// As in [`Named`].
    pub name: String,
    /// As in [`Named`].
    pub shape: Vec<usize>,
    /// As in [`Named`].
    pub values: LentValues<'a>,
}

/// A tensor with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Unique within its container, for example `encoder.0.weight`.
    pub name: String,
    /// Dimensions; empty for a scalar.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Values,
}

impl Named {
    fn lent(&self) -> Lent<'_> {
        Lent { name: self.name.clone(), shape: self.shape.clone(), values: self.values.lent() }
    }
}

/// A header and its tensors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// Whatever describes the tensors: plain JSON.
    pub header: Map<String, Value>,
    /// In the order in which they were added.
    pub tensors: Vec<Named>,
}

/// What stands around the tensors of a container that was read: whoever keeps their values elsewhere gives its bytes again.
#[derive(Debug)]
pub struct Frame {
    /// Everything before the tensors.
    head: Box<[u8]>,
    length: usize,
    digest: blake3::Hash,
}

#[derive(Deserialize)]
struct Listed {
    tensors: Vec<Entry>,
}

impl Frame {
    /// Bytes of the whole container.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The bytes that were read, of all their tensors in any order.
    ///
    /// # Errors
    /// `MEMORY_LIMIT`, and `INTERNAL_PANIC` where the tensors are not those that were read.
    pub fn filled(&self, tensors: &[Named]) -> Result<Vec<u8>> {
        let other = || Failure::new(Code::InternalPanic, "the tensors are not those that the container was read with");
        let Listed { tensors: entries } = serde_json::from_slice(&self.head[PREFIX..]).map_err(|_| other())?;
        let mut bytes = Vec::new();
        memory::reserve(&mut bytes, self.length, "the bytes of the model")?;
        bytes.extend_from_slice(&self.head);
        for Entry { name, .. } in &entries {
            let tensor = tensors.iter().find(|tensor| tensor.name == *name).ok_or_else(other)?;
            tensor.values.lent().write_to(&mut bytes).map_err(|_| other())?;
        }
        if blake3::hash(&bytes) != self.digest {
            return Err(other());
        }
        bytes.extend_from_slice(self.digest.as_bytes());
        Ok(bytes)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    dtype: String,
    shape: Vec<usize>,
}

impl Container {
    /// The tensor of this name.
    ///
    /// # Errors
    /// `ARTIFACT_CORRUPT` when there is none.
    pub fn tensor(&self, name: &str) -> Result<&Named> {
        self.tensors.iter().find(|t| t.name == name).ok_or_else(|| corrupt(format!("the tensor {name:?} is missing")))
    }

    /// Single-precision values of a tensor.
    ///
    /// # Errors
    /// `ARTIFACT_CORRUPT` when it is missing or of another type.
    pub fn f32(&self, name: &str) -> Result<(&[usize], &[f32])> {
        match self.tensor(name)? {
            Named { shape, values: Values::F32(values), .. } => Ok((shape, values)),
            _ => Err(corrupt(format!("the tensor {name:?} is not in single precision"))),
        }
    }

    /// The container as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tensors: Vec<Lent> = self.tensors.iter().map(Named::lent).collect();
        let size: usize = tensors.iter().map(|tensor| tensor.values.bytes()).sum();
        let mut bytes = Vec::with_capacity(PREFIX + DIGEST + size);
        write(self.header.clone(), &tensors, &mut bytes).expect("memory takes what is written");
        bytes
    }

    /// Reads a container back.
    ///
    /// # Errors
    /// `ARTIFACT_CORRUPT` when the bytes are damaged or truncated, `ARTIFACT_VERSION` when a newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Ok(Self::framed(bytes)?.0)
    }

    /// Reads a container back, with what stands around its tensors.
    ///
    /// # Errors
    /// As [`Container::from_bytes`].
    pub fn framed(bytes: &[u8]) -> Result<(Self, Frame)> {
        if bytes.len() < PREFIX + DIGEST || &bytes[..8] != MAGIC {
            return Err(corrupt(format!("{} bytes that do not begin like a model or checkpoint", bytes.len())));
        }
        let version = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
        if version > VERSION {
            return Err(Failure::new(
                Code::ArtifactVersion,
                format!("written in format {version}; this version reads up to format {VERSION}"),
            )
            .hint("update disentangle")
            .with("found", version)
            .with("supported", VERSION));
        }
        let (body, digest) = bytes.split_at(bytes.len() - DIGEST);
        let content = blake3::hash(body);
        if content.as_bytes() != digest {
            return Err(corrupt("the digest does not fit the content: the file is truncated or damaged".into()));
        }
        let length = u64::from_le_bytes(body[12..PREFIX].try_into().expect("eight bytes"));
        let end = usize::try_from(length).ok().and_then(|l| l.checked_add(PREFIX)).filter(|&end| end <= body.len());
        let end = end.ok_or_else(|| corrupt(format!("a header of {length} bytes in {} bytes", body.len())))?;
        let mut header: Map<String, Value> =
            serde_json::from_slice(&body[PREFIX..end]).map_err(|e| corrupt(format!("the header is not JSON: {e}")))?;
        let entries: Vec<Entry> = serde_json::from_value(header.remove("tensors").unwrap_or_default())
            .map_err(|e| corrupt(format!("the list of tensors is damaged: {e}")))?;
        let mut rest = &body[end..];
        let mut tensors = Vec::with_capacity(entries.len());
        for Entry { name, dtype, shape } in entries {
            let width = match dtype.as_str() {
                "f32" => 4,
                "f64" => 8,
                other => return Err(corrupt(format!("tensor {name:?} has the unknown type {other:?}"))),
            };
            let size = shape.iter().try_fold(width, |size: usize, &n| size.checked_mul(n));
            let size = size.filter(|&s| s <= rest.len());
            let size = size.ok_or_else(|| corrupt(format!("tensor {name:?} of shape {shape:?} is cut short")))?;
            let (raw, tail) = rest.split_at(size);
            rest = tail;
            let values = if width == 4 {
                Values::F32(raw.chunks_exact(4).map(|c| f32::from_le_bytes(c.try_into().expect("four"))).collect())
            } else {
                Values::F64(raw.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().expect("eight"))).collect())
            };
            tensors.push(Named { name, shape, values });
        }
        if !rest.is_empty() {
            return Err(corrupt(format!("{} bytes follow the last tensor", rest.len())));
        }
        let frame = Frame { head: body[..end].into(), length: bytes.len(), digest: content };
        Ok((Self { header, tensors }, frame))
    }
}

/// Writes a container of tensors that lie elsewhere.
///
/// # Errors
/// What `out` answers.
pub fn write(mut header: Map<String, Value>, tensors: &[Lent<'_>], out: &mut impl Write) -> io::Result<()> {
    let entry = |tensor: &Lent<'_>| Entry {
        name: tensor.name.clone(),
        dtype: match tensor.values {
            LentValues::F32(_) => "f32".into(),
            LentValues::F64(_) => "f64".into(),
        },
        shape: tensor.shape.clone(),
    };
    let entries: Vec<Entry> = tensors.iter().map(entry).collect();
    header.insert("tensors".into(), serde_json::to_value(entries).expect("plain data serialises"));
    let header = serde_json::to_vec(&header).expect("plain data serialises");
    let mut out = Digesting { out, digest: blake3::Hasher::new() };
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    tensors.iter().try_for_each(|tensor| tensor.values.write_to(&mut out))?;
    let Digesting { out, digest } = out;
    out.write_all(digest.finalize().as_bytes())
}

/// Hands on what is written, and digests it.
struct Digesting<'a, W> {
    out: &'a mut W,
    digest: blake3::Hasher,
}

impl<W: Write> Write for Digesting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn corrupt(message: String) -> Failure {
    Failure::new(Code::ArtifactCorrupt, message).hint("restore the file from a copy, or fit again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Container {
        let mut header = Map::new();
        header.insert("method".into(), "tbr".into());
        Container {
            header,
            tensors: vec![
                Named { name: "a".into(), shape: vec![2, 2], values: Values::F32(vec![1.0, -2.5, f32::MAX, 0.0]) },
                Named { name: "b".into(), shape: vec![], values: Values::F64(vec![0.1]) },
            ],
        }
    }

    #[test]
    fn a_container_comes_back_as_it_was() {
        assert_eq!(Container::from_bytes(&sample().to_bytes()).expect("valid"), sample());
    }

    #[test]
    fn a_frame_gives_its_bytes_with_the_tensors_that_were_read_and_with_no_others() {
        let bytes = sample().to_bytes();
        let (Container { mut tensors, .. }, frame) = Container::framed(&bytes).expect("valid");
        tensors.reverse();
        assert_eq!(frame.filled(&tensors).expect("the same tensors"), bytes);
        tensors[0].values = Values::F64(vec![0.2]);
        assert_eq!(frame.filled(&tensors).expect_err("another value").code, Code::InternalPanic);
        assert_eq!(frame.filled(&tensors[..1]).expect_err("one is missing").code, Code::InternalPanic);
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number() {
        let mut bytes = sample().to_bytes();
        bytes[8] = 9;
        let failure = Container::from_bytes(&bytes).expect_err("format 9");
        assert_eq!((failure.code, &failure.context["found"]), (Code::ArtifactVersion, &9.into()));
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = sample().to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Container::from_bytes(&bytes[..length]).expect_err("cut").code, Code::ArtifactCorrupt);
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_always_noticed(position in 0usize..200, bit in 0u8..8) {
            let mut bytes = sample().to_bytes();
            let position = position % bytes.len();
            bytes[position] ^= 1 << bit;
            prop_assert!(Container::from_bytes(&bytes).is_err());
        }
    }
}

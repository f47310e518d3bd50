//! NumPy archives: zip files of arrays.

use super::npy::{self, Header, NpyArray};
use super::open;
use crate::failure::{Code, Failure, Result};
use crate::interrupt::Stoppable;
use crate::nearest::did_you_mean;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// One array of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NpzMember {
    /// Its name, without the ending `.npy`.
    pub name: String,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// NumPy's description of its type, such as `<f4`; some types, such as `|O`, are listed but cannot be read.
    pub dtype: String,
}

/// Lists the arrays, in archive order.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT` (no archive), `DATA_CORRUPT`, `DATA_UNSUPPORTED` (encrypted, or compressed in
/// another way than NumPy does).
pub fn members(path: &Path) -> Result<Vec<NpzMember>> {
    let mut archive = open_archive(path)?;
    let names = array_names(path, &archive)?;
    let member = |(index, name): (usize, String)| {
        let Header { descr, shape, .. } = with_entry(path, &mut archive, index, &name, |entry| npy::peek(entry))?;
        Ok(NpzMember { name, shape, dtype: descr })
    };
    names.into_iter().map(member).collect()
}

/// Reads one array; its name with or without `.npy`.
///
/// # Errors
/// As [`members`] and [`npy::read`]; `DATA_NOT_FOUND` with the nearest name when there is no such array.
pub fn read(path: &Path, member: &str) -> Result<NpyArray> {
    with_member(path, member, |entry| npy::decode(entry))
}

/// Reads columns of an array as text; its name with or without `.npy`.
///
/// # Errors
/// As [`read`] and [`npy::read_text`].
pub fn read_text(path: &Path, member: &str, columns: &[usize]) -> Result<Vec<Vec<String>>> {
    with_member(path, member, |entry| npy::decode_text(entry, columns))
}

/// Reads columns of an array of numbers with 64 bits, row-major; its name with or without `.npy`.
///
/// # Errors
/// As [`read`] and [`npy::read_exact`].
pub fn read_exact(path: &Path, member: &str, columns: &[usize]) -> Result<Vec<f64>> {
    with_member(path, member, |entry| npy::decode_exact(entry, columns))
}

/// Lets `read` read one array.
pub(crate) fn with_member<T>(path: &Path, member: &str, read: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
    let mut archive = open_archive(path)?;
    let names = array_names(path, &archive)?;
    let wanted = member.strip_suffix(ENDING).unwrap_or(member);
    let Some(&(index, _)) = names.iter().find(|(_, name)| name == wanted) else {
        let known: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        return Err(Failure::new(Code::DataNotFound, format!("{} holds no array {wanted:?}", path.display()))
            .at(path.display().to_string())
            .hint(did_you_mean(wanted, known.iter().copied()))
            .with("member", wanted));
    };
    with_entry(path, &mut archive, index, wanted, read)
}

const ENDING: &str = ".npy";

pub(crate) type Archive = ZipArchive<BufReader<Stoppable<File>>>;

pub(crate) fn open_archive(path: &Path) -> Result<Archive> {
    let mut file = open(path)?;
    let mut magic = [0; 4];
    let starts_like_one = file.read_exact(&mut magic).is_ok() && (magic == *b"PK\x03\x04" || magic == *b"PK\x05\x06");
    if !starts_like_one {
        return Err(Failure::new(Code::DataUnknownFormat, format!("{} is no zip archive", path.display()))
            .at(path.display().to_string())
            .hint("save the arrays with numpy.savez; a single array has the ending .npy"));
    }
    ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error).at(path.display().to_string()))
}

/// Position and name of each array; other files in the archive are left alone, as NumPy does.
fn array_names(path: &Path, archive: &Archive) -> Result<Vec<(usize, String)>> {
    let mut names = Vec::new();
    for (index, name) in archive.file_names().enumerate() {
        let name = name.map_err(|error| damaged(&error).at(path.display().to_string()))?;
        if let Some(name) = name.strip_suffix(ENDING) {
            names.push((index, name.to_owned()));
        }
    }
    Ok(names)
}

fn with_entry<T>(
    path: &Path,
    archive: &mut Archive,
    index: usize,
    name: &str,
    read: impl FnOnce(&mut dyn Read) -> Result<T>,
) -> Result<T> {
    let place = format!("{}:{name}", path.display());
    let mut entry = archive.by_index(index).map_err(|error| damaged(&error).at(place.as_str()))?;
    let method = entry.compression();
    if method != CompressionMethod::Stored && method != CompressionMethod::Deflated {
        return Err(unsupported(format!("the array is compressed by {method}, expected stored or deflate")).at(place));
    }
    read(&mut entry).map_err(|failure| failure.at(place))
}

fn unsupported(message: String) -> Failure {
    Failure::new(Code::DataUnsupported, message).hint("save the arrays with numpy.savez or numpy.savez_compressed")
}

pub(crate) fn damaged(error: &ZipError) -> Failure {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            unsupported("the archive is encrypted".to_owned())
        }
        ZipError::UnsupportedArchive(what) => unsupported(format!("the archive cannot be read: {what}")),
        ZipError::CompressionMethodNotSupported(method) => {
            unsupported(format!("the array is compressed by method {method}, expected stored or deflate"))
        }
        other => Failure::new(Code::DataCorrupt, format!("the archive is damaged or truncated: {other}"))
            .hint("save the arrays again; the copy or download may be incomplete"),
    }
}

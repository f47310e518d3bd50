//! One file out of a compressed one, streamed to a place on disk: memory does not grow with it.

use super::npz::{damaged, open_archive};
use super::{open, unreadable};
use crate::atomic::cannot_write;
use crate::failure::{Code, Failure, Result};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A file in a zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZipMember {
    /// Its path in the archive.
    pub name: String,
    /// Its size when unpacked, as the archive says.
    pub size: u64,
}

/// Lists the files of a zip; folders are left out.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT`, `DATA_UNSUPPORTED` (encrypted).
pub fn zip_members(path: &Path) -> Result<Vec<ZipMember>> {
    let at = || path.display().to_string();
    let mut archive = open_archive(path)?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(&error).at(at()))?;
        if entry.is_file() {
            let name = entry.name().map_err(|error| damaged(&error).at(at()))?;
            members.push(ZipMember { name: name.to_string(), size: entry.size() });
        }
    }
    Ok(members)
}

/// Unpacks one file of a zip to `target`.
///
/// # Errors
/// As [`zip_members`]; `FILE_WRITE`.
pub fn unzip(path: &Path, member: &str, target: &Path) -> Result<()> {
    let mut archive = open_archive(path)?;
    let mut entry = archive.by_name(member).map_err(|error| damaged(&error).at(path.display().to_string()))?;
    copy(path, &mut entry, target)
}

/// Unpacks a Zstandard file, of one frame or several, to `target`.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_CORRUPT`, `FILE_WRITE`.
pub fn unzstd(path: &Path, target: &Path) -> Result<()> {
    let mut packed = BufReader::with_capacity(1 << 18, open(path)?);
    let mut out = create(target)?;
    loop {
        if packed.fill_buf().map_err(|error| unreadable(path, &error))?.is_empty() {
            return Ok(());
        }
        let mut frame = match StreamingDecoder::new(&mut packed) {
            Ok(frame) => frame,
            // A frame of remarks, which nobody reads.
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut packed).take(length), &mut io::sink());
                if skipped.map_err(|error| unreadable(path, &error))? < length {
                    return Err(broken(path, "it ends inside a frame"));
                }
                continue;
            }
            Err(error) => return Err(broken(path, &error.to_string())),
        };
        pour(path, &mut frame, &mut out, target)?;
        let expected = frame.decoder.get_checksum_from_data();
        if expected.is_some() && expected != frame.decoder.get_calculated_checksum() {
            return Err(broken(path, "its checksum is another than that of its content"));
        }
    }
}

fn copy(path: &Path, reader: &mut impl Read, target: &Path) -> Result<()> {
    pour(path, reader, &mut create(target)?, target)
}

fn create(target: &Path) -> Result<File> {
    File::create(target).map_err(|error| unwritable(target, &error))
}

/// As `io::copy`, but whose fault a failure is stays known.
fn pour(path: &Path, reader: &mut impl Read, out: &mut File, target: &Path) -> Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        let got = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(path, &error.to_string())),
        };
        io::Write::write_all(out, &buffer[..got]).map_err(|error| unwritable(target, &error))?;
    }
}

fn broken(path: &Path, reason: &str) -> Failure {
    Failure::new(Code::DataCorrupt, format!("{} cannot be unpacked: {reason}", path.display()))
        .at(path.display().to_string())
        .hint("the file is damaged or incomplete; copy or download it again")
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    cannot_write(target, error).hint("unpacking needs space in the folder for temporary files (TMPDIR)")
}

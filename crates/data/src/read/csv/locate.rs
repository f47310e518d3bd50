//! Where a field stands in a text file, as an editor counts. Called only once a read has failed, so it may read the file again.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// How a table is cut into fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// Bytes before the first record (a UTF-8 mark).
    pub skip: u64,
}

/// `file:line:column` of a field of the record that begins at `byte`.
pub(super) fn place_of_field(path: &Path, cut: Cut, byte: u64, field: usize) -> String {
    match find(path, cut, byte, field) {
        Some((line, column)) => format!("{}:{line}:{column}", path.display()),
        None => path.display().to_string(),
    }
}

/// `file:line` of the record that begins at `byte`.
pub(super) fn place_of_record(path: &Path, cut: Cut, byte: u64) -> String {
    match find(path, cut, byte, 0) {
        Some((line, _)) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

/// Whether the record that begins at `byte` opens a quote and runs to the end of the file without closing it.
pub(super) fn is_left_open(path: &Path, cut: Cut, byte: u64) -> bool {
    let Some(bytes) = bytes_from(path, cut.skip + byte) else { return false };
    let mut record = Record::default();
    for next in bytes {
        if record.ends_with(next) {
            return false;
        }
        record.step(next, cut);
    }
    record.quoted
}

/// Line and column, from 1, columns in characters. `None` where a file cannot be read twice (a pipe) or has changed since.
fn find(path: &Path, cut: Cut, byte: u64, field: usize) -> Option<(u64, u64)> {
    let mut at = Position { line: 1, column: 1, after_return: false };
    let mut record = Record::default();
    for (next, offset) in bytes_from(path, cut.skip)?.zip(0..) {
        if offset >= byte {
            if !record.started && is_break(next) {
                at.step(next);
                continue;
            }
            if record.field == field {
                return Some((at.line, at.column));
            }
            if record.ends_with(next) {
                return None;
            }
            record.step(next, cut);
        }
        at.step(next);
    }
    // An empty last field ends where the file does.
    (record.started && record.field == field).then_some((at.line, at.column))
}

fn bytes_from(path: &Path, start: u64) -> Option<impl Iterator<Item = u8>> {
    if !path.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    Some(BufReader::with_capacity(1 << 16, file).bytes().map_while(Result::ok))
}

fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// A record as far as it has been walked.
struct Record {
    /// Line breaks at its beginning still belong to the record before.
    started: bool,
    /// Where a quote opens: at the first byte of a field, and right after a closing one (a doubled quote).
    fresh: bool,
    quoted: bool,
    field: usize,
}

impl Default for Record {
    fn default() -> Self {
        Self { started: false, fresh: true, quoted: false, field: 0 }
    }
}

impl Record {
    fn ends_with(&self, byte: u8) -> bool {
        self.started && !self.quoted && is_break(byte)
    }

    fn step(&mut self, byte: u8, cut: Cut) {
        self.started |= !is_break(byte);
        if Some(byte) == cut.quote && (self.fresh || self.quoted) {
            self.quoted = !self.quoted;
            self.fresh = true;
        } else if byte == cut.delimiter && !self.quoted {
            self.field += 1;
            self.fresh = true;
        } else if self.started {
            self.fresh = false;
        }
    }
}

struct Position {
    line: u64,
    column: u64,
    after_return: bool,
}

impl Position {
    fn step(&mut self, byte: u8) {
        let second_half_of_a_break = byte == b'\n' && self.after_return;
        self.after_return = byte == b'\r';
        match byte {
            _ if second_half_of_a_break => {}
            b'\n' | b'\r' => (self.line, self.column) = (self.line + 1, 1),
            // A continuation byte of a character already counted.
            0x80..=0xBF => {}
            _ => self.column += 1,
        }
    }
}

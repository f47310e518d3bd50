//! Where a field stands in a text file, as an editor counts. Called only once a read has failed, so it may read the file again.

use super::spaced::{Blanks, Filter, Spaced};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// How a table is cut into fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// What blanks mean.
    pub blanks: Blanks,
    /// Whether lines that begin with `#` are comments.
    pub comments: bool,
    /// Bytes before the header (a UTF-8 mark, lines of comments).
    pub skip: u64,
    /// Lines before the header.
    pub lines: u64,
}

impl Cut {
    /// What settles the blanks of the text.
    pub fn filter(&self) -> Filter {
        Filter::new(self.blanks, self.delimiter, self.quote)
    }
}

/// `file:line:column` of a field of the record that begins at `byte`.
pub(super) fn place_of_field(path: &Path, cut: Cut, byte: u64, field: usize) -> String {
    place(path, places(path, cut, &[(byte, field)])[0])
}

/// `file:line` of the record that begins at `byte`.
pub(super) fn place_of_record(path: &Path, cut: Cut, byte: u64) -> String {
    match places(path, cut, &[(byte, 0)])[0] {
        Some((line, _)) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

/// Whether the record that begins at `byte` opens a quote and runs to the end of the file without closing it.
pub(super) fn is_left_open(path: &Path, cut: Cut, byte: u64) -> bool {
    let Some(bytes) = bytes_from(path, cut, byte) else { return false };
    let mut record = Record::default();
    for next in bytes {
        if record.ends_with(next) {
            return false;
        }
        record.step(next, cut);
    }
    record.quoted
}

/// `file:line:column`, or the file alone.
pub(super) fn place(path: &Path, at: Option<(u64, u64)>) -> String {
    match at {
        Some((line, column)) => format!("{}:{line}:{column}", path.display()),
        None => path.display().to_string(),
    }
}

/// Line and column of fields, from 1, columns in characters; each is given by the byte at which its record begins, and they
/// ascend. `None` where a file cannot be read twice (a pipe) or has changed since.
pub(super) fn places(path: &Path, cut: Cut, wanted: &[(u64, usize)]) -> Vec<Option<(u64, u64)>> {
    let mut found = Vec::with_capacity(wanted.len());
    let Some(bytes) = bytes_from(path, cut, 0) else { return vec![None; wanted.len()] };
    let mut at = Position { line: cut.lines + 1, column: 1, after_return: false };
    let (mut start, mut record) = (0, Record::default());
    for (next, offset) in bytes.zip(0..) {
        while let Some(&(byte, field)) = wanted.get(found.len()) {
            if byte != start {
                (start, record) = (byte, Record::default());
            }
            if offset < byte {
                break;
            }
            let inside = record.started || !(is_break(next) || record.comment || (cut.comments && next == b'#'));
            if inside && record.field == field {
                found.push(Some((at.line, at.column)));
            } else if record.ends_with(next) {
                found.push(None);
            } else {
                record.step(next, cut);
                break;
            }
        }
        if found.len() == wanted.len() {
            return found;
        }
        at.step(next);
    }
    // An empty last field ends where the file does.
    if let Some(&(byte, field)) = wanted.get(found.len())
        && byte == start
        && record.started
        && record.field == field
    {
        found.push(Some((at.line, at.column)));
    }
    found.resize(wanted.len(), None);
    found
}

/// The bytes from `byte` after the header's beginning, blanks settled.
fn bytes_from(path: &Path, cut: Cut, byte: u64) -> Option<impl Iterator<Item = u8>> {
    if !path.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(cut.skip + byte)).ok()?;
    let text = Spaced::new(BufReader::with_capacity(1 << 16, file), cut.filter());
    Some(BufReader::with_capacity(1 << 16, text).bytes().map_while(Result::ok))
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
    /// Inside a comment above the record.
    comment: bool,
    field: usize,
}

impl Default for Record {
    fn default() -> Self {
        Self { started: false, fresh: true, quoted: false, comment: false, field: 0 }
    }
}

impl Record {
    fn ends_with(&self, byte: u8) -> bool {
        self.started && !self.quoted && is_break(byte)
    }

    fn step(&mut self, byte: u8, cut: Cut) {
        if !self.started {
            self.comment = !is_break(byte) && (self.comment || (cut.comments && byte == b'#'));
            if self.comment {
                return;
            }
        }
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

//! Blanks between fields: tables that they separate, and tables that write one after each delimiter.
//!
//! The text passes through a filter that keeps its length, so that places in the file stay what they are: of a run of blanks
//! between two fields one becomes the delimiter, and a blank after a delimiter changes places with it.

use std::io::{self, Read};

/// What blanks mean outside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blanks {
    /// They belong to the fields.
    Kept,
    /// A run of them separates two fields.
    Separate,
    /// Those after a delimiter do not count.
    AfterDelimiter,
}

/// The delimiter that runs of blanks become: a control character that no table contains.
pub(super) const RUN: u8 = 0x1F;

/// A text whose blanks have been settled.
pub(super) struct Spaced<R> {
    inner: R,
    filter: Filter,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

/// Settles blanks byte by byte; some bytes are held back until the next ones are known.
pub(super) struct Filter {
    blanks: Blanks,
    delimiter: u8,
    quote: Option<u8>,
    quoted: bool,
    /// Whether the byte before closed a quote: another one right behind it opens it again.
    closed: bool,
    /// Nothing but blanks since the line began.
    fresh_line: bool,
    /// A delimiter whose blanks are not all known.
    after: bool,
    held: Vec<u8>,
}

impl Filter {
    pub fn new(blanks: Blanks, delimiter: u8, quote: Option<u8>) -> Self {
        Self {
            blanks,
            delimiter,
            quote,
            quoted: false,
            closed: false,
            fresh_line: true,
            after: false,
            held: Vec::new(),
        }
    }

    /// Takes one byte and appends what is settled.
    pub fn step(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.quoted {
            self.quoted = Some(byte) != self.quote;
            self.closed = !self.quoted;
            out.push(byte);
            return;
        }
        if std::mem::take(&mut self.closed) && Some(byte) == self.quote {
            self.quoted = true;
            out.push(byte);
            return;
        }
        match self.blanks {
            Blanks::Kept => out.push(byte),
            Blanks::Separate => self.separate(byte, out),
            Blanks::AfterDelimiter => self.after_delimiter(byte, out),
        }
    }

    /// What is still held back at the end of the text.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.after) {
            out.push(self.delimiter);
        }
        out.append(&mut self.held);
    }

    fn separate(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b' ' | b'\t' => self.held.push(byte),
            b'\n' | b'\r' => {
                out.append(&mut self.held);
                out.push(byte);
                self.fresh_line = true;
            }
            _ => {
                let between = !self.held.is_empty() && !self.fresh_line;
                let opens = self.fresh_line || between;
                out.append(&mut self.held);
                if between && let Some(last) = out.last_mut() {
                    *last = RUN;
                }
                self.quoted = opens && Some(byte) == self.quote;
                self.fresh_line = false;
                out.push(byte);
            }
        }
    }

    fn after_delimiter(&mut self, byte: u8, out: &mut Vec<u8>) {
        let opens = self.after || self.fresh_line;
        if self.after && (byte == b' ' || byte == b'\t') {
            self.held.push(byte);
            return;
        }
        if std::mem::take(&mut self.after) {
            out.append(&mut self.held);
            out.push(self.delimiter);
        }
        self.fresh_line = byte == b'\n' || byte == b'\r';
        if byte == self.delimiter {
            self.after = true;
            return;
        }
        self.quoted = opens && Some(byte) == self.quote;
        out.push(byte);
    }
}

impl<R: Read> Spaced<R> {
    pub fn new(inner: R, filter: Filter) -> Self {
        Self { inner, filter, output: Vec::new(), given: 0, ended: false }
    }
}

impl<R: Read> Read for Spaced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.ended {
            self.output.clear();
            self.given = 0;
            let mut block = vec![0; 1 << 16];
            let got = self.inner.read(&mut block)?;
            self.ended = got == 0;
            for &byte in &block[..got] {
                self.filter.step(byte, &mut self.output);
            }
            if self.ended {
                self.filter.end(&mut self.output);
            }
        }
        let count = buffer.len().min(self.output.len() - self.given);
        buffer[..count].copy_from_slice(&self.output[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str, blanks: Blanks, delimiter: u8) -> String {
        // One byte at a time: a block may end anywhere.
        let mut out = Vec::new();
        let mut filter = Filter::new(blanks, delimiter, Some(b'"'));
        text.bytes().for_each(|byte| filter.step(byte, &mut out));
        filter.end(&mut out);
        assert_eq!(out.len(), text.len(), "places in the file stay");
        String::from_utf8(out).expect("text").replace('\u{1f}', "|")
    }

    #[test]
    fn runs_of_blanks_become_one_delimiter_but_not_at_the_ends_of_lines_or_in_quotes() {
        let text = "  a   b\tc  \n1.5  \"x  y\"  \"say \"\"so\"\" \"\n";
        assert_eq!(settled(text, Blanks::Separate, RUN), "  a  |b|c  \n1.5 |\"x  y\" |\"say \"\"so\"\" \"\n");
    }

    #[test]
    fn a_blank_after_a_delimiter_moves_before_it_so_that_quotes_open_fields() {
        let text = "a, \"b, c\",d\n1,  2, \n";
        assert_eq!(settled(text, Blanks::AfterDelimiter, b','), "a ,\"b, c\",d\n1  ,2 ,\n");
    }

    #[test]
    fn a_filtered_text_is_read_in_blocks_of_any_size() {
        let text = "a  b\n".repeat(40_000);
        let mut out = Vec::new();
        Spaced::new(text.as_bytes(), Filter::new(Blanks::Separate, RUN, None)).read_to_end(&mut out).expect("bytes");
        assert_eq!(out, "a \u{1f}b\n".repeat(40_000).into_bytes());
    }
}

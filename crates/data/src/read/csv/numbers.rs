//! How the numbers of a table are written: with which decimal mark, and whether thousands are separated.

use super::Missing;
use super::number::{Evidence, Numbers, evidence};
use super::source::Source;
use crate::failure::Result;

/// Rows that are looked at, if they are not wider than [`FIELDS`] together.
const ROWS: usize = 2000;
const FIELDS: usize = 1 << 20;

#[derive(Clone, Copy, Default)]
struct Seen {
    short: usize,
    long: usize,
    point: usize,
    grouped: usize,
    comma: usize,
    either: usize,
    text: usize,
}

impl Seen {
    fn add(&mut self, field: &[u8]) {
        let count = match evidence(field) {
            Evidence::Integer { digits } if digits <= 3 => &mut self.short,
            Evidence::Integer { .. } => &mut self.long,
            Evidence::Point => &mut self.point,
            Evidence::Grouped => &mut self.grouped,
            Evidence::Comma => &mut self.comma,
            Evidence::Either => &mut self.either,
            Evidence::Text => &mut self.text,
        };
        *count += 1;
    }

    /// Whether nine in ten fields are numbers when written so.
    fn are_numbers(self, numbers: Numbers) -> bool {
        let integers = self.short + self.long;
        let good = match numbers {
            Numbers::Plain => integers + self.point,
            Numbers::Point => integers + self.point + self.grouped + self.either,
            Numbers::Comma => integers + self.comma + self.either,
        };
        let all = integers + self.point + self.grouped + self.comma + self.either + self.text;
        good > 0 && good >= 9 * (all - good)
    }
}

/// How numbers are written, and the columns that look like numbers written in another way.
pub(super) fn detect(source: &mut Source<'_>, likely: Option<Numbers>) -> Result<(Numbers, Vec<String>)> {
    let missing = Missing::new(None, Numbers::Plain);
    let mut seen = vec![Seen::default(); source.header.len()];
    let mut fields = 0;
    for _ in 0..ROWS {
        if fields > FIELDS || !source.next()? {
            break;
        }
        fields += seen.len();
        for (seen, field) in seen.iter_mut().zip(&source.record) {
            if !missing.is_word(field) {
                seen.add(field);
            }
        }
    }
    let numbers = decide(&seen, source.delimiter(), likely);
    let other = |seen: &Seen| {
        seen.comma + seen.grouped + seen.either > 0
            && !seen.are_numbers(numbers)
            && (seen.are_numbers(Numbers::Point) || seen.are_numbers(Numbers::Comma))
    };
    let others = seen.iter().zip(&source.header).filter(|(seen, _)| other(seen)).map(|(_, name)| name.clone());
    Ok((numbers, others.collect()))
}

fn decide(columns: &[Seen], delimiter: char, likely: Option<Numbers>) -> Numbers {
    let count = |vote: &dyn Fn(&Seen) -> bool| columns.iter().filter(|seen| vote(seen)).count();
    let commas = count(&|seen| seen.comma > 0 && seen.are_numbers(Numbers::Comma));
    let points = count(&|seen| seen.point > 0 && seen.are_numbers(Numbers::Point));
    let grouped = count(&|seen| seen.grouped > 0 && seen.are_numbers(Numbers::Point));
    if commas > 0 {
        return if points + grouped == 0 { Numbers::Comma } else { Numbers::Plain };
    }
    if grouped > 0 {
        return Numbers::Point;
    }
    let unclear: Vec<&Seen> =
        columns.iter().filter(|seen| seen.either > 0 && seen.are_numbers(Numbers::Point)).collect();
    if unclear.is_empty() {
        return match likely {
            Some(likely) if points == 0 || likely != Numbers::Comma => likely,
            _ => Numbers::Plain,
        };
    }
    if let Some(likely) = likely.filter(|&likely| likely != Numbers::Plain && (points == 0 || likely == Numbers::Point))
    {
        return likely;
    }
    // "950" beside "1,851" and never "2000": thousands are separated. A table with semicolons was written where the comma is
    // the decimal mark, unless such numbers or decimal points say otherwise.
    let thousands =
        unclear.iter().all(|seen| seen.long == 0) && (delimiter != ';' || unclear.iter().any(|s| s.short > 0));
    match () {
        () if points > 0 || thousands => Numbers::Point,
        () if delimiter == ';' => Numbers::Comma,
        () => Numbers::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(columns: &[&[&str]], delimiter: char, likely: Option<Numbers>) -> Numbers {
        let seen: Vec<Seen> = columns
            .iter()
            .map(|fields| {
                let mut seen = Seen::default();
                fields.iter().for_each(|field| seen.add(field.as_bytes()));
                seen
            })
            .collect();
        decide(&seen, delimiter, likely)
    }

    #[test]
    fn the_way_of_writing_is_found_where_the_fields_tell_it() {
        use Numbers::{Comma, Plain, Point};
        for (columns, delimiter, expected) in [
            (&[&["1.5", "2"][..], &["a", "b"]][..], ',', Plain),
            (&[&["1,5", "2"], &["a", "b"]], ';', Comma),
            (&[&["1,851", "950"]], ',', Point),
            (&[&["1,851", "950"]], ';', Point),
            (&[&["1,851", "2,004"]], ';', Comma),
            (&[&["1,851", "2,004"]], '\t', Point),
            (&[&["1,851", "2004"]], '\t', Plain),
            (&[&["1,851", "2004"], &["1.5", "2.5"]], '\t', Point),
            (&[&["1,234,567", "8"]], ';', Point),
            (&[&["1.234,5", "8"]], ';', Comma),
            (&[&["1,5", "2"], &["1.5", "2"]], ';', Plain),
            (&[&["a,b", "1,5", "c"]], ';', Plain),
            (&[&["1", "2"]], ';', Plain),
        ] {
            assert_eq!(decided(columns, delimiter, None), expected, "{columns:?} {delimiter}");
        }
    }

    #[test]
    fn what_was_read_before_decides_where_the_fields_do_not() {
        assert_eq!(decided(&[&["1,851", "2,004"]], '\t', Some(Numbers::Comma)), Numbers::Comma);
        assert_eq!(decided(&[&["1", "2"]], ';', Some(Numbers::Comma)), Numbers::Comma);
        assert_eq!(decided(&[&["1.5", "2"]], ';', Some(Numbers::Comma)), Numbers::Plain);
        assert_eq!(decided(&[&["1,5", "2"]], ';', Some(Numbers::Point)), Numbers::Comma);
    }
}

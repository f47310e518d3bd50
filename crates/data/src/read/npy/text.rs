//! The entries of an array as text, each exactly: what a column of labels is read as. Numbers never pass through another type.

use super::dtype::{Dtype, Order, refused};
use crate::failure::{Code, Failure, Result};

/// An entry wider than this is hostile, not a label.
const WIDEST: usize = 1 << 20;

/// How one entry becomes text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TextType {
    Number(Dtype),
    /// UTF-32, padded with zeros.
    Unicode {
        width: usize,
        order: Order,
    },
    /// UTF-8, padded with zeros.
    Bytes {
        width: usize,
    },
    /// Steps since 1970.
    Moment {
        unit: Unit,
        steps: i64,
        order: Order,
    },
}

/// The unit of a `datetime64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    /// So many seconds, a day at least: only the date is written.
    Days(i64),
    /// So many seconds.
    Seconds(i64),
    /// So many digits behind the second.
    Fraction(u32),
}

impl TextType {
    /// Understands NumPy's description of numbers, text (`<U12`, `|S5`) and dates (`<M8[ns]`).
    ///
    /// # Errors
    /// `DATA_UNSUPPORTED`, with what to do about it.
    pub(super) fn parse(descr: &str) -> Result<Self> {
        let order = if descr.starts_with('>') { Order::Big } else { Order::Little };
        let name = descr.trim_start_matches(['<', '>', '|', '=']);
        let refuse = || refused(descr, name);
        let width = |digits: &str| digits.parse().ok().filter(|width| (1..=WIDEST).contains(width)).ok_or_else(refuse);
        if let Some(digits) = name.strip_prefix('U') {
            return Ok(Self::Unicode { width: 4 * width(digits)?, order });
        }
        if let Some(digits) = name.strip_prefix(['S', 'a']) {
            return Ok(Self::Bytes { width: width(digits)? });
        }
        if let Some(unit) = name.strip_prefix("M8[").and_then(|rest| rest.strip_suffix(']')) {
            let (steps, unit) = unit.split_at(unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(0));
            let steps = if steps.is_empty() { 1 } else { steps.parse().map_err(|_| refuse())? };
            return Ok(Self::Moment { unit: unit_of(unit).ok_or_else(refuse)?, steps, order });
        }
        Dtype::parse(descr).map(Self::Number)
    }

    /// Bytes of one entry.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Number(dtype) => dtype.width(),
            Self::Unicode { width, .. } | Self::Bytes { width } => width,
            Self::Moment { .. } => 8,
        }
    }

    /// One entry; "" where it is missing.
    ///
    /// # Errors
    /// `DATA_CORRUPT` for bytes that are no text.
    pub(super) fn text(self, bytes: &[u8]) -> Result<String> {
        match self {
            Self::Number(dtype) => Ok(dtype.text(bytes)),
            Self::Unicode { order, .. } => {
                let (words, _) = bytes.as_chunks::<4>();
                let code = |word: &[u8; 4]| match order {
                    Order::Little => u32::from_le_bytes(*word),
                    Order::Big => u32::from_be_bytes(*word),
                };
                let end = words.iter().rposition(|word| *word != [0; 4]).map_or(0, |last| last + 1);
                words[..end]
                    .iter()
                    .map(|word| char::from_u32(code(word)))
                    .collect::<Option<String>>()
                    .ok_or_else(no_text)
            }
            Self::Bytes { .. } => {
                let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                std::str::from_utf8(&bytes[..end]).map(str::to_owned).map_err(|_| no_text())
            }
            Self::Moment { unit, steps, order } => {
                let word = bytes.try_into().unwrap_or_default();
                let count = if order == Order::Big { i64::from_be_bytes(word) } else { i64::from_le_bytes(word) };
                // The smallest number is NumPy's "not a time".
                Ok(if count == i64::MIN { String::new() } else { instant(i128::from(count) * i128::from(steps), unit) })
            }
        }
    }
}

fn no_text() -> Failure {
    Failure::new(Code::DataCorrupt, "the array holds bytes that are no Unicode text")
        .hint("save the labels as text: numpy.save(path, array.astype(str))")
}

fn unit_of(name: &str) -> Option<Unit> {
    Some(match name {
        "Y" => Unit::Year,
        "M" => Unit::Month,
        "W" => Unit::Days(7),
        "D" => Unit::Days(1),
        "h" => Unit::Seconds(3600),
        "m" => Unit::Seconds(60),
        "s" => Unit::Seconds(1),
        "ms" => Unit::Fraction(3),
        "us" => Unit::Fraction(6),
        "ns" => Unit::Fraction(9),
        "ps" => Unit::Fraction(12),
        "fs" => Unit::Fraction(15),
        "as" => Unit::Fraction(18),
        _ => return None,
    })
}

/// A point in time, as DuckDB and pandas write it; zeros at the end of a fraction are left out.
fn instant(count: i128, unit: Unit) -> String {
    match unit {
        Unit::Year => (1970 + count).to_string(),
        Unit::Month => format!("{}-{:02}", 1970 + count.div_euclid(12), 1 + count.rem_euclid(12)),
        Unit::Days(days) => date(count * i128::from(days)),
        Unit::Seconds(seconds) => moment(count * i128::from(seconds)),
        Unit::Fraction(digits) => {
            let one = 10i128.pow(digits);
            let fraction = format!("{:0width$}", count.rem_euclid(one), width = digits as usize);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{}{point}{fraction}", moment(count.div_euclid(one)))
        }
    }
}

fn moment(seconds: i128) -> String {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    format!("{} {:02}:{:02}:{:02}", date(day), second / 3600, second / 60 % 60, second % 60)
}

/// The date of a day since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day is the last;
/// 400 of them have 146,097 days.
fn date(day: i128) -> String {
    let since = day + 719_468;
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i128::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values: `str(numpy.datetime64(count, unit))`, with a blank for the T.
    #[test]
    fn instants_are_written_to_the_nanosecond() {
        for (count, unit, text) in [
            (0, "D", "1970-01-01"),
            (-1, "D", "1969-12-31"),
            (11_016, "D", "2000-02-29"),
            (-719_468, "D", "0000-03-01"),
            (47_540, "D", "2100-02-28"),
            (47_541, "D", "2100-03-01"),
            (50, "Y", "2020"),
            (-1, "M", "1969-12"),
            (1_577_836_800, "s", "2020-01-01 00:00:00"),
            (1_577_836_800_000_000_001, "ns", "2020-01-01 00:00:00.000000001"),
            (-1, "ns", "1969-12-31 23:59:59.999999999"),
            (1_577_836_800_500, "ms", "2020-01-01 00:00:00.5"),
        ] {
            let TextType::Moment { unit, .. } = TextType::parse(&format!("<M8[{unit}]")).expect("a unit") else {
                panic!("an instant")
            };
            assert_eq!(instant(count, unit), text);
        }
    }
}

//! One field of a text table as a number.

use serde::{Deserialize, Serialize};

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// With a decimal point and without separators: `1234.5`.
    #[default]
    Plain,
    /// With a decimal point and separators of thousands: `1,234.5`.
    Point,
    /// With a decimal comma: `1234,5`, `1.234,5`.
    Comma,
}

/// Why a field is no finite number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotANumber {
    /// Something else, such as text.
    Text,
    /// NaN or an infinity, spelt out.
    NotFinite,
    /// A decimal number beyond the largest 32-bit one.
    Overflow,
}

/// A float of either width, parsed with a single rounding.
pub(super) trait Float: fast_float2::FastFloat + Copy {
    const MISSING: Self;
    fn of(truth: bool) -> Self;
    fn is_finite(self) -> bool;
    fn is_nan(self) -> bool;
}

impl Float for f32 {
    const MISSING: Self = f32::NAN;

    fn of(truth: bool) -> Self {
        f32::from(u8::from(truth))
    }

    fn is_finite(self) -> bool {
        self.is_finite()
    }

    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Float for f64 {
    const MISSING: Self = f64::NAN;

    fn of(truth: bool) -> Self {
        f64::from(u8::from(truth))
    }

    fn is_finite(self) -> bool {
        self.is_finite()
    }

    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

/// Parses a number, rounded once to the nearest value of its type; surrounding blanks do not count.
#[inline]
pub(super) fn parse<T: Float>(field: &[u8], numbers: Numbers) -> Result<T, NotANumber> {
    let field = field.trim_ascii();
    match numbers {
        Numbers::Plain => decimal(field),
        Numbers::Point => decimal(field).or_else(|why| match ungrouped(field, b',', b'.') {
            Some(text) => decimal(text.bytes()),
            None => Err(why),
        }),
        // A decimal point is no part of such a number: "1.5" is refused rather than read as something else.
        Numbers::Comma if !field.iter().any(|byte| !byte.is_ascii_alphanumeric() && !b"+-".contains(byte)) => {
            decimal(field)
        }
        Numbers::Comma => ungrouped(field, b'.', b',').map_or(Err(NotANumber::Text), |text| decimal(text.bytes())),
    }
}

fn decimal<T: Float>(field: &[u8]) -> Result<T, NotANumber> {
    match fast_float2::parse::<T, _>(field) {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if field.iter().any(u8::is_ascii_digit) => Err(NotANumber::Overflow),
        Ok(_) => Err(NotANumber::NotFinite),
        Err(_) => Err(NotANumber::Text),
    }
}

/// `TRUE` and `FALSE`, as R, pandas and Excel write them.
pub(super) fn truth(field: &[u8]) -> Option<bool> {
    match field.trim_ascii() {
        b"TRUE" | b"True" | b"true" => Some(true),
        b"FALSE" | b"False" | b"false" => Some(false),
        _ => None,
    }
}

/// A number with a decimal point and nothing between its digits.
struct Ungrouped {
    text: [u8; LONGEST],
    length: usize,
}

/// No 64-bit number needs more characters.
const LONGEST: usize = 48;

impl Ungrouped {
    fn bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// The number without its separators of thousands and with a decimal point; `None` where the groups are none of three digits.
/// Beside `group`, blanks and apostrophes separate, one kind in a number.
fn ungrouped(field: &[u8], group: u8, mark: u8) -> Option<Ungrouped> {
    let mut out = Ungrouped { text: [0; LONGEST], length: 0 };
    let mut rest = field;
    let mut push = |byte: u8| -> Option<()> {
        *out.text.get_mut(out.length)? = byte;
        out.length += 1;
        Some(())
    };
    if let Some((&sign @ (b'+' | b'-'), after)) = rest.split_first() {
        push(sign)?;
        rest = after;
    }
    let (mut digits, mut separator): (usize, Option<&[u8]>) = (0, None);
    loop {
        match rest.first() {
            Some(&digit @ b'0'..=b'9') => {
                push(digit)?;
                (digits, rest) = (digits + 1, &rest[1..]);
                continue;
            }
            Some(&byte) if byte == mark || byte | 0x20 == b'e' => break,
            None => break,
            Some(_) => {}
        }
        let found = separator_at(rest, group)?;
        let complete = if separator.is_some() { digits == 3 } else { (1..=3).contains(&digits) };
        if !complete || separator.is_some_and(|known| known != found) {
            return None;
        }
        (separator, digits, rest) = (Some(found), 0, &rest[found.len()..]);
    }
    if separator.is_some() && digits != 3 {
        return None;
    }
    for &byte in rest {
        push(match byte {
            b'0'..=b'9' | b'e' | b'E' | b'+' | b'-' => byte,
            _ if byte == mark => b'.',
            _ => return None,
        })?;
    }
    Some(out)
}

/// Separators of thousands beside the comma or the point: blank, apostrophe, no-break space, narrow no-break space.
const SEPARATORS: [&[u8]; 4] = [b" ", b"'", "\u{a0}".as_bytes(), "\u{202f}".as_bytes()];

fn separator_at(text: &[u8], group: u8) -> Option<&[u8]> {
    if text.first() == Some(&group) {
        return Some(&text[..1]);
    }
    SEPARATORS.iter().find(|separator| text.starts_with(separator)).map(|separator| &text[..separator.len()])
}

/// What a field says about how numbers are written in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// An integer without separators: any way of writing.
    Integer { digits: usize },
    /// `1.5`: a decimal point, and no separators are needed.
    Point,
    /// `1,234.5`, `1,234,567`, `1 234`: separators, and the decimal mark is a point or absent.
    Grouped,
    /// `1,5`, `0,123`, `1.234,5`, `1.234.567`: a decimal comma.
    Comma,
    /// `1,234`: a number, but which?
    Either,
    /// No number.
    Text,
}

/// What a field says, taken alone.
pub(super) fn evidence(field: &[u8]) -> Evidence {
    let field = field.trim_ascii();
    if parse::<f64>(field, Numbers::Plain).is_ok() {
        let digits = field.iter().filter(|byte| byte.is_ascii_digit()).count();
        return if field.contains(&b'.') { Evidence::Point } else { Evidence::Integer { digits } };
    }
    let point = parse::<f64>(field, Numbers::Point).is_ok();
    let comma = parse::<f64>(field, Numbers::Comma).is_ok();
    match (point, comma) {
        // "0,123" is no group of thousands, whatever its length.
        (true, true) if unsigned(field).starts_with(b"0") => Evidence::Comma,
        (true, true) if field.contains(&b',') => Evidence::Either,
        (true, _) => Evidence::Grouped,
        (false, true) => Evidence::Comma,
        (false, false) => Evidence::Text,
    }
}

/// A number without its sign.
pub(super) fn unsigned(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"-").or_else(|| field.strip_prefix(b"+")).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotANumber::{NotFinite, Overflow, Text};

    #[test]
    fn decimal_numbers_are_read_as_the_standard_library_reads_them() {
        for text in ["0", "-0.0", "+1", "1.", ".5", "-2.5e-3", "1E5", "3.4028235e38", "1e-46", "16777217", "0.1"] {
            let expected: f32 = text.parse().expect("a number");
            for numbers in [Numbers::Plain, Numbers::Point] {
                assert_eq!(parse(text.as_bytes(), numbers).map(f32::to_bits), Ok(expected.to_bits()), "{text}");
            }
        }
        assert_eq!(parse(b" 1.5\t", Numbers::Plain), Ok(1.5_f32));
    }

    #[test]
    fn what_is_no_finite_number_says_why() {
        for (text, why) in [
            ("", Text),
            ("abc", Text),
            ("1,5", Text),
            ("1.5kg", Text),
            ("1 000", Text),
            ("0x1f", Text),
            ("--1", Text),
            ("1e", Text),
            ("true", Text),
            ("inf", NotFinite),
            ("-Infinity", NotFinite),
            ("NaN", NotFinite),
            ("1e39", Overflow),
            ("-3.5e38", Overflow),
            ("1e999999", Overflow),
        ] {
            assert_eq!(parse::<f32>(text.as_bytes(), Numbers::Plain), Err(why), "{text:?}");
        }
    }

    #[test]
    fn separators_of_thousands_and_decimal_commas_are_read_where_they_are_meant() {
        let read = |text: &str, numbers| parse::<f64>(text.as_bytes(), numbers).ok();
        for (text, point, comma) in [
            ("1,234", Some(1234.0), Some(1.234)),
            ("-1,234.5", Some(-1234.5), None),
            ("12,345,678", Some(12_345_678.0), None),
            ("1.234", Some(1.234), Some(1234.0)),
            ("1.234,5e2", None, Some(123_450.0)),
            ("1,5", None, Some(1.5)),
            ("1.5", Some(1.5), None),
            ("0,25", None, Some(0.25)),
            (",5", None, Some(0.5)),
            ("1 234 567", Some(1_234_567.0), Some(1_234_567.0)),
            ("1\u{202f}234,5", None, Some(1234.5)),
            ("1'234.5", Some(1234.5), None),
            ("1,23,456", None, None),
            ("1,2345", None, Some(1.2345)),
            ("1234,567", None, Some(1234.567)),
            ("1 234,567.5", None, None),
            ("1,,234", None, None),
            ("42", Some(42.0), Some(42.0)),
            ("-1e3", Some(-1e3), Some(-1e3)),
            ("a,b", None, None),
            (",", None, None),
        ] {
            assert_eq!((read(text, Numbers::Point), read(text, Numbers::Comma)), (point, comma), "{text}");
        }
        assert_eq!(parse::<f32>(b"inf", Numbers::Comma), Err(NotFinite));
    }

    #[test]
    fn a_field_tells_how_numbers_are_written_or_that_it_does_not() {
        for (text, expected) in [
            ("7", Evidence::Integer { digits: 1 }),
            ("1.5", Evidence::Point),
            ("1.851", Evidence::Point),
            ("1,851", Evidence::Either),
            ("-0,851", Evidence::Comma),
            ("12,5", Evidence::Comma),
            ("1,234,567", Evidence::Grouped),
            ("1 234", Evidence::Grouped),
            ("1.234.567", Evidence::Comma),
            ("a,b", Evidence::Text),
            ("", Evidence::Text),
        ] {
            assert_eq!(evidence(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn truth_values_are_those_of_r_pandas_and_excel() {
        assert_eq!(truth(b" TRUE"), Some(true));
        assert_eq!(truth(b"False"), Some(false));
        assert_eq!(truth(b"T"), None);
    }
}

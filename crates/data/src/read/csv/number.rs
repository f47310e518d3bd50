//! One field of a text table as a 32-bit number.

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

/// Parses a decimal number with a point, rounded once to the nearest `f32`; surrounding blanks do not count.
#[inline]
pub(super) fn parse(field: &[u8]) -> Result<f32, NotANumber> {
    let field = field.trim_ascii();
    match fast_float2::parse::<f32, _>(field) {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if field.iter().any(u8::is_ascii_digit) => Err(NotANumber::Overflow),
        Ok(_) => Err(NotANumber::NotFinite),
        Err(_) => Err(NotANumber::Text),
    }
}

/// The field with a decimal point, if a decimal comma is all that is wrong with it.
pub(super) fn with_point(field: &str) -> Option<String> {
    let field = field.trim();
    let candidate = field.replacen(',', ".", 1);
    (field.contains(',') && parse(candidate.as_bytes()).is_ok()).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotANumber::{NotFinite, Overflow, Text};

    #[test]
    fn decimal_numbers_are_read_as_the_standard_library_reads_them() {
        for text in ["0", "-0.0", "+1", "1.", ".5", "-2.5e-3", "1E5", "3.4028235e38", "1e-46", "16777217", "0.1"] {
            let expected: f32 = text.parse().expect("a number");
            assert_eq!(parse(text.as_bytes()).map(f32::to_bits), Ok(expected.to_bits()), "{text}");
        }
        assert_eq!(parse(b" 1.5\t"), Ok(1.5));
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
            assert_eq!(parse(text.as_bytes()), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_decimal_comma_is_recognised() {
        assert_eq!(with_point("-1,5e3").as_deref(), Some("-1.5e3"));
        assert_eq!(with_point("1,2,3"), None);
        assert_eq!(with_point("a,b"), None);
        assert_eq!(with_point("15"), None);
    }
}

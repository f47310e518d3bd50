//! Fields that mean "no value".

use super::number::{self, Float, NotANumber, Numbers};
use std::collections::BTreeMap;
use std::str::Utf8Error;

/// Words that were read as missing, with how often.
pub type Words = BTreeMap<String, usize>;

/// The fields that mean "no value" where nothing else is said.
const USUAL: [&str; 12] = ["", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "Null", "null", "None", "<NA>"];

/// Usual spellings of a missing number that are likelier a label in a column of labels: `None` is a control arm.
const LABELS: [&[u8]; 1] = [b"None"];

/// The words for "no value".
pub(super) struct Missing<'a> {
    words: Vec<&'a [u8]>,
    /// What some words, such as -999, are as numbers: `-999.0` is the same.
    values: Vec<f64>,
    numbers: Numbers,
    usual: bool,
}

impl<'a> Missing<'a> {
    pub fn new(words: Option<&'a [String]>, numbers: Numbers) -> Self {
        let usual = words.is_none();
        let words: Vec<&[u8]> = match words {
            Some(words) => words.iter().map(|word| word.trim().as_bytes()).collect(),
            None => USUAL.iter().map(|word| word.as_bytes()).collect(),
        };
        let value = |word: &&[u8]| number::parse(word, Numbers::Plain).or_else(|_| number::parse(word, numbers)).ok();
        Self { values: words.iter().filter_map(value).collect(), words, numbers, usual }
    }

    /// Whether a field is one of the words.
    pub fn is_word(&self, field: &[u8]) -> bool {
        self.words.contains(&field.trim_ascii())
    }

    /// A field as a number; NaN where it means no value.
    #[inline]
    pub fn number<T: Float>(&self, field: &[u8]) -> Result<T, NotANumber> {
        match number::parse::<T>(field, self.numbers) {
            Ok(value) if self.values.is_empty() || !self.is_value(field) => Ok(value),
            Err(why) if !self.is_word(field) => Err(why),
            _ => Ok(T::MISSING),
        }
    }

    /// A field as a label; "" where it means no value, and the word is counted.
    pub fn label<'f>(&self, field: &'f [u8], words: &mut Words) -> Result<&'f str, Utf8Error> {
        let text = std::str::from_utf8(field)?;
        let bare = field.trim_ascii();
        let is_word = self.words.contains(&bare) && !(self.usual && LABELS.contains(&bare));
        if !is_word && (self.values.is_empty() || is_padded(bare) || !self.is_value(bare)) {
            return Ok(text);
        }
        if !bare.is_empty() {
            *words.entry(text.trim().to_owned()).or_default() += 1;
        }
        Ok("")
    }

    fn is_value(&self, field: &[u8]) -> bool {
        number::parse::<f64>(field, self.numbers).is_ok_and(|value| self.values.contains(&value))
    }
}

/// Whether a number begins with a zero that does not count: as a label `007` is not 7.
fn is_padded(field: &[u8]) -> bool {
    matches!(number::unsigned(field), [b'0', b'0'..=b'9', ..])
}

//! What a check finds.

use std::fmt;

/// One place that breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `path` or `path:line`.
    pub place: String,
    /// What is wrong, lower case, one line.
    pub message: String,
}

impl Violation {
    /// In a line, counted from 1.
    pub fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), message: message.into() }
    }

    /// In a file, or in a folder.
    pub fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { place: path.to_owned(), message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

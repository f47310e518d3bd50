//! Failures: what went wrong, where, what was expected and what to do, as plain data that crosses every boundary.
//!
//! Codes are API. They are never renamed and never reused; a retired code stays retired.

mod codes;

pub use codes::Code;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The result of anything that can fail because of what the user gave us.
pub type Result<T> = std::result::Result<T, Failure>;

/// A typed failure. `Display` is its one-line message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Stable identifier, `AREA_PROBLEM`.
    pub code: Code,
    /// One line, lower case: what, where, got, allowed.
    pub message: String,
    /// Where: a config path (`method.beta`), or `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// The numbers behind the message, for programs.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub context: Map<String, Value>,
}

impl Failure {
    /// A failure with a code and a one-line message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: on_one_line(message.into()), path: None, hint: None, context: Map::new() }
    }

    /// Says where.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one number or word for programs.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A message may quote what a file says: its line ends and other control characters are written as escapes.
fn on_one_line(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_one_line_whatever_it_quotes() {
        let failure = Failure::new(Code::DataShape, "name `environme\nt\u{7}` \u{e9}");
        assert_eq!(failure.message, "name `environme\\nt\\u{7}` \u{e9}");
    }
}

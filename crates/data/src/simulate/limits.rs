//! How large a world may be, and how its columns are called.

use crate::failure::{Code, Failure, Result};

/// At most this many numbers in a world, 4 GiB: an allocation that fails would end the user's process.
const MOST_VALUES: u128 = 1 << 30;

/// Fails when a world would hold too many numbers; `path` is the option that grows fastest.
pub(crate) fn refuse_huge(values: u128, path: &str, hint: &str) -> Result<()> {
    if values <= MOST_VALUES {
        return Ok(());
    }
    let message = format!("{path}: a world of {values} numbers is too large, allowed are {MOST_VALUES}");
    Err(Failure::new(Code::ConfigOutOfRange, message).at(path).hint(hint))
}

/// `z1`, `z2`, ...
pub(crate) fn numbered(letter: &str, count: usize) -> Vec<String> {
    (1..=count).map(|i| format!("{letter}{i}")).collect()
}

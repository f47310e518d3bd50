//! Words that older versions wrote into configurations, in files of users and in models, as they are called now.

use serde_json::Value;
use std::borrow::Cow;

/// Key, former value, value of today.
const VALUES: [(&str, &str, &str); 1] = [("algorithm", "joint-diagonalisation", "joint-diagonalization")];

/// The configuration in the words of today.
pub(crate) fn renamed(config: &Value) -> Cow<'_, Value> {
    let mut config = Cow::Borrowed(config);
    for (key, former, today) in VALUES {
        if config.get(key).and_then(Value::as_str) == Some(former) {
            config.to_mut()[key] = today.into();
        }
    }
    config
}

//! What a step sees of a value: its JSON text, and what it is asked for.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use crate::event::scan;

/// A value of a log record, redacted, as a step of a [`Pipeline`](crate::Pipeline) sees it. It is JSON text; only what
/// is asked for is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogValue<'a>(&'a [u8]);

impl<'a> LogValue<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self(json)
    }

    /// The text of a string; `None` for all other values. Allocates only where the string holds escapes.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let is_text = self.0.first() == Some(&b'"');
        is_text.then(|| scan::unescaped_text(scan::inside(self.0)))
    }

    /// A whole number that an `i64` can hold.
    pub fn as_i64(self) -> Option<i64> {
        self.as_json().parse().ok()
    }

    /// A whole number that a `u64` can hold.
    pub fn as_u64(self) -> Option<u64> {
        self.as_json().parse().ok()
    }

    /// Any number.
    pub fn as_f64(self) -> Option<f64> {
        // Of all that JSON text can begin with, only numbers begin like this.
        let is_number = self.0.first().is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'));
        if is_number { self.as_json().parse().ok() } else { None }
    }

    /// `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        self.as_json().parse().ok()
    }

    /// Whether it is JSON's `null`.
    pub fn is_null(self) -> bool {
        self.0 == b"null"
    }

    /// The JSON text itself, compact.
    pub fn as_json(self) -> &'a str {
        std::str::from_utf8(self.0).unwrap_or_default()
    }

    /// The value as a tree, at the price of building one.
    pub fn to_value(self) -> Value {
        serde_json::from_slice(self.0).unwrap_or_default()
    }
}

impl fmt::Debug for LogValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_answers_as_its_tree_would() {
        for tree in [
            json!("plain"),
            json!("a \"quote\"\n\u{e9}"),
            json!(""),
            json!(-3),
            json!(u64::MAX),
            json!(1.5),
            json!(true),
            json!(null),
            json!({"a": [1]}),
            json!([]),
        ] {
            let text = tree.to_string();
            let value = LogValue::new(text.as_bytes());
            assert_eq!(value.as_str().as_deref(), tree.as_str());
            assert_eq!((value.as_i64(), value.as_u64()), (tree.as_i64(), tree.as_u64()));
            assert_eq!((value.as_f64(), value.as_bool()), (tree.as_f64(), tree.as_bool()));
            assert_eq!((value.is_null(), value.to_value()), (tree.is_null(), tree.clone()));
            assert_eq!(value.as_json(), text);
        }
    }
}

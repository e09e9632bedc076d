//! A value that cannot be sent by mistake.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::AttributeValue;

/// A value that serialises and prints as `[REDACTED]`, whatever the key it is put under and whatever the policy.
///
/// ```
/// use axonpush::{Event, Redacted};
/// #[derive(Debug, serde::Serialize)]
/// struct Login {
///     user: &'static str,
///     passphrase: Redacted<String>,
/// }
/// let login = Login { user: "u-1", passphrase: Redacted::new("correct horse".to_owned()) };
/// assert_eq!(format!("{login:?}"), r#"Login { user: "u-1", passphrase: [REDACTED] }"#);
/// assert_eq!(serde_json::to_string(&login)?, r#"{"user":"u-1","passphrase":"[REDACTED]"}"#);
/// assert_eq!(login.passphrase.expose(), "correct horse");
/// let event = Event::new("login").payload(&login)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is read from JSON like the value itself, so that it may stand in settings. The memory it took is not wiped.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Redacted<T>(T);

const MASK: &str = "[REDACTED]";

impl<T> Redacted<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for whoever needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, no longer hidden.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> From<Redacted<T>> for AttributeValue {
    fn from(_: Redacted<T>) -> Self {
        Self::from(MASK)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> Serialize for Redacted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Redacted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

//! What the server shows once.

use std::fmt;

use serde_json::Value;

use super::read::Field;

/// A secret that the server shows once, such as the key that signs webhooks: keep it where secrets are kept, as nobody
/// can ask for it again.
///
/// `Debug` hides it, and it has no `Display` and no `Serialize`, so that it does not get into a log by chance.
///
/// ```
/// let secret = axonpush::Secret::new("whsec_1");
/// assert_eq!(secret.expose(), "whsec_1");
/// assert_eq!(format!("{secret:?}"), "Secret([REDACTED])");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Field for Secret {
    fn of(value: Value) -> Option<Self> {
        String::of(value).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

//! The credential, which shows itself to the server and to nobody else.

use std::fmt;

use http::{HeaderName, HeaderValue};

use super::network::header_value;
use crate::error::Error;

/// An API key (`ak_…`) or a public ingest token (`pt_…`).
///
/// Its `Debug` shows neither the key nor its length.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ApiKey(String);

impl ApiKey {
    /// Takes the key, without the white space that copying tends to add. A blank one, or one of anything but printable
    /// ASCII, is refused.
    pub(crate) fn new(key: impl Into<String>) -> Result<Self, Error> {
        let mut key = key.into();
        if key.trim().len() != key.len() {
            key = key.trim().to_owned();
        }
        if key.is_empty() {
            return Err(Error::config("the API key (AXONPUSH_API_KEY) is blank; it looks like ak_… or pt_…"));
        }
        header_value("the API key (AXONPUSH_API_KEY)", &key)?;
        Ok(Self(key))
    }

    /// The header that carries it: public tokens have one of their own.
    pub(super) fn header(&self) -> Result<(HeaderName, HeaderValue), Error> {
        let name = if self.0.starts_with("pt_") { "x-public-token" } else { "x-axonpush-api-key" };
        let mut value = header_value("the API key (AXONPUSH_API_KEY)", &self.0)?;
        value.set_sensitive(true);
        Ok((HeaderName::from_static(name), value))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_decides_the_header() {
        for (key, header) in
            [("ak_1", "x-axonpush-api-key"), ("anything", "x-axonpush-api-key"), (" pt_1\n", "x-public-token")]
        {
            let (name, value) = ApiKey::new(key).unwrap().header().unwrap();
            assert_eq!((name.as_str(), value.to_str().unwrap()), (header, key.trim()));
            assert!(value.is_sensitive());
        }
    }

    #[test]
    fn a_key_that_can_be_no_header_is_refused_and_not_repeated() {
        for key in ["", " \t\n", "ak_canary\r\nx: y", "ak_canary é", "ak_canary 1"] {
            let error = ApiKey::new(key).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(error.is_config() && shown.contains("AXONPUSH_API_KEY") && !shown.contains("canary"), "{shown}");
        }
        let key = ApiKey::new("ak_canary").unwrap();
        assert!(!format!("{key:?}").contains("canary"));
    }
}

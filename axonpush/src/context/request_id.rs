//! The id of one request.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use uuid::Uuid;

use super::hex::uuid_digits;
use crate::{error::Error, event::id::random_words};

/// The id of one request: 1 to 128 characters of `[A-Za-z0-9._-]`.
///
/// Anything else a client sends is not taken over: an id ends up in headers, logs and searches, and must not be able
/// to break out of any of them.
#[derive(Clone)]
pub struct RequestId(Text);

/// ASCII either way.
#[derive(Clone)]
enum Text {
    /// Most requests bring no id, so the fresh one of each is not worth an allocation.
    Fresh([u8; 36]),
    Given(Box<str>),
}

impl RequestId {
    /// The longest id that is honoured.
    pub const MAX_LENGTH: usize = 128;

    /// A fresh id: a random UUID.
    pub fn generate() -> Self {
        let [high, low] = random_words();
        let id = uuid::Builder::from_random_bytes(Uuid::from_u64_pair(high, low).into_bytes()).into_uuid();
        Self(Text::Fresh(uuid_digits(id)))
    }

    /// Takes over an id from outside, if it is well-formed.
    ///
    /// ```
    /// use axonpush::RequestId;
    /// assert_eq!(RequestId::parse(b"req-42").unwrap().as_str(), "req-42");
    /// assert!(RequestId::parse(b"req 42\r\nset-cookie: a=b").is_none());
    /// ```
    pub fn parse(id: &[u8]) -> Option<Self> {
        let well_formed = (1..=Self::MAX_LENGTH).contains(&id.len())
            && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !well_formed {
            return None;
        }
        std::str::from_utf8(id).ok().map(|id| Self(Text::Given(id.into())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Fresh(digits) => std::str::from_utf8(digits).unwrap_or_default(),
            Text::Given(id) => id,
        }
    }

    /// The id as bytes, which costs less than [`as_str`](Self::as_str).
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Fresh(digits) => digits,
            Text::Given(id) => id.as_bytes(),
        }
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RequestId {}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl FromStr for RequestId {
    type Err = Error;

    /// As [`RequestId::parse`], with an error that says what an id may look like and not what this one was.
    fn from_str(id: &str) -> Result<Self, Error> {
        Self::parse(id.as_bytes()).ok_or_else(|| {
            Error::invalid(format!(
                "a request id of {} bytes is not well-formed; it must be 1 to {} characters of A-Z a-z 0-9 . _ -",
                id.len(),
                Self::MAX_LENGTH,
            ))
        })
    }
}

impl TryFrom<&str> for RequestId {
    type Error = Error;

    fn try_from(id: &str) -> Result<Self, Error> {
        id.parse()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        for id in ["a", "A-b_c.9", &"x".repeat(128)] {
            assert_eq!(RequestId::parse(id.as_bytes()).unwrap().as_str(), id);
        }
        for id in ["", " ", "a b", "a\r\nb", "a\0", "é", "a,b", "{\"a\"}", &"x".repeat(129), &"x".repeat(10_000)] {
            assert!(RequestId::parse(id.as_bytes()).is_none(), "{id:?}");
        }
        assert!(RequestId::parse(b"\xff\xfe").is_none());
    }

    #[test]
    fn text_that_is_no_id_is_refused_and_not_repeated() {
        assert_eq!("req-42".parse::<RequestId>().unwrap(), RequestId::try_from("req-42").unwrap());
        let error = RequestId::try_from("canary\r\nx: y").unwrap_err();
        let message = error.to_string();
        assert!(error.is_invalid() && message.contains("1 to 128") && !message.contains("canary"), "{message}");
    }

    #[test]
    fn a_fresh_id_is_a_uuid_and_well_formed() {
        let id = RequestId::generate();
        assert_eq!(Uuid::parse_str(id.as_str()).unwrap().get_version_num(), 4);
        assert!(RequestId::parse(id.as_str().as_bytes()).is_some());
        assert_ne!(id, RequestId::generate());
        let sent = RequestId::parse(id.as_bytes()).unwrap();
        assert!(std::collections::HashSet::from([id]).contains(&sent), "one that comes back is the same");
    }
}

//! W3C Trace Context: the `tracestate` header, what tracing systems add to a trace for themselves.

use std::{fmt, str::FromStr, sync::Arc};

use crate::error::Error;

/// A `tracestate` header: one member for each tracing system that took part, the latest first.
///
/// What comes from outside is [parsed](Self::parse) leniently, and never an error. What the application makes, by
/// [`with`](Self::with) or from text, is checked. Cheap to clone.
///
/// ```
/// use axonpush::TraceState;
///
/// let state = TraceState::parse(b"rojo=00f067aa0ba902b7 , No Key=x,, congo@vendor=t61");
/// assert_eq!(state.to_string(), "rojo=00f067aa0ba902b7,congo@vendor=t61");
///
/// let state = state.with("ours", "p:8")?;
/// assert_eq!(state.iter().next(), Some(("ours", "p:8")));
/// assert_eq!(state.get("rojo"), Some("00f067aa0ba902b7"));
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TraceState(Arc<str>);

impl TraceState {
    /// The most members a list has.
    pub const MAX_MEMBERS: usize = 32;

    /// The most characters that are passed on, commas included.
    pub const MAX_LENGTH: usize = 512;

    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a header value. Several headers are read as one, their values joined by commas in the order they came.
    ///
    /// Members that are malformed or empty are dropped, and so are those whose key was there before. A list of more
    /// than [32 members](Self::MAX_MEMBERS) is dropped as a whole, as the specification knows no such list. Of one
    /// longer than [512 characters](Self::MAX_LENGTH) those members go that are longer than 128 characters, and then
    /// any, from the end, until it fits.
    pub fn parse(header: &[u8]) -> Self {
        let mut members: Vec<Member<'_>> = Vec::new();
        for (at, text) in list_members(header).enumerate() {
            if at == Self::MAX_MEMBERS {
                return Self::default();
            }
            if let Ok(member) = Member::read(text)
                && !members.iter().any(|known| known.key == member.key)
            {
                members.push(member);
            }
        }
        Self::fitting(members)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == key).then_some(value))
    }

    /// Keys and values, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member and puts it in front, as the specification asks of whoever changes one. For its sake members at
    /// the end go, when there would be more than [32](Self::MAX_MEMBERS) or [512 characters](Self::MAX_LENGTH).
    ///
    /// A key is 1 to 256 characters of `a-z 0-9 _ - * /` and begins with a letter or digit. In one of the form
    /// `tenant@system` the tenant has at most 241 characters, the system at most 14, and begins with a letter. A value
    /// is 1 to 256 characters of printable ASCII without `,` and `=`, and does not end in a space.
    ///
    /// # Errors
    ///
    /// When the key or value is malformed, or they are too long for a list of their own.
    pub fn with(self, key: &str, value: &str) -> Result<Self, Error> {
        let member = Member::new(key.as_bytes(), value.as_bytes()).map_err(|part| part.error(key, value))?;
        if member.length() > Self::MAX_LENGTH {
            return Err(Error::invalid(format!(
                "a tracestate member of {} characters is longer than the {} that a list may have; shorten its value",
                member.length(),
                Self::MAX_LENGTH,
            )));
        }
        let others = self.iter().filter(|(known, _)| *known != key).map(|(key, value)| Member { key, value });
        let mut members: Vec<_> = std::iter::once(member).chain(others).take(Self::MAX_MEMBERS).collect();
        while length(&members) > Self::MAX_LENGTH {
            members.pop();
        }
        Ok(Self::of(&members))
    }

    /// The list without the member of that key.
    pub fn without(self, key: &str) -> Self {
        let members: Vec<_> =
            self.iter().filter(|(known, _)| *known != key).map(|(key, value)| Member { key, value }).collect();
        Self::of(&members)
    }

    /// Drops what does not fit.
    fn fitting(mut members: Vec<Member<'_>>) -> Self {
        /// Members longer than this are the first to go.
        const LARGE: usize = 128;
        while length(&members) > Self::MAX_LENGTH {
            match members.iter().rposition(|member| member.length() > LARGE) {
                Some(large) => drop(members.remove(large)),
                None => drop(members.pop()),
            }
        }
        Self::of(&members)
    }

    fn of(members: &[Member<'_>]) -> Self {
        // The empty list is one and the same for all.
        if members.is_empty() {
            return Self::default();
        }
        let mut list = String::with_capacity(length(members));
        for Member { key, value } in members {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(key);
            list.push('=');
            list.push_str(value);
        }
        Self(list.into())
    }
}

impl FromStr for TraceState {
    type Err = Error;

    /// As [`TraceState::parse`], but nothing is dropped: what would be is an error. It says which member, and not what
    /// that was.
    fn from_str(header: &str) -> Result<Self, Error> {
        let mut members: Vec<Member<'_>> = Vec::new();
        for (at, text) in list_members(header.as_bytes()).enumerate() {
            let number = at + 1;
            let member = Member::read(text)
                .map_err(|part| Error::invalid(format!("member {number} of a tracestate {}", part.complaint())))?;
            if members.iter().any(|known| known.key == member.key) {
                return Err(Error::invalid(format!(
                    "member {number} of a tracestate has the key of one before it; a key may stand there once",
                )));
            }
            members.push(member);
        }
        if members.len() > Self::MAX_MEMBERS || length(&members) > Self::MAX_LENGTH {
            return Err(Error::invalid(format!(
                "a tracestate of {} members and {} characters is too long; it may have {} and {}",
                members.len(),
                length(&members),
                Self::MAX_MEMBERS,
                Self::MAX_LENGTH,
            )));
        }
        Ok(Self::of(&members))
    }
}

impl fmt::Display for TraceState {
    /// The header's value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceState({})", self.0)
    }
}

/// What stands between the commas, without the white space around it, where anything does.
pub(super) fn list_members(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b',').map(trim).filter(|member| !member.is_empty())
}

/// Without the spaces and tabs around it.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[derive(Debug, Clone, Copy)]
struct Member<'a> {
    key: &'a str,
    value: &'a str,
}

/// The part of a member that is malformed.
#[derive(Debug, Clone, Copy)]
enum Malformed {
    Key,
    Value,
}

impl<'a> Member<'a> {
    fn read(member: &'a [u8]) -> Result<Self, Malformed> {
        let equals = member.iter().position(|byte| *byte == b'=').ok_or(Malformed::Key)?;
        let (key, value) = member.split_at(equals);
        Self::new(key, value.get(1..).unwrap_or_default())
    }

    fn new(key: &'a [u8], value: &'a [u8]) -> Result<Self, Malformed> {
        if !is_key(key) {
            return Err(Malformed::Key);
        }
        if !is_value(value) {
            return Err(Malformed::Value);
        }
        Ok(Self {
            key: std::str::from_utf8(key).map_err(|_| Malformed::Key)?,
            value: std::str::from_utf8(value).map_err(|_| Malformed::Value)?,
        })
    }

    fn length(&self) -> usize {
        self.key.len() + 1 + self.value.len()
    }
}

impl Malformed {
    fn complaint(self) -> &'static str {
        match self {
            Self::Key => {
                "has no well-formed key; it must be 1 to 256 characters of a-z 0-9 _ - * /, begin with a letter or \
                 digit, and may be tenant@system with at most 241 and 14 characters"
            }
            Self::Value => {
                "has no well-formed value; it must be 1 to 256 characters of printable ASCII without , and =, the \
                 last one no space"
            }
        }
    }

    fn error(self, key: &str, value: &str) -> Error {
        let (part, bytes) = match self {
            Self::Key => ("key", key.len()),
            Self::Value => ("value", value.len()),
        };
        Error::invalid(format!("a tracestate member with a {part} of {bytes} bytes {}", self.complaint()))
    }
}

/// The length of the list they make.
fn length(members: &[Member<'_>]) -> usize {
    members.iter().map(|member| member.length() + 1).sum::<usize>().saturating_sub(1)
}

/// The grammar of level 1, and the digit in front that level 2 allows.
fn is_key(key: &[u8]) -> bool {
    match key.iter().position(|byte| *byte == b'@') {
        None => is_name(key, 256),
        Some(at) => {
            let (tenant, system) = (key.get(..at), key.get(at + 1..));
            tenant.is_some_and(|tenant| is_name(tenant, 241))
                && system
                    .is_some_and(|system| is_name(system, 14) && system.first().is_some_and(u8::is_ascii_lowercase))
        }
    }
}

fn is_name(name: &[u8], longest: usize) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= longest
        && name.first().is_some_and(is_alphanumeric)
        && name.iter().all(|byte| is_alphanumeric(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/'))
}

fn is_value(value: &[u8]) -> bool {
    (1..=256).contains(&value.len())
        && value.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
        && value.last() != Some(&b' ')
}

#[cfg(test)]
mod tests;

//! W3C Baggage: what an application sends along with a trace.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use super::tracestate::{list_members, trim};
use crate::error::Error;

/// A `baggage` header: what an application tells every service that a request leads to.
///
/// Each of those services can read it, and so can whoever it is sent to by mistake: it is no place for secrets. What
/// comes from outside is [parsed](Self::parse) leniently, and never an error. What the application makes, by
/// [`with`](Self::with) or from text, is checked. Cheap to clone.
///
/// ```
/// use axonpush::Baggage;
///
/// let baggage = Baggage::parse(b"user.id=42;source=login , no value, plan=very%20big");
/// assert_eq!(baggage.get("plan").as_deref(), Some("very big"));
///
/// let baggage = baggage.with("city", "Zürich")?;
/// assert_eq!(baggage.to_string(), "user.id=42;source=login,plan=very%20big,city=Z%C3%BCrich");
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Baggage(Arc<str>);

impl Baggage {
    /// The most members that are kept.
    pub const MAX_MEMBERS: usize = 64;

    /// The most bytes that are kept, commas included.
    pub const MAX_LENGTH: usize = 8192;

    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a header value. Several headers are read as one, their values joined by commas in the order they came.
    ///
    /// Members that are malformed or empty are dropped. Of the others the first [64](Self::MAX_MEMBERS) are kept, but
    /// for those that would make it more than [8192 bytes](Self::MAX_LENGTH). Their order stays, and so do their
    /// properties and keys that are there more than once.
    pub fn parse(header: &[u8]) -> Self {
        let (mut list, mut members) = (String::new(), 0);
        for member in list_members(header) {
            let before = list.len();
            if write_member(member, &mut list).is_err() || list.len() > Self::MAX_LENGTH {
                list.truncate(before);
                continue;
            }
            members += 1;
            if members == Self::MAX_MEMBERS {
                break;
            }
        }
        Self::of(&list)
    }

    /// The value of a key, decoded; of several the last.
    ///
    /// Bytes that are no UTF-8 are read as `\u{FFFD}`, and a percent sign that encodes nothing as itself.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        self.iter().filter_map(|(known, value)| (known == key).then_some(value)).last()
    }

    /// Keys and decoded values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.raw_members().filter_map(|member| {
            let member = member.split(';').next()?;
            member.split_once('=').map(|(key, value)| (key, decoded(value)))
        })
    }

    /// The properties that follow the value of a key, decoded; of several the last. A property need not have a value.
    pub fn properties(&self, key: &str) -> impl Iterator<Item = (&str, Option<Cow<'_, str>>)> {
        let member = self.raw_members().filter(|member| key_of(member) == key).last().unwrap_or_default();
        member.split(';').skip(1).map(|property| match property.split_once('=') {
            Some((key, value)) => (key, Some(decoded(value))),
            None => (property, None),
        })
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member, at the end; whatever had its key before is gone, properties included.
    ///
    /// A key is a token, as names of headers are. A value is any text; it is percent-encoded as needed. A member with
    /// properties is made from text: `"key=value;property".parse()`.
    ///
    /// # Errors
    ///
    /// When the key is no token, or when there would be more than [64 members](Self::MAX_MEMBERS) or
    /// [8192 bytes](Self::MAX_LENGTH).
    pub fn with(self, key: &str, value: &str) -> Result<Self, Error> {
        if !is_token(key.as_bytes()) {
            return Err(Error::invalid(format!(
                "a baggage key of {} bytes is no token; it must be of A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~",
                key.len(),
            )));
        }
        let mut baggage = self.without(key).0.to_string();
        separate(&mut baggage);
        baggage.push_str(key);
        baggage.push('=');
        encode(value, &mut baggage);
        Self::of(&baggage).checked()
    }

    /// The list without members of that key.
    pub fn without(self, key: &str) -> Self {
        let kept: Vec<_> = self.raw_members().filter(|member| key_of(member) != key).collect();
        Self::of(&kept.join(","))
    }

    /// A list whose members are well-formed. The empty one is one and the same for all.
    fn of(list: &str) -> Self {
        if list.is_empty() { Self::default() } else { Self(list.into()) }
    }

    fn raw_members(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|member| !member.is_empty())
    }

    fn checked(self) -> Result<Self, Error> {
        let (members, length) = (self.raw_members().count(), self.0.len());
        if members > Self::MAX_MEMBERS || length > Self::MAX_LENGTH {
            return Err(Error::invalid(format!(
                "baggage of {members} members and {length} bytes is too long; it may have {} and {}, so send less",
                Self::MAX_MEMBERS,
                Self::MAX_LENGTH,
            )));
        }
        Ok(self)
    }
}

impl FromStr for Baggage {
    type Err = Error;

    /// As [`Baggage::parse`], but nothing is dropped: what would be is an error. It says which member, and not what
    /// that was.
    fn from_str(header: &str) -> Result<Self, Error> {
        let mut list = String::new();
        for (at, member) in list_members(header.as_bytes()).enumerate() {
            write_member(member, &mut list).map_err(|NoMember| {
                Error::invalid(format!(
                    "member {} of baggage is not of the form key=value;property, with values of printable ASCII \
                     without space, \" , ; and \\; percent-encode what they have else",
                    at + 1,
                ))
            })?;
        }
        Self::of(&list).checked()
    }
}

impl fmt::Display for Baggage {
    /// The header's value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Baggage({})", self.0)
    }
}

struct NoMember;

/// Appends a member, without the white space that may surround its parts. What it leaves when it fails is for the
/// caller to cut off.
fn write_member(member: &[u8], list: &mut String) -> Result<(), NoMember> {
    separate(list);
    for (at, part) in member.split(|byte| *byte == b';').map(trim).enumerate() {
        let (key, value) = match part.iter().position(|byte| *byte == b'=') {
            Some(equals) => {
                let (key, value) = part.split_at(equals);
                (trim(key), Some(trim(value.get(1..).unwrap_or_default())))
            }
            // The first part is the member itself, the others are its properties.
            None if at == 0 => return Err(NoMember),
            None if part.is_empty() => continue,
            None => (part, None),
        };
        if !is_token(key) || !value.unwrap_or_default().iter().copied().all(is_plain) {
            return Err(NoMember);
        }
        if at > 0 {
            list.push(';');
        }
        list.push_str(std::str::from_utf8(key).map_err(|_| NoMember)?);
        if let Some(value) = value {
            list.push('=');
            list.push_str(std::str::from_utf8(value).map_err(|_| NoMember)?);
        }
    }
    Ok(())
}

fn separate(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}

fn key_of(member: &str) -> &str {
    member.split_once('=').map_or(member, |(key, _)| key)
}

/// A token of HTTP.
fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// What a value may hold as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

fn encode(value: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if is_plain(byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let encoded = match (first, after) {
            (b'%', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        match encoded {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => bytes.push(*first),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| digit.try_into().ok())
}

#[cfg(test)]
mod tests;

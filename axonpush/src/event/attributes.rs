//! Attributes: keys with values that keep their JSON type.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

/// The value of an attribute.
///
/// Non-finite floats become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and integers beyond 64 bits become
/// decimal strings: JSON has no form for either that survives the trip.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// Text.
    String(Cow<'static, str>),
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// Any other JSON value.
    Json(Value),
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(value) => serializer.serialize_str(value),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Uint(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

macro_rules! attribute_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl From<$from> for AttributeValue {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

attribute_from! {
    &str => |value| Self::String(Cow::Owned(value.to_owned()));
    String => |value| Self::String(Cow::Owned(value));
    Cow<'static, str> => |value| Self::String(value);
    bool => |value| Self::Bool(value);
    i32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    u16 => |value| Self::Uint(value.into());
    u32 => |value| Self::Uint(value.into());
    u64 => |value| Self::Uint(value);
    usize => |value| Self::Uint(value as u64);
    f64 => |value| Self::Float(value);
    Value => |value| Self::Json(value);
}

/// An ordered set of attributes; setting a key again replaces its value in place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes(Vec<(Cow<'static, str>, AttributeValue)>);

impl Attributes {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
    }

    /// Forgets `key`; says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != key);
        self.0.len() != before
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&AttributeValue> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Keys and values in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// Sets every key of `other`.
    pub fn extend(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.insert(key, value);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

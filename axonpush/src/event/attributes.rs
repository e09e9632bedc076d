//! Attributes: keys with values that keep their JSON type.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Number, Value};

use super::json::{self, Refusal};

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
    &String => |value| Self::from(value.as_str());
    String => |value| Self::String(Cow::Owned(value));
    Cow<'static, str> => |value| Self::String(value);
    Box<str> => |value| Self::from(String::from(value));
    Arc<str> => |value| Self::from(&*value);
    char => |value| Self::from(value.to_string());
    bool => |value| Self::Bool(value);
    i8 => |value| Self::Int(value.into());
    i16 => |value| Self::Int(value.into());
    i32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    u8 => |value| Self::Uint(value.into());
    u16 => |value| Self::Uint(value.into());
    u32 => |value| Self::Uint(value.into());
    u64 => |value| Self::Uint(value);
    usize => |value| Self::Uint(value as u64);
    isize => |value| Self::Int(value as i64);
    i128 => |value| i64::try_from(value).map_or_else(|_| Self::from(value.to_string()), Self::Int);
    u128 => |value| u64::try_from(value).map_or_else(|_| Self::from(value.to_string()), Self::Uint);
    // By way of its shortest text: 0.1 stays 0.1, where widening makes it 0.10000000149011612.
    f32 => |value| Self::Float(value.to_string().parse().unwrap_or_else(|_| value.into()));
    f64 => |value| Self::Float(value);
    Value => |value| Self::Json(value);
    &Value => |value| Self::Json(value.clone());
    Map<String, Value> => |value| Self::Json(Value::Object(value));
    Number => |value| Self::Json(Value::Number(value));
}

impl<T: Into<Self>> From<Option<T>> for AttributeValue {
    /// Nothing is JSON's `null`.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Json(Value::Null), Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for AttributeValue {
    fn from(values: Vec<T>) -> Self {
        Self::Json(values.into_iter().map(|value| value.into().into_json()).collect())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for AttributeValue {
    fn from(values: [T; N]) -> Self {
        Self::from(Vec::from(values))
    }
}

impl<T: Into<Self> + Clone> From<&[T]> for AttributeValue {
    fn from(values: &[T]) -> Self {
        Self::from(values.to_vec())
    }
}

impl AttributeValue {
    /// Appends its JSON text.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Self::String(text) => json::write_str(json::prefix(text, json::MAX_STRING_BYTES), out),
            Self::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Int(number) => json::write_signed(*number, out),
            Self::Uint(number) => json::write_number(*number, out),
            Self::Float(_) | Self::Json(_) => json::write(self, out)?,
        }
        Ok(())
    }

    fn into_json(self) -> Value {
        match self {
            Self::String(value) => Value::String(value.into_owned()),
            Self::Bool(value) => value.into(),
            Self::Int(value) => value.into(),
            Self::Uint(value) => value.into(),
            Self::Float(value) if value.is_nan() => "NaN".into(),
            Self::Float(value) if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
            Self::Float(value) => value.into(),
            Self::Json(value) => value,
        }
    }
}

/// An ordered set of attributes; setting a key again replaces its value in place.
///
/// ```
/// use axonpush::Attributes;
/// let mut attributes = Attributes::from_iter([("a", 1), ("b", 2)]);
/// attributes.extend([("b", "two")]);
/// attributes.insert("c", vec![0.5, 1.5]);
/// assert_eq!(attributes.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b", "c"]);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes(Vec<(Cow<'static, str>, AttributeValue)>);

/// Attributes that room is made for when the first is set.
const USUAL_COUNT: usize = 8;

impl Attributes {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        if self.0.capacity() == 0 {
            self.0.reserve_exact(USUAL_COUNT);
        }
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
        self.into_iter()
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

impl<K: Into<Cow<'static, str>>, V: Into<AttributeValue>> Extend<(K, V)> for Attributes {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<AttributeValue>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut attributes = Self::new();
        attributes.extend(entries);
        attributes
    }
}

impl IntoIterator for Attributes {
    type Item = (Cow<'static, str>, AttributeValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a str, &'a AttributeValue);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'a, (Cow<'static, str>, AttributeValue)>,
        fn(&'a (Cow<'static, str>, AttributeValue)) -> Self::Item,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (&**key, value))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Into<AttributeValue>, expected: &str) {
        let value = value.into();
        let (mut out, mut direct) = (Vec::new(), Vec::new());
        json::write(&value, &mut out).unwrap();
        value.write(&mut direct).unwrap();
        assert_eq!(out, direct);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn values_of_every_type_keep_their_form() {
        check(0.1_f32, "0.1");
        check(f32::NAN, r#""NaN""#);
        check(f32::NEG_INFINITY, r#""-Infinity""#);
        check(1_u8, "1");
        check(-1_i8, "-1");
        check(-300_i16, "-300");
        check(1042, "1042");
        check('é', r#""é""#);
        let text = "text".to_owned();
        check(&text, r#""text""#);
        check(None::<u64>, "null");
        check(Some("x"), r#""x""#);
        check(vec![Some(1.5), None, Some(f64::INFINITY)], r#"[1.5,null,"Infinity"]"#);
        check(vec![vec!["a"], vec![]], r#"[["a"],[]]"#);
        check(Vec::<String>::new(), "[]");
        check(["a", "b"], r#"["a","b"]"#);
        check([1, 2].as_slice(), "[1,2]");
        check(-1_isize, "-1");
        check(-1_i128, "-1");
        check(i128::MIN, r#""-170141183460469231731687303715884105728""#);
        check(7_u128, "7");
        check(u128::MAX, r#""340282366920938463463374607431768211455""#);
        check(Box::<str>::from("text"), r#""text""#);
        check(Arc::<str>::from("text"), r#""text""#);
        let object = serde_json::json!({"a": [1, null, {"b": 0.5}]});
        check(&object, r#"{"a":[1,null,{"b":0.5}]}"#);
        check(object.as_object().cloned(), r#"{"a":[1,null,{"b":0.5}]}"#);
        check(serde_json::Number::from(3), "3");
    }

    #[test]
    fn a_set_joins_another_and_the_later_value_counts() {
        let mut all: Attributes = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
        all.extend(Attributes::from_iter([("c".to_owned(), "x"), ("b".to_owned(), "y")]));
        let expected = Attributes(vec![
            ("a".into(), AttributeValue::Int(3)),
            ("b".into(), AttributeValue::from("y")),
            ("c".into(), AttributeValue::from("x")),
        ]);
        assert_eq!(all, expected);
        assert_eq!((&all).into_iter().count(), all.into_iter().count());
    }
}

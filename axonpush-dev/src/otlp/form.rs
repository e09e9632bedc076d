//! The forms a value takes in OTLP's JSON, where they differ from those of plain JSON.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::base64;
use super::message::Kind;

/// The name of a field.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A value in the form its type has anyway.
#[derive(Deserialize)]
pub(super) struct Plain<T>(pub(super) T);

/// An integer, as a number or as decimal text.
pub(super) struct Number<T>(pub(super) T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match deserializer.deserialize_any(AnyScalar)? {
            Scalar::Integer(number) => Some(number),
            Scalar::Double(number) => integral(number),
            Scalar::Text(text) => text.parse().ok(),
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        number.map(Self).ok_or_else(|| D::Error::custom("an integer is out of its range, or is none"))
    }
}

/// A number that JSON may have no number for: `"NaN"` and the infinities are text.
struct Float(f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyScalar)? {
            #[expect(clippy::cast_precision_loss, reason = "the sender asked for a double")]
            Scalar::Integer(number) => Ok(Self(number as f64)),
            Scalar::Double(number) => Ok(Self(number)),
            Scalar::Text(text) => text.parse().map(Self).map_err(|_| D::Error::custom("a double is no number")),
        }
    }
}

/// An id in hex, in either case.
pub(super) struct Hex(pub(super) Bytes);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Name(text) = Name::deserialize(deserializer)?;
        let digit = |symbol: u8| char::from(symbol).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.map(|bytes| Self(bytes.into())).ok_or_else(|| D::Error::custom("an id is not written in hex"))
    }
}

struct Encoded(Bytes);

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Name(text) = Name::deserialize(deserializer)?;
        let bytes = base64::decode(&text).ok_or_else(|| D::Error::custom("bytes are not written in base64"))?;
        Ok(Self(bytes.into()))
    }
}

/// One of the names an attribute's value can stand under, and what is found there.
macro_rules! value_form {
    ($form:ident, $inner:ident, $kind:expr) => {
        pub(super) struct $form(pub(super) Option<Kind>);

        impl<'de> Deserialize<'de> for $form {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $inner(value) = Deserialize::deserialize(deserializer)?;
                Ok(Self(Some($kind(value))))
            }
        }
    };
}

value_form!(Text, Plain, Kind::Text);
value_form!(Bool, Plain, Kind::Bool);
value_form!(Int, Number, Kind::Int);
value_form!(Double, Float, Kind::Double);
value_form!(List, Plain, Kind::List);
value_form!(Map, Plain, Kind::Map);
value_form!(Base64, Encoded, Kind::Bytes);

enum Scalar<'a> {
    Integer(i128),
    Double(f64),
    Text(Cow<'a, str>),
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, or text that holds one")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Integer(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Integer(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Double(number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
}

/// A double that is written as one but means an integer, such as `1e9`.
fn integral(number: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "a fraction was ruled out, and the cast holds at the ends")]
    (number.fract() == 0.0).then_some(number as i128)
}

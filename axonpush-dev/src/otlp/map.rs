//! Values and attributes as plain JSON, types kept.

use serde_json::{Map, Number, Value};

use super::message::{AnyValue, KeyValue, Kind};
use super::{Invalid, base64};

/// Attributes under their names. Of two with the same name the later one stays.
pub(super) fn attributes(attributes: Vec<KeyValue>) -> Map<String, Value> {
    attributes.into_iter().map(|KeyValue { key, value }| (key, self::value(value))).collect()
}

/// A value. One that was sent empty is `null`; bytes are base64, and what JSON has no number for
/// is the text that OTLP writes for it.
pub(super) fn value(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.kind) {
        None => Value::Null,
        Some(Kind::Text(text)) => Value::String(text),
        Some(Kind::Bool(truth)) => Value::Bool(truth),
        Some(Kind::Int(number)) => Value::from(number),
        Some(Kind::Double(number)) => Number::from_f64(number).map_or_else(|| not_finite(number), Value::Number),
        Some(Kind::List(list)) => list.values.into_iter().map(|element| self::value(Some(element))).collect(),
        Some(Kind::Map(map)) => Value::Object(attributes(map.values)),
        Some(Kind::Bytes(bytes)) => Value::String(base64::encode(&bytes)),
    }
}

/// `bytes` in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(HEX_DIGITS[usize::from(nibble)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// An id of `length` bytes in lower-case hex. OTLP writes an absent one empty or all zero.
///
/// # Errors
/// `wrong_length` for an id of any other length.
pub(super) fn id(bytes: &[u8], length: usize, wrong_length: Invalid) -> Result<Option<String>, Invalid> {
    match bytes {
        [] => Ok(None),
        _ if bytes.len() != length => Err(wrong_length),
        _ => Ok(bytes.iter().any(|byte| *byte != 0).then(|| hex(bytes))),
    }
}

/// Puts `value` under `name`, unless it is the default, which OTLP does not tell from absent.
pub(super) fn put<T: Default + PartialEq + Into<Value>>(map: &mut Map<String, Value>, name: &str, value: T) {
    if value != T::default() {
        map.insert(name.to_owned(), value.into());
    }
}

fn not_finite(number: f64) -> Value {
    let text = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    Value::from(text)
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

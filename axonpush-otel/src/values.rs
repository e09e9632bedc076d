//! Values of OpenTelemetry as JSON, types kept.

use axonpush::AttributeValue;
use opentelemetry::{Array, KeyValue, StringValue, Value, logs::AnyValue};
use serde::{Serialize, Serializer};

/// A value in its own type or, where all are to be text, as text.
pub(crate) struct Shown<'a> {
    pub(crate) value: &'a Value,
    pub(crate) as_text: bool,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::String(text) => serializer.serialize_str(text.as_str()),
            other if self.as_text => serializer.serialize_str(&as_text(other)),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::I64(number) => serializer.serialize_i64(*number),
            Value::F64(number) => serializer.serialize_f64(*number),
            Value::Array(Array::Bool(values)) => serializer.collect_seq(values),
            Value::Array(Array::I64(values)) => serializer.collect_seq(values),
            Value::Array(Array::F64(values)) => serializer.collect_seq(values),
            Value::Array(Array::String(values)) => serializer.collect_seq(values.iter().map(StringValue::as_str)),
            // What a later version adds has a text at least.
            other => serializer.serialize_str(&other.as_str()),
        }
    }
}

/// Calls `each` with every attribute; of those that share a key, with the last, as a map would keep it.
pub(crate) fn for_each_last<'a>(attributes: &'a [KeyValue], mut each: impl FnMut(&'a KeyValue)) {
    if attributes.len() > 1 && may_repeat(attributes) {
        let mut last = std::collections::HashMap::with_capacity(attributes.len());
        for (place, attribute) in attributes.iter().enumerate() {
            last.insert(attribute.key.as_str(), place);
        }
        let is_last = |place: usize, key: &str| last.get(key) == Some(&place);
        let kept = attributes.iter().enumerate().filter(|(place, attribute)| is_last(*place, attribute.key.as_str()));
        kept.for_each(|(_, attribute)| each(attribute));
    } else {
        attributes.iter().for_each(each);
    }
}

/// Whether two may share a key. Most spans repeat none, which a bit for each is enough to see.
fn may_repeat(attributes: &[KeyValue]) -> bool {
    let mut seen = 0_u128;
    attributes.iter().any(|attribute| {
        let key = attribute.key.as_str().as_bytes();
        let at = |index: usize| u32::from(key.get(index).copied().unwrap_or_default());
        let length = key.len();
        let mixed =
            at(length.wrapping_sub(1)) | at(length / 2) << 8 | at(0) << 16 | u32::from(length.to_le_bytes()[0]) << 24;
        let bit = 1_u128 << (mixed.wrapping_mul(0x9e37_79b1) >> 25);
        let known = seen & bit != 0;
        seen |= bit;
        known
    })
}

/// As [`AttributeValue`].
pub(crate) fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::I64(number) => (*number).into(),
        Value::F64(number) => (*number).into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(Array::Bool(values)) => values.clone().into(),
        Value::Array(Array::I64(values)) => values.clone().into(),
        Value::Array(Array::F64(values)) => values.clone().into(),
        Value::Array(Array::String(values)) => values.iter().map(StringValue::as_str).collect::<Vec<_>>().into(),
        other => other.as_str().into_owned().into(),
    }
}

/// As [`AttributeValue`]; bytes in base64, as OTLP writes them.
pub(crate) fn any(value: &AnyValue) -> AttributeValue {
    match value {
        AnyValue::Int(number) => (*number).into(),
        AnyValue::Double(number) => (*number).into(),
        AnyValue::String(text) => text.as_str().into(),
        AnyValue::Boolean(truth) => (*truth).into(),
        AnyValue::Bytes(bytes) => base64(bytes).into(),
        AnyValue::ListAny(values) => values.iter().map(any).collect::<Vec<_>>().into(),
        AnyValue::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), json(value))).collect();
            // Their order is that of a hash map, which differs from run to run.
            entries.sort_unstable_by(|one, another| one.0.cmp(another.0));
            let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
            entries.collect::<serde_json::Map<_, _>>().into()
        }
        other => format!("{other:?}").into(),
    }
}

/// What a record says: text, a number or a truth. Whatever else it is stands there as JSON text.
pub(crate) fn body(value: Option<&AnyValue>) -> AttributeValue {
    match value {
        None => "".into(),
        Some(value @ (AnyValue::ListAny(_) | AnyValue::Map(_))) => json(value).to_string().into(),
        Some(value) => any(value),
    }
}

/// A value as text: of an array its JSON, of anything else what it displays as.
fn as_text(value: &Value) -> String {
    match value {
        Value::Array(_) => serde_json::to_string(&Finite(&attribute(value))).unwrap_or_default(),
        other => other.as_str().into_owned(),
    }
}

/// An attribute as a tree.
fn json(value: &AnyValue) -> serde_json::Value {
    serde_json::to_value(Finite(&any(value))).unwrap_or_default()
}

/// NaN and infinities as text, where the serialiser has no form for them.
struct Finite<'a>(&'a AttributeValue);

impl Serialize for Finite<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::Float(number) if !number.is_finite() => {
                let text = if number.is_nan() {
                    "NaN"
                } else if *number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                };
                serializer.serialize_str(text)
            }
            other => other.serialize(serializer),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_usize, |word, byte| word << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS.get(word >> (18 - 6 * place) & 63).copied().unwrap_or_default();
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_everybody_writes_them() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn text_of_a_value_is_what_it_is_in_json() {
        let text = |value: Value| serde_json::to_value(Shown { value: &value, as_text: true }).unwrap();
        assert_eq!(text(true.into()), "true");
        assert_eq!(text((-7).into()), "-7");
        assert_eq!(text(1.5.into()), "1.5");
        assert_eq!(text("a \"b\"".into()), "a \"b\"");
        assert_eq!(text(Value::Array(vec![StringValue::from("a\"")].into())), r#"["a\""]"#);
        assert_eq!(text(Value::Array(vec![1.5, f64::NAN].into())), r#"[1.5,"NaN"]"#);
    }

    #[test]
    fn what_is_nested_keeps_its_types_and_says_what_json_cannot() {
        let bytes = AnyValue::from(b"foo".as_slice());
        let map: AnyValue = [("b", AnyValue::from(f64::INFINITY)), ("a", bytes)].into_iter().collect();
        let list: AnyValue = [map, AnyValue::from(true), AnyValue::from(7_i64)].into_iter().collect();
        assert_eq!(json(&list).to_string(), r#"[{"a":"Zm9v","b":"Infinity"},true,7]"#);
        assert_eq!(body(Some(&list)), AttributeValue::from(r#"[{"a":"Zm9v","b":"Infinity"},true,7]"#));
        assert_eq!(body(None), AttributeValue::from(""));
    }

    proptest::proptest! {
        #[test]
        fn of_a_repeated_key_the_last_value_counts(keys in proptest::collection::vec("[a-c]{0,2}", 0..12)) {
            let attributes: Vec<_> =
                keys.iter().enumerate().map(|(n, key)| KeyValue::new(key.clone(), n.to_string())).collect();
            let mut kept = Vec::new();
            for_each_last(&attributes, |attribute| kept.push(attribute.clone()));
            let mut expected: Vec<KeyValue> = Vec::new();
            for attribute in attributes {
                expected.retain(|known| known.key != attribute.key);
                expected.push(attribute);
            }
            proptest::prop_assert_eq!(kept, expected);
        }
    }
}

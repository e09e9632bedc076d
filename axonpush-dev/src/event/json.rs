//! JSON as text. It says what `serde_json` says, to the letter, but most strings are written in one go.

use serde::Serialize;
use serde_json::Value;

/// Writes `value` at the end of `text`.
pub(super) fn write(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::String(string) => write_string(string, text),
        Value::Array(items) => {
            text.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write(item, text);
            }
            text.push(b']');
        }
        Value::Object(entries) => write_object(entries, text),
        plain => append(plain, text),
    }
}

/// The same for the entries of an object.
pub(super) fn write_object<'a>(entries: impl IntoIterator<Item = (&'a String, &'a Value)>, text: &mut Vec<u8>) {
    text.push(b'{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_string(key, text);
        text.push(b':');
        write(value, text);
    }
    text.push(b'}');
}

/// The same for a string.
pub(super) fn write_string(string: &str, text: &mut Vec<u8>) {
    // Looking at all bytes is quicker than stopping at the first one found, for many are looked at together.
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if string.bytes().fold(false, |found, byte| found | special(byte)) {
        return append(string, text);
    }
    text.push(b'"');
    text.extend_from_slice(string.as_bytes());
    text.push(b'"');
}

/// Writes what cannot fail to be written: memory has no errors, and neither have the types this is called with.
fn append<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) {
    let _ = serde_json::to_writer(text, value);
}

//! Any `Serialize` value as JSON text, within limits.
//!
//! `serde_json` alone writes a NaN as `null` without a word, recurses as deep as its input and copies ten megabytes
//! before anyone can object. This serializer leaves scalars and strings to `serde_json` and keeps the structure in its
//! own hands: it refuses by depth and size while it writes, and cuts a string no event could carry before it copies it.

mod bounded;
mod encoder;
mod fields;
mod numbers;
pub(crate) mod read;
#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
mod shown;
pub(super) mod swar;
#[cfg(test)]
mod tests;

use serde::Serialize;

use self::encoder::Encoder;
#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
pub(crate) use self::shown::write_shown;
pub(crate) use self::{
    encoder::Refusal,
    numbers::{Decimal, nanos, subseconds, write_nanos, write_number, write_signed},
    swar::has_backslash,
};

/// Nesting a payload may have. Parsers on the way commonly stop at 128, and the payload sits inside the event.
pub(crate) const MAX_DEPTH: usize = 100;

/// Encoded size a payload may have before the capture policy shortens it.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Bytes of one string that are looked at; more than the largest event can't survive the capture policy anyway.
pub(crate) const MAX_STRING_BYTES: usize = super::record::MAX_EVENT_BYTES;

/// Appends `value` to `out`. On an error `out` holds a torn prefix; the caller drops it.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let limit = out.len() + MAX_BYTES;
    value.serialize(Encoder::new(out, limit))
}

/// Appends a JSON string.
#[inline]
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    if swar::needs_escape(text.as_bytes()) {
        scalar(&text, out);
    } else {
        write_plain_str(text, out);
    }
}

/// Whether text stands in JSON as it is.
#[inline]
pub(crate) fn is_plain(text: &str) -> bool {
    !swar::needs_escape(text.as_bytes())
}

/// Appends what stands between the quotes of a JSON string.
#[inline]
pub(crate) fn write_inside(text: &str, out: &mut Vec<u8>) {
    if swar::needs_escape(text.as_bytes()) {
        let start = out.len();
        scalar(&text, out);
        out.pop();
        out.remove(start);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// As [`write_str`], for text that is known to need no escaping.
#[inline]
pub(crate) fn write_plain_str(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends `"key":`, after a comma when something stands before it in the object.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_str(key, out);
    out.push(b':');
}

/// As [`write_key`], for a key of this crate's own, which needs no escaping.
#[inline]
pub(crate) fn write_own_key(key: &'static str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends an entry whose key, without its quotes, and value are JSON text already, after a comma as [`write_key`].
#[inline]
pub(crate) fn write_entry(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}

/// The longest prefix of `text` of at most `max` bytes that ends on a character boundary.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    // A character has at most four bytes, so one of these ends on a boundary.
    (max.saturating_sub(3)..=max).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// The longest prefix of what stands between the quotes of a JSON string, of at most `max` bytes, that ends between two
/// characters or escapes.
pub(crate) fn escaped_prefix(inside: &[u8], max: usize) -> &[u8] {
    let mut end = 0;
    while let Some(byte) = inside.get(end) {
        let length = match byte {
            b'\\' if inside.get(end + 1) == Some(&b'u') => 6,
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. | b'\\' => 2,
            _ => 1,
        };
        if end + length > max {
            break;
        }
        end += length;
    }
    inside.get(..end).unwrap_or(inside)
}

/// Foreign text as it may stand in a message: on one line, without characters that could rewrite a terminal, and at
/// most `max` bytes.
pub(crate) fn shown(text: &str, max: usize) -> String {
    let bidi = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    prefix(text, max).chars().map(|c| if c.is_control() || bidi(c) { ' ' } else { c }).collect()
}

/// Whether encoded JSON text is an object.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.first() == Some(&b'{')
}

/// What kind of value encoded JSON text is, in words for an error.
pub(crate) fn shape(json: &[u8]) -> &'static str {
    match json.first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn scalar<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    // Writing a scalar into a vector has no way to fail.
    let _infallible = serde_json::to_writer(out, value);
}

//! JSON that travels as a string: its keys count as much as those around it.

use serde::de::IgnoredAny;

use crate::{
    event::{
        json::{self, MAX_DEPTH},
        scan,
    },
    redact::policy::RedactionPolicy,
};

/// Longer text is not taken apart, only searched.
const MAX_BYTES: usize = 64 << 10;

/// JSON within JSON within JSON. What lies deeper is only searched.
pub(in crate::redact) const MAX_LEVELS: u8 = 3;

/// What came of looking for JSON in text.
pub(in crate::redact) enum Nested {
    /// There is none, or none with anything to hide; the text is to be searched.
    Text,
    /// The text is all JSON, and holds nothing to hide.
    Clean,
    /// The text was all JSON; this is the inside of the string that it has to be.
    Masked(Vec<u8>),
    /// A part of the text was JSON. This is the inside of the string again, and to be searched.
    Part(Vec<u8>),
}

/// Hides what `text`, the inside of a JSON string, holds as JSON of its own: all of it or one document in it. `level`
/// says how many strings this one stands in.
pub(in crate::redact) fn nested(text: &[u8], policy: &RedactionPolicy, level: u8) -> Nested {
    // Most text has no brackets, and this is the quick way to know.
    let brackets = text.contains(&b'{') || text.contains(&b'[');
    if !brackets || level >= MAX_LEVELS || text.len() > MAX_BYTES {
        return Nested::Text;
    }
    // A line of a log may begin with `[INFO]`.
    for open in [b"{[".as_slice(), b"{"] {
        let first = text.iter().position(|byte| open.contains(byte));
        let last = text.iter().rposition(|byte| matches!(byte, b'}' | b']'));
        let (Some(first), Some(last)) = (first, last) else { return Nested::Text };
        let Some(part) = text.get(first..=last) else { return Nested::Text };
        let Some((compact, walked)) = walked(part, policy, level) else { continue };
        let (before, after) = (text.get(..first).unwrap_or_default(), text.get(last + 1..).unwrap_or_default());
        let all = before.iter().chain(after).all(|byte| *byte == b' ');
        if walked == compact {
            return if all { Nested::Clean } else { Nested::Text };
        }
        let mut json = Vec::with_capacity(walked.len() + walked.len() / 4);
        json::write_str(&String::from_utf8_lossy(&walked), &mut json);
        let json = scan::inside(&json);
        return if all { Nested::Masked(json.to_vec()) } else { Nested::Part([before, json, after].concat()) };
    }
    Nested::Text
}

/// JSON that stands in the inside of a string, before and after the walk; `None` when it is none.
fn walked(part: &[u8], policy: &RedactionPolicy, level: u8) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = serde_json::from_slice::<String>(&[b"\"", part, b"\""].concat()).ok()?;
    serde_json::from_str::<IgnoredAny>(&text).ok()?;
    if is_deep(text.as_bytes()) {
        return None;
    }
    let mut walked = Vec::new();
    let (compact, is_readable) = compact(text.as_bytes());
    policy.redact_inside(&compact, level + 1, &mut walked);
    // A key, or a name, that nobody can read counts as a secret's; whatever else it is, it may say anything.
    Some((compact, if is_readable { walked } else { without_unreadable(&walked) }))
}

/// Well-formed JSON in the one spelling that the walk reads: no white space between its parts, no escape that need not
/// be one. `false`: some string in it nobody can read.
fn compact(json: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(json.len());
    let mut is_readable = true;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let end = if byte == b'"' { scan::string_end(json, at) } else { at + 1 };
        let part = json.get(at..end).unwrap_or_default();
        if json::has_backslash(part) {
            // `\u0040` is `@`, and must be found as that.
            if let Ok(text) = serde_json::from_slice::<String>(part) {
                json::write_str(&text, &mut out);
            } else {
                out.extend_from_slice(part);
                is_readable = false;
            }
        } else if !byte.is_ascii_whitespace() {
            out.extend_from_slice(part);
        }
        at = end;
    }
    (out, is_readable)
}

/// Compact JSON without the strings that nobody can read, but for keys.
fn without_unreadable(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let end = if byte == b'"' { scan::string_end(json, at) } else { at + 1 };
        let part = json.get(at..end).unwrap_or_default();
        let is_key = json.get(end) == Some(&b':');
        let is_unreadable = !is_key && json::has_backslash(part) && serde_json::from_slice::<String>(part).is_err();
        out.extend_from_slice(if is_unreadable { b"\"[REDACTED]\"" } else { part });
        at = end;
    }
    out
}

/// Whether it may be nested more deeply than the walk goes.
fn is_deep(json: &[u8]) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in json {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > MAX_DEPTH
}

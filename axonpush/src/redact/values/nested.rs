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

/// What came of taking text for JSON.
pub(in crate::redact) enum Nested {
    /// It is none.
    Text,
    /// It is, and holds nothing to hide.
    Clean,
    /// It is; this is the inside of the string that it has to be.
    Masked(Vec<u8>),
}

/// Hides what `text`, the inside of a JSON string, holds as JSON of its own. One level: strings in there are searched as
/// text.
pub(in crate::redact) fn nested(text: &[u8], policy: &RedactionPolicy) -> Nested {
    let braces = matches!((text.first(), text.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    if !braces || text.len() > MAX_BYTES {
        return Nested::Text;
    }
    let quoted = [b"\"", text, b"\""].concat();
    let Ok(text) = serde_json::from_slice::<String>(&quoted) else { return Nested::Text };
    // What is spelled like JSON and is none is searched as text.
    if serde_json::from_str::<IgnoredAny>(&text).is_err() || is_deep(text.as_bytes()) {
        return Nested::Text;
    }
    let (compact, mut walked) = (compact(text.as_bytes()), Vec::new());
    policy.redact_inside(&compact, &mut walked);
    if walked == compact {
        return Nested::Clean;
    }
    let mut out = Vec::with_capacity(walked.len() + walked.len() / 4);
    json::write_str(&String::from_utf8_lossy(&walked), &mut out);
    out.pop();
    Nested::Masked(out.split_off(1))
}

/// Well-formed JSON without the white space between its parts, which is how the walk reads it.
fn compact(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let end = if byte == b'"' { scan::string_end(json, at) } else { at + 1 };
        if !byte.is_ascii_whitespace() {
            out.extend_from_slice(json.get(at..end).unwrap_or_default());
        }
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

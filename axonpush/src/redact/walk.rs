//! Finding what to hide, at any depth, in one pass over JSON text.
//!
//! The text is this crate's own encoding: compact, well-formed, at most [`MAX_DEPTH`] levels. Runs that stay are
//! copied whole, so a payload with nothing to hide costs a scan and a copy.

use super::{
    keys::{self, KeyKind},
    policy::{ContentCapture, PREVIEW_LENGTH, RedactionPolicy},
};
use crate::event::{json::MAX_DEPTH, scan};

const REDACTED: &[u8] = br#""[REDACTED]""#;

impl RedactionPolicy {
    /// Appends `json` to `out`, with what this policy hides replaced. In a `structural` payload (an OpenTelemetry log
    /// or span) `status.message` describes the span and is no content.
    pub(crate) fn redact(&self, json: &[u8], structural: bool, out: &mut Vec<u8>) {
        out.reserve(json.len());
        Walk { policy: self, json, copied: 0, out, structural }.run();
    }
}

struct Walk<'a> {
    policy: &'a RedactionPolicy,
    json: &'a [u8],
    /// Everything before this index is in `out`, in its final form.
    copied: usize,
    out: &'a mut Vec<u8>,
    structural: bool,
}

/// An open container: is it an object, does it lie in content, and is it the payload's own `status`.
#[derive(Clone, Copy, Default)]
struct Frame {
    object: bool,
    content: bool,
    status: bool,
}

impl Walk<'_> {
    fn run(mut self) {
        // The encoder refuses deeper values, and the event adds none.
        let mut open = [Frame::default(); MAX_DEPTH + 1];
        let mut depth = 0_usize;
        let mut at = 0;
        // What the next value inherits from its key.
        let mut next = Frame::default();
        while let Some(&byte) = self.json.get(at) {
            let inside = open.get(depth).copied().unwrap_or_default();
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    if let Some(frame) = open.get_mut(depth) {
                        *frame = Frame { object: byte == b'{', ..next };
                    }
                    next = Frame { content: next.content, ..Frame::default() };
                    at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    next = Frame { content: open.get(depth).is_some_and(|f| f.content), ..Frame::default() };
                    at += 1;
                }
                b'"' if inside.object && self.is_key(at) => {
                    let key_end = scan::string_end(self.json, at);
                    match self.judge(at, key_end, inside, depth) {
                        Verdict::Hide => {
                            let value = key_end + 1;
                            at = scan::value_end(self.json, value);
                            self.replace(value, at, REDACTED);
                        }
                        Verdict::Keep(frame) => {
                            next = frame;
                            at = key_end;
                        }
                    }
                }
                b'"' => {
                    let end = scan::string_end(self.json, at);
                    self.shorten(at, end, next.content);
                    next = Frame { content: inside.content, ..Frame::default() };
                    at = end;
                }
                _ => at += 1,
            }
        }
        self.out.extend_from_slice(self.json.get(self.copied..).unwrap_or_default());
    }

    /// In an object a string is a key exactly when it follows the brace or a comma.
    fn is_key(&self, at: usize) -> bool {
        matches!(at.checked_sub(1).and_then(|before| self.json.get(before)), Some(b'{' | b','))
    }

    fn judge(&self, at: usize, key_end: usize, inside: Frame, depth: usize) -> Verdict {
        let raw = self.json.get(at + 1..key_end - 1).unwrap_or_default();
        let key = if raw.contains(&b'\\') {
            // An escape must not hide a key from the list.
            serde_json::from_slice(self.json.get(at..key_end).unwrap_or_default()).unwrap_or_default()
        } else {
            std::borrow::Cow::Borrowed(std::str::from_utf8(raw).unwrap_or_default())
        };
        let exempt = inside.status && key == "message";
        let kind = keys::classify(&key, &self.policy.extra_keys);
        match (kind, self.policy.capture) {
            (KeyKind::Secret, _) => Verdict::Hide,
            (KeyKind::Content, ContentCapture::MetadataOnly) if !exempt => Verdict::Hide,
            (kind, capture) => Verdict::Keep(Frame {
                object: false,
                content: inside.content || (kind == KeyKind::Content && capture == ContentCapture::Redacted && !exempt),
                status: self.structural && depth == 1 && key == "status",
            }),
        }
    }

    /// Cuts the string value at `start..end` to what the policy allows.
    fn shorten(&mut self, start: usize, end: usize, content: bool) {
        let max = self.policy.max_content_length;
        let (limit, marker) =
            if content && PREVIEW_LENGTH < max { (PREVIEW_LENGTH, "[REDACTED_PREVIEW]") } else { (max, "[TRUNCATED]") };
        // Fewer bytes than the limit can't be more characters.
        if end - start - 2 <= limit {
            return;
        }
        let text = self.json.get(start + 1..end - 1).unwrap_or_default();
        let Some(cut) = nth_character(text, limit) else { return };
        let mut short = Vec::with_capacity(cut + marker.len() + 5);
        short.push(b'"');
        short.extend_from_slice(text.get(..cut).unwrap_or_default());
        short.extend_from_slice("…".as_bytes());
        short.extend_from_slice(marker.as_bytes());
        short.push(b'"');
        self.replace(start, end, &short);
    }

    fn replace(&mut self, start: usize, end: usize, with: &[u8]) {
        self.out.extend_from_slice(self.json.get(self.copied..start).unwrap_or_default());
        self.out.extend_from_slice(with);
        self.copied = end;
    }
}

enum Verdict {
    Hide,
    Keep(Frame),
}

/// Where character number `n` of escaped text begins, when there is one. An escape is one character.
fn nth_character(text: &[u8], n: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..n {
        at += match text.get(at)? {
            b'\\' if text.get(at + 1) == Some(&b'u') => 6,
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. | b'\\' => 2,
            _ => 1,
        };
    }
    (at < text.len()).then_some(at)
}

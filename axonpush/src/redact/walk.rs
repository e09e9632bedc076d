//! Finding what to hide, at any depth, in one pass over JSON text.
//!
//! The text is this crate's own encoding: compact, well-formed, at most [`MAX_DEPTH`] levels. Runs that stay are
//! copied whole, so a payload with nothing to hide costs a scan and a copy.

use std::ops::Range;

use super::{
    keys::{self, KeyKind},
    patterns,
    policy::{ContentCapture, PREVIEW_LENGTH, RedactionPolicy},
    values::{Nested, Signs, is_card_number, masked, masked_before, masked_by, nested},
};
use crate::event::{
    json::{self, MAX_DEPTH},
    scan,
};

pub(super) const REDACTED: &[u8] = br#""[REDACTED]""#;

impl RedactionPolicy {
    /// Appends `json` to `out`, with what this policy hides replaced. In a `structural` payload (an OpenTelemetry log
    /// or span) `status.message` describes the span and is no content.
    pub(crate) fn redact(&self, json: &[u8], structural: bool, out: &mut Vec<u8>) {
        out.reserve(json.len());
        Walk::new(self, json, out, structural, 0).run();
    }

    /// As [`redact`](Self::redact), for JSON that was found inside as many strings.
    pub(super) fn redact_inside(&self, json: &[u8], level: u8, out: &mut Vec<u8>) {
        Walk::new(self, json, out, false, level).run();
    }

    /// Masks what the JSON string holds that `out` has from `start` to its end, however long it is.
    pub(crate) fn mask_string(&self, out: &mut Vec<u8>, start: usize) {
        let text = out.get(start + 1..out.len() - 1).unwrap_or_default();
        let by_patterns = patterns::masked(text, self);
        let text = by_patterns.as_deref().unwrap_or(text);
        let signs = Signs::of(text);
        let masked = if signs.any() { self.masked(text, signs, usize::MAX, 0) } else { None };
        if let Some(masked) = masked.map(|masked| masked.text).or(by_patterns) {
            out.truncate(start + 1);
            out.extend_from_slice(&masked);
            out.push(b'"');
        }
    }

    /// Text with what must be hidden masked, however long it is.
    pub(crate) fn masked_text(&self, text: &str) -> String {
        let mut out = Vec::new();
        json::write_str(text, &mut out);
        self.mask_string(&mut out, 0);
        serde_json::from_slice(&out).unwrap_or_default()
    }

    /// The text, which stands in as many strings as `level` says, with what must be hidden masked; `None` when there is
    /// nothing of that kind.
    fn masked(&self, text: &[u8], signs: Signs, limit: usize, level: u8) -> Option<Masked> {
        /// Bytes beyond the limit that are looked at: a secret that begins before it may end behind it.
        const BEYOND: usize = 4 << 10;

        let whole = |text| Masked { text, shortened: false };
        let json = if signs.of_json() { nested(text, self, level) } else { Nested::Text };
        let part = match json {
            Nested::Text => None,
            Nested::Clean => return None,
            Nested::Masked(text) => return Some(whole(text)),
            Nested::Part(text) => Some(text),
        };
        if let Some(part) = part {
            return masked(&part, self).or(Some(part)).map(whole);
        }
        // An escape may be six bytes of one character.
        let most = limit.saturating_mul(6).saturating_add(BEYOND);
        if text.len() <= most {
            return masked_by(signs, text, self).map(whole);
        }
        let cut = nth_character(text, limit).unwrap_or(text.len());
        let looked_at = whole_characters(text, cut, cut.saturating_add(BEYOND));
        // However short the masks have made it, what is kept ends at `cut`: what begins behind it may be half a secret.
        let text = masked_before(cut, text.get(..looked_at).unwrap_or(text), self)?;
        Some(Masked { text, shortened: true })
    }
}

struct Walk<'a> {
    policy: &'a RedactionPolicy,
    /// Characters a string keeps.
    limit: usize,
    /// Bytes of a string that is left alone when it shows no sign of a secret.
    quick: usize,
    json: &'a [u8],
    /// Everything before this index is in `out`, in its final form.
    copied: usize,
    out: &'a mut Vec<u8>,
    structural: bool,
    /// How many strings this is the inside of.
    level: u8,
}

/// An open container: is it an object, does it lie in content, and is it the payload's own `status`.
#[derive(Clone, Copy, Default)]
struct Frame {
    object: bool,
    content: bool,
    status: bool,
    /// What its own `name` or `key` says about its `value`.
    pair: Pair,
}

/// `{"name": "authorization", "value": "Bearer …"}` is a key and its value, spelled as an object.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Pair {
    /// No name of a secret so far.
    #[default]
    Unnamed,
    /// All its names have been looked at, and none is a secret's.
    Plain,
    Secret,
}

impl<'a> Walk<'a> {
    fn new(policy: &'a RedactionPolicy, json: &'a [u8], out: &'a mut Vec<u8>, structural: bool, level: u8) -> Self {
        let limit = policy.text_limit();
        // Fewer bytes than characters are allowed can't be too many. The caller's patterns want to see everything.
        let quick = if policy.patterns().is_empty() { PREVIEW_LENGTH.min(limit) } else { 0 };
        Self { policy, limit, quick, json, copied: 0, out, structural, level }
    }

    fn run(mut self) {
        // The encoder refuses deeper values, and the event adds none.
        let mut open = [Frame::default(); MAX_DEPTH + 1];
        let mut depth = 0_usize;
        // The container the walk is in, and what the next value inherits from it or from its key.
        let mut inside = Frame::default();
        let mut next = Frame::default();
        let mut at = 0;
        'values: while let Some(&byte) = self.json.get(at) {
            match byte {
                b'"' => {
                    let end = scan::string_end(self.json, at);
                    self.text(at, end, next.content);
                    at = end;
                }
                b'{' | b'[' => {
                    if let Some(frame) = open.get_mut(depth) {
                        *frame = inside;
                    }
                    depth += 1;
                    inside = Frame { object: byte == b'{', ..next };
                    at += 1;
                }
                _ => at = self.plain(at),
            }
            // To the next value that stays.
            loop {
                match self.json.get(at) {
                    Some(b'}' | b']') => {
                        depth = depth.saturating_sub(1);
                        inside = open.get(depth).copied().unwrap_or_default();
                        at += 1;
                        continue;
                    }
                    Some(b',') => at += 1,
                    Some(_) => {}
                    None => break 'values,
                }
                if !inside.object {
                    next = Frame { content: inside.content, ..Frame::default() };
                    break;
                }
                let key_end = scan::string_end(self.json, at);
                let value = key_end + 1;
                match self.judge(at, key_end, &mut inside, depth) {
                    Verdict::Hide => {
                        at = scan::value_end(self.json, value);
                        self.replace(value, at, REDACTED);
                    }
                    Verdict::Keep(frame) => {
                        (next, at) = (frame, value);
                        break;
                    }
                }
            }
        }
        self.out.extend_from_slice(self.json.get(self.copied..).unwrap_or_default());
    }

    fn judge(&self, at: usize, key_end: usize, inside: &mut Frame, depth: usize) -> Verdict {
        let raw = self.json.get(at + 1..key_end - 1).unwrap_or_default();
        let exempt = inside.status && raw == b"message";
        match role(raw) {
            Role::Name if self.names_a_secret(key_end + 1) => inside.pair = Pair::Secret,
            Role::Name | Role::None => {}
            Role::Value => {
                if inside.pair == Pair::Unnamed {
                    inside.pair = self.pair_after(key_end + 1);
                }
                if inside.pair == Pair::Secret {
                    return Verdict::Hide;
                }
            }
        }
        match (self.classify(at, key_end), self.policy.content()) {
            (KeyKind::Secret, _) => Verdict::Hide,
            (KeyKind::Content, ContentCapture::MetadataOnly) if !exempt => Verdict::Hide,
            (kind, capture) => Verdict::Keep(Frame {
                object: false,
                content: inside.content || (kind == KeyKind::Content && capture == ContentCapture::Redacted && !exempt),
                status: self.structural && depth == 1 && raw == b"status",
                pair: Pair::Unnamed,
            }),
        }
    }

    /// What the string at `start..end` says as a key.
    fn classify(&self, start: usize, end: usize) -> KeyKind {
        let raw = self.json.get(start + 1..end - 1).unwrap_or_default();
        keys::classify(raw, self.policy.extra_keys())
    }

    /// Whether the value at `start` is a string that would be a secret's key. Longer text is a sentence and no name.
    fn names_a_secret(&self, start: usize) -> bool {
        if self.json.get(start) != Some(&b'"') {
            return false;
        }
        let end = scan::string_end(self.json, start);
        end - start <= keys::MAX_KEY_BYTES && self.classify(start, end) == KeyKind::Secret
    }

    /// What the entries behind the value at `start` make of its object. Asked once an object, for a `value` that no
    /// name of a secret stands before.
    fn pair_after(&self, start: usize) -> Pair {
        let mut at = scan::value_end(self.json, start);
        while self.json.get(at) == Some(&b',') {
            let key_end = scan::string_end(self.json, at + 1);
            let key = self.json.get(at + 2..key_end - 1).unwrap_or_default();
            if role(key) == Role::Name && self.names_a_secret(key_end + 1) {
                return Pair::Secret;
            }
            at = scan::value_end(self.json, key_end + 1);
        }
        Pair::Plain
    }

    /// Looks at the number or word at `start`, and says where it ends.
    fn plain(&mut self, start: usize) -> usize {
        let rest = self.json.get(start..).unwrap_or_default();
        // A byte at a time, as most are short.
        let mut length = 1;
        while rest.get(length).is_some_and(|byte| !matches!(byte, b',' | b'}' | b']')) {
            length += 1;
        }
        let end = start + length;
        let value = self.json.get(start..end).unwrap_or_default();
        if self.policy.masks_cards() && is_card_number(value) {
            self.replace(start, end, br#""[REDACTED_CARD]""#);
        }
        end
    }

    /// Hides what the string value at `start..end` holds, and cuts it to what the policy allows: in this order, so that
    /// no half of a secret is left where the other half was cut off.
    #[inline]
    fn text(&mut self, start: usize, end: usize, content: bool) {
        let text = self.json.get(start + 1..end - 1).unwrap_or_default();
        let signs = Signs::of(text);
        if signs.any() || text.len() > self.quick {
            self.look_into(start..end, text, signs, content);
        }
    }

    #[cold]
    fn look_into(&mut self, at: Range<usize>, text: &[u8], signs: Signs, content: bool) {
        let (limit, marker) = if content && PREVIEW_LENGTH < self.limit {
            (PREVIEW_LENGTH, "[REDACTED_PREVIEW]")
        } else {
            (self.limit, "[TRUNCATED]")
        };
        let by_patterns = patterns::masked(text, self.policy);
        let (text, signs) = match &by_patterns {
            Some(text) => (text.as_slice(), Signs::of(text)),
            None => (text, signs),
        };
        let masked =
            if signs.any() || text.len() > limit { self.policy.masked(text, signs, limit, self.level) } else { None };
        let shortened = masked.as_ref().is_some_and(|masked| masked.shortened);
        let text = masked.as_ref().map_or(text, |masked| masked.text.as_slice());
        let cut = if text.len() <= limit { None } else { nth_character(text, limit) };
        if masked.is_none() && by_patterns.is_none() && cut.is_none() {
            return;
        }
        let kept = text.get(..cut.unwrap_or(text.len())).unwrap_or_default();
        let mut short = Vec::with_capacity(kept.len() + marker.len() + 5);
        short.push(b'"');
        short.extend_from_slice(kept);
        if shortened || cut.is_some() {
            short.extend_from_slice("…".as_bytes());
            short.extend_from_slice(marker.as_bytes());
        }
        short.push(b'"');
        self.replace(at.start, at.end, &short);
    }

    fn replace(&mut self, start: usize, end: usize, with: &[u8]) {
        self.out.extend_from_slice(self.json.get(self.copied..start).unwrap_or_default());
        self.out.extend_from_slice(with);
        self.copied = end;
    }
}

/// What an entry is in a pair of name and value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    None,
    Name,
    Value,
}

pub(super) fn role(key: &[u8]) -> Role {
    let is = |word: &[u8]| key.eq_ignore_ascii_case(word);
    match key.first() {
        Some(b'n' | b'N') if is(b"name") => Role::Name,
        Some(b'k' | b'K') if is(b"key") => Role::Name,
        Some(b'v' | b'V') if is(b"value") || is(b"val") => Role::Value,
        _ => Role::None,
    }
}

/// Text with its secrets masked, and whether some of it was left out at the end.
struct Masked {
    text: Vec<u8>,
    shortened: bool,
}

enum Verdict {
    Hide,
    Keep(Frame),
}

/// Where character number `n` of escaped text begins, when there is one.
fn nth_character(text: &[u8], n: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..n {
        at += character_length(text, at)?;
    }
    (at < text.len()).then_some(at)
}

/// The last place up to `most` where a character of escaped text ends, from one that begins at `start`.
fn whole_characters(text: &[u8], start: usize, most: usize) -> usize {
    let most = most.min(text.len());
    let mut at = start;
    while let Some(next) = character_length(text, at).map(|length| at + length).filter(|next| *next <= most) {
        at = next;
    }
    at
}

/// The bytes of the character of escaped text that begins at `at`. An escape is one character.
fn character_length(text: &[u8], at: usize) -> Option<usize> {
    Some(match text.get(at)? {
        b'\\' if text.get(at + 1) == Some(&b'u') => 6,
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. | b'\\' => 2,
        _ => 1,
    })
}

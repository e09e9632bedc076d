//! Attributes written as JSON text, straight into a buffer.

use std::{fmt, io::Write as _, time::Duration};

use super::memo;
use crate::{
    client::{Foreign, Snapshot},
    event::{
        AttributeValue,
        json::{self, Decimal, subseconds},
        scan,
    },
};

/// Bytes of one text from outside that are reported.
pub(super) const MAX_TEXT: usize = 2048;

/// Parameters of a query that need no cut: with their masks they are shorter than [`MAX_TEXT`].
const MAX_PARAMETERS: usize = 64;

/// A JSON object that is still open: `{"a":1,"b":2`.
///
/// What the application chose, keys or values of any type, is kept apart from what this crate says in its own words:
/// the former must pass redaction, the latter has nothing in it to hide.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    own: Vec<u8>,
    /// Where the object begins in `own`.
    start: usize,
    /// An object as well, or empty.
    foreign: Vec<u8>,
}

impl Entries {
    /// Opens an object at the end of `own`.
    pub(super) fn new(mut own: Vec<u8>) -> Self {
        let start = own.len();
        own.push(b'{');
        Self { own, start, foreign: Vec::new() }
    }

    /// What stands before the object.
    pub(super) fn before(&self) -> &[u8] {
        self.own.get(..self.start).unwrap_or_default()
    }

    /// Text that may come from outside, masked as `client` has it.
    pub(super) fn text(&mut self, key: &'static str, value: &str, client: &Snapshot) {
        json::write_own_key(key, &mut self.own);
        outside(value, client, &mut self.own);
    }

    /// As [`text`](Self::text), for text whose parts stand between slashes. Most have none in which redaction could find
    /// anything.
    pub(super) fn separated(&mut self, key: &'static str, value: &str, client: &Snapshot) {
        if is_harmless(value.as_bytes(), b'/') {
            self.plain(key, value.as_bytes());
        } else {
            self.text(key, value, client);
        }
    }

    /// A query with every value masked, where that is all there is to hide. `false`, and nothing is written, where some
    /// name needs a closer look, or where there is a value without a name.
    pub(super) fn masked(&mut self, key: &'static str, query: &str) -> bool {
        let before = self.own.len();
        json::write_own_key(key, &mut self.own);
        self.own.push(b'"');
        for (n, parameter) in query.as_bytes().split(|byte| *byte == b'&').enumerate() {
            let name = parameter.iter().position(|byte| *byte == b'=').and_then(|equals| parameter.get(..equals));
            let Some(name) = name.filter(|name| n < MAX_PARAMETERS && is_harmless(name, b'=')) else {
                self.own.truncate(before);
                return false;
            };
            put(&mut self.own, &[if n > 0 { b"&" } else { b"" }, name, b"=[REDACTED]"]);
        }
        self.own.push(b'"');
        true
    }

    /// As [`text`](Self::text), for bytes that some other request probably had too; some may be no UTF-8.
    pub(super) fn familiar(&mut self, key: &'static str, value: &[u8], client: &Snapshot) {
        if memo::is_plain(client, value) {
            json::write_own_key(key, &mut self.own);
            quoted(value, &mut self.own);
            return;
        }
        self.bytes(key, value, client);
        let written = self.own.len().saturating_sub(value.len() + 2);
        memo::wrote(client, value, self.own.get(written..).unwrap_or_default());
    }

    /// Text that is short and needs no escaping.
    pub(super) fn plain(&mut self, key: &'static str, value: &[u8]) {
        json::write_own_key(key, &mut self.own);
        quoted(value, &mut self.own);
    }

    /// What shows itself as text that needs no escaping.
    pub(super) fn display(&mut self, key: &'static str, value: &impl fmt::Display) {
        json::write_own_key(key, &mut self.own);
        // Writing into a vector has no way to fail.
        let _infallible = write!(self.own, "\"{value}\"");
    }

    /// Bytes of a header, of which some may be no UTF-8.
    pub(super) fn bytes(&mut self, key: &'static str, value: &[u8], client: &Snapshot) {
        // A character that is cut in two begins beyond what is kept.
        let value = value.get(..MAX_TEXT + BEYOND + 4).unwrap_or(value);
        match std::str::from_utf8(value) {
            Ok(text) => self.text(key, text, client),
            Err(_) => self.text(key, &String::from_utf8_lossy(value), client),
        }
    }

    /// What is written as it will stand, of an object that has entries already.
    pub(super) fn put(&mut self, pieces: &[&[u8]]) {
        put(&mut self.own, pieces);
    }

    pub(super) fn number(&mut self, key: &'static str, value: u64) {
        json::write_own_key(key, &mut self.own);
        self.own.extend_from_slice(&Decimal::of(value));
    }

    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        json::write_own_key(key, &mut self.own);
        self.own.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn seconds(&mut self, key: &'static str, value: Duration) {
        json::write_own_key(key, &mut self.own);
        put(&mut self.own, &[&Decimal::of(value.as_secs()), b".", &subseconds(value)]);
    }

    /// A list of texts, under a key that the application chose.
    pub(super) fn texts<'a>(&mut self, key: &str, values: impl Iterator<Item = &'a [u8]>) {
        let out = self.foreign();
        json::write_key(key, out);
        out.push(b'[');
        for (n, value) in values.enumerate() {
            if n > 0 {
                out.push(b',');
            }
            // The policy cuts it once more, when it has looked for secrets.
            let value = value.get(..MAX_TEXT + BEYOND + 4).unwrap_or(value);
            json::write_str(json::prefix(&String::from_utf8_lossy(value), MAX_TEXT + BEYOND), out);
        }
        out.push(b']');
    }

    /// An attribute of the application's. What is there already stays; a value that can't be sent is left out.
    pub(super) fn value(&mut self, key: &str, value: &AttributeValue) {
        if self.has(key) {
            return;
        }
        let out = self.foreign();
        let before = out.len();
        json::write_key(key, out);
        if json::write(value, out).is_err() {
            out.truncate(before);
        }
    }

    /// Everything in `entries`, which hold no key that is here.
    pub(super) fn extend(&mut self, entries: &Self) {
        let own = entries.own.get(entries.start..).unwrap_or_default();
        join(&mut self.own, own);
        if !entries.foreign.is_empty() {
            join(self.foreign(), &entries.foreign);
        }
    }

    /// How long the part is that this crate says in its own words.
    pub(super) fn len(&self) -> usize {
        self.own.len() - self.start
    }

    /// How long the application's part is.
    pub(super) fn foreign_len(&self) -> usize {
        self.foreign.len()
    }

    /// Forgets what of the application's part came later.
    pub(super) fn truncate_foreign(&mut self, len: usize) {
        self.foreign.truncate(len);
    }

    /// The buffer with the object closed; `redact` copies the application's part.
    pub(super) fn close(self, redact: Foreign<'_>) -> Vec<u8> {
        let Self { mut own, mut foreign, start } = self;
        if foreign.len() > 1 {
            foreign.push(b'}');
            let end = own.len();
            redact(&foreign, &mut own);
            // The bracket that opens it becomes what separates it.
            if let Some(bracket) = own.get_mut(end) {
                *bracket = b',';
            }
            if end == start + 1 {
                own.remove(end);
            }
        } else {
            own.push(b'}');
        }
        own
    }

    /// The buffer, emptied.
    pub(super) fn into_buffer(mut self) -> Vec<u8> {
        self.own.clear();
        self.own
    }

    fn foreign(&mut self) -> &mut Vec<u8> {
        if self.foreign.is_empty() {
            self.foreign.push(b'{');
        }
        &mut self.foreign
    }

    fn has(&self, key: &str) -> bool {
        let mut found = false;
        for object in [self.own.get(self.start..).unwrap_or_default(), &self.foreign] {
            scan::for_each_entry(object, |known, _| found |= known == key);
        }
        found
    }
}

/// Appends the entries of an open object to another.
fn join(to: &mut Vec<u8>, from: &[u8]) {
    if let [b'{', inside @ ..] = from
        && !inside.is_empty()
    {
        if to.last() != Some(&b'{') {
            to.push(b',');
        }
        to.extend_from_slice(inside);
    }
}

/// Whether text is of so short and so plain parts that there is nothing to escape and no secret in it.
pub(super) fn is_harmless(text: &[u8], separator: u8) -> bool {
    /// One less than redaction wants to see of a text without any sign in it.
    const LONGEST: usize = 12;

    let mut length = 0;
    for byte in text {
        if *byte == separator {
            length = 0;
        } else if PLAIN.get(usize::from(*byte)).copied().unwrap_or_default() && length < LONGEST {
            length += 1;
        } else {
            return false;
        }
    }
    text.len() <= MAX_TEXT
}

/// Letters, digits, and what joins them.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
        let character = byte as u8;
        plain[byte] = character.is_ascii_alphanumeric() || matches!(character, b'_' | b'-' | b'.');
        byte += 1;
    }
    plain
};

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Appends several pieces of text.
pub(super) fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// Bytes beyond those that are reported that are searched for secrets: one that begins before may end behind.
const BEYOND: usize = 4 << 10;

/// Appends text that may come from outside as a JSON string: masked as `client` has it, and then cut, so that no half
/// of a secret is left.
pub(super) fn outside(text: &str, client: &Snapshot, out: &mut Vec<u8>) {
    let start = out.len();
    let looked_at = json::prefix(text, MAX_TEXT + BEYOND);
    json::write_str(looked_at, out);
    client.mask_string(out, start);
    if text.len() <= MAX_TEXT && out.len() - start <= MAX_TEXT + 2 {
        return;
    }
    out.pop();
    let inside = out.get(start + 1..).unwrap_or_default();
    let mut end = json::escaped_prefix(inside, MAX_TEXT).len();
    if end == inside.len() && looked_at.len() < text.len() {
        // Masks made it short, so the end of what was looked at is shown: its last word may be half of one.
        end = inside.iter().rposition(|byte| *byte == b' ').unwrap_or_default();
    }
    out.truncate(start + 1 + end);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(entries: Entries) -> Value {
        serde_json::from_slice(&entries.close(&|json, out| out.extend_from_slice(json))).unwrap()
    }

    #[test]
    fn entries_are_the_inside_of_an_object() {
        let mut entries = Entries::new(Vec::new());
        entries.text("a", "x \"y\"\n", &Snapshot::disabled());
        entries.number("zero", 0);
        entries.number("most", u64::MAX);
        entries.flag("yes", true);
        entries.seconds("s", Duration::from_millis(1500));
        entries.bytes("b", b"\xff", &Snapshot::disabled());
        entries.texts("list", [&b"1"[..], b"2"].into_iter());
        entries.value("own", &AttributeValue::from(vec![1]));
        entries.value("a", &AttributeValue::from("another"));
        let mut all = Entries::new(Vec::new());
        all.extend(&Entries::new(Vec::new()));
        all.extend(&entries);
        assert_eq!(
            object(all),
            json!({"a": "x \"y\"\n", "zero": 0, "most": u64::MAX, "yes": true, "s": 1.5, "b": "\u{fffd}",
                   "list": ["1", "2"], "own": [1]})
        );
    }

    #[test]
    fn no_half_of_a_secret_is_left_where_text_is_cut() {
        let client = crate::testing::MemorySink::new().client().snapshot();
        let shown = |text: &str| {
            let mut entries = Entries::new(Vec::new());
            entries.text("k", text, &client);
            object(entries)["k"].as_str().unwrap().to_owned()
        };
        for secret in
            ["postgres://app:hunter2@db", "hunter2@example.com", "ghp_hunter2hunter2hunter2hunter2", "token=hunter2"]
        {
            for before in 2000..2048 {
                let text = shown(&format!("{} {secret} {}", "x".repeat(before), "y".repeat(9000)));
                let local = text.contains("hunter2") || text.contains("hunter@");
                assert!(!local && text.len() <= MAX_TEXT, "{before} {secret}: {}", &text[1990..]);
            }
        }
        // So much of it is masked that the end of what was looked at is shown.
        let text = shown(&format!("token={} {} postgres://app:hunter2@db", "a".repeat(5900), "b".repeat(205)));
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn long_text_is_cut_where_a_character_ends() {
        let mut entries = Entries::new(Vec::new());
        entries.bytes("k", "é".repeat(40_000).as_bytes(), &Snapshot::disabled());
        assert_eq!(object(entries)["k"].as_str().unwrap().len(), MAX_TEXT);
    }

    proptest::proptest! {
        #[test]
        fn text_that_is_harmless_is_left_as_it_is_by_redaction(text in "([a-z]{0,14}|[0-9-]{0,20}|[/.@:=& _]|password|ak_|\\PC){0,6}") {
            let client = crate::testing::MemorySink::new().client().snapshot();
            let mut looked_at = Vec::new();
            json::write_str(&text, &mut looked_at);
            client.mask_string(&mut looked_at, 0);
            let as_it_is = format!("\"{text}\"");
            proptest::prop_assert!(!is_harmless(text.as_bytes(), b'/') || looked_at == as_it_is.as_bytes(), "{text}");
        }
    }
}

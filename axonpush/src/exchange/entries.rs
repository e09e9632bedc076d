//! Attributes written as JSON text, straight into a buffer.

use std::{
    fmt,
    io::Write as _,
    time::{Duration, SystemTime},
};

use crate::event::{AttributeValue, json, scan};

/// Bytes of one text from outside that are reported.
pub(super) const MAX_TEXT: usize = 2048;

/// A JSON object that is still open: `{"a":1,"b":2`.
#[derive(Debug, Clone)]
pub(super) struct Entries(Vec<u8>);

impl Entries {
    /// Opens an object in `buffer`, which is empty.
    pub(super) fn new(mut buffer: Vec<u8>) -> Self {
        buffer.push(b'{');
        Self(buffer)
    }

    pub(super) fn text(&mut self, key: &'static str, value: &str) {
        json::write_own_key(key, &mut self.0);
        json::write_str(cut(value), &mut self.0);
    }

    /// What shows itself as text that needs no escaping.
    pub(super) fn display(&mut self, key: &'static str, value: &impl fmt::Display) {
        json::write_own_key(key, &mut self.0);
        // Writing into a vector has no way to fail.
        let _infallible = write!(self.0, "\"{value}\"");
    }

    /// Bytes of a header, of which some may be no UTF-8.
    pub(super) fn bytes(&mut self, key: &'static str, value: &[u8]) {
        // A character that is cut in two begins beyond what is kept.
        let value = value.get(..MAX_TEXT + 4).unwrap_or(value);
        self.text(key, &String::from_utf8_lossy(value));
    }

    pub(super) fn number(&mut self, key: &'static str, value: u64) {
        json::write_own_key(key, &mut self.0);
        number(value, &mut self.0);
    }

    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        json::write_own_key(key, &mut self.0);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn seconds(&mut self, key: &'static str, value: Duration) {
        json::write_own_key(key, &mut self.0);
        // A finite number has no way to fail.
        let _infallible = json::write(&value.as_secs_f64(), &mut self.0);
    }

    /// A list of texts, under a key that is made at run time.
    pub(super) fn texts<'a>(&mut self, key: &str, values: impl Iterator<Item = &'a [u8]>) {
        json::write_key(key, &mut self.0);
        self.0.push(b'[');
        for (n, value) in values.enumerate() {
            if n > 0 {
                self.0.push(b',');
            }
            let value = value.get(..MAX_TEXT + 4).unwrap_or(value);
            json::write_str(cut(&String::from_utf8_lossy(value)), &mut self.0);
        }
        self.0.push(b']');
    }

    /// An attribute of the application's. What is there already stays; a value that can't be sent is left out.
    pub(super) fn value(&mut self, key: &str, value: &AttributeValue) {
        if self.has(key) {
            return;
        }
        let before = self.0.len();
        json::write_key(key, &mut self.0);
        if json::write(value, &mut self.0).is_err() {
            self.0.truncate(before);
        }
    }

    /// Everything in `entries`, which hold no key that is here.
    pub(super) fn extend(&mut self, entries: &Self) {
        if let [b'{', inside @ ..] = entries.0.as_slice()
            && !inside.is_empty()
        {
            if self.0.last() != Some(&b'{') {
                self.0.push(b',');
            }
            self.0.extend_from_slice(inside);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The object, closed.
    pub(super) fn close(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn has(&self, key: &str) -> bool {
        let mut found = false;
        scan::for_each_entry(&self.0, |known, _| found |= known == key);
        found
    }
}

/// Appends a number in decimal.
pub(super) fn number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        }
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Appends nanoseconds since the epoch, as a decimal string.
pub(super) fn nanos(time: SystemTime, out: &mut Vec<u8>) {
    let nanos = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    out.push(b'"');
    number(u64::try_from(nanos).unwrap_or(u64::MAX), out);
    out.push(b'"');
}

fn cut(text: &str) -> &str {
    json::prefix(text, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(entries: Entries) -> Value {
        serde_json::from_slice(&entries.close()).unwrap()
    }

    #[test]
    fn entries_are_the_inside_of_an_object() {
        let mut entries = Entries::new(Vec::new());
        entries.text("a", "x \"y\"\n");
        entries.number("zero", 0);
        entries.number("most", u64::MAX);
        entries.flag("yes", true);
        entries.seconds("s", Duration::from_millis(1500));
        entries.bytes("b", b"\xff");
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
    fn long_text_is_cut_where_a_character_ends() {
        let mut entries = Entries::new(Vec::new());
        entries.bytes("k", "é".repeat(40_000).as_bytes());
        assert_eq!(object(entries)["k"].as_str().unwrap().len(), MAX_TEXT);
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_written_as_everybody_writes_them(value: u64) {
            let mut out = Vec::new();
            number(value, &mut out);
            proptest::prop_assert_eq!(out, value.to_string().into_bytes());
        }
    }
}

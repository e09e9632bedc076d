//! Finding one's way in JSON text that this crate wrote itself: compact and well-formed.
//!
//! On foreign text every function still ends and stays in bounds; it only answers nonsense.

use std::{borrow::Cow, ops::Range};

use super::json::swar::{has_backslash, quote_or_backslash};

/// The index after the string that opens at `start`.
#[inline]
pub(crate) fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(rest) = json.get(at..) {
        match quote_or_backslash(rest) {
            None => break,
            Some(found) if rest.get(found) == Some(&b'"') => return at + found + 1,
            Some(found) => at += found + 2,
        }
    }
    json.len()
}

/// The index after the value that opens at `start`.
#[inline]
pub(crate) fn value_end(json: &[u8], start: usize) -> usize {
    match json.get(start) {
        Some(b'"') => string_end(json, start),
        Some(b'{' | b'[') => container_end(json, start),
        _ => {
            let rest = json.get(start..).unwrap_or_default();
            // The bracket is that of the container around the scalar.
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
            length.map_or(json.len(), |length| start + length)
        }
    }
}

fn container_end(json: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(json, at - 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    json.len()
}

/// The text of a JSON string that stands between these quotes, as bytes.
pub(crate) fn unescaped(inside: &[u8]) -> Cow<'_, [u8]> {
    if has_backslash(inside) {
        return Cow::Owned(unescaped_text(inside).into_owned().into_bytes());
    }
    Cow::Borrowed(inside)
}

/// As [`unescaped`]. What is no text stays as it is written.
pub(crate) fn unescaped_text(inside: &[u8]) -> Cow<'_, str> {
    if has_backslash(inside) {
        let quoted = [b"\"", inside, b"\""].concat();
        if let Ok(text) = serde_json::from_slice(&quoted) {
            return Cow::Owned(text);
        }
    }
    lossy(inside)
}

/// As [`String::from_utf8_lossy`], which looks at single bytes even of text that has nothing wrong with it.
pub(crate) fn lossy(text: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed)
}

/// The entries of an object, each as its key (as it stands in the text, escapes and all, without its quotes) and its
/// value.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a> {
    object: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    /// The entries of the object that `object` begins with, which need not be all of the text.
    pub(crate) fn of(object: &'a [u8]) -> Self {
        Self { object, at: 1 }
    }

    /// Where the next key opens.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The key of the next entry, and where its value begins. [`go_on_behind`](Self::go_on_behind) must follow.
    #[inline]
    pub(crate) fn key(&self) -> Option<(&'a [u8], usize)> {
        if self.object.get(self.at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(self.object, self.at);
        Some((self.object.get(self.at + 1..key_end - 1).unwrap_or_default(), key_end + 1))
    }

    /// Goes on behind the value that ends at `end`.
    pub(crate) fn go_on_behind(&mut self, end: usize) {
        self.at = end + 1;
    }

    /// The index after the object, once there is no other entry.
    pub(crate) fn end(&self) -> usize {
        // An empty one has its bracket where the others have their first key.
        self.at.max(2)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (key, start) = self.key()?;
        let end = value_end(self.object, start);
        self.go_on_behind(end);
        Some((key, self.object.get(start..end).unwrap_or_default()))
    }
}

/// Calls `each` with the key (as it stands in the text, escapes and all) and the whole `"key":value` of every entry.
pub(crate) fn for_each_entry<'a>(object: &'a [u8], mut each: impl FnMut(&'a str, &'a [u8])) {
    let mut entries = Entries::of(object);
    loop {
        let start = entries.at();
        let Some((key, value)) = entries.next() else { return };
        // The key with its quotes, the colon, the value.
        let entry = object.get(start..start + key.len() + 3 + value.len());
        if let (Ok(key), Some(entry)) = (std::str::from_utf8(key), entry) {
            each(key, entry);
        }
    }
}

/// Calls `each` with every item of an array.
pub(crate) fn for_each_item<'a>(array: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    let mut at = 1;
    while array.get(at).is_some_and(|byte| *byte != b']') {
        let end = value_end(array, at);
        if let Some(item) = array.get(at..end) {
            each(item);
        }
        at = end + 1;
    }
}

/// Where the value of `key` stands in an object, looking at its own entries only.
pub(crate) fn entry(object: &[u8], key: &str) -> Option<Range<usize>> {
    let mut entries = Entries::of(object);
    while let Some((known, start)) = entries.key() {
        let end = value_end(object, start);
        if known == key.as_bytes() {
            return Some(start..end);
        }
        entries.go_on_behind(end);
    }
    None
}

/// What stands between the brackets.
pub(crate) fn inside(container: &[u8]) -> &[u8] {
    container.get(1..container.len().saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_at_the_top_level_only() {
        let object = br#"{"a":{"b":1},"b":[{"c":"}"}],"d\"":2,"c":"x\\","e":-1.5}"#;
        let text = |key| entry(object, key).map(|range| std::str::from_utf8(&object[range]).unwrap());
        assert_eq!(text("a"), Some(r#"{"b":1}"#));
        assert_eq!(text("b"), Some(r#"[{"c":"}"}]"#));
        assert_eq!(text("c"), Some(r#""x\\""#));
        assert_eq!(text("e"), Some("-1.5"));
        assert_eq!(text("z"), None);
        assert_eq!(entry(b"{}", "a"), None);
        assert_eq!(entry(b"", "a"), None);
    }

    proptest::proptest! {
        #[test]
        fn all_entries_are_found_as_they_were_written(
            keys in proptest::collection::vec("[a-c\"\\\\é]{0,12}", 0..6),
            values in proptest::collection::vec("[a-c\"\\\\{}:,]{0,24}", 6),
        ) {
            let items = |i: usize| serde_json::json!({"n": i, "list": [values[i], {}, []], "in": {"x": values[i]}});
            let written: Vec<_> = keys
                .iter()
                .enumerate()
                .map(|(i, key)| {
                    let value = match i % 4 {
                        0 => serde_json::json!(values[i]),
                        1 => items(i),
                        2 => serde_json::json!(-1.5),
                        _ => serde_json::json!(null),
                    };
                    (serde_json::json!(key).to_string(), value.to_string())
                })
                .collect();
            let entries: Vec<_> = written.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            let object = format!("{{{}}}", entries.join(","));
            let text = format!("{object},more");
            let mut found = Entries::of(text.as_bytes());
            for (key, value) in &written {
                let (found_key, found_value) = found.next().unwrap();
                proptest::prop_assert_eq!((inside(key.as_bytes()), value.as_bytes()), (found_key, found_value));
            }
            proptest::prop_assert!(found.next().is_none() && found.end() == object.len());
            let mut whole = Vec::new();
            for_each_entry(object.as_bytes(), |_, entry| whole.push(String::from_utf8(entry.to_vec()).unwrap()));
            proptest::prop_assert_eq!(whole, entries);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes: Vec<u8>, at in 0_usize..64) {
            entry(&bytes, "a");
            for_each_entry(&bytes, |_, _| ());
            proptest::prop_assert!(value_end(&bytes, at) <= bytes.len().max(at));
        }

        #[test]
        fn broken_text_is_mended_as_the_standard_library_does_it(text: String, more: Vec<u8>) {
            let all = [text.as_bytes(), &more].concat();
            proptest::prop_assert_eq!(lossy(&all), String::from_utf8_lossy(&all));
            proptest::prop_assert!(matches!(lossy(text.as_bytes()), Cow::Borrowed(same) if same == text));
        }
    }
}

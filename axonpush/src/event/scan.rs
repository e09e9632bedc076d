//! Finding one's way in JSON text that this crate wrote itself: compact and well-formed.
//!
//! On foreign text every function still ends and stays in bounds; it only answers nonsense.

use std::ops::Range;

use super::json::swar::quote_or_backslash;

/// The index after the string that opens at `start`.
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
pub(crate) fn value_end(json: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                // The bracket may be that of the container around a scalar.
                if depth == 0 {
                    return at;
                }
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    json.len()
}

/// Calls `each` with the key (as it stands in the text, escapes and all) and the whole `"key":value` of every entry.
/// Returns the index after the object, which need not be all of the text.
pub(crate) fn for_each_entry<'a>(object: &'a [u8], mut each: impl FnMut(&'a str, &'a [u8])) -> usize {
    let mut at = 1;
    while object.get(at) == Some(&b'"') {
        let key_end = string_end(object, at);
        let end = value_end(object, key_end + 1);
        let key = object.get(at + 1..key_end - 1).and_then(|key| std::str::from_utf8(key).ok());
        if let (Some(key), Some(entry)) = (key, object.get(at..end)) {
            each(key, entry);
        }
        at = end + 1;
    }
    // An empty one has its bracket where the others have their first key.
    at.max(2)
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
    let mut at = 1;
    while object.get(at) == Some(&b'"') {
        let key_end = string_end(object, at);
        let end = value_end(object, key_end + 1);
        if object.get(at + 1..key_end - 1) == Some(key.as_bytes()) {
            return Some(key_end + 1..end);
        }
        at = end + 1;
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
        fn foreign_bytes_never_panic(bytes: Vec<u8>, at in 0_usize..64) {
            entry(&bytes, "a");
            proptest::prop_assert!(value_end(&bytes, at) <= bytes.len().max(at));
        }
    }
}

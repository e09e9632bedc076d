//! Text that can't pretend: neither to be another line, nor to be a command to a terminal, nor to read the other way round.

/// Appends text, JSON or a part of it, with every control and bidi character escaped as JSON does it. Between strings,
/// where JSON knows line breaks only, they become spaces.
#[inline]
pub(super) fn append(text: &[u8], out: &mut Vec<u8>) {
    // Without a way out in the middle, so that the compiler may look at many bytes at a time.
    let rare = text.iter().fold(false, |found, byte| found | !matches!(byte, b' '..=b'~'));
    if rare {
        append_rare(text, out);
    } else {
        out.extend_from_slice(text);
    }
}

fn append_rare(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for piece in chunk.valid().split_inclusive(is_deceptive) {
            let mut chars = piece.chars();
            match chars.next_back().filter(|last| is_deceptive(*last)) {
                Some(last) => {
                    out.extend_from_slice(chars.as_str().as_bytes());
                    escape(last, out);
                }
                None => out.extend_from_slice(piece.as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// Whether a character changes how its neighbours are read, or where they stand.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(c: char, out: &mut Vec<u8>) {
    if c < ' ' {
        // JSON text has none of these inside a string.
        out.push(b' ');
        return;
    }
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(u32::from(c) >> shift & 0xf, 16).unwrap_or('0');
        out.extend(u8::try_from(digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(text: &str) -> String {
        let mut out = Vec::new();
        append(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_deceives_is_escaped_and_the_rest_stays() {
        assert_eq!(appended("\"Zürich 東京 🙂\""), "\"Zürich 東京 🙂\"");
        assert_eq!(appended("\"a\u{202e}b\u{7f}\u{9b}31m\""), "\"a\\u202eb\\u007f\\u009b31m\"");
        assert_eq!(appended("\u{2028}\u{2029}\u{61c}\u{2069}é"), "\\u2028\\u2029\\u061c\\u2069é");
        assert_eq!(appended("{\n\t\"a\": 1}"), "{  \"a\": 1}");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut out = Vec::new();
        append(b"a\xff\xe2\x80b", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{fffd}\u{fffd}b");
    }

    proptest::proptest! {
        #[test]
        fn escaped_text_says_what_the_text_said(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = appended(&json);
            proptest::prop_assert!(!escaped.chars().any(is_deceptive));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}

//! JSON strings, read.

use std::borrow::Cow;

use super::escape;
use crate::event::{
    json::{self, has_backslash},
    scan,
};

/// What stands between the quotes of a JSON string, in the one form that says the same for every text.
pub(super) fn canonical(inside: &[u8]) -> Cow<'_, [u8]> {
    if !has_backslash(inside) {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::new();
    json::write_inside(&scan::unescaped_text(inside), &mut out);
    Cow::Owned(out)
}

/// Appends what stands between the quotes of a JSON string as a human reads it, on one line: quotes and backslashes as
/// they are, and whatever else is escaped as it is escaped.
pub(super) fn show(inside: &[u8], out: &mut Vec<u8>) {
    if !has_backslash(inside) {
        return escape::append(inside, out);
    }
    let mut rest = inside;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escaped) = rest.split_at_checked(at).unwrap_or((rest, b""));
        escape::append(before, out);
        let (escape, behind) = escaped.split_at_checked(2).unwrap_or((escaped, b""));
        match escape {
            [_, byte @ (b'"' | b'\\' | b'/')] => out.push(*byte),
            _ => out.extend_from_slice(escape),
        }
        rest = behind;
    }
    escape::append(rest, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_form_however_it_is_escaped() {
        for (escaped, form) in [(r"l\u0065vel", "level"), (r"a\/b", "a/b"), (r"\u000a", r"\n"), ("é", "é")] {
            assert_eq!(canonical(escaped.as_bytes()), form.as_bytes());
        }
        // Half of a character is no text; it stays as it is.
        assert_eq!(scan::unescaped_text(br"\ud800"), r"\ud800");
    }

    #[test]
    fn a_human_reads_one_line() {
        let shown = |text: &str| {
            let (json, mut out) = (serde_json::to_vec(text).unwrap(), Vec::new());
            show(scan::inside(&json), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown("say \"hi\" to C:\\new"), "say \"hi\" to C:\\new");
        assert_eq!(shown("a\nb\u{1b}[31m\u{202e}"), "a\\nb\\u001b[31m\\u202e");
        show(b"torn\\", &mut Vec::new());
    }
}

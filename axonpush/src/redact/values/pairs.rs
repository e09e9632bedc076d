//! A key and its value in the middle of text: `password=hunter2`, `"api_key": "…"`, `Authorization: Bearer …`,
//! `<token>…</token>`.

use std::ops::Range;

use super::{Mask, SECRET, TOKEN, is_word, signs};
use crate::redact::keys::{self, KeyKind};

/// What stands before credentials, in an `Authorization` header and elsewhere.
const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"digest", b"token"];

/// Schemes whose credentials are many words.
const LONG_SCHEMES: [&[u8]; 2] = [b"digest", b"AWS4-HMAC-SHA256"];

/// Whether a word says that credentials follow, also where no key stands before it.
pub(super) fn is_scheme(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"bearer") || word.eq_ignore_ascii_case(b"basic")
}

/// Characters nobody sees may stand in a key, and those of other scripts before it.
fn is_key(byte: u8) -> bool {
    is_word(byte) || !byte.is_ascii()
}

fn is_any(word: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl Mask<'_> {
    /// The pair whose sign stands at `sign`, and whose key begins at `least` or later. Says where its value ends.
    pub(super) fn pair_before(&mut self, sign: usize, least: usize) -> Option<usize> {
        let text = self.text.get(least..sign)?;
        let text = text.strip_suffix(b" ").unwrap_or(text);
        let text = text.strip_suffix(b" ").unwrap_or(text);
        let text = text.strip_suffix(b"'").or_else(|| without_quote(text)).unwrap_or(text);
        let end = least + text.len();
        let start = self.run_before(end, least, is_key);
        let run = self.text.get(start..end).filter(|run| !run.is_empty())?;
        let ascii = run.iter().rposition(|byte| !byte.is_ascii()).map_or(0, |last| last + 1);
        let word = run.get(ascii..).unwrap_or_default();
        let behind_escape = run.get(self.of_an_escape(start)..).filter(|rest| rest.len() < run.len());
        let is_secret = self.names_a_secret(run)
            || behind_escape.is_some_and(|rest| self.names_a_secret(rest))
            || (ascii > 0 && !word.is_empty() && self.names_a_secret(word))
            || self.signs_a_url(word, start + ascii, sign);
        if is_secret { self.hide_value(word, sign) } else { None }
    }

    /// `<password>hunter2</password>`, whose name ends at `close`; a prefix may stand before it.
    pub(super) fn element(&mut self, close: usize, least: usize) -> Option<usize> {
        let start = self.run_before(close, least, is_key);
        let before = start.checked_sub(1).and_then(|before| self.text.get(before));
        let name = self.text.get(start..close).filter(|name| !name.is_empty())?;
        if !matches!(before, Some(b'<' | b':')) || !self.names_a_secret(name) {
            return None;
        }
        // Without a look at the same text for every `>` before it.
        if self.next_tag <= close {
            self.next_tag = self.end_of(close + 1, |byte| byte != b'<');
        }
        let end = self.next_tag;
        // `Vec<Token>` is a type, and no element.
        if end == close + 1 || !self.starts_with(end, b"</") {
            return None;
        }
        self.replace(close + 1, end, SECRET);
        Some(end)
    }

    fn names_a_secret(&self, word: &[u8]) -> bool {
        let extra = self.policy.extra_keys();
        // Times and ratios. They are many, and would push the application's own keys out of memory.
        if extra.is_empty() && word.iter().all(u8::is_ascii_digit) {
            return false;
        }
        word.len() <= keys::MAX_KEY_BYTES && keys::classify(word, extra) == KeyKind::Secret
    }

    /// What opens a door when it stands in a URL or a connection string, and elsewhere says nothing.
    fn signs_a_url(&self, word: &[u8], start: usize, sign: usize) -> bool {
        if self.text.get(sign) != Some(&b'=') {
            return false;
        }
        let before = start.checked_sub(1).and_then(|before| self.text.get(before));
        match before {
            Some(b'?' | b'&') => is_any(word, &[b"sig", b"signature", b"x-amz-signature", b"x-goog-signature"]),
            Some(b';') | None => word.eq_ignore_ascii_case(b"accountkey"),
            _ => false,
        }
    }

    fn hide_value(&mut self, word: &[u8], sign: usize) -> Option<usize> {
        let at = sign + 1;
        // `==`, `=>` and `::` are signs of a programming language, and so is what follows them.
        if matches!(self.text.get(at), Some(b'=' | b'>' | b':')) {
            return None;
        }
        let start = self.end_of(at, |byte| byte == b' ');
        if self.starts_with(start, b"[REDACTED") {
            // Someone was here before.
            return Some(start);
        }
        let is_cookie =
            word.len() >= 6 && word.get(word.len() - 6..).is_some_and(|end| end.eq_ignore_ascii_case(b"cookie"));
        let value = self.value(start, is_cookie && self.text.get(sign) == Some(&b':'));
        if value.is_empty() {
            return None;
        }
        self.replace(value.start, value.end, SECRET);
        Some(value.end)
    }

    /// Where the value lies that begins at `start`, without its quotes.
    fn value(&self, start: usize, whole_line: bool) -> Range<usize> {
        let quoted = self.after_quote(start);
        if quoted > start {
            return quoted..self.closing_quote(start, quoted);
        }
        if whole_line {
            return start..self.end_of_call(start, self.end_of_line(start));
        }
        if matches!(self.text.get(start), Some(b'[' | b'{' | b'(')) {
            return start..self.closing_bracket(start);
        }
        let mut end = self.end_of_plain(start);
        let scheme = self.text.get(start..end).unwrap_or_default();
        if is_any(scheme, &LONG_SCHEMES) {
            return start..self.end_of_line(start);
        }
        // The scheme is no secret, but what follows it is.
        if is_any(scheme, &SCHEMES) && self.text.get(end) == Some(&b' ') {
            end = self.end_of_plain(end + 1);
        }
        // `Some("…")`, `b'…'`.
        let quoted = self.after_quote(end);
        if quoted > end {
            return start..self.closing_quote(end, quoted);
        }
        // `Login { user: "…" }`.
        let plain = self.text.get(start..end).unwrap_or_default();
        if plain.first().is_some_and(u8::is_ascii_uppercase) && self.starts_with(end, b" {") {
            return start..self.closing_bracket(end + 1);
        }
        start..self.end_of_call(start, end)
    }

    /// The index after what `start..end` holds if it is `Some(`, with the rest on lines of its own; else `end`.
    fn end_of_call(&self, start: usize, end: usize) -> usize {
        let text = self.text.get(start..=end).unwrap_or_default();
        let open = text.windows(2).position(|pair| pair == b"(\\");
        open.map_or(end, |open| self.closing_bracket(start + open).max(end))
    }

    /// Credentials behind their scheme, which ends at `scheme`.
    pub(super) fn credentials(&mut self, scheme: usize) -> Option<usize> {
        let start = scheme + 1;
        let end = self.end_of(start, is_word);
        let word = self.text.get(start..end).unwrap_or_default();
        // `bearer authentication` is none.
        let found = self.text.get(scheme) == Some(&b' ')
            && word.len() >= signs::LONG
            && word.iter().any(u8::is_ascii_digit)
            && word.iter().any(u8::is_ascii_alphabetic);
        found.then(|| {
            let end = self.end_of_plain(start);
            self.replace(start, end, TOKEN);
            end
        })
    }

    /// A bot's token at Telegram, `123456789:AA…`, whose number begins at `start`.
    pub(super) fn bots_token(&mut self, start: usize, colon: usize) -> Option<usize> {
        /// Characters behind the colon.
        const LENGTH: usize = 35;

        let word = self.text.get(start..colon).filter(|_| self.text.get(colon) == Some(&b':'))?;
        let number = word.strip_prefix(b"bot").unwrap_or(word);
        if !(8..=10).contains(&number.len()) || !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let end = self.end_of(colon + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if end - colon - 1 != LENGTH {
            return None;
        }
        let start = colon - number.len();
        self.replace(start, end, TOKEN);
        Some(end)
    }

    /// The index after what has neither quotes nor spaces.
    fn end_of_plain(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                // A backslash is a character like any other; any other escape is none that a value holds.
                b'\\' if self.text.get(at + 1) == Some(&b'\\') => at += 2,
                b' ' | b'&' | b';' | b',' | b')' | b']' | b'}' | b'<' | b'\'' | b'\\' => break,
                _ => at += 1,
            }
        }
        at.min(self.text.len())
    }

    /// Where the line ends: at a control character or the end of the text.
    fn end_of_line(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(&byte) = self.text.get(at) {
            at += match (byte, self.text.get(at + 1)) {
                (b'\\', Some(b'\\' | b'"')) => 2,
                (b'\\', _) => break,
                _ => 1,
            };
        }
        at.min(self.text.len())
    }

    /// Where the quote stands that closes the one from `open` to `start`; the end of the text when what was cut off held
    /// it.
    fn closing_quote(&self, open: usize, start: usize) -> usize {
        let single = self.text.get(open) == Some(&b'\'');
        let backslashes = start - open - 1;
        let mut at = start;
        while let Some(&byte) = self.text.get(at) {
            let here = self.end_of(at, |byte| byte == b'\\') - at;
            match (byte, self.text.get(at + here)) {
                (b'\'', _) if single => return at,
                (b'\\', Some(b'"')) if !single && closes(here, backslashes) => return at,
                // An escape that is no quote takes what it escapes along.
                (b'\\', _) => at += here + 1,
                _ => at += 1,
            }
        }
        at.min(self.text.len())
    }

    /// The index after the bracket that closes the one at `start`; the end of the text when what was cut off held it.
    fn closing_bracket(&self, start: usize) -> usize {
        let (mut depth, mut at) = (0_usize, start);
        while let Some(&byte) = self.text.get(at) {
            at += 1;
            match byte {
                b'[' | b'{' | b'(' => depth += 1,
                b']' | b'}' | b')' => depth = depth.saturating_sub(1),
                b'\\' => {
                    // What is quoted closes nothing.
                    let (open, quoted) = (at - 1, self.after_quote(at - 1));
                    let end = self.end_of(open, |byte| byte == b'\\');
                    at = if quoted > open {
                        self.end_of(self.closing_quote(open, quoted), |byte| byte == b'\\') + 1
                    } else if (end - open).is_multiple_of(2) {
                        end
                    } else {
                        self.after_escape(end - 1)
                    };
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        at.min(self.text.len())
    }

    /// The index after an opening or closing quote, if there is one at `at`. What was quoted before it was quoted again
    /// has more backslashes.
    fn after_quote(&self, at: usize) -> usize {
        if self.text.get(at) == Some(&b'\'') {
            return at + 1;
        }
        let end = self.end_of(at, |byte| byte == b'\\');
        if end > at && self.text.get(end) == Some(&b'"') { end + 1 } else { at }
    }
}

/// Text that ends with a quote, without it.
fn without_quote(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b"\\\"")?;
    let backslashes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    text.get(..text.len() - backslashes)
}

/// Whether a quote behind so many backslashes closes one behind `opening`. Each time that text is quoted, what stands
/// before a quote is doubled, and one is added.
fn closes(backslashes: usize, opening: usize) -> bool {
    backslashes < opening
        || if opening == 0 { backslashes.is_multiple_of(2) } else { closes(backslashes / 2, opening / 2) }
}

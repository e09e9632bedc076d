//! Secrets inside text, whatever the key says: credentials, tokens, cards, addresses, keys spelled out.
//!
//! One pass, left to right, that never goes back: the time is linear in the text, also for text that was made to be slow.
//! The text is the inside of a JSON string as this crate encodes it, escapes and all, and so is what comes out.

mod cards;
mod known;
mod nested;
mod signs;
#[cfg(test)]
mod tests;

pub(super) use self::{
    nested::{Nested, nested},
    signs::Signs,
};
use super::{
    keys::{self, KeyKind},
    policy::RedactionPolicy,
};

const SECRET: &[u8] = b"[REDACTED]";
const TOKEN: &[u8] = b"[REDACTED_TOKEN]";
const CARD: &[u8] = b"[REDACTED_CARD]";
const PEM: &[u8] = b"[REDACTED_PEM]";

/// Whether a number, as it stands in JSON, reads like that of a card.
pub(super) fn is_card_number(digits: &[u8]) -> bool {
    // Longer and shorter ones are ids and counts far more often.
    matches!(digits.len(), 15 | 16) && digits.iter().all(u8::is_ascii_digit) && cards::is_card(digits.iter().copied())
}

/// The text with its secrets masked; `None` when it holds none.
pub(super) fn masked(text: &[u8], policy: &RedactionPolicy) -> Option<Vec<u8>> {
    masked_by(Signs::of(text), text, policy)
}

/// As [`masked`], for text that shows these signs.
pub(super) fn masked_by(signs: Signs, text: &[u8], policy: &RedactionPolicy) -> Option<Vec<u8>> {
    let mut mask = Mask { text, policy, copied: 0, out: Vec::new() };
    if signs.words {
        mask.by_words();
    } else if signs.marks {
        mask.by_marks();
    }
    mask.finish()
}

struct Mask<'a> {
    text: &'a [u8],
    policy: &'a RedactionPolicy,
    /// Everything before this index is in `out`, in its final form. What is copied is never empty, so 0 is "nothing yet".
    copied: usize,
    out: Vec<u8>,
}

/// Bytes of words: names, numbers, tokens, the local parts and hosts of addresses.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
        let character = byte as u8;
        word[byte] = character.is_ascii_alphanumeric() || matches!(character, b'_' | b'-' | b'.' | b'+');
        byte += 1;
    }
    word
};

fn is_word(byte: u8) -> bool {
    WORD.get(usize::from(byte)).copied().unwrap_or_default()
}

impl Mask<'_> {
    /// The whole search: every word is looked at.
    fn by_words(&mut self) {
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            at = match byte {
                b'\\' => self.after_escape(at),
                _ if is_word(byte) => self.word(at),
                _ => at + 1,
            };
        }
    }

    /// The search in text without a word that is a credential by its own look: only what stands around `:`, `=` and
    /// `@` is looked at.
    fn by_marks(&mut self) {
        // Where the last thing found ends.
        let mut at = 0;
        let mut from = 0;
        while let Some(mark) = signs::next_mark(self.text, from) {
            let next = match self.text.get(mark) {
                Some(b'@') => {
                    let start = self.word_before(mark, at);
                    (start < mark).then(|| self.address(start, mark))
                }
                Some(b':') if self.starts_with(mark, b"://") && self.word_before(mark, at) < mark => {
                    Some(self.user_info(mark + 3))
                }
                _ => self.pair_before(mark, at),
            };
            at = next.unwrap_or(at);
            from = at.max(mark + 1);
        }
    }

    /// The pair whose sign stands at `sign`, and whose key begins at `least` or later.
    fn pair_before(&mut self, sign: usize, least: usize) -> Option<usize> {
        let text = self.text.get(least..sign)?;
        let text = text.strip_suffix(b" ").unwrap_or(text);
        let text = text.strip_suffix(b" ").unwrap_or(text);
        let text = text.strip_suffix(b"'").or_else(|| text.strip_suffix(b"\\\"")).unwrap_or(text);
        let end = least + text.len();
        let start = self.word_before(end, least);
        let word = self.text.get(start..end).filter(|word| !word.is_empty())?;
        self.pair(word, end)
    }

    /// Where the word begins that ends at `end`, at `least` or later. There is none when that is `end`.
    fn word_before(&self, end: usize, least: usize) -> usize {
        let text = self.text.get(least..end).unwrap_or_default();
        let length = text.iter().rev().take_while(|byte| is_word(**byte)).count();
        let before = text.get(..text.len() - length).unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return end - length;
        }
        // The last of them makes an escape of what looks like the word's beginning.
        let escape = end - length - 1;
        self.after_escape(escape).min(end)
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        if self.copied == 0 {
            return None;
        }
        self.out.extend_from_slice(self.text.get(self.copied..).unwrap_or_default());
        Some(self.out)
    }

    /// Looks at the word that begins at `start`; says where to go on.
    fn word(&mut self, start: usize) -> usize {
        let end = self.end_of(start, is_word);
        let word = self.text.get(start..end).unwrap_or_default();
        if let Some(label) = known::label(word) {
            self.replace(start, end, label);
            return end;
        }
        // In shorter text there is no room for a key.
        if word.starts_with(b"-----BEGIN") && self.text.len() >= signs::LONG {
            return self.pem(start, end);
        }
        match self.text.get(end) {
            Some(b'@') => return self.address(start, end),
            Some(b':') if self.starts_with(end, b"://") => return self.user_info(end + 3),
            Some(b':' | b'=' | b'\\' | b'\'' | b' ') => {
                if let Some(next) = self.pair(word, end) {
                    return next;
                }
            }
            _ => {}
        }
        if word.first().is_some_and(u8::is_ascii_digit) && self.policy.masks_cards() {
            return self.card(start, end);
        }
        end
    }

    /// `alice@example.com` keeps its first letter and its host.
    fn address(&mut self, start: usize, at: usize) -> usize {
        let end = self.end_of(at + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let host = self.text.get(at + 1..end).unwrap_or_default();
        let top = host.rsplit(|byte| *byte == b'.').find(|label| !label.is_empty()).unwrap_or_default();
        let is_host = host.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
        if is_host && self.policy.masks_emails() {
            self.replace(start + 1, at, b"***");
        }
        end
    }

    /// The user and password of a URL, whose authority begins at `start`.
    fn user_info(&mut self, start: usize) -> usize {
        let end = self.end_of(start, |byte| !matches!(byte, b'/' | b'?' | b'#' | b' ' | b'\\' | b'<' | b'>'));
        let authority = self.text.get(start..end).unwrap_or_default();
        match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => {
                self.replace(start, start + at, SECRET);
                end
            }
            // The host is a word like any other, and so is what follows it.
            None => start,
        }
    }

    /// `password=hunter2`, `"api_key": "…"`, `Authorization: Bearer …`: a key and its value in the middle of text.
    fn pair(&mut self, word: &[u8], end: usize) -> Option<usize> {
        let mut at = self.after_quote(end);
        at = self.end_of(at, |byte| byte == b' ').min(at + 2);
        let sign = *self.text.get(at).filter(|byte| matches!(byte, b':' | b'='))?;
        if word.len() > keys::MAX_KEY_BYTES || keys::classify(word, self.policy.extra_keys()) != KeyKind::Secret {
            return None;
        }
        at += 1;
        // `==`, `=>` and `::` are signs of a programming language, and so is what follows them.
        if matches!(self.text.get(at), Some(b'=' | b'>' | b':')) {
            return None;
        }
        let start = self.end_of(at, |byte| byte == b' ');
        if self.starts_with(start, b"[REDACTED") {
            // Someone was here before.
            return Some(start);
        }
        let value = self.value(start, sign == b':' && word.to_ascii_lowercase().ends_with(b"cookie"));
        if value.is_empty() {
            return None;
        }
        let next = value.end;
        self.replace(value.start, value.end, SECRET);
        Some(next)
    }

    /// Where the value lies that begins at `start`, without its quotes.
    fn value(&self, start: usize, whole_line: bool) -> std::ops::Range<usize> {
        let quoted = self.after_quote(start);
        if quoted > start {
            let quote = self.text.get(start..quoted).unwrap_or_default();
            let rest = self.text.get(quoted..).unwrap_or_default();
            // Without the other quote it goes on to the end: what was cut off may have held it.
            let length = rest.windows(quote.len()).position(|here| here == quote).unwrap_or(rest.len());
            return quoted..quoted + length;
        }
        let plain = |byte: u8| !matches!(byte, b' ' | b'&' | b';' | b',' | b')' | b']' | b'}' | b'\\' | b'<' | b'\'');
        if whole_line {
            return start..self.end_of(start, |byte| byte != b'\\');
        }
        let mut end = self.end_of(start, plain);
        // The scheme is no secret, but what follows it is.
        let scheme = self.text.get(start..end).unwrap_or_default();
        if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && self.text.get(end) == Some(&b' ') {
            end = self.end_of(end + 1, plain);
        }
        start..end
    }

    /// A block in PEM, to its end or that of the text.
    fn pem(&mut self, start: usize, end: usize) -> usize {
        const END: &[u8] = b"-----END";

        let rest = self.text.get(end..).unwrap_or_default();
        let close = rest.windows(END.len()).position(|here| here == END).map(|at| end + at + END.len());
        let end = close.map_or(self.text.len(), |close| {
            let label = self.text.get(close..).unwrap_or_default();
            label.windows(5).position(|here| here == b"-----").map_or(self.text.len(), |at| close + at + 5)
        });
        self.replace(start, end, PEM);
        end
    }

    /// Digits that may be a card's, in groups or in one.
    fn card(&mut self, start: usize, first: usize) -> usize {
        /// Nineteen digits and what may stand between them. A longer row of digits is no card's.
        const LONGEST: usize = 19 + 6;

        let belongs = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.iter().take(LONGEST + 1).take_while(|byte| belongs(byte)).count();
        let end = start + length;
        if !(signs::CARD..=LONGEST).contains(&length) || end < first {
            return first;
        }
        let text = self.text.get(start..end).unwrap_or_default();
        if cards::is_card(text.iter().copied().filter(u8::is_ascii_digit)) {
            let trailing = text.iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
            self.replace(start, end - trailing, CARD);
            return end;
        }
        first
    }

    /// The first index from `start` on where the byte is none of those `belongs` likes.
    fn end_of(&self, start: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len())
    }

    /// The index after an opening or closing quote, if there is one at `at`.
    fn after_quote(&self, at: usize) -> usize {
        match self.text.get(at) {
            Some(b'\'') => at + 1,
            Some(b'\\') if self.text.get(at + 1) == Some(&b'"') => at + 2,
            _ => at,
        }
    }

    fn after_escape(&self, at: usize) -> usize {
        if self.text.get(at + 1) == Some(&b'u') { at + 6 } else { at + 2 }
    }

    fn starts_with(&self, at: usize, what: &[u8]) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(what))
    }

    fn replace(&mut self, start: usize, end: usize, with: &[u8]) {
        self.out.extend_from_slice(self.text.get(self.copied..start).unwrap_or_default());
        self.out.extend_from_slice(with);
        self.copied = end;
    }
}

/// What stands before credentials in an `Authorization` header.
const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"digest", b"token"];

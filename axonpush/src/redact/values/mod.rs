//! Secrets inside text, whatever the key says: credentials, tokens, cards, addresses, keys spelled out.
//!
//! One pass, left to right, that never goes back: the time is linear in the text, also for text that was made to be slow.
//! The text is the inside of a JSON string as this crate encodes it, escapes and all, and so is what comes out.

mod cards;
mod known;
mod nested;
mod pairs;
mod signs;
#[cfg(test)]
mod tests;
mod urls;

pub(super) use self::{
    nested::{Nested, nested},
    signs::Signs,
};
use super::policy::RedactionPolicy;

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
    Mask::of(signs, text, policy).finish(text.len())
}

/// As [`masked`], for the beginning of a longer text. Behind the last secret, nothing is kept from `cut` on.
pub(super) fn masked_before(cut: usize, text: &[u8], policy: &RedactionPolicy) -> Option<Vec<u8>> {
    Mask::of(Signs::of(text), text, policy).finish(cut)
}

struct Mask<'a> {
    text: &'a [u8],
    policy: &'a RedactionPolicy,
    /// Everything before this index is in `out`, in its final form. What is copied is never empty, so 0 is "nothing yet".
    copied: usize,
    out: Vec<u8>,
    /// Where the last search for a `<` ended. The next one begins later, and before this index it finds none.
    next_tag: usize,
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

impl<'a> Mask<'a> {
    fn of(signs: Signs, text: &'a [u8], policy: &'a RedactionPolicy) -> Self {
        let mut mask = Self::new(text, policy);
        if signs.words {
            mask.by_words();
        } else if signs.marks {
            mask.by_marks();
        }
        mask
    }

    fn new(text: &'a [u8], policy: &'a RedactionPolicy) -> Self {
        Self { text, policy, copied: 0, out: Vec::new(), next_tag: 0 }
    }

    /// The whole search: every word and every mark is looked at.
    fn by_words(&mut self) {
        // Where the last thing found ends.
        let mut least = 0;
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            let (found, next) = match byte {
                b'\\' => (None, self.after_escape(at)),
                _ if is_word(byte) => self.word(at),
                _ if signs::is_mark(byte) => (self.mark(at, least), at + 1),
                _ => (None, at + 1),
            };
            least = found.unwrap_or(least);
            at = least.max(next);
        }
    }

    /// The search in text without a word that is a credential by its own look: only what stands around `:`, `=`,
    /// `>` and `@` is looked at.
    fn by_marks(&mut self) {
        let mut least = 0;
        let mut from = 0;
        while let Some(mark) = signs::next_mark(self.text, from) {
            least = self.mark(mark, least).unwrap_or(least);
            from = least.max(mark + 1);
        }
    }

    /// Looks at the word that begins at `start`. Says where what was found in it ends, and where the word does.
    fn word(&mut self, start: usize) -> (Option<usize>, usize) {
        let end = self.end_of(start, is_word);
        let start = start + self.of_an_escape(start);
        let word = self.text.get(start..end).unwrap_or_default();
        // A sentence may end with it.
        let length = word.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
        let found = if let Some(label) = known::label(word.get(..length).unwrap_or_default()) {
            self.replace(start, start + length, label);
            Some(start + length)
        } else if word.starts_with(b"-----BEGIN") && self.text.len() >= signs::LONG {
            // In shorter text there is no room for a key.
            Some(self.pem(start, end))
        } else if pairs::is_scheme(word) {
            self.credentials(end)
        } else if word.first().is_some_and(u8::is_ascii_digit) && self.policy.masks_cards() {
            self.card(start, end)
        } else {
            None
        };
        (found, end)
    }

    /// Looks around the mark at `at`, but not before `least`. Says where what was found ends.
    fn mark(&mut self, at: usize, least: usize) -> Option<usize> {
        let start = self.word_before(at, least);
        match self.text.get(at) {
            Some(b'@') => self.address(start, at),
            Some(b':') if start < at && self.starts_with(at, b"://") => Some(self.url(at + 3)),
            Some(b'>') => self.element(at, least),
            _ => self.bots_token(start + self.of_an_escape(start), at).or_else(|| self.pair_before(at, least)),
        }
    }

    /// How many bytes of the word at `start` are the rest of an escape that the text itself has, such as the `n` of a line
    /// break that `Debug` has spelled out.
    fn of_an_escape(&self, start: usize) -> usize {
        let before = start.checked_sub(2).and_then(|before| self.text.get(before..=start));
        usize::from(matches!(before, Some([b'\\', b'\\', b'n' | b'r' | b't'])))
    }

    /// Where the word begins that ends at `end`, at `least` or later. There is none when that is `end`.
    fn word_before(&self, end: usize, least: usize) -> usize {
        self.run_before(end, least, is_word)
    }

    fn run_before(&self, end: usize, least: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let text = self.text.get(least..end).unwrap_or_default();
        let length = text.iter().rev().take_while(|byte| belongs(**byte)).count();
        let before = text.get(..text.len() - length).unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return end - length;
        }
        // The last of them makes an escape of what looks like the beginning.
        self.after_escape(end - length - 1).min(end)
    }

    /// The text up to `end` or to where the last secret ends, whichever comes later; `None` when there was no secret.
    fn finish(mut self, end: usize) -> Option<Vec<u8>> {
        if self.copied == 0 {
            return None;
        }
        self.out.extend_from_slice(self.text.get(self.copied..end).unwrap_or_default());
        Some(self.out)
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

    /// Digits that may be a card's, in groups or in one; `first` is the end of the first group.
    fn card(&mut self, start: usize, first: usize) -> Option<usize> {
        /// Nineteen digits and what may stand between them. A longer row of digits is no card's.
        const LONGEST: usize = 19 + 6;

        let belongs = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.iter().take(LONGEST + 1).take_while(|byte| belongs(byte)).count();
        let end = start + length;
        if !(signs::CARD..=LONGEST).contains(&length) || end < first {
            return None;
        }
        let text = self.text.get(start..end).unwrap_or_default();
        if cards::is_card(text.iter().copied().filter(u8::is_ascii_digit)) {
            let trailing = text.iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
            self.replace(start, end - trailing, CARD);
            return Some(end);
        }
        None
    }

    /// The first index from `start` on where the byte is none of those `belongs` likes.
    fn end_of(&self, start: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len())
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

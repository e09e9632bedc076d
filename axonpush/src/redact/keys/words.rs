//! A key as words, and what they say together.

use super::{
    KeyKind,
    fold::is_ascii_separator,
    vocabulary::{Word, exact, look_up, owns_key, owns_pass, owns_tokens},
};

/// Words looked at in one key.
const MAX_WORDS: usize = 32;

/// A key of at most `N` bytes as lowercase words: the letters without separators, where each word ends, and what it is
/// known as.
pub(super) struct Words<const N: usize> {
    letters: [u8; N],
    len: usize,
    ends: [u16; MAX_WORDS],
    kinds: [Word; MAX_WORDS],
    count: usize,
    /// No word of it is known as anything.
    says_nothing: bool,
}

impl<const N: usize> Words<N> {
    pub(super) fn new() -> Self {
        Self {
            letters: [0; N],
            len: 0,
            ends: [0; MAX_WORDS],
            kinds: [Word::Unknown; MAX_WORDS],
            count: 0,
            says_nothing: true,
        }
    }

    /// Splits a key at its separators and, if asked, where a capital begins a word, and says what it is.
    pub(super) fn classify(&mut self, key: &[u8], camel_case: bool, extra: &[String]) -> KeyKind {
        // A key of more words than are looked at is no name anyone chose.
        if self.split(key, camel_case).is_none() || super::is_listed(self.letters(), extra) {
            return KeyKind::Secret;
        }
        let whole = exact(self.letters());
        if whole == Word::Unknown && self.says_nothing {
            return KeyKind::Plain;
        }
        if self.is_secret(whole) {
            return KeyKind::Secret;
        }
        if whole == Word::Content || self.is_content() { KeyKind::Content } else { KeyKind::Plain }
    }

    fn split(&mut self, key: &[u8], camel_case: bool) -> Option<()> {
        (self.len, self.count, self.says_nothing) = (0, 0, true);
        let mut before = 0;
        for (at, &byte) in key.iter().enumerate() {
            let separator = is_ascii_separator(byte);
            if separator || (camel_case && starts_word(before, byte, key.get(at + 1).copied())) {
                self.end_word()?;
            }
            if !separator {
                *self.letters.get_mut(self.len)? = byte.to_ascii_lowercase();
                self.len += 1;
            }
            before = byte;
        }
        self.end_word()
    }

    fn end_word(&mut self) -> Option<()> {
        let start = self.start(self.count);
        if self.len > start {
            let word = without_number(self.letters.get(start..self.len)?);
            let kind = look_up(word);
            self.says_nothing &= kind == Word::Unknown;
            *self.kinds.get_mut(self.count)? = kind;
            *self.ends.get_mut(self.count)? = u16::try_from(self.len).ok()?;
            self.count += 1;
        }
        Some(())
    }

    fn letters(&self) -> &[u8] {
        self.letters.get(..self.len).unwrap_or_default()
    }

    fn kinds(&self) -> &[Word] {
        self.kinds.get(..self.count).unwrap_or_default()
    }

    fn kind(&self, i: usize) -> Option<Word> {
        self.kinds().get(i).copied()
    }

    fn start(&self, i: usize) -> usize {
        i.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| usize::from(*end))
    }

    /// Word number `i`, without the number at its end.
    fn word(&self, i: usize) -> &[u8] {
        let end = self.ends.get(i).map_or(0, |end| usize::from(*end));
        without_number(self.letters.get(self.start(i)..end).unwrap_or_default())
    }

    fn is_secret(&self, whole: Word) -> bool {
        // The last word that says something.
        let mut last = Word::Unknown;
        for (i, &kind) in self.kinds().iter().enumerate() {
            let owned = match kind {
                Word::Secret => return true,
                Word::Key => i > 0 && owns_key(self.word(i - 1)),
                Word::Token | Word::Tokens => i > 0 && owns_tokens(self.word(i - 1)),
                Word::Pass => i > 0 && owns_pass(self.word(i - 1)),
                _ => false,
            };
            if owned {
                return true;
            }
            if !matches!(kind, Word::Number | Word::Filler) {
                last = kind;
            }
        }
        // `client_secret` is found above; `ap_ikey` and `pin` are what is left to find.
        matches!(last, Word::SecretEnding | Word::Token)
            || matches!(whole, Word::Secret | Word::SecretEnding | Word::SecretAlone | Word::Token)
    }

    fn is_content(&self) -> bool {
        self.is_named_content() || (0..self.count).any(|i| self.is_a_tools(i) || self.is_retrieved(i))
    }

    /// `prompt`, `gen_ai.prompt`, `llm.input.message`, `gen_ai.prompt.0.content`, `input.value`.
    fn is_named_content(&self) -> bool {
        let mut prefixed = false;
        for (i, &kind) in self.kinds().iter().enumerate() {
            let content = matches!(kind, Word::Content | Word::Direction);
            // `system_instructions` is one name of two words.
            let rest = self.letters().get(self.start(i)..).unwrap_or_default();
            if (content && self.adds_nothing(i + 1)) || exact(rest) == Word::Content {
                return true;
            }
            match kind {
                Word::ContentPrefix => prefixed = true,
                Word::Direction => {}
                Word::Content if prefixed => {}
                _ => return false,
            }
        }
        false
    }

    /// `tool.arguments`, `langchain.tool.call.output`, `tool_results`.
    fn is_a_tools(&self, i: usize) -> bool {
        if self.kind(i) != Some(Word::Tool) {
            return false;
        }
        let data = if matches!(self.word(i + 1), b"call" | b"calls") { i + 2 } else { i + 1 };
        let known = matches!(self.kind(data), Some(Word::Content | Word::Direction))
            || matches!(
                self.word(data),
                b"argument" | b"arguments" | b"args" | b"result" | b"results" | b"content" | b"contents"
            );
        known && self.adds_nothing(data + 1)
    }

    /// `retrieval.documents`, `rag.retrieval.contents`.
    fn is_retrieved(&self, i: usize) -> bool {
        self.kind(i) == Some(Word::Retrieval)
            && matches!(self.word(i + 1), b"document" | b"documents" | b"content" | b"contents")
            && self.adds_nothing(i + 2)
    }

    /// Whether the words from `i` on leave content what it is: none, an index and what is there, or the like of
    /// `text`. `input_tokens` and `response.model` are no content.
    fn adds_nothing(&self, i: usize) -> bool {
        self.kind(i) == Some(Word::Number)
            || (i..self.count).all(|i| {
                matches!(
                    self.word(i),
                    b"" | b"value" | b"values" | b"content" | b"contents" | b"text" | b"raw" | b"json"
                )
            })
    }
}

/// Where small letters or digits meet a capital, and at the last capital of a run that small letters follow, a new
/// word begins: `clientSecret`, `DBPassword`.
fn starts_word(before: u8, byte: u8, after: Option<u8>) -> bool {
    byte.is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || (before.is_ascii_uppercase() && after.is_some_and(|after| after.is_ascii_lowercase())))
}

fn without_number(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
    word.get(..end).unwrap_or_default()
}

//! Which keys name secrets or content.
//!
//! A key is read as words: split at punctuation, spaces and where a capital begins a word. So `x-api-key`,
//! `db_password`, `clientSecret`, `AWS_SECRET_ACCESS_KEY` and `http.request.header.authorization` are all caught,
//! while `max_tokens` and `secretary` are not. Words written together, as in `dbpassword`, are known by their ends.

mod cache;
mod fold;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

pub(super) use self::fold::folded;
use self::{
    vocabulary::{Word, look_up},
    words::Words,
};

/// What a key says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Plain,
    Secret,
    Content,
}

/// Longer keys are no names anyone chose; what stands past this is not read, so a value of theirs is hidden.
pub(super) const MAX_KEY_BYTES: usize = 256;

/// Classifies `raw`, a key as it stands between its quotes in JSON; `extra` holds folded keys the caller wants hidden.
pub(super) fn classify(raw: &[u8], extra: &[String]) -> KeyKind {
    if extra.is_empty() { cache::remembered(raw, |raw| find_out(raw, &[])) } else { find_out(raw, extra) }
}

fn find_out(raw: &[u8], extra: &[String]) -> KeyKind {
    if raw.len() > MAX_KEY_BYTES {
        return KeyKind::Secret;
    }
    // Most keys are one small word. Looking at all of it without stopping early costs next to nothing.
    let one_word = raw.iter().fold(true, |plain, byte| plain & byte.is_ascii_lowercase());
    if one_word {
        return match look_up(raw) {
            Word::Secret | Word::SecretEnding | Word::SecretAlone | Word::Token => KeyKind::Secret,
            _ if is_listed(raw, extra) => KeyKind::Secret,
            Word::Content | Word::Direction => KeyKind::Content,
            _ => KeyKind::Plain,
        };
    }
    if raw.contains(&b'\\') {
        // An escape must not hide a key from the list.
        let quoted = [b"\"", raw, b"\""].concat();
        // Nor must one that stands for no character: such a key can't be read, and may say anything.
        return serde_json::from_slice::<String>(&quoted)
            .map_or(KeyKind::Secret, |key| classify_name(key.as_bytes(), extra));
    }
    classify_name(raw, extra)
}

/// As [`classify`], for a key without escapes.
fn classify_name(key: &[u8], extra: &[String]) -> KeyKind {
    if key.is_ascii() {
        return classify_ascii(key, extra);
    }
    // Zero-width and full-width characters are how a key hides from a list. Such keys are rare and may cost more.
    let key = String::from_utf8_lossy(key);
    if extra.contains(&folded(&key)) {
        return KeyKind::Secret;
    }
    classify_ascii(&fold::to_ascii(&key), extra)
}

fn classify_ascii(key: &[u8], extra: &[String]) -> KeyKind {
    // Clearing a buffer for the longest key costs more than reading a usual one.
    if key.len() <= 64 { classify_words::<64>(key, extra) } else { classify_words::<MAX_KEY_BYTES>(key, extra) }
}

fn classify_words<const N: usize>(key: &[u8], extra: &[String]) -> KeyKind {
    let mut words = Words::<N>::new();
    let kind = words.classify(key, false, extra);
    let mixed_case = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
    if kind == KeyKind::Secret || !mixed_case {
        return kind;
    }
    // `clientSecret` is two words; `passWord` is one that someone spelled as two.
    match words.classify(key, true, extra) {
        KeyKind::Plain => kind,
        known => known,
    }
}

fn is_listed(folded: &[u8], extra: &[String]) -> bool {
    extra.iter().any(|extra| extra.as_bytes() == folded)
}

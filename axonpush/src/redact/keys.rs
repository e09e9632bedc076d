//! Which keys name secrets or content.
//!
//! A key is read as words: split at `-`, `_`, `.`, spaces and where small letters meet capitals. So `x-api-key`,
//! `db_password`, `clientSecret`, `AWS_SECRET_ACCESS_KEY` and `http.request.header.authorization` are all caught,
//! while `max_tokens` and `secretary` are not.

/// What a key says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Plain,
    Secret,
    Content,
}

/// What one word of a key, or a whole key without its separators, is known as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Unknown,
    /// Makes any key a secret's, wherever it stands.
    Secret,
    /// Makes a key a secret's when it ends it: `set-cookie` is one, `cookie_banner_shown` is not.
    SecretEnding,
    /// Makes a key a secret's when `key` or `token` follows.
    Owner,
    /// `key`, on its own, says nothing.
    Key,
    /// As the whole key, or after prefixes: content.
    Content,
    /// May stand before content without changing what it is.
    ContentPrefix,
}

fn look_up(folded: &[u8]) -> Word {
    match folded {
        b"password" | b"passwd" | b"pwd" | b"passphrase" | b"secret" | b"secrets" | b"apikey" | b"accesskey"
        | b"privatekey" | b"accesstoken" | b"refreshtoken" | b"authtoken" | b"clientsecret" | b"credential"
        | b"credentials" | b"jwt" => Word::Secret,
        b"authorization" | b"cookie" | b"cookies" | b"token" | b"bearer" => Word::SecretEnding,
        b"api" | b"access" | b"private" | b"refresh" | b"signing" => Word::Owner,
        b"key" => Word::Key,
        b"prompt"
        | b"prompts"
        | b"message"
        | b"messages"
        | b"completion"
        | b"completions"
        | b"input"
        | b"inputs"
        | b"output"
        | b"outputs"
        | b"response"
        | b"responses"
        | b"toolargument"
        | b"toolarguments"
        | b"toolinput"
        | b"toolresult"
        | b"toolresults"
        | b"tooloutput"
        | b"toolcallarguments"
        | b"toolcallresult"
        | b"retrievaldocument"
        | b"retrievaldocuments"
        | b"retrievalcontent"
        | b"inputmessages"
        | b"outputmessages"
        | b"systeminstructions" => Word::Content,
        b"genai" | b"gen" | b"llm" | b"ai" | b"content" => Word::ContentPrefix,
        _ => Word::Unknown,
    }
}

/// Longer keys are no names anyone chose; what stands past this is not read, so a value of theirs is hidden.
const MAX_KEY_BYTES: usize = 256;

/// Words looked at in one key.
const MAX_WORDS: usize = 32;

/// A key without case and separators.
pub(super) fn folded(key: &str) -> String {
    key.chars().filter(|c| !is_separator(*c)).flat_map(char::to_lowercase).collect()
}

/// Classifies `key`, the UTF-8 of a key; `extra` holds folded keys the caller wants hidden.
pub(super) fn classify(key: &[u8], extra: &[String]) -> KeyKind {
    if key.len() > MAX_KEY_BYTES {
        return KeyKind::Secret;
    }
    // Most keys are one small word. Looking at all of it without stopping early costs next to nothing.
    let one_word = key.iter().fold(true, |plain, byte| plain & byte.is_ascii_lowercase());
    if one_word {
        return match look_up(key) {
            Word::Secret | Word::SecretEnding => KeyKind::Secret,
            _ if is_listed(key, extra) => KeyKind::Secret,
            Word::Content => KeyKind::Content,
            _ => KeyKind::Plain,
        };
    }
    if key.is_ascii() {
        return classify_ascii(key, extra);
    }
    let key = String::from_utf8_lossy(key);
    if extra.contains(&folded(&key)) {
        return KeyKind::Secret;
    }
    // Zero-width and full-width characters are how a key hides from a list. Such keys are rare and may cost more.
    let plain: String = key.chars().filter(|c| !is_separator(*c) || c.is_ascii()).map(fold_to_ascii).collect();
    classify_ascii(plain.as_bytes(), extra)
}

fn classify_ascii(key: &[u8], extra: &[String]) -> KeyKind {
    let kind = classify_words(key, false, extra);
    let mixed_case = || key.windows(2).any(|pair| matches!(pair, [before, byte] if starts_word(*before, *byte)));
    // `clientSecret` is two words; `passWord` is one that someone spelled as two.
    if kind == KeyKind::Plain && mixed_case() { classify_words(key, true, extra) } else { kind }
}

fn classify_words(key: &[u8], camel_case: bool, extra: &[String]) -> KeyKind {
    let mut buffer = [0; MAX_KEY_BYTES];
    let mut ends = [0; MAX_WORDS];
    // A key of more words than are looked at is no name anyone chose.
    split(key, camel_case, &mut buffer, &mut ends).map_or(KeyKind::Secret, |words| words.classify(extra))
}

/// Where small letters or digits meet a capital, a new word begins.
fn starts_word(before: u8, byte: u8) -> bool {
    (before.is_ascii_lowercase() || before.is_ascii_digit()) && byte.is_ascii_uppercase()
}

fn fold_to_ascii(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or('~'),
        _ if c.is_ascii() => c,
        // A letter of another script separates nothing and matches nothing.
        _ => '~',
    }
}

fn is_ascii_separator(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, b'-' | b'_' | b'.' | b' ' | b'/' | b':' | b'[' | b']')
}

fn is_separator(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '-' | '_' | '.' | ' ' | '/' | ':' | '[' | ']' | '\u{200b}'
                ..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
}

/// A key as lowercase words: the letters without separators, and where each word ends.
struct Words<'a> {
    letters: &'a [u8],
    ends: &'a [usize],
}

/// Splits an ASCII key of a bounded number of words.
fn split<'a>(
    key: &[u8],
    camel_case: bool,
    buffer: &'a mut [u8; MAX_KEY_BYTES],
    ends: &'a mut [usize; MAX_WORDS],
) -> Option<Words<'a>> {
    let (mut len, mut word_start, mut count) = (0, 0, 0);
    let mut before = 0;
    for &byte in key {
        let separator = is_ascii_separator(byte);
        if (separator || (camel_case && starts_word(before, byte))) && len > word_start {
            *ends.get_mut(count)? = len;
            (word_start, count) = (len, count + 1);
        }
        if !separator {
            *buffer.get_mut(len)? = byte.to_ascii_lowercase();
            len += 1;
        }
        before = byte;
    }
    if len > word_start {
        *ends.get_mut(count)? = len;
        count += 1;
    }
    Some(Words { letters: buffer.get(..len)?, ends: ends.get(..count)? })
}

impl Words<'_> {
    fn classify(&self, extra: &[String]) -> KeyKind {
        if self.is_secret() || is_listed(self.letters, extra) {
            return KeyKind::Secret;
        }
        if self.is_content() { KeyKind::Content } else { KeyKind::Plain }
    }

    fn is_secret(&self) -> bool {
        let mut last = Word::Unknown;
        let mut start = 0;
        for &end in self.ends {
            let letters = self.letters.get(start..end).unwrap_or_default();
            let word = look_up(letters);
            let owned = last == Word::Owner && (word == Word::Key || letters == b"token");
            if word == Word::Secret || owned {
                return true;
            }
            (last, start) = (word, end);
        }
        // `client_secret` is found above; `ap_ikey` is what is left to find.
        last == Word::SecretEnding || look_up(self.letters) == Word::Secret
    }

    fn is_content(&self) -> bool {
        // `prompt`, `tool.result`; then `gen_ai.prompt`, `llm.input.messages`, `gen_ai.tool.call.arguments`.
        let mut start = 0;
        for &end in self.ends {
            if look_up(self.letters.get(start..).unwrap_or_default()) == Word::Content {
                return true;
            }
            if look_up(self.letters.get(start..end).unwrap_or_default()) != Word::ContentPrefix {
                return false;
            }
            start = end;
        }
        false
    }
}

fn is_listed(folded: &[u8], extra: &[String]) -> bool {
    extra.iter().any(|extra| extra.as_bytes() == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[&str], expected: KeyKind) {
        for key in keys {
            assert_eq!(classify(key.as_bytes(), &[]), expected, "{key}");
        }
    }

    #[test]
    fn the_contracts_secret_keys_are_caught_in_every_spelling() {
        check(
            &[
                "authorization",
                "Proxy-Authorization",
                "cookie",
                "Set-Cookie",
                "password",
                "PASSWD",
                "secret",
                "client_secret",
                "clientSecret",
                "clientsecret",
                "apikey",
                "api-key",
                "api_key",
                "api.key",
                "API KEY",
                "apiKey",
                "access_token",
                "accessToken",
                "accesstoken",
                "refresh-token",
                "private.key",
                "privateKey",
                "access_key",
            ],
            KeyKind::Secret,
        );
    }

    #[test]
    fn prefixed_and_disguised_secret_keys_are_caught() {
        check(
            &[
                "x-api-key",
                "x-axonpush-api-key",
                "token",
                "db_password",
                "user.password_hash",
                "AWS_SECRET_ACCESS_KEY",
                "http.request.header.authorization",
                "csrfToken",
                "pass\u{200b}word",
                "ａｐｉ＿ｋｅｙ",
                "session_token",
            ],
            KeyKind::Secret,
        );
        check(&[&"k".repeat(300)], KeyKind::Secret);
    }

    #[test]
    fn content_keys_are_caught_plain_and_prefixed() {
        check(
            &[
                "prompt",
                "Prompts",
                "message",
                "messages",
                "completion",
                "input",
                "inputs",
                "outputs",
                "response",
                "tool_arguments",
                "tool.result",
                "toolOutput",
                "retrieval-documents",
                "retrieval_content",
                "gen_ai.prompt",
                "llm.input.messages",
                "ai.response",
                "gen_ai.tool.call.arguments",
            ],
            KeyKind::Content,
        );
    }

    #[test]
    fn names_that_only_look_like_it_are_kept() {
        check(
            &[
                "max_tokens",
                "gen_ai.usage.input_tokens",
                "token_count",
                "secretary",
                "author",
                "passenger",
                "keyboard",
                "request.id",
                "http.response.status_code",
                "cookie_banner_shown",
                "input_length",
                "message_count",
                "tool_name",
                "status",
                "body",
                "exception.message",
                "größe",
                "",
                "...",
            ],
            KeyKind::Plain,
        );
    }

    #[test]
    fn the_callers_own_keys_are_caught_whatever_their_spelling() {
        let extra = [folded("National-ID"), folded("straße")];
        for key in ["national_id", "nationalId", "NATIONAL.ID", "Straße"] {
            assert_eq!(classify(key.as_bytes(), &extra), KeyKind::Secret, "{key}");
        }
        assert_eq!(classify(b"national", &extra), KeyKind::Plain);
    }

    proptest::proptest! {
        #[test]
        fn any_key_is_classified_without_a_panic(key: String) {
            classify(key.as_bytes(), &[]);
        }

        #[test]
        fn separators_and_case_never_hide_a_secret(mask in 0_u32..4096, sep in "[-_. ]") {
            let key: String = "api key password".split(' ').enumerate().map(|(i, word)| {
                let word: String = word.chars().enumerate()
                    .map(|(j, c)| if mask >> ((i + j) % 12) & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
                if i == 0 { word } else { format!("{sep}{word}") }
            }).collect();
            proptest::prop_assert_eq!(classify(key.as_bytes(), &[]), KeyKind::Secret);
        }
    }
}

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

/// Words that make any key a secret's, wherever they stand.
const SECRET_WORDS: [&str; 16] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "apikey",
    "accesskey",
    "privatekey",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "clientsecret",
    "credential",
    "credentials",
    "jwt",
];

/// Words that make a key a secret's when they end it: `set-cookie` is one, `cookie_banner_shown` is not.
const SECRET_ENDINGS: [&str; 5] = ["authorization", "cookie", "cookies", "token", "bearer"];

/// Two words in a row that make a key a secret's, wherever they stand.
const SECRET_PAIRS: [(&str, &str); 6] = [
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("access", "token"),
    ("refresh", "token"),
    ("signing", "key"),
];

/// Whole keys, folded, whose values are content.
const CONTENT_KEYS: [&str; 26] = [
    "prompt",
    "prompts",
    "message",
    "messages",
    "completion",
    "completions",
    "input",
    "inputs",
    "output",
    "outputs",
    "response",
    "responses",
    "toolarguments",
    "toolargument",
    "toolresult",
    "toolresults",
    "tooloutput",
    "toolcallarguments",
    "toolcallresult",
    "retrievaldocument",
    "retrievaldocuments",
    "retrievalcontent",
    "inputmessages",
    "outputmessages",
    "systeminstructions",
    "toolinput",
];

/// First words that may stand before a content key without changing what it is.
const CONTENT_PREFIXES: [&str; 5] = ["genai", "llm", "ai", "content", "gen"];

/// Longer keys are no names anyone chose; what stands past this is not read, so a value of theirs is hidden.
const MAX_KEY_BYTES: usize = 256;

/// Words looked at in one key.
const MAX_WORDS: usize = 32;

/// A key without case and separators.
pub(super) fn folded(key: &str) -> String {
    key.chars().filter(|c| !is_separator(*c)).flat_map(char::to_lowercase).collect()
}

/// Classifies `key`; `extra` holds folded keys the caller wants hidden.
pub(super) fn classify(key: &str, extra: &[String]) -> KeyKind {
    if key.len() > MAX_KEY_BYTES {
        return KeyKind::Secret;
    }
    if key.is_ascii() {
        return classify_ascii(key, extra);
    }
    if extra.contains(&folded(key)) {
        return KeyKind::Secret;
    }
    // Zero-width and full-width characters are how a key hides from a list. Such keys are rare and may cost more.
    let plain: String = key.chars().filter(|c| !is_separator(*c) || c.is_ascii()).map(fold_to_ascii).collect();
    classify_ascii(&plain, extra)
}

fn classify_ascii(key: &str, extra: &[String]) -> KeyKind {
    let kind = classify_words(key, false, extra);
    let mixed_case = key.as_bytes().windows(2).any(|pair| starts_word(pair[0], pair[1]));
    // `clientSecret` is two words; `passWord` is one that someone spelled as two.
    if kind == KeyKind::Plain && mixed_case { classify_words(key, true, extra) } else { kind }
}

fn classify_words(key: &str, camel_case: bool, extra: &[String]) -> KeyKind {
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
    letters: &'a str,
    ends: &'a [usize],
}

/// Splits an ASCII key of a bounded number of words.
fn split<'a>(
    key: &str,
    camel_case: bool,
    buffer: &'a mut [u8; MAX_KEY_BYTES],
    ends: &'a mut [usize; MAX_WORDS],
) -> Option<Words<'a>> {
    let (mut len, mut word_start, mut count) = (0, 0, 0);
    let mut before = 0;
    for &byte in key.as_bytes() {
        let separator = is_separator(char::from(byte));
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
    let letters = std::str::from_utf8(buffer.get(..len)?).ok()?;
    Some(Words { letters, ends: ends.get(..count)? })
}

impl Words<'_> {
    fn classify(&self, extra: &[String]) -> KeyKind {
        if self.is_secret() || extra.iter().any(|extra| extra == self.letters) {
            return KeyKind::Secret;
        }
        if self.is_content() { KeyKind::Content } else { KeyKind::Plain }
    }

    fn is_secret(&self) -> bool {
        let mut previous = "";
        let mut start = 0;
        for (i, &end) in self.ends.iter().enumerate() {
            let word = self.letters.get(start..end).unwrap_or_default();
            let last = i + 1 == self.ends.len();
            // Every listed word begins with one of these; most words of most keys end here.
            if matches!(word.as_bytes().first(), Some(b'p' | b's' | b'a' | b'r' | b'c' | b'j' | b't' | b'b'))
                && (SECRET_WORDS.contains(&word) || (last && SECRET_ENDINGS.contains(&word)))
            {
                return true;
            }
            if matches!(word, "key" | "token") && SECRET_PAIRS.contains(&(previous, word)) {
                return true;
            }
            previous = word;
            start = end;
        }
        false
    }

    fn is_content(&self) -> bool {
        let mut rest = self.letters;
        if is_content_key(rest) {
            return true;
        }
        // `gen_ai.prompt`, `llm.input.messages`, `ai.response`, `gen_ai.tool.call.arguments`.
        let mut start = 0;
        for &end in self.ends {
            let word = self.letters.get(start..end).unwrap_or_default();
            if !CONTENT_PREFIXES.contains(&word) {
                return false;
            }
            rest = self.letters.get(end..).unwrap_or_default();
            if is_content_key(rest) {
                return true;
            }
            start = end;
        }
        false
    }
}

fn is_content_key(folded: &str) -> bool {
    matches!(folded.as_bytes().first(), Some(b'p' | b'm' | b'c' | b'i' | b'o' | b'r' | b't' | b's'))
        && CONTENT_KEYS.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[&str], expected: KeyKind) {
        for key in keys {
            assert_eq!(classify(key, &[]), expected, "{key}");
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
            assert_eq!(classify(key, &extra), KeyKind::Secret, "{key}");
        }
        assert_eq!(classify("national", &extra), KeyKind::Plain);
    }

    proptest::proptest! {
        #[test]
        fn any_key_is_classified_without_a_panic(key: String) {
            classify(&key, &[]);
        }

        #[test]
        fn separators_and_case_never_hide_a_secret(mask in 0_u32..4096, sep in "[-_. ]") {
            let key: String = "api key password".split(' ').enumerate().map(|(i, word)| {
                let word: String = word.chars().enumerate()
                    .map(|(j, c)| if mask >> ((i + j) % 12) & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
                if i == 0 { word } else { format!("{sep}{word}") }
            }).collect();
            proptest::prop_assert_eq!(classify(&key, &[]), KeyKind::Secret);
        }
    }
}

//! The words keys are made of.

/// What one word of a key is known as. It is looked up in lowercase and without the digits at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Unknown,
    /// A number, as in `token_1` and `prompt.0.content`.
    Number,
    /// Makes any key a secret's, wherever it stands.
    Secret,
    /// Makes a key a secret's when it ends it: `set-cookie` is one, `cookie_banner_shown` is not.
    SecretEnding,
    /// A secret when it is all there is: a `pin` may be a person's, a `gpio_pin` is not.
    SecretAlone,
    /// Says nothing at the end of a key: `authorization_header` ends with `authorization`.
    Filler,
    /// `key` and `keys`: a secret's when the word before says so.
    Key,
    /// `token`: ends a secret's key, and the word before may make it one anywhere.
    Token,
    /// `tokens` are counted more often than kept: a secret's only when the word before says so.
    Tokens,
    /// `pass`: the word before decides.
    Pass,
    /// As the whole key, or after prefixes: content.
    Content,
    /// `input` and `output`: content, and what may stand before content.
    Direction,
    /// May stand before content without changing what it is.
    ContentPrefix,
    /// Makes what follows a tool's: `tool.call.arguments`.
    Tool,
    /// Makes what follows retrieved: `retrieval.documents`.
    Retrieval,
}

/// What a word is known as, also when it is several written together: `dbpassword`, `secretkey`, `accesstokens`.
pub(super) fn look_up(word: &[u8]) -> Word {
    match exact(word) {
        Word::Unknown => glued(word),
        known => known,
    }
}

/// As [`look_up`], for single words and the fixed compounds among them.
pub(super) fn exact(word: &[u8]) -> Word {
    match word {
        b"" => Word::Number,
        b"password" | b"passwd" | b"pwd" | b"passphrase" | b"passcode" | b"secret" | b"secrets" | b"apikey"
        | b"accesskey" | b"privatekey" | b"accesstoken" | b"refreshtoken" | b"authtoken" | b"clientsecret"
        | b"credential" | b"credentials" | b"creds" | b"jwt" | b"jwts" => Word::Secret,
        b"authorization" | b"cookie" | b"cookies" | b"bearer" | b"auth" | b"otp" | b"totp" => Word::SecretEnding,
        b"pin" => Word::SecretAlone,
        b"header" | b"headers" | b"value" | b"values" | b"string" | b"raw" | b"code" | b"codes" => Word::Filler,
        b"key" | b"keys" => Word::Key,
        b"token" => Word::Token,
        b"tokens" => Word::Tokens,
        b"pass" => Word::Pass,
        b"input" | b"inputs" | b"output" | b"outputs" => Word::Direction,
        b"prompt"
        | b"prompts"
        | b"message"
        | b"messages"
        | b"completion"
        | b"completions"
        | b"response"
        | b"responses"
        | b"toolargument"
        | b"toolarguments"
        | b"toolinput"
        | b"toolinputs"
        | b"toolresult"
        | b"toolresults"
        | b"tooloutput"
        | b"tooloutputs"
        | b"toolcallarguments"
        | b"toolcallresult"
        | b"toolcallresults"
        | b"toolcalloutput"
        | b"retrievaldocument"
        | b"retrievaldocuments"
        | b"retrievalcontent"
        | b"retrievalcontents"
        | b"inputmessages"
        | b"outputmessages"
        | b"systeminstructions" => Word::Content,
        b"genai" | b"gen" | b"llm" | b"ai" | b"content" => Word::ContentPrefix,
        b"tool" | b"tools" | b"toolcall" | b"toolcalls" => Word::Tool,
        b"retrieval" => Word::Retrieval,
        _ => Word::Unknown,
    }
}

/// Whether `key` after this word, or glued to it, is a secret's. `primary`, `foreign`, `sort`, `public` and
/// `idempotency` are not here: those keys name rows and requests.
pub(super) fn owns_key(word: &[u8]) -> bool {
    const OWNERS: [&[u8]; 21] = [
        b"api",
        b"access",
        b"private",
        b"secret",
        b"signing",
        b"encryption",
        b"decryption",
        b"session",
        b"master",
        b"refresh",
        b"shared",
        b"auth",
        b"ssh",
        b"hmac",
        b"aes",
        b"rsa",
        b"pgp",
        b"gpg",
        b"tls",
        b"ssl",
        b"bearer",
    ];
    OWNERS.iter().any(|owner| word.ends_with(owner))
}

/// Whether `token` or `tokens` after this word, or glued to it, are secrets and no count.
pub(super) fn owns_tokens(word: &[u8]) -> bool {
    const OWNERS: [&[u8]; 9] =
        [b"access", b"refresh", b"auth", b"bearer", b"api", b"csrf", b"xsrf", b"private", b"signing"];
    word == b"id" || OWNERS.iter().any(|owner| word.ends_with(owner))
}

/// Whether `pass` after this word, or glued to it, is a password.
pub(super) fn owns_pass(word: &[u8]) -> bool {
    matches!(
        word,
        b"db"
            | b"database"
            | b"user"
            | b"smtp"
            | b"ftp"
            | b"mail"
            | b"email"
            | b"admin"
            | b"root"
            | b"mysql"
            | b"postgres"
            | b"redis"
            | b"proxy"
            | b"login"
    )
}

fn glued(word: &[u8]) -> Word {
    // `dbpwd` is the shortest.
    if word.len() < 5 {
        return Word::Unknown;
    }
    let (singular, plural) = match word.strip_suffix(b"s") {
        Some(singular) => (singular, true),
        None => (word, false),
    };
    let known = match singular.last() {
        Some(b'y') => singular.strip_suffix(b"key").is_some_and(owns_key).then_some(Word::Secret),
        Some(b't') => singular.ends_with(b"secret").then_some(Word::Secret),
        Some(b'd') => singular.ends_with(b"pwd").then_some(Word::Secret),
        Some(b'l') => singular.ends_with(b"credential").then_some(Word::Secret),
        Some(b'e') => singular.ends_with(b"cookie").then_some(Word::SecretEnding),
        Some(b'n') => match singular.strip_suffix(b"token") {
            Some(owner) if plural => owns_tokens(owner).then_some(Word::Secret),
            Some(_) => Some(Word::SecretEnding),
            None => singular.ends_with(b"authorization").then_some(Word::SecretEnding),
        },
        // `dbpass`, without its last letter.
        Some(b's') => word.strip_suffix(b"pass").is_some_and(owns_pass).then_some(Word::Secret),
        _ => None,
    };
    match known {
        Some(known) => known,
        None if holds_a_password(word) => Word::Secret,
        None => Word::Unknown,
    }
}

fn holds_a_password(word: &[u8]) -> bool {
    // One comparison of four bytes rules nearly every word out.
    word.windows(4).enumerate().any(|(at, four)| {
        four == b"pass"
            && word.get(at + 4..).is_some_and(|rest| {
                [b"word".as_slice(), b"wd", b"phrase", b"code"].iter().any(|end| rest.starts_with(end))
            })
    })
}

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
    let mut slot = hash(word);
    loop {
        // Most words of most keys are in no list, and their slot says so at once.
        let entry = SLOTS.get(slot).and_then(|place| WORDS.get(usize::from(*place)));
        match entry {
            Some((known, kind)) if *known == word => return *kind,
            Some(_) => slot = (slot + 1) % SLOTS.len(),
            None => return Word::Unknown,
        }
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

/// Several words written together are known by how they end.
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
        None if holds_a_password(word, singular) => Word::Secret,
        None => Word::Unknown,
    }
}

fn holds_a_password(word: &[u8], singular: &[u8]) -> bool {
    const PASSWORDS: [&[u8]; 4] = [b"password", b"passwd", b"passphrase", b"passcode"];
    let begins = |word: &[u8]| PASSWORDS.iter().any(|known| word.starts_with(known));
    match (word.first(), singular.last()) {
        (Some(b'p'), _) if begins(word) => true,
        (_, Some(b'd' | b'e')) if PASSWORDS.iter().any(|known| singular.ends_with(known)) => true,
        // In the middle it takes a long word, such as `dbpasswordhash`.
        _ => word.len() >= 12 && (1..word.len()).any(|at| word.get(at..).is_some_and(begins)),
    }
}

/// Every word known by itself.
#[rustfmt::skip]
pub(super) const WORDS: [(&[u8], Word); 82] = [
    (b"", Word::Number),
    (b"password", Word::Secret), (b"passwd", Word::Secret), (b"pwd", Word::Secret), (b"passphrase", Word::Secret),
    (b"passcode", Word::Secret), (b"secret", Word::Secret), (b"secrets", Word::Secret), (b"apikey", Word::Secret),
    (b"accesskey", Word::Secret), (b"privatekey", Word::Secret), (b"accesstoken", Word::Secret),
    (b"refreshtoken", Word::Secret), (b"authtoken", Word::Secret), (b"clientsecret", Word::Secret),
    (b"credential", Word::Secret), (b"credentials", Word::Secret), (b"creds", Word::Secret), (b"jwt", Word::Secret),
    (b"jwts", Word::Secret),
    (b"authorization", Word::SecretEnding), (b"cookie", Word::SecretEnding), (b"cookies", Word::SecretEnding),
    (b"bearer", Word::SecretEnding), (b"auth", Word::SecretEnding), (b"otp", Word::SecretEnding),
    (b"totp", Word::SecretEnding),
    (b"pin", Word::SecretAlone),
    (b"header", Word::Filler), (b"headers", Word::Filler), (b"value", Word::Filler), (b"values", Word::Filler),
    (b"string", Word::Filler), (b"raw", Word::Filler), (b"code", Word::Filler), (b"codes", Word::Filler),
    (b"key", Word::Key), (b"keys", Word::Key),
    (b"token", Word::Token),
    (b"tokens", Word::Tokens),
    (b"pass", Word::Pass),
    (b"input", Word::Direction), (b"inputs", Word::Direction), (b"output", Word::Direction),
    (b"outputs", Word::Direction),
    (b"prompt", Word::Content), (b"prompts", Word::Content), (b"message", Word::Content),
    (b"messages", Word::Content), (b"completion", Word::Content), (b"completions", Word::Content),
    (b"response", Word::Content), (b"responses", Word::Content), (b"toolargument", Word::Content),
    (b"toolarguments", Word::Content), (b"toolinput", Word::Content), (b"toolinputs", Word::Content),
    (b"toolresult", Word::Content), (b"toolresults", Word::Content), (b"tooloutput", Word::Content),
    (b"tooloutputs", Word::Content), (b"toolcallarguments", Word::Content), (b"toolcallresult", Word::Content),
    (b"toolcallresults", Word::Content), (b"toolcalloutput", Word::Content), (b"retrievaldocument", Word::Content),
    (b"retrievaldocuments", Word::Content), (b"retrievalcontent", Word::Content),
    (b"retrievalcontents", Word::Content), (b"inputmessages", Word::Content), (b"outputmessages", Word::Content),
    (b"systeminstructions", Word::Content),
    (b"genai", Word::ContentPrefix), (b"gen", Word::ContentPrefix), (b"llm", Word::ContentPrefix),
    (b"ai", Word::ContentPrefix), (b"content", Word::ContentPrefix),
    (b"tool", Word::Tool), (b"tools", Word::Tool), (b"toolcall", Word::Tool), (b"toolcalls", Word::Tool),
    (b"retrieval", Word::Retrieval),
];

/// Where each word stands in [`WORDS`], in the slot of its hash or the next free one; past its end for a free slot.
const SLOTS: [u8; 512] = {
    let mut slots = [u8::MAX; 512];
    let mut place = 0_u8;
    while (place as usize) < WORDS.len() {
        let mut slot = hash(WORDS[place as usize].0);
        while slots[slot] != u8::MAX {
            slot = (slot + 1) % slots.len();
        }
        slots[slot] = place;
        place += 1;
    }
    slots
};

/// A slot for a word, from its length, its ends and its middle.
const fn hash(word: &[u8]) -> usize {
    let [first, .., last] = word else { return word.len() };
    let middle = word[word.len() / 2];
    (word.len() * 83 + *first as usize * 5 + *last as usize * 29 + middle as usize * 151) % 512
}

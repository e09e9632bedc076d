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
fn a_key_that_can_not_be_decoded_is_a_secret() {
    check(&[r"password\ud800", r"a\udc00", r"\"], KeyKind::Secret);
    check(&[r"a\ud83d\ude00"], KeyKind::Plain);
}

#[test]
fn secret_keys_are_caught_in_the_plural_glued_and_numbered() {
    check(
        &[
            "passwords",
            "api_keys",
            "apiKeys",
            "access_tokens",
            "refreshTokens",
            "private_keys",
            "DBPassword",
            "JWTSecret",
            "AWSSecretKey",
            "SSHPrivateKey",
            "XAPIKey",
            "XAPIKeyId",
            "input.0.apiKeyHint",
            "HTTPAuthToken",
            "authorization_header",
            "cookieHeader",
            "secretkey",
            "SECRETKEY",
            "dbpassword",
            "idtoken",
            "id_token",
            "id_tokens",
            "setcookie",
            "proxyauthorization",
            "userpassword",
            "userpasswords",
            "passwordhash",
            "dbpasswdhash",
            "accesstokens",
            "password1",
            "token1",
            "token_2",
            "api_key_2",
            "ssh_key",
            "encryption_key",
            "session_key",
            "signing_keys",
            "signingkey",
            "secret_key",
            "auth",
            "basic_auth",
            "basicAuth",
            "auth_code",
            "passcode",
            "user_passcode",
            "pin",
            "PIN",
            "otp",
            "otp_code",
            "db_pass",
            "DBPASS",
            "smtpPass",
            "$password",
            "token?",
        ],
        KeyKind::Secret,
    );
}

#[test]
fn characters_nobody_sees_hide_no_secret() {
    let invisible = "\u{ad}\u{180e}\u{200b}\u{200d}\u{200e}\u{202a}\u{202e}\u{2060}\u{2064}\u{2066}\u{2069}\u{fe0f}\u{feff}\u{e0020}";
    for c in invisible.chars() {
        check(&[&format!("pass{c}word"), &format!("{c}api{c}_key"), &format!("token{c}")], KeyKind::Secret);
    }
    check(&["api\u{a0}key", "api\u{2011}key", "api\u{3000}key"], KeyKind::Secret);
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
fn content_keys_are_caught_behind_a_direction_a_tool_or_an_index() {
    check(
        &[
            "gen_ai.input.prompt",
            "llm.input.message",
            "gen_ai.output.completion",
            "ai.output.response",
            "langchain.tool.arguments",
            "agent.tool.result",
            "my.tool.call.output",
            "gen_ai.tool.call.results",
            "gen_ai.tool.call.output",
            "ai.toolCall.args",
            "tool_outputs",
            "tool_inputs",
            "retrieval_contents",
            "rag.retrieval.documents",
            "gen_ai.prompt.0.content",
            "gen_ai.completion.0.content",
            "llm.prompts.0.user",
            "llm.input_messages.0.message.content",
            "ai.prompt.messages",
            "ai.response.text",
            "gen_ai.system_instructions",
            "input.value",
        ],
        KeyKind::Content,
    );
}

#[test]
fn names_that_only_look_like_it_are_kept() {
    check(
        &[
            "max_tokens",
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "tokens",
            "tokenizer",
            "x-ratelimit-reset-tokens",
            "gen_ai.usage.input_tokens",
            "gen_ai.request.model",
            "gen_ai.response.model",
            "gen_ai.output.type",
            "response_code",
            "token_count",
            "key",
            "primary_key",
            "foreignKey",
            "sort_key",
            "public_key",
            "idempotency_key",
            "monkeys",
            "gpio_pin",
            "first_pass",
            "content_type",
            "content_length",
            "authenticated",
            "auth_method",
            "session_id",
            "compass_words",
            "status_code",
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
fn every_word_of_the_vocabulary_is_found() {
    for (word, kind) in vocabulary::WORDS {
        assert_eq!(vocabulary::exact(word), kind);
        assert_eq!(vocabulary::exact(&[word, b"zz"].concat()), Word::Unknown);
    }
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

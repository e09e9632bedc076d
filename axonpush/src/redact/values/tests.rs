use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The text as it leaves.
fn left(text: &str) -> String {
    left_with(&RedactionPolicy::new(), text)
}

fn left_with(policy: &RedactionPolicy, text: &str) -> String {
    let (mut json, mut out) = (Vec::new(), Vec::new());
    crate::event::json::write(&json!({ "note": text }), &mut json).unwrap();
    policy.redact(&json, false, &mut out);
    let value: Value = serde_json::from_slice(&out).unwrap();
    value["note"].as_str().unwrap().to_owned()
}

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

#[test]
fn secrets_in_text_are_masked_and_the_rest_stays() {
    for (text, expected) in [
        ("login with password=hunter2 failed", "login with password=[REDACTED] failed"),
        ("password = 'hunter 2', user=a", "password = '[REDACTED]', user=a"),
        ("{\"password\": \"hunter2\", broken", "{\"password\": \"[REDACTED]\", broken"),
        ("{\"api_key\":\"x y\"", "{\"api_key\":\"[REDACTED]\""),
        ("api-key: abc\nnext", "api-key: [REDACTED]\nnext"),
        ("Authorization: Bearer abc.def", "Authorization: [REDACTED]"),
        ("Authorization: Basic YTpi, then", "Authorization: [REDACTED], then"),
        ("Cookie: a=1; session=2\nHost: x", "Cookie: [REDACTED]\nHost: x"),
        ("GET /x?token=abc&page=2 HTTP/1.1", "GET /x?token=[REDACTED]&page=2 HTTP/1.1"),
        ("https://user:pw@example.com/a?b=c", "https://[REDACTED]@example.com/a?b=c"),
        ("postgres://app:p%40ss@db:5432/x", "postgres://[REDACTED]@db:5432/x"),
        ("https://example.com/?secret=1&x=2", "https://example.com/?secret=[REDACTED]&x=2"),
        ("mail to alice.b+c@example.com now", "mail to a***@example.com now"),
        ("card 4111 1111 1111 1111 declined", "card [REDACTED_CARD] declined"),
        ("card 4111-1111-1111-1111", "card [REDACTED_CARD]"),
        ("378282246310005", "[REDACTED_CARD]"),
        ("AKIAIOSFODNN7EXAMPLE in logs.", "[REDACTED_CLOUD_KEY] in logs."),
        ("(ghp_0123456789abcdefghijABCDEFGHIJ012345)", "([REDACTED_TOKEN])"),
        ("used ak_0123456789abcdef twice", "used [REDACTED_KEY] twice"),
        (&format!("got {JWT} back"), "got [REDACTED_JWT] back"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter", "[REDACTED_PEM]\nafter"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE and no end", "[REDACTED_PEM]"),
    ] {
        assert_eq!(left(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    for text in [
        "GET /orders/{id} 200",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "0190163d-8694-739b-aea5-966c26f8ad91",
        "1795251065337636978",
        "at 12:30:45 in src/main.rs:17:5",
        "token_count=7, max_tokens: 100",
        "the password is wrong",
        "if password == other { return }",
        "Token::Secret => secret::Key",
        "user@localhost and @mentions and a@b",
        "1234 5678 9012 3456",
        "4111 1111 1111 1112",
        "keyboard=qwerty monkey: yes",
        "password=[REDACTED] and token: [REDACTED_JWT]",
        "https://example.com/a:b@c",
        "C:\\temp\\secret \"quoted\" \u{e9}\u{1f600}",
        "{not json} [neither]",
        "{\"a\": [1, 2, {\"b\": \"plain\"}]}",
    ] {
        assert_eq!(left(text), text);
    }
}

#[test]
fn json_inside_a_string_is_read_by_its_keys_one_level_deep() {
    assert_eq!(
        left(r#"{ "user": "u-1", "password": ["a", 7], "mail": "bob@example.com" }"#),
        r#"{"user":"u-1","password":"[REDACTED]","mail":"b***@example.com"}"#
    );
    assert_eq!(left(r#"[{"name":"Authorization","value":"x"}]"#), r#"[{"name":"Authorization","value":"[REDACTED]"}]"#);
    let twice = json!({ "inner": json!({"password": "hunter2"}).to_string() }).to_string();
    assert!(!left(&twice).contains("hunter2"), "{}", left(&twice));
}

#[test]
fn a_secret_that_is_cut_leaves_no_half() {
    let policy = RedactionPolicy::new().max_content_length(30);
    let text = format!("{}{JWT}", "x ".repeat(10));
    let kept = left_with(&policy, &text);
    assert!(!kept.contains("eyJ") && kept.contains("[TRUNCATED]"), "{kept}");
    let long = left_with(&policy, &format!("{}{JWT}", "x ".repeat(100_000)));
    assert!(!long.contains("eyJ") && long.len() < 100, "{long}");
}

#[test]
fn long_text_that_masks_have_made_short_says_that_it_was_cut() {
    let secret = "a".repeat(5000);
    for rest in ["é", "\"", "\\", "\n", "\u{1}", "😀", "a "] {
        for shift in 0..6 {
            let text = format!("token={secret} {}{}", "x".repeat(shift), rest.repeat(20_000));
            assert_eq!(left(&text), "token=[REDACTED]…[TRUNCATED]", "{rest}");
        }
    }
    let text = format!("a@b.cd token={secret}{}", "b".repeat(40_000));
    assert_eq!(left(&text), "a***@b.cd token=[REDACTED]…[TRUNCATED]");
}

#[test]
fn addresses_and_cards_may_be_kept() {
    let policy = RedactionPolicy::new().mask_emails(false).mask_card_numbers(false);
    let text = "alice@example.com paid with 4111111111111111, password=x";
    assert_eq!(left_with(&policy, text), "alice@example.com paid with 4111111111111111, password=[REDACTED]");
}

#[test]
fn a_card_that_is_a_number_is_masked_and_other_numbers_are_not() {
    let (mut json, mut out) = (Vec::new(), Vec::new());
    let value =
        json!({"a": 4_111_111_111_111_111_u64, "b": [1_795_251_065_337_636_978_u64, 4_111_111_111_111_112_u64, 1.5]});
    crate::event::json::write(&value, &mut json).unwrap();
    RedactionPolicy::new().redact(&json, false, &mut out);
    assert_eq!(
        serde_json::from_slice::<Value>(&out).unwrap(),
        json!({"a": "[REDACTED_CARD]", "b": [1_795_251_065_337_636_978_u64, 4_111_111_111_111_112_u64, 1.5]})
    );
}

#[test]
fn time_grows_with_the_text_and_not_faster() {
    let evil = [
        "password=",
        "a@b.",
        "https://",
        "-----BEGIN",
        "4111 ",
        "eyJ.",
        "\"token\":\"",
        "{\"a\":",
        "://@",
        "\\\\",
        "\\\\=",
        "'=",
        "a' =",
        "4",
        "A",
        "international ",
        "token: ",
        "ghp_",
        ": ",
        "=",
        "[{\"",
        ":token>",
        "<token>a>",
    ];
    let policy = RedactionPolicy::new().max_content_length(usize::MAX);
    let prefixed = [("token: (", "\\\\"), ("token: \\\"", "\\\\"), ("token: Some(", "\\n"), ("token: A {", "\\\"")];
    for (beginning, evil) in evil.map(|evil| ("", evil)).into_iter().chain(prefixed) {
        let time = |size: usize| {
            let text = beginning.to_owned() + &evil.repeat(size / evil.len());
            (0..3)
                .map(|_| {
                    let began = std::time::Instant::now();
                    std::hint::black_box(masked(text.as_bytes(), &policy));
                    began.elapsed()
                })
                .min()
                .unwrap()
        };
        // Sixteen times the text, and not nearly the 256 times as long that a second look at all of it would take.
        let (small, large) = (time(64 << 10), time(1 << 20));
        assert!(large < 64 * small.max(std::time::Duration::from_micros(20)), "{evil}: {small:?} {large:?}");
    }
}

/// What all of the text holds, looked at word by word.
fn searched(text: &[u8], policy: &RedactionPolicy) -> Option<Vec<u8>> {
    let mut mask = Mask::new(text, policy);
    mask.by_words();
    mask.finish(text.len())
}

/// The inside of a JSON string, made of what the search looks for and what it may stumble over.
fn pieces() -> impl Strategy<Value = String> {
    let known: Vec<_> = [
        "password",
        "token",
        "id",
        "api_key",
        "Cookie",
        "Bearer ",
        "https",
        "://",
        ":",
        "=",
        "@",
        "a@b.cd",
        "'",
        "\\\"",
        "\\\\",
        "\\n",
        "\\u001f",
        " ",
        "  ",
        "-----BEGIN",
        "-----",
        "--",
        "-",
        "é",
        "\u{200b}",
        ".",
        "/",
        "&",
        ";",
        "?",
        "4111",
        "4111 1111 1111 1111",
        "378282246310005",
        "AKIAIOSFODNN7EXAMPLE",
        JWT,
        "ak_0123456789abcdef",
        "[REDACTED]",
        "international",
        "x",
        "{",
        "}",
        "[",
        ",",
        "\u{ba}",
        "::",
        "==",
        "<",
        ">",
        "</",
        "<token>",
    ]
    .map(str::to_owned)
    .into();
    let piece = prop_oneof![4 => prop::sample::select(known), 1 => "[ -!#-\\[\\]-~]{0,12}", 1 => "[0-9 -]{0,20}"];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_first_look_misses_nothing_that_the_whole_search_finds(text in pieces()) {
        let policy = RedactionPolicy::new();
        let text = text.as_bytes();
        prop_assert_eq!(masked(text, &policy), searched(text, &policy));
    }
}

/// Text far longer than what is kept of it.
fn long_text() -> impl Strategy<Value = String> {
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n";
    let known = [
        "é",
        "😀",
        "\"",
        "\\",
        "\n",
        "\u{1}",
        "x",
        " ",
        "'",
        "a@b.cd ",
        "<token>",
        "https://a:b@c/ ",
        "{\"a\":",
        "}",
        pem,
    ];
    let repeated = (prop::sample::select(known.to_vec()), 0..4000_usize).prop_map(|(piece, times)| piece.repeat(times));
    let secret = (0..9000_usize, 0..6_usize)
        .prop_map(|(long, shift)| format!(" {}token={} ", " ".repeat(shift), "a".repeat(long)));
    let piece = prop_oneof![2 => repeated, 2 => secret, 1 => Just(format!(" {JWT} "))];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn long_text_stays_well_formed_and_within_its_limit(
        text in long_text(),
        limit in prop::sample::select(vec![1, 30, 256, 4096]),
    ) {
        let kept = left_with(&RedactionPolicy::new().max_content_length(limit), &text);
        let most = limit + "…[TRUNCATED]".chars().count();
        prop_assert!(kept.chars().count() <= most, "{} of {limit}", kept.chars().count());
        prop_assert!(!kept.contains("token=a") && !kept.contains("eyJ"), "{kept}");
    }
}

proptest! {
    #[test]
    fn any_text_stays_well_formed(text: String) {
        left(&text);
    }

    #[test]
    fn a_canary_behind_a_secret_key_never_appears(
        before in "[ -~]{0,40}",
        key in prop::sample::select(vec!["password", "api_key", "Authorization", "client-secret", "access_token"]),
        sign in prop::sample::select(vec!["=", ": ", ":", "=\"", "\":\"", "\": \""]),
        after in "[ -~]{0,40}",
    ) {
        let text = format!("{before} {key}{sign}canary42{after}");
        prop_assert!(!left(&text).contains("canary42"), "{}", left(&text));
    }

    #[test]
    fn a_known_credential_never_appears_wherever_it_stands(
        before in "[ -~]{0,40}",
        secret in prop::sample::select(vec![JWT, "AKIAIOSFODNN7EXAMPLE", "ghp_0123456789abcdefghijABCDEFGHIJ012345"]),
        after in "[ -~]{0,40}",
    ) {
        let text = format!("{before} {secret} {after}");
        prop_assert!(!left(&text).contains(secret), "{}", left(&text));
    }
}

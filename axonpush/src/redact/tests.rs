use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ContentCapture, RedactionPattern, RedactionPolicy};
use crate::event::json;

fn redact(policy: &RedactionPolicy, structural: bool, value: &Value) -> Value {
    let (mut text, mut out) = (Vec::new(), Vec::new());
    json::write(value, &mut text).unwrap();
    policy.redact(&text, structural, &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn with(capture: ContentCapture) -> RedactionPolicy {
    RedactionPolicy::new().content_capture(capture)
}

#[test]
fn secrets_are_hidden_in_every_mode_at_any_depth() {
    let payload =
        json!({"a": [{"b": {"api_key": {"nested": [1, 2]}, "x": 1}}, "y"], "password": 7, "Cookie": null, "z": 2});
    for (_, capture) in ContentCapture::NAMES {
        assert_eq!(
            redact(&with(capture), false, &payload),
            json!({"a": [{"b": {"api_key": "[REDACTED]", "x": 1}}, "y"], "password": "[REDACTED]", "Cookie": "[REDACTED]", "z": 2}),
        );
    }
}

#[test]
fn content_is_hidden_previewed_or_kept_by_mode() {
    let long = "é".repeat(300);
    let payload = json!({"prompt": {"text": long, "n": 5}, "note": long});
    let preview = format!("{}…[REDACTED_PREVIEW]", "é".repeat(256));
    assert_eq!(
        redact(&with(ContentCapture::MetadataOnly), false, &payload),
        json!({"prompt": "[REDACTED]", "note": long})
    );
    assert_eq!(
        redact(&with(ContentCapture::Redacted), false, &payload),
        json!({"prompt": {"text": preview, "n": 5}, "note": long}),
    );
    assert_eq!(redact(&with(ContentCapture::Full), false, &payload), payload);
}

#[test]
fn the_preview_mark_ends_with_the_content() {
    let long = "x".repeat(300);
    let payload = json!({"a": {"input": [long, {"deep": long}], "note": long}, "b": [long], "c": long});
    let redacted = redact(&with(ContentCapture::Redacted), false, &payload);
    let preview = format!("{}…[REDACTED_PREVIEW]", "x".repeat(256));
    assert_eq!(redacted, json!({"a": {"input": [preview, {"deep": preview}], "note": long}, "b": [long], "c": long}),);
}

#[test]
fn long_strings_are_cut_by_characters_and_say_so() {
    let policy = RedactionPolicy::new().max_content_length(3);
    let cut = |text: &str| redact(&policy, false, &json!({"a": text}))["a"].as_str().unwrap().to_owned();
    assert_eq!(cut("abc"), "abc");
    assert_eq!(cut("ééé"), "ééé");
    assert_eq!(cut("ééééé"), "ééé…[TRUNCATED]");
    assert_eq!(cut("\u{1}\"\\x"), "\u{1}\"\\…[TRUNCATED]");
    assert_eq!(cut("😀😀😀😀"), "😀😀😀…[TRUNCATED]");
}

#[test]
fn the_status_message_of_a_span_is_no_content() {
    let span =
        json!({"status": {"code": 2, "message": "card declined"}, "attributes": {"message": "hi"}, "message": 1});
    assert_eq!(
        redact(&RedactionPolicy::new(), true, &span),
        json!({"status": {"code": 2, "message": "card declined"}, "attributes": {"message": "[REDACTED]"}, "message": "[REDACTED]"}),
    );
    assert_eq!(redact(&RedactionPolicy::new(), false, &span)["status"]["message"], "[REDACTED]");
    let deeper = json!({"attributes": {"status": {"message": "hi"}}});
    assert_eq!(redact(&RedactionPolicy::new(), true, &deeper)["attributes"]["status"]["message"], "[REDACTED]");
}

#[test]
fn escaped_and_configured_keys_are_hidden() {
    let policy = RedactionPolicy::new().redact_keys(["Iban", " ", "tab\tkey"]);
    assert_eq!(
        redact(&policy, false, &json!({"IBAN": 1, "tab\tkey": 2, "pass\u{200b}word\n": 3, "x": "IBAN"})),
        json!({"IBAN": "[REDACTED]", "tab\tkey": "[REDACTED]", "pass\u{200b}word\n": "[REDACTED]", "x": "IBAN"}),
    );
}

#[test]
fn what_can_not_be_decoded_is_hidden() {
    // Half a surrogate pair is well-formed in JSON, and no text.
    let key = json!({"body": r#"{"password\ud800":"canary","n":1}"#});
    assert_eq!(
        redact(&RedactionPolicy::new(), false, &key),
        json!({"body": r#"{"password\ud800":"[REDACTED]","n":1}"#})
    );
    let policy = RedactionPolicy::new().redact_patterns([RedactionPattern::token("customer", "cust_", 4)]);
    let escaped = json!({"body": r#"{"note": "\u0070assword=canary \ud800", "n": 1}"#});
    assert_eq!(redact(&with(ContentCapture::Full), false, &escaped), json!({"body": r#"{"note":"[REDACTED]","n":1}"#}));
    let text = json!({"body": r#"{"note":"\u0063ust_0011 \ud800","n":1}"#});
    assert_eq!(redact(&policy, false, &text)["body"], r#"{"note":"[REDACTED]","n":1}"#);
    let pair = json!({"body": r#"[{"name":"token\udc00","value":"canary"}]"#});
    assert!(!redact(&RedactionPolicy::new(), false, &pair).to_string().contains("canary"));
}

#[test]
fn a_pair_of_name_and_value_is_a_key_and_its_value() {
    let hidden = [
        (json!({"name": "authorization", "value": "Bearer x"}), "value"),
        (json!({"key": "x-api-key", "value": {"stringValue": "x"}}), "value"),
        (json!({"Name": "Set-Cookie", "Value": ["a=b"]}), "Value"),
        (json!({"a": [{"x": 1}], "name": "pass\u{200b}word\n", "val": 7}), "val"),
        (json!({"key": "plain", "name": "iban", "value": 1}), "value"),
    ];
    let policy = RedactionPolicy::new().redact_keys(["iban"]).content_capture(ContentCapture::Full);
    for (pair, value) in hidden {
        let mut expected = pair.clone();
        expected[value] = json!("[REDACTED]");
        assert_eq!(redact(&policy, false, &json!({"list": [pair, 1]})), json!({"list": [expected, 1]}));
    }
    for kept in [
        json!({"name": "authorization", "values": "x"}),
        json!({"name": "max_tokens", "value": 5}),
        json!({"name": {"password": "[REDACTED]"}, "value": 5}),
        json!({"name": "token", "inner": {"value": 5}}),
        json!({"inner": {"name": "token"}, "value": 5}),
        json!({"value": 5, "inner": {"name": "token"}}),
        json!({"name": "one of my passwords is here, ".repeat(20), "value": 5}),
    ] {
        assert_eq!(redact(&policy, false, &kept), kept);
    }
}

#[test]
fn the_name_of_a_pair_may_stand_before_or_after_its_value() {
    for text in [
        r#"{"value":"canary","name":"token"}"#,
        r#"{"name":"token","value":"canary"}"#,
        r#"{"value":{"value":"canary"},"x":[{"name":"x"}],"key":"token","value":"canary"}"#,
    ] {
        let mut out = Vec::new();
        RedactionPolicy::new().redact(text.as_bytes(), false, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("canary") && out.contains("[REDACTED]"), "{out}");
    }
}

#[test]
fn pairs_within_pairs_cost_one_look_an_object() {
    let deep = (0..90).fold(json!(1), |inner, _| json!({"value": inner, "x": "y".repeat(5000)}));
    let started = std::time::Instant::now();
    assert_eq!(redact(&RedactionPolicy::new().max_content_length(10_000), false, &deep), deep);
    let many: String = (0..40_000).map(|_| r#","value":1"#).collect();
    let mut out = Vec::new();
    RedactionPolicy::new().redact(format!("{{\"a\":1{many}}}").as_bytes(), false, &mut out);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

fn any_object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        "[a-z\"\\\\\u{1}é😀]{0,12}".prop_map(Value::from),
        Just(Value::Null)
    ];
    let tree = leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    });
    prop::collection::vec((key(), tree), 0..5).prop_map(|all| Value::Object(all.into_iter().collect()))
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z\"{}\\[\\],:]{1,6}",
        Just("password".to_owned()),
        Just("prompt".to_owned()),
        Just("status".to_owned())
    ]
}

/// What the walk over text must agree with: the same rules over a tree, recursive and slow.
fn model(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let hidden = matches!(key.as_str(), "password" | "prompt");
                (key.clone(), if hidden { json!("[REDACTED]") } else { model(value) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(model).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn walking_text_agrees_with_walking_a_tree(value in any_object()) {
        prop_assert_eq!(redact(&RedactionPolicy::new(), false, &value), model(&value));
    }

    #[test]
    fn a_canary_under_a_secret_key_survives_in_no_nesting(mut value in any_object(), path in prop::collection::vec(0..3_u8, 0..20)) {
        let mut secret = json!({"db_password": "canary-4711"});
        for step in path {
            secret = match step {
                0 => json!([1, secret]),
                1 => json!({"a": secret}),
                _ => json!({"input": "x", "list": [[secret]]}),
            };
        }
        value["carrier"] = secret;
        for (_, capture) in ContentCapture::NAMES {
            let text = redact(&with(capture), false, &value).to_string();
            prop_assert!(!text.contains("canary-4711"));
        }
    }
}

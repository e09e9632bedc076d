//! Every secret of `corpus.txt` in every shape, and not one of them may be found in what leaves.

mod cases;

use proptest::prelude::*;
use serde_json::{Value, json};

use self::cases::{CANARY, at_any_depth, is_only_json, keyed, section, spellings, text, token, whole};
use super::{RedactionPattern, RedactionPolicy};

fn redact(policy: &RedactionPolicy, value: &Value) -> String {
    let (mut json, mut out) = (Vec::new(), Vec::new());
    crate::event::json::write(value, &mut json).unwrap();
    policy.redact(&json, false, &mut out);
    let out = String::from_utf8(out).unwrap();
    let _: Value = serde_json::from_str(&out).unwrap();
    out
}

/// Where text may stand in an event.
fn places(text: &str) -> [Value; 5] {
    [
        json!({ "note": text }),
        json!({ "a": [[{ "b": [text, 1] }]] }),
        json!({ "attributes": { "log.line": { "stringValue": text } } }),
        json!({ "metadata": { "error": { "chain": ["x", text] } } }),
        json!({ "body": json!({ "inner": text }).to_string() }),
    ]
}

/// Collects what leaked, so that one run shows all of it.
#[derive(Default)]
struct Leaks {
    tried: usize,
    found: Vec<String>,
}

impl Leaks {
    fn try_all(&mut self, secret: &str, values: impl IntoIterator<Item = Value>) {
        for value in values {
            self.tried += 1;
            let left = redact(&RedactionPolicy::new(), &value);
            if left.to_lowercase().contains(&secret.to_lowercase()) {
                self.found.push(format!("{value} -> {left}"));
            }
        }
    }

    #[track_caller]
    fn assert_none(self, at_least: usize) {
        assert!(self.tried >= at_least, "{} are few", self.tried);
        let some: Vec<_> = self.found.iter().take(40).cloned().collect();
        assert!(self.found.is_empty(), "{} of {} leak:\n{}", self.found.len(), self.tried, some.join("\n"));
    }
}

#[test]
fn what_a_secret_key_names_leaks_from_no_text() {
    let mut leaks = Leaks::default();
    for key in section("keys") {
        for shape in section("keyed text") {
            leaks.try_all(CANARY, places(&keyed(&text(shape), key, CANARY)));
            for key in spellings(key) {
                leaks.try_all(CANARY, [json!({ "note": keyed(&text(shape), &key, CANARY) })]);
            }
        }
    }
    leaks.assert_none(10_000);
}

/// Text as it stands in what `Debug` shows, on one line and on several, and where that is shown once more.
fn shown(text: &str) -> [Value; 3] {
    let some = Some(text);
    let (line, lines, again) = (format!("{text:?}"), format!("{some:#?}"), format!("{:?}", format!("{some:?}")));
    [json!({ "note": line }), json!({ "note": lines }), json!({ "note": again })]
}

#[test]
fn what_a_secret_key_names_leaks_from_no_debug_output() {
    let mut leaks = Leaks::default();
    let shapes = |name: &str| section(name).into_iter().filter(|shape| !is_only_json(shape));
    for shape in shapes("keyed text") {
        for key in section("keys") {
            leaks.try_all(CANARY, shown(&keyed(&text(shape), key, CANARY)));
        }
    }
    for shape in section("token text") {
        for token in section("tokens").into_iter().map(token) {
            leaks.try_all(&token, shown(&text(&shape.replace('T', &token))));
        }
    }
    shapes("whole text").for_each(|shape| leaks.try_all(CANARY, shown(&whole(&text(shape), CANARY))));
    leaks.assert_none(5000);
}

#[test]
fn what_a_secret_key_names_leaks_from_no_payload() {
    let mut leaks = Leaks::default();
    for key in section("keys") {
        for shape in section("keyed payload") {
            for key in spellings(key) {
                let payload = keyed(shape, &key, CANARY);
                let value: Value = serde_json::from_str(&payload).unwrap();
                leaks.try_all(CANARY, [value, json!({ "inside": payload })]);
            }
        }
    }
    leaks.assert_none(1000);
}

#[test]
fn tokens_leak_from_no_text() {
    let mut leaks = Leaks::default();
    for token in section("tokens").into_iter().map(token) {
        for shape in section("token text") {
            leaks.try_all(&token, places(&text(&shape.replace('T', &token))));
        }
    }
    leaks.assert_none(5000);
}

#[test]
fn what_needs_no_key_leaks_from_no_text() {
    let mut leaks = Leaks::default();
    for shape in section("whole text") {
        leaks.try_all(CANARY, places(&whole(&text(shape), CANARY)));
    }
    leaks.assert_none(100);
}

#[test]
fn a_secret_has_a_mask_that_says_what_it_was() {
    for (line, mask) in [
        ("AK IA 16U", "[REDACTED_CLOUD_KEY]"),
        ("gh p_ 36a", "[REDACTED_TOKEN]"),
        ("sk _live_ 24a", "[REDACTED_KEY]"),
        ("ey J 20a.40a.43a", "[REDACTED_JWT]"),
    ] {
        let left = redact(&RedactionPolicy::new(), &json!({ "note": format!("uses {}.", token(line)) }));
        assert_eq!(left, format!(r#"{{"note":"uses {mask}."}}"#));
    }
}

#[test]
fn innocent_text_stays_as_it_is() {
    let innocent = section("innocent");
    assert!(innocent.len() >= 60);
    for text in innocent {
        for value in [json!({ "note": text }), json!({ "a": [{ "b": [text] }] })] {
            assert_eq!(serde_json::from_str::<Value>(&redact(&RedactionPolicy::new(), &value)).unwrap(), value);
        }
    }
}

proptest! {
    #[test]
    fn a_canary_in_the_place_of_a_secret_never_leaves(
        canary in "[A-Z0-9]{12}",
        key in prop::sample::select(section("keys")),
        spelling in 0..5_usize,
        shape in prop::sample::select([section("keyed text"), section("keyed payload")].concat()),
        path in prop::collection::vec(0..4_u8, 0..20),
        before in "[a-z ]{0,10}",
    ) {
        let shape = keyed(&text(shape), &spellings(key)[spelling], &canary);
        for secret in [json!(shape), json!(format!("{before}\n{shape}")), json!({ spellings(key)[spelling].clone(): canary })] {
            let left = redact(&RedactionPolicy::new(), &at_any_depth(secret, &path));
            prop_assert!(!left.contains(&canary), "{left}");
        }
    }
}

#[test]
fn patterns_of_the_callers_own_hide_what_they_find() {
    let policy = RedactionPolicy::new().redact_patterns([
        RedactionPattern::token("customer", "cust_", 4),
        RedactionPattern::new("shout", |text| text.find("LOUD").map(|at| at..at + 4)),
        RedactionPattern::token("none", "", 1),
    ]);
    let left = |text: &str| serde_json::from_str::<Value>(&redact(&policy, &json!([text]))).unwrap()[0].clone();
    assert_eq!(
        left("cust_1234 and \"cust_5678\": LOUD é"),
        "[REDACTED_CUSTOMER] and \"[REDACTED_CUSTOMER]\": [REDACTED_SHOUT] é"
    );
    assert_eq!(left("cust_1 xcust_1234 a"), "cust_1 xcust_1234 a");
    assert_eq!(left("cust_1234 password=x"), "[REDACTED_CUSTOMER] password=[REDACTED]");
    assert_eq!(left(r#"{"a":"cust_1234","password":"x"}"#), r#"{"a":"[REDACTED_CUSTOMER]","password":"[REDACTED]"}"#);
    let mut own = br#"x:"cust_1234""#.to_vec();
    policy.mask_string(&mut own, 2);
    assert_eq!(own, br#"x:"[REDACTED_CUSTOMER]""#);
    assert!(!policy.spares_own_text());
    assert_eq!(policy, policy.clone());
    assert_ne!(policy, RedactionPolicy::new().redact_patterns([RedactionPattern::token("customer", "cust_", 4)]));
}

#[test]
fn a_pattern_that_fails_hides_all_of_the_text() {
    type Find = fn(&str) -> Option<std::ops::Range<usize>>;

    let fails: [Find; 6] = [
        |_| panic!("on purpose"),
        |_| Some(0..0),
        |text| Some(0..text.len() + 1),
        |_| Some(1..2),
        #[expect(clippy::reversed_empty_ranges, reason = "what a mistake may look like")]
        |_| Some(2..1),
        |text| (text.len() > 1).then_some(0..1),
    ];
    for (i, fail) in fails.into_iter().enumerate() {
        let policy = RedactionPolicy::new().redact_patterns([RedactionPattern::new("own", fail)]);
        let text = if i == 5 { "x".repeat(2000) } else { "ébc".to_owned() };
        assert_eq!(redact(&policy, &json!({ "a": text, "b": 1 })), r#"{"a":"[REDACTED]","b":1}"#, "{i}");
    }
}

#[test]
fn a_dry_run_lists_places_and_masks_and_no_values() {
    let secret = token("gh p_ 36a");
    let value = json!({
        "a/b": { "api_key": CANARY, "n": 1 },
        "list": [{ "x": format!("{secret} of bob@example.com, password={CANARY}") }, "plain"],
        "prompt": CANARY,
        "card": 4_111_111_111_111_111_u64,
        "long": "x".repeat(5000),
        "json": json!({ "token": CANARY }).to_string(),
    });
    let report = RedactionPolicy::new().inspect(&value).unwrap();
    let mut lines: Vec<_> =
        report.findings().iter().map(|found| format!("{} {}", found.path(), found.mask())).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "/a~1b/api_key [REDACTED]",
            "/card [REDACTED_CARD]",
            "/json [REDACTED]",
            "/list/0/x ***@",
            "/list/0/x [REDACTED]",
            "/list/0/x [REDACTED_TOKEN]",
            "/long [TRUNCATED]",
            "/prompt [REDACTED]",
        ]
    );
    assert!(!format!("{report:?}{report}").contains(CANARY));
    assert!(RedactionPolicy::new().inspect(&json!({ "a": [1, "b"] })).unwrap().is_empty());
    assert!(RedactionPolicy::new().inspect(&(0..200).fold(json!(1), |inner, _| json!([inner]))).is_err());
}

#[test]
fn a_redacted_value_shows_itself_nowhere() {
    use crate::{event::AttributeValue, redact::Redacted};

    let hidden = Redacted::new(CANARY);
    assert_eq!(format!("{hidden} {hidden:?}"), "[REDACTED] [REDACTED]");
    assert_eq!(redact(&RedactionPolicy::new(), &json!({ "x": hidden })), r#"{"x":"[REDACTED]"}"#);
    assert_eq!(serde_json::to_string(&AttributeValue::from(hidden)).unwrap(), r#""[REDACTED]""#);
    assert_eq!(serde_json::from_str::<Redacted<u8>>("7").unwrap().into_inner(), 7);
    assert_eq!(*hidden.expose(), CANARY);
}

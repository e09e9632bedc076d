use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    LogPayload, Severity,
    context::RequestContext,
    event::{AttributeValue, Attributes, draft},
    redact::{ContentCapture, RedactionPolicy},
    testing::MemorySink,
};

fn any_value() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        any::<i64>().prop_map(AttributeValue::from),
        any::<u64>().prop_map(AttributeValue::from),
        any::<f64>().prop_map(AttributeValue::from),
        any::<bool>().prop_map(AttributeValue::from),
        any::<String>().prop_map(AttributeValue::from),
        "[a-z ]{0,12}(password=[a-z]{3}|a@b\\.example|4111 1111 1111 1111|\\{\"token\":\"x\"\\})?"
            .prop_map(AttributeValue::from),
        Just(AttributeValue::from("long ".repeat(1000))),
        Just(AttributeValue::from(4_111_111_111_111_111_u64)),
        "[a-z]{0,8}".prop_map(|text| AttributeValue::from(serde_json::json!({"password": text, "list": [text, null]}))),
    ]
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    // Names like `value` have all attributes judged once more, which may mask what a mask stands in.
    let key = "[a-c]{1,2}|password|prompt|body|request\\.id|\\PC{0,6}|secret\"|attributes";
    prop::collection::vec((key, any_value()), 0..6).prop_map(Attributes::from_iter)
}

fn any_policy() -> impl Strategy<Value = RedactionPolicy> {
    let keys = prop::collection::vec("a|b|body|resource|request.id", 0..2);
    (0..3_usize, keys, any::<bool>()).prop_map(|(capture, keys, short)| {
        let (_, capture) = ContentCapture::NAMES[capture];
        let policy = RedactionPolicy::new().content_capture(capture).redact_keys(keys);
        if short { policy.max_content_length(30) } else { policy }
    })
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

proptest! {
    #[test]
    fn a_log_record_is_the_same_event_in_either_form(
        body in any_value(),
        attributes in any_attributes(),
        own in any_attributes(),
        bound in any_attributes(),
        resource in any_attributes(),
        policy in any_policy(),
        in_request: bool,
        metadata: bool,
        service: bool,
        identifier in "[a-z]{1,8}|a \"b\"\n",
    ) {
        let client = MemorySink::new().builder().channel_id("c").redaction(policy).send_occurred_at(true);
        let client = if service { client.service("orders \"1\"", "1.4.2") } else { client }.build().unwrap();
        let live = client.0.as_ref().unwrap().live.load();
        let record = LogPayload::new(body).severity(Severity::Warn).attributes(attributes).resource(resource);
        let mut event = Event::log(identifier, record).dedup_key("k").agent_id("a").occurred_at(std::time::UNIX_EPOCH);
        if metadata {
            event = event.metadata(&serde_json::json!({"token": 1, "a": "b"})).unwrap();
        }
        for (key, value) in own {
            event = event.attribute(key, value);
        }
        let context = RequestContext::new();
        for (key, value) in bound {
            context.bind(key, value);
        }
        let both = || {
            let written = live.draft(&event, event.as_log().unwrap(), None, draft::to_body).unwrap();
            (value(&written), live.encode(&event, value).unwrap())
        };
        let (draft, json) = if in_request { context.sync_scope(both) } else { both() };
        prop_assert_eq!(draft, json);
    }
}

#[test]
fn an_attribute_that_names_a_secret_hides_the_one_that_holds_it() {
    let client = MemorySink::new().builder().build().unwrap();
    for (name, hidden) in [("authorization", "[REDACTED]"), ("colour", "blue")] {
        let record = LogPayload::new("x").attribute("value", "blue").attribute("name", name).attribute("n", 1);
        let event = Event::log("x", record);
        let written = client
            .0
            .as_ref()
            .unwrap()
            .live
            .load()
            .draft(&event, event.as_log().unwrap(), None, draft::to_body)
            .unwrap();
        let attributes = serde_json::json!({"value": hidden, "name": name, "n": 1});
        assert_eq!(value(&written)["payload"]["attributes"], attributes);
    }
}

#[test]
fn attributes_that_are_hidden_as_a_whole_are_hidden_one_by_one() {
    let policy = RedactionPolicy::new().redact_keys(["attributes"]);
    let client = AxonPush::builder().api_key("ak_test").redaction(policy).build().unwrap();
    let event = Event::log("x", LogPayload::new("said").attribute("a", "b").attribute("list", vec![1]));
    let written =
        client.0.as_ref().unwrap().live.load().draft(&event, event.as_log().unwrap(), None, draft::to_body).unwrap();
    let hidden = serde_json::json!({"a": "[REDACTED]", "list": "[REDACTED]"});
    assert_eq!(value(&written)["payload"]["attributes"], hidden);
}

#[test]
fn a_log_record_too_large_to_send_is_refused_by_its_size() {
    let client = AxonPush::builder().api_key("ak_test").build().unwrap();
    let mut record = LogPayload::new("x");
    for n in 0..100 {
        record = record.attribute(format!("k{n}"), "long ".repeat(1000));
    }
    let error = client.enqueue(&Event::log("flood", record), WhenFull::GiveBack).unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("`flood`"), "{error}");
}

#[test]
fn what_the_sdk_says_to_itself_is_suppressed() {
    let client = MemorySink::new().client();
    suppress::while_working(|| client.enqueue(&Event::new("echo"), WhenFull::GiveBack).unwrap());
    assert_eq!((client.stats().suppressed(), client.stats().accepted()), (1, 0));
}

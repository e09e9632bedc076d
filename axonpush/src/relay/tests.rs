//! What a relay makes of spans.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    event::{
        draft::{self, Guard, Open, span::Span},
        record::Lane,
    },
    redact::{ContentCapture, RedactionPolicy},
    sink::{self, Compression, OtlpEncoding, OtlpFormat},
};

struct Told(Vec<(String, Value)>);

impl SpanContents for Told {
    fn attributes(&self, to: &mut AttributeWriter<'_>) {
        self.0.iter().for_each(|(key, value)| to.add(key, value));
    }

    fn events(&self, to: &mut EventWriter<'_>) {
        to.add("event", SystemTime::UNIX_EPOCH, 0, |to| self.attributes(to));
    }

    fn links(&self, to: &mut LinkWriter<'_>) {
        to.add(1, 2, "a=b", 3, |to| self.attributes(to));
    }
}

fn facts() -> SpanFacts<'static> {
    let start = SystemTime::UNIX_EPOCH + Duration::from_nanos(5);
    SpanFacts::new("work for a.person@example.com", 0x0123_4567_89ab_cdef_0011, 0xf067, start, start).error("gone")
}

fn draft(facts: &SpanFacts<'_>, contents: &Told, guard: &dyn Guard) -> Vec<u8> {
    let mut out = Vec::new();
    let body = wire::Body { channel_id: Some("c-1"), dedup_key: Some("k"), ..wire::Body::default() };
    draft::span::begin(&body, &mut out);
    let told = span::write(facts, contents, br#"{"service.name":"shop"}"#, guard, &mut out).unwrap();
    draft::span::text(&mut out, |_| ());
    told.write(&mut out);
    out
}

fn written(contents: &Told, guard: &dyn Guard) -> Vec<u8> {
    let mut out = Vec::new();
    Span::read(&draft(&facts(), contents, guard)).write_payload(&mut out);
    out
}

#[test]
fn an_attribute_without_a_json_form_is_left_out_alone() {
    struct Broken;
    impl serde::Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }
    let mut out = Vec::new();
    let mut writer = AttributeWriter::new(&mut out, &Open);
    writer.add("a", &1);
    writer.add("b", &Broken);
    writer.add("c", "x");
    writer.close().unwrap();
    let entries: Vec<_> = draft::span::entries(&out).collect();
    assert_eq!(entries, [(&b"a"[..], &b"1"[..]), (b"c", b"\"x\"")]);
}

#[test]
fn what_is_handed_over_while_the_client_works_is_counted_and_dropped() {
    let client = AxonPush::builder().api_key("ak_test").build().unwrap();
    let relay = Relay::new(&client, "test");
    suppress::while_working(|| {
        assert!(Relay::is_own_work());
        relay.begin().span(&facts(), &Told(Vec::new())).unwrap();
    });
    assert_eq!((client.stats().accepted(), client.stats().suppressed()), (0, 1));
}

#[test]
fn the_resource_follows_the_settings_and_its_environment_has_one_name() {
    let client = AxonPush::builder().api_key("ak_test").service("ours", "2").build().unwrap();
    let mut relay = Relay::new(&client, "test");
    let resource = |relay: &Relay| serde_json::from_str::<Value>(relay.begin().resource()).unwrap();
    assert_eq!(resource(&relay), json!({"service.name": "ours", "service.version": "2"}));
    relay.set_resource(Attributes::from_iter([
        ("service.name", "theirs"),
        ("deployment.environment.name", "staging"),
        ("host.name", "h-1"),
    ]));
    let theirs = json!({
        "service.name": "ours", "service.version": "2", "deployment.environment": "staging", "host.name": "h-1",
    });
    assert_eq!(resource(&relay), theirs);
    client.reload(|settings| settings.service("renamed", "3").environment("production")).unwrap();
    let renamed = json!({
        "service.name": "renamed", "service.version": "3", "deployment.environment": "production", "host.name": "h-1",
    });
    assert_eq!(resource(&relay), renamed);
}

proptest! {
    #[test]
    fn a_span_judged_where_it_is_written_is_the_one_judged_as_a_whole(
        keys in proptest::collection::btree_set("[a-z]{1,4}|password|prompt|name|value|x-api-key|mess\"age|mail", 0..6),
        text in "[a-z @=:.\"]{0,40}|4111 ?1111 ?1111 ?1111|https://a:b@c/?token=x|a{5000}",
        capture in 0..3_usize,
    ) {
        let (_, capture) = ContentCapture::NAMES[capture];
        let policy = RedactionPolicy::new().content_capture(capture);
        let values = [json!(text), json!({"token": text, "list": [text]}), json!(4_111_111_111_111_111_u64)];
        let told = Told(keys.into_iter().zip(values.into_iter().cycle()).collect());
        let mut whole = Vec::new();
        policy.redact(&written(&told, &Open), true, &mut whole);
        let read = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap();
        prop_assert_eq!(read(&written(&told, &policy)), read(&whole));
    }
    #[test]
    fn a_span_that_waits_as_a_draft_is_exported_as_its_body_would_be(
        keys in proptest::collection::btree_set("[a-z]{0,4}|mess\"age|\\\\|é", 0..6),
        text in "[a-z\"\\\\\n é]{0,40}|b{200}",
        [trace, span, parent] in proptest::array::uniform3(prop_oneof![Just(0), any::<u64>()]),
        nanos in prop_oneof![Just(0), any::<u32>()],
        code in 0..3_u8,
        flags: u32,
        dropped in proptest::array::uniform3(0..2_u32),
    ) {
        let values = [json!(text), json!({"in": text, "list": [text, null]}), json!(-7), json!(1.5), json!(true), json!(u64::MAX)];
        let told = Told(keys.into_iter().zip(values.into_iter().cycle()).collect());
        let start = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos.into());
        let [attributes, events, links] = dropped;
        let facts = SpanFacts::new(&text, trace.into(), span, start, start).parent_span_id(parent).flags(flags);
        let facts = facts.scope(&text, "1").trace_state(&text).dropped(attributes, events, links);
        let facts = match code {
            0 => facts,
            1 => facts.ok(),
            _ => facts.error(&text),
        };
        let draft = draft(&facts, &told, &Open);
        let body = draft::to_body(&draft);
        prop_assert_eq!(&serde_json::from_slice::<Value>(&body).unwrap()["payload"]["name"], &text);
        for format in [OtlpFormat::Json, OtlpFormat::Protobuf] {
            let encoding = OtlpEncoding { format, compression: Compression::None };
            let sent = |waiting: &[u8]| {
                let request = sink::request(Lane::Spans, std::iter::once(waiting), encoding).body.unwrap();
                (request.channel, request.bytes)
            };
            prop_assert_eq!(sent(&draft), sent(&body));
        }
    }
}

use std::collections::HashSet;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::*;
use crate::{
    event::{
        Event, LogPayload, Severity,
        draft::{self, Draft},
        wire,
    },
    redact::RedactionPolicy,
    sink::lines::escape::is_deceptive,
};

fn line_of(raw: &[u8]) -> String {
    let mut out = Vec::new();
    JsonLines::new().write(&SinkRecord::new(raw, Severity::Warn, 1_795_281_323_000_000_001, b""), &mut out);
    String::from_utf8(out).unwrap()
}

fn draft_of(record: &LogPayload, add: impl FnOnce(&mut Draft<'_>)) -> Vec<u8> {
    let event = Event::log("billing", record.clone());
    let around = wire::Surroundings { trace_id: Some("t1"), span_id: Some("s1"), ..wire::Surroundings::default() };
    let mut out = Vec::new();
    draft::write_log(&event, record, &around, add, &RedactionPolicy::new(), &mut out).unwrap();
    out
}

#[test]
fn a_log_has_the_standard_fields_first_and_in_their_order() {
    let record = LogPayload::new("card \"x\" declined")
        .severity(Severity::Error)
        .time(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_795_281_323_123_456_789))
        .attribute("order.id", 1042)
        .attribute("exception.message", "no funds")
        .attribute("exception.type", "Declined")
        .attribute("user.id", "u-1")
        .attribute("logger.name", "billing")
        .attribute("request.id", "r-1");
    let resource =
        [("service.name", "shop"), ("service.version", "1.2"), ("deployment.environment", "prod"), ("host.name", "h")];
    let resource = resource.into_iter().fold(crate::event::Attributes::new(), |mut all, (key, value)| {
        all.insert(key, value);
        all
    });
    let expected = concat!(
        r#"{"timestamp":"2026-11-21T17:15:23.123456789Z","level":"ERROR","event":"card \"x\" declined","#,
        r#""target":"billing","service":"shop","version":"1.2","environment":"prod","request_id":"r-1","#,
        r#""trace_id":"t1","span_id":"s1","user_id":"u-1","error":"no funds","error_type":"Declined","#,
        r#""order.id":1042,"host.name":"h"}"#,
        "\n",
    );
    let draft = draft_of(&record.resource(resource), |_| ());
    assert_eq!(line_of(&draft), expected);
    // The body of `POST /event` says the same; how bad it is the queue knows.
    assert_eq!(line_of(&draft::to_body(&draft)).replace("WARN", "ERROR"), expected);
}

#[test]
fn any_other_event_says_what_it_consists_of() {
    let event = r#"{"identifier":"cache.miss","eventType":"agent.start","agentId":"a","traceId":"t","dedupKey":"d",
        "metadata":{"framework":"axum","request.id":"r","plan":"pro"},
        "payload":{"key":"k","in":{"a":[1,null]},"attributes":{"n":1,"error.type":"500"}}}"#;
    assert_eq!(
        line_of(event.replace("\n        ", "").as_bytes()),
        concat!(
            r#"{"timestamp":"2026-11-21T17:15:23.000000001Z","level":"WARN","event":"cache.miss","target":"agent.start","#,
            r#""request_id":"r","trace_id":"t","error_type":"500","n":1,"key":"k","in":{"a":[1,null]},"agent_id":"a","#,
            r#""plan":"pro"}"#,
            "\n",
        )
    );
    let least = line_of(br#"{"identifier":"x","payload":{}}"#);
    assert!(least.ends_with("\"event\":\"x\",\"target\":\"custom\"}\n"), "{least}");
}

#[test]
fn fields_with_the_names_of_others_are_called_otherwise() {
    let record = LogPayload::new("x")
        .attribute("level", "high")
        .attribute("fields.level", 1)
        .attribute("timestamp", 2)
        .attribute("error", "text")
        .attribute("exception.message", "message");
    let line: serde_json::Value = serde_json::from_str(&line_of(&draft_of(&record, |_| ()))).unwrap();
    assert_eq!((&line["level"], &line["error"]), (&"INFO".into(), &"message".into()));
    assert_eq!((&line["fields.level"], &line["fields.fields.level"]), (&"high".into(), &1.into()));
    assert_eq!((&line["fields.timestamp"], &line["fields.error"]), (&2.into(), &"text".into()));
    // However the name is spelt.
    let twice = line_of(br#"{"identifier":"x","payload":{"a":1,"a":2,"\u0061":3,"l\u0065vel":4}}"#);
    assert!(twice.ends_with("\"a\":1,\"fields.a\":2,\"fields.a.2\":3,\"fields.level\":4}\n"), "{twice}");
}

#[test]
fn an_error_that_says_the_same_is_said_once() {
    let record = LogPayload::new("x").attribute("error", "m").attribute("exception.message", "m");
    let line = line_of(&draft_of(&record, |_| ()));
    assert!(line.ends_with("\"error\":\"m\"}\n"), "{line}");
}

#[test]
fn the_same_name_ten_thousand_times_takes_no_longer_than_as_many_names() {
    let entries: Vec<_> = (0..10_000).map(|n| format!("\"a\":{n}")).collect();
    let line = line_of(format!(r#"{{"identifier":"x","payload":{{{}}}}}"#, entries.join(",")).as_bytes());
    let keys = Keys::of(&line);
    assert_eq!(keys.0.iter().collect::<HashSet<_>>().len(), 10_004);
    // A name that grew each time would have made megabytes of it.
    assert!(line.len() < 40 * 10_000);
}

/// The keys of an object, each as often as it stands there.
struct Keys(Vec<String>);

impl Keys {
    fn of(line: &str) -> Self {
        serde_json::from_str(line).unwrap()
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, serde_json::Value>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Names that get in each other's way, and such as deceive.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("level".to_owned()),
        Just("error".to_owned()),
        Just("exception.message".to_owned()),
        Just("request.id".to_owned()),
        "(fields\\.){0,2}(level|a)(\\.[2-4])?",
        "[a\u{202e}\u{7f}\u{85}\n\"\\\\]{0,3}",
        any::<String>(),
    ]
}

fn check(line: &str, texts: &[&str]) {
    assert!(line.ends_with('\n') && !line.trim_end_matches('\n').contains(is_deceptive), "{line:?}");
    let keys = Keys::of(line).0;
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "{line}");
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let values: Vec<_> = value.as_object().unwrap().values().collect();
    for text in texts {
        assert!(values.iter().any(|value| value.as_str() == Some(text)), "{text:?} is not in {line}");
    }
}

proptest! {
    #[test]
    fn a_line_is_one_line_of_json_that_says_everything_once(
        body: String,
        entries in prop::collection::vec((name(), any::<String>()), 0..12),
        resource in prop::collection::vec((name(), any::<String>()), 0..3),
    ) {
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let object = |entries: &[(String, String)]| {
            let entries = entries.iter().map(|(key, value)| format!("{}:{}", json(key), json(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        };
        let mut texts: Vec<_> = entries.iter().chain(&resource).map(|(_, value)| value.as_str()).collect();
        texts.push(&body);
        // A log, and any other event, by its attributes or by what it consists of.
        let log = format!(
            r#"{{"identifier":"i","eventType":"app.log","payload":{{"body":{},"attributes":{},"resource":{}}}}}"#,
            json(&body), object(&entries), object(&resource),
        );
        check(&line_of(log.as_bytes()), &texts);
        let around = object(&resource);
        for payload in [object(&entries), format!(r#"{{"attributes":{}}}"#, object(&entries))] {
            let event = format!(r#"{{"identifier":{},"metadata":{around},"payload":{payload}}}"#, json(&body));
            check(&line_of(event.as_bytes()), &texts);
        }
    }

    #[test]
    fn foreign_bytes_never_panic(mut bytes: Vec<u8>) {
        line_of(&bytes);
        bytes.insert(0, 1);
        line_of(&bytes);
    }
}

#[cfg(not(debug_assertions))]
#[test]
fn zz_bench() {
    let record = LogPayload::new("order placed by a customer")
        .attribute("order.id", 1042)
        .attribute("amount", 12.5)
        .attribute("currency", "EUR")
        .attribute("request.id", "0197e4b2-aaaa-7bbb-8ccc-0123456789ab")
        .attribute("code.filepath", "src/orders/place.rs")
        .attribute("code.lineno", 120)
        .attribute("code.namespace", "shop::orders::place")
        .attribute("logger.name", "billing")
        .attribute("thread.name", "tokio-runtime-worker")
        .attribute("process.pid", 12345);
    let mut resource = crate::event::Attributes::new();
    for (k, v) in [("service.name", "shop"), ("service.version", "1.2.3"), ("deployment.environment", "production")] {
        resource.insert(k, v);
    }
    let draft = draft_of(&record.resource(resource), |_| ());
    let mut lines = JsonLines::new();
    let mut out = Vec::new();
    for _ in 0..5 {
        let start = std::time::Instant::now();
        for _ in 0..200_000 {
            out.clear();
            lines.write(&SinkRecord::new(&draft, Severity::Info, 1, b""), &mut out);
        }
        eprintln!("json {:?} {}", start.elapsed() / 200_000, out.len());
    }
    let mut lines = crate::sink::local::console::ConsoleLines::new(true);
    for _ in 0..3 {
        let start = std::time::Instant::now();
        for _ in 0..200_000 {
            out.clear();
            lines.write(&SinkRecord::new(&draft, Severity::Info, 1, b""), &mut out);
        }
        eprintln!("console {:?} {}", start.elapsed() / 200_000, out.len());
    }
}

#[cfg(feature = "loki")]
proptest! {
    #[test]
    fn a_line_in_a_string_is_the_line(
        attributes in prop::collection::vec(("[a\"\\\\ü\u{202e}]{0,4}|event|level|fields\\.a", any::<String>()), 0..24),
        said: String,
        other in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let record = attributes.into_iter().fold(LogPayload::new(said), |record, (key, value)| record.attribute(key, value));
        let mut lines = JsonLines::new();
        let torn = [br#"{"identifier":"x","payload":{"a":["#, &other[..], br#"],"b\u0022":"\/"}}"#].concat();
        let draft = draft_of(&record, |_| ());
        for raw in [&draft, &draft::to_body(&draft), &torn] {
            let record = SinkRecord::new(raw, Severity::Warn, 7, br#"{"service.name":"shop"}"#);
            let (mut line, mut inside) = (Vec::new(), b"\"".to_vec());
            lines.write(&record, &mut line);
            let length = lines.write_inside(&record, &mut inside);
            inside.push(b'"');
            prop_assert_eq!(&inside, &serde_json::to_vec(std::str::from_utf8(line.trim_ascii_end()).unwrap()).unwrap());
            prop_assert_eq!(length, line.trim_ascii_end().len());
        }
    }
}

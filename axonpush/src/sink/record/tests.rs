use super::*;
use crate::{
    event::{Event, LogPayload, wire::Surroundings},
    redact::RedactionPolicy,
};

fn pairs<'a>(all: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Vec<String> {
    all.map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn a_record_looks_the_same_as_a_draft_and_as_a_body() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_281_323_123_456_789);
    let log = LogPayload::new("say \"hi\"")
        .severity(Severity::Warn)
        .time(time)
        .attribute("a \"b\"", 1)
        .attribute("request.id", "r-1")
        .attribute("list", serde_json::json!(["x"]));
    let event = Event::log("billing", log.clone());
    let around = Surroundings { trace_id: Some("t1"), span_id: Some("s1"), ..Surroundings::default() };
    let mut waiting = Vec::new();
    draft::write_log(&event, &log, &around, |_| (), &RedactionPolicy::new(), &mut waiting).unwrap();
    let body = draft::to_body(&waiting);
    let speaker = br#"{"service.name":"shop"}"#;
    for raw in [&waiting, &body] {
        let record = SinkRecord::new(raw, Severity::Warn, 7, speaker);
        assert_eq!((record.severity(), record.time(), record.is_log()), (Severity::Warn, time, true));
        assert_eq!((&*record.identifier(), &*record.event_type()), ("billing", "app.log"));
        assert_eq!(record.body().as_deref(), Some("say \"hi\""));
        assert_eq!((record.trace_id().as_deref(), record.span_id().as_deref()), (Some("t1"), Some("s1")));
        assert_eq!(record.request_id().as_deref(), Some("r-1"));
        assert_eq!(pairs(record.attributes()), ["a \"b\"=1", "request.id=\"r-1\"", "list=[\"x\"]"]);
        assert_eq!(pairs(record.resource()), ["service.name=\"shop\""]);
        assert_eq!(record.as_json().as_bytes(), body);
    }
}

#[test]
fn what_an_event_does_not_say_is_not_there() {
    let record = SinkRecord::new(br#"{"identifier":"x","traceId":null,"payload":[1]}"#, Severity::Info, 7, b"");
    assert_eq!((&*record.event_type(), record.body(), record.trace_id()), ("custom", None, None));
    assert_eq!((record.request_id(), record.attributes().count(), record.resource().count()), (None, 0, 0));
    assert_eq!(record.time(), SystemTime::UNIX_EPOCH + Duration::from_nanos(7));
}

#[test]
fn an_event_that_says_when_it_was_was_then() {
    for (said, nanos) in [
        ("2026-11-21T17:15:23.123456789Z", 1_795_281_323_123_456_789),
        ("1969-12-31T23:59:59Z", 0),
        ("9999-01-01T00:00:00Z", u64::MAX),
        ("yesterday", 7),
    ] {
        let event = format!(r#"{{"identifier":"x","occurredAt":"{said}","payload":{{}}}}"#);
        let record = SinkRecord::new(event.as_bytes(), Severity::Info, 7, b"");
        assert_eq!(record.nanos(), nanos, "{said}");
    }
}

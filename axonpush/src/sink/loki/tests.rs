use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde::Deserialize;

use super::{
    Loki, LokiLine,
    entries::{Encoder, Entries},
    labels::Seen,
};
use crate::{event::Severity, sink::SinkRecord};

#[derive(Deserialize)]
struct Push {
    streams: Vec<Pushed>,
}

#[derive(Deserialize)]
struct Pushed {
    stream: BTreeMap<String, String>,
    values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Plain(String, String),
    With(String, String, #[expect(dead_code, reason = "it need only be one")] BTreeMap<String, String>),
}

/// What a body holds, as Loki would read it: labels, time, line.
fn read(body: &[u8]) -> Vec<(BTreeMap<String, String>, u64, String)> {
    let push: Push = serde_json::from_slice(body).unwrap();
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for pushed in push.streams {
        assert!(seen.insert(pushed.stream.clone()), "a stream stands once in a request");
        assert!(!pushed.stream.is_empty() && !pushed.values.is_empty());
        for value in pushed.values {
            let (Value::Plain(nanos, line) | Value::With(nanos, line, _)) = value;
            all.push((pushed.stream.clone(), nanos.parse().unwrap(), line));
        }
    }
    all
}

fn encode(sink: Loki, events: &[(String, u64)]) -> Entries {
    let record = |(raw, nanos): &'_ (String, u64)| (raw.clone().into_bytes(), *nanos);
    let raw: Vec<_> = events.iter().map(record).collect();
    let records: Vec<_> = raw
        .iter()
        .map(|(raw, nanos)| SinkRecord::new(raw, Severity::Info, *nanos, br#"{"service.name":"s"}"#))
        .collect();
    Encoder::new(sink.settings, Seen::default()).encode(&records)
}

fn event(identifier: &str, kind: &str, user: &str) -> String {
    let of =
        serde_json::json!({"identifier": identifier, "eventType": kind, "payload": {"attributes": {"user": user}}});
    of.to_string()
}

fn sink() -> Loki {
    Loki::new("http://127.0.0.1:1").labels(["event_type", "level"]).label_from("user", "user").line(LokiLine::Message)
}

proptest! {
    #[test]
    fn no_record_is_lost_or_doubled_however_requests_are_cut(
        events in prop::collection::vec(("[a-z]{0,40}", "[abc]", ".{0,6}", 0..20_u64), 1..60),
        max_bytes in 0..3000_usize,
        halves in prop::collection::vec(any::<bool>(), 0..20),
    ) {
        let named = |(at, (name, kind, user, nanos)): (usize, &(String, String, String, u64))| {
            (event(&format!("{at}-{name}"), kind, user), *nanos)
        };
        let events: Vec<_> = events.iter().enumerate().map(named).collect();
        let entries = encode(sink().max_label_values(3).max_streams(5), &events);
        let mut groups = entries.groups(max_bytes);
        for group in &groups {
            prop_assert!(group.len() == 1 || entries.body(group).len() <= max_bytes);
        }
        // What the server finds too large is halved.
        for at in halves.iter().enumerate().filter_map(|(at, halve)| halve.then_some(at)) {
            let Some(group) = groups.get_mut(at) else { break };
            let half = group.split_off(group.len() / 2);
            groups.insert(at + 1, half);
        }
        let mut lines = Vec::new();
        for group in groups.iter().filter(|group| !group.is_empty()) {
            let body = read(&entries.body(group));
            let of_a_stream = body.chunk_by(|one, other| one.0 == other.0);
            for stream in of_a_stream {
                prop_assert!(stream.is_sorted_by_key(|(_, nanos, _)| *nanos));
            }
            lines.extend(body);
        }
        prop_assert_eq!(lines.len(), events.len());
        let mut places: Vec<usize> =
            lines.iter().map(|(.., line)| line.split('-').next().unwrap().parse().unwrap()).collect();
        for (place, (_, nanos, _)) in places.iter().zip(&lines) {
            prop_assert_eq!(events[*place].1, *nanos);
        }
        places.sort_unstable();
        prop_assert!(places.into_iter().eq(0..events.len()));
        let streams: BTreeSet<_> = lines.iter().map(|(labels, ..)| labels).collect();
        prop_assert!(streams.len() <= 6, "{:?}", streams);
    }

    #[test]
    fn any_record_makes_a_body_that_parses(raw: Vec<u8>, nanos: u64) {
        let record = SinkRecord::new(&raw, Severity::Warn, nanos, b"");
        for sink in [sink(), sink().line(LokiLine::Json).structured_metadata(["user", "a\"b"])] {
            let entries = Encoder::new(sink.settings, Seen::default()).encode(std::slice::from_ref(&record));
            let body = entries.body(&entries.groups(100).concat());
            prop_assert_eq!(read(&body).len(), 1);
        }
    }
}

#[test]
fn what_is_seen_is_remembered_by_the_next_writer() {
    use crate::sink::{Sink as _, writer::write_to};

    // Nobody listens there, and what is written is of no interest.
    let sink = sink().max_label_values(1);
    for user in ["first", "second"] {
        let mut writer = sink.open().unwrap();
        let (result, _) = write_to(&mut *writer, &[event("x", "a", user).as_bytes()]);
        assert!(result.is_err());
    }
    let mut seen = sink.seen.lock().unwrap();
    let caps = sink.settings.caps;
    let user = sink.settings.labels.iter().position(|(name, _)| name == "user").unwrap();
    assert!(seen.admits(user, "first", caps) && !seen.admits(user, "second", caps));
}

proptest! {
    #[test]
    fn neighbours_are_found_by_what_they_would_be_found_by_alone(
        events in prop::collection::vec((0..3_usize, 0..6_usize, "[ab]", 0..3_usize, 0..2_usize, 0..3_usize), 1..40),
        streams in 1..9_usize,
    ) {
        let attributes = ["{}", r#"{"user":"a"}"#, r#"{"us\u0065r":"b"}"#, r#"{"user":null,"service.name":"x"}"#,
            r#"{"deployment.environment.name":"y","other":1}"#, r#"{"deployment.environment":"z\n"}"#];
        let resources = [r#""resource":1"#, r#""resource":{"user":"c"}"#, r#""resource":{"service.name":null}"#];
        let speakers = [&b""[..], br#"{"service.name":"s","deployment.environment":"e"}"#];
        let levels = [Severity::Info, Severity::Error, Severity::Fatal];
        let raw: Vec<String> = events.iter().map(|(resource, at, name, kind, ..)| {
            let (kind, attributes, resource) = (["x", "app.log", "y"][*kind], attributes[*at], resources[*resource]);
            format!(r#"{{"identifier":"{name}","eventType":"{kind}","payload":{{"attributes":{attributes},{resource}}}}}"#)
        }).collect();
        let records: Vec<_> = raw.iter().zip(&events).map(|(raw, (.., speaker, level))| {
            SinkRecord::new(raw.as_bytes(), levels[*level], 7, speakers[*speaker])
        }).collect();
        let sink = || {
            Loki::new("http://127.0.0.1:1").label_from("user", "user").max_label_values(2).max_streams(streams)
        };
        let together = Encoder::new(sink().settings, Seen::default()).encode(&records);
        let mut alone = Encoder::new(sink().settings, Seen::default());
        for (place, record) in records.iter().enumerate() {
            let entries = alone.encode(std::slice::from_ref(record));
            prop_assert_eq!(together.body(&[place]), entries.body(&[0]));
        }
    }
}

//! `axonpush-dev publish`.

use std::time::{Duration, Instant};

use axonpush_dev::{Answer, DevServer};
use serde_json::json;

use crate::program::{run, run_with_input};
use crate::stub::{Stub, answer};

fn numbered(count: usize) -> String {
    (0..count).map(|number| json!({"identifier": number.to_string(), "payload": {}}).to_string() + "\n").collect()
}

#[test]
fn one_event_is_made_of_flags_and_its_id_is_printed() {
    let server = DevServer::start_blocking().unwrap();
    let flags = ["publish", "order.placed", "--log", "paid", "--severity", "warn", "-a", "total=42", "-a", "who=me"];
    let more = ["--trace-id", "t-1", "--channel", "c-1", "--dedup-key", "k-1", "--url", server.url()];
    let said = run(&[&flags[..], &more[..]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    let events = server.events();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(said.out.trim(), event.event_id);
    assert_eq!((event.identifier.as_str(), event.event_type.as_str()), ("order.placed", "app.log"));
    assert_eq!((event.attribute("total"), event.attribute("who")), (Some(&json!(42)), Some(&json!("me"))));
    let body: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!((&body["payload"]["severityNumber"], &body["channel_id"]), (&json!(13), &json!("c-1")));
    run(&[&flags[..], &more[..]].concat());
    assert_eq!((server.len(), server.duplicates()), (1, 1));
}

#[test]
fn an_event_that_is_refused_says_which_field_and_why() {
    let server = DevServer::start_blocking().unwrap();
    let said = run(&["publish", "", "--url", server.url()]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("body.identifier: expected length >= 1"), "{said:?}");
    let said = run(&["publish", "a", "--payload", "[1]", "--url", server.url()]);
    assert!(said.code == Some(2) && said.err.contains("--payload") && said.err.contains("JSON object"), "{said:?}");
    let payload = r#"{"body":1}"#;
    let said = run(&["publish", "a", "--payload", payload, "--log", "b", "--url", server.url()]);
    assert!(said.code == Some(1) && said.err.contains("--payload: it has a `body`"), "{said:?}");
}

#[test]
fn lines_that_cannot_be_published_are_told_by_their_number_and_cost_no_other() {
    let server = DevServer::start_blocking().unwrap();
    let lines = "{\"identifier\":\"a\",\"payload\":{}}\n\nnot json\n{\"identifier\":\"b\"}\n{\"identifier\":\"c\",\"payload\":{}}";
    let said = run_with_input(&["publish", "--url", server.url()], lines);
    assert_eq!(said.code, Some(1));
    assert_eq!(server.len(), 2);
    for part in ["line 3: not a JSON object", "line 4: 422", "body.payload", "published 2 of 4 lines", "2 could not be"]
    {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    assert!(said.out.is_empty() && !said.err.contains('\u{1b}'), "{said:?}");
}

#[test]
fn with_one_at_a_time_lines_arrive_in_order_and_at_the_rate_that_was_asked_for() {
    let server = DevServer::start_blocking().unwrap();
    let began = Instant::now();
    let arguments = ["publish", "--concurrency", "1", "--rate", "100", "--url", server.url()];
    assert_eq!(run_with_input(&arguments, &numbered(21)).code, Some(0));
    assert!(began.elapsed() >= Duration::from_millis(200));
    let names: Vec<_> = server.events().into_iter().map(|event| event.identifier).collect();
    assert_eq!(names, (0..21).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_server_in_trouble_is_asked_again_and_stores_nothing_twice() {
    let server = DevServer::start_blocking().unwrap();
    for status in [503, 429] {
        server.script(Answer::status(status).header("retry-after", "0"));
    }
    // Stored, and then the answer is lost.
    server.script(Answer::store_then(Answer::close_connection()));
    let said = run_with_input(&["publish", "--concurrency", "1", "--url", server.url()], &numbered(2));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!((server.len(), server.duplicates()), (2, 1));
}

#[test]
fn a_key_that_is_refused_ends_it_at_once() {
    let stub = Stub::start(|_| answer("401 Unauthorized", "", r#"{"detail":"unknown key"}"#));
    let arguments = ["publish", "--concurrency", "1", "--api-key", "ak_very_secret", "--url"];
    let said = run_with_input(&[&arguments[..], &[&stub.url()]].concat(), &numbered(500));
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("line 1: 401") && !said.err.contains("line 3:"), "{said:?}");
    assert!(said.err.contains("no other line would fare better") && !said.err.contains("very_secret"), "{said:?}");
}

#[test]
fn a_file_is_published_and_one_that_is_missing_is_named() {
    let server = DevServer::start_blocking().unwrap();
    let file = std::env::temp_dir().join(format!("axonpush-dev-{}.jsonl", uuid::Uuid::new_v4()));
    std::fs::write(&file, numbered(300)).unwrap();
    let path = file.to_str().unwrap();
    let said = run(&["publish", "--file", path, "--url", server.url()]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!((said.code, server.len()), (Some(0), 300), "{said:?}");
    let said = run(&["publish", "--file", path, "--url", server.url()]);
    assert!(said.code == Some(1) && said.err.contains(path) && said.err.contains("--file"), "{said:?}");
}

//! `axonpush-dev tail`.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use axonpush_dev::DevServer;
use serde_json::{Value, json};

use crate::program::{Program, publish, run};
use crate::stub::{Stub, answer};

const STREAM: &str = "content-type: text/event-stream\r\n";

fn names(out: &str) -> Vec<String> {
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["operationName"].as_str().unwrap().to_owned();
    out.lines().map(name).collect()
}

/// Follows as JSON, once the event `first` that was there before has been shown.
fn following(server: &DevServer, arguments: &[&str]) -> Program {
    let mut all = vec!["tail", "--format", "json", "--last", "1", "--url", server.url()];
    all.extend(arguments);
    publish(server, "first", &json!({"eventType": "app.log", "payload": {"severityNumber": 21, "text": "found"}}));
    let program = Program::start(&all);
    program.line(|line| line.contains("first"));
    program
}

#[test]
fn what_was_there_comes_first_and_then_what_arrives() {
    let server = DevServer::start_blocking().unwrap();
    let program = following(&server, &["--count", "3"]);
    for name in ["a", "b", "c"] {
        publish(&server, name, &json!({}));
    }
    let said = program.end();
    assert_eq!((said.code, names(&said.out)), (Some(0), vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn filters_hold_for_what_was_there_and_for_what_arrives() {
    let server = DevServer::start_blocking().unwrap();
    for (filter, wanted) in [
        (vec!["--type", "app.*"], json!({"eventType": "app.span"})),
        (vec!["--type", "app.log"], json!({"eventType": "app.log"})),
        (vec!["--severity", "error"], json!({"payload": {"severityNumber": 17}})),
        (vec!["--text", "FOUND"], json!({"payload": {"text": "found it"}})),
    ] {
        let mut arguments = filter.clone();
        arguments.extend(["--count", "2"]);
        let program = following(&server, &arguments);
        publish(&server, "other", &json!({"eventType": "custom", "payload": {"severityNumber": 9}}));
        publish(&server, "wanted", &wanted);
        let said = program.end();
        assert_eq!(names(&said.out), ["wanted"], "{filter:?}");
    }
    publish(&server, "mine", &json!({"traceId": "t-1", "payload": {"attributes": {"request.id": "r-1"}}}));
    for filter in [["--trace", "t-1"], ["--request", "r-1"]] {
        let arguments = ["tail", "--format", "json", "--count", "1", "--url", server.url()];
        assert_eq!(names(&run(&[&arguments[..], &filter[..]].concat()).out), ["mine"]);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_a_reader_that_leaves_end_it_well() {
    let server = DevServer::start_blocking().unwrap();
    let program = following(&server, &[]);
    program.signal("-INT");
    let said = program.end();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));

    let line = format!("exec \"$0\" tail --last 5 --url {} | head -n 1", server.url());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line}; echo ended")]).arg(env!("CARGO_BIN_EXE_axonpush-dev"));
    let shell = Program::spawn(shell.stdin(Stdio::null()));
    shell.line(|line| line.contains("first"));
    publish(&server, "nobody reads this", &json!({}));
    publish(&server, "nor this", &json!({}));
    shell.line(|line| line == "ended");
    let said = shell.end();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn a_pipe_gets_no_colors_unless_it_asks_for_them() {
    let server = DevServer::start_blocking().unwrap();
    publish(&server, "\u{1b}[2J", &json!({"payload": {"severityNumber": 17, "severityText": "ERROR"}}));
    let shown = |more: &[&str]| {
        let arguments = ["tail", "--count", "1", "--url", server.url()];
        run(&[&arguments[..], more].concat()).out
    };
    assert!(!shown(&[]).contains('\u{1b}'));
    assert!(!shown(&["--format", "json"]).contains('\u{1b}'));
    let colored = shown(&["--color", "always"]);
    assert!(colored.contains("\u{1b}[31mERROR") && !colored.contains("\u{1b}[2J"), "{colored:?}");
}

#[test]
fn a_stream_that_breaks_off_is_taken_up_where_it_ended() {
    let event =
        |id: u32, name: &str| format!("id: {id}\ndata: {{\"eventId\":\"{id}\",\"operationName\":\"{name}\"}}\n\n");
    let asked = AtomicU32::new(0);
    let (first, second) = (event(7, "a"), format!("event: skipped\ndata: {{\"count\":1204}}\n\n{}", event(1_212, "b")));
    let stub = Stub::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => answer("200 OK", STREAM, &first),
        1 => answer("503 Service Unavailable", "", ""),
        _ => answer("200 OK", STREAM, &second),
    });
    let said = run(&["tail", "--last", "0", "--count", "2", "--url", &stub.url()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("skipped 1,204 events"), "{said:?}");
    for part in ["broke off", "503", "connected again"] {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    assert!(!stub.head().contains("last-event-id"));
    assert!((0..2).all(|_| stub.head().contains("last-event-id: 7\r\n")));
}

#[test]
fn a_server_without_a_stream_is_asked_again_and_again() {
    let list = |names: &[&str]| {
        let events: Vec<_> = names
            .iter()
            .map(|name| json!({"eventId": name, "operationName": name, "createdAt": format!("2026-05-04T12:00:0{}Z", &name[1..])}))
            .collect();
        answer("200 OK", "content-type: application/json\r\n", &json!({"events": events}).to_string())
    };
    let asked = AtomicU32::new(0);
    let stub = Stub::start(move |head| {
        if head.contains("/events/stream") {
            return answer("404 Not Found", "", "");
        }
        if asked.fetch_add(1, Ordering::Relaxed) == 0 { list(&["e2", "e1"]) } else { list(&["e4", "e3", "e2"]) }
    });
    let said = run(&["tail", "--format", "json", "--last", "1", "--count", "3", "--url", &stub.url()]);
    assert_eq!(names(&said.out), ["e2", "e3", "e4"]);
    assert!(said.err.contains("no stream"), "{said:?}");
}

#[test]
fn asking_again_and_again_shows_each_event_once() {
    let server = DevServer::start_blocking().unwrap();
    let program = following(&server, &["--poll", "--count", "4"]);
    for name in ["a", "b", "c"] {
        publish(&server, name, &json!({}));
    }
    assert_eq!(names(&program.end().out), ["a", "b", "c"]);
}

#[test]
fn a_server_that_is_not_there_or_refuses_is_told_with_the_way_out() {
    let said = run(&["tail", "--url", "http://127.0.0.1:1"]);
    assert_eq!(said.code, Some(1));
    for part in ["http://127.0.0.1:1", "refused", "--url", "doctor"] {
        assert!(said.err.contains(part), "{said:?}");
    }
    let stub = Stub::start(|_| answer("401 Unauthorized", "", r#"{"detail":"unknown key"}"#));
    let said = run(&["tail", "--url", &stub.url(), "--api-key", "ak_very_secret"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("401") && said.err.contains("unknown key"), "{said:?}");
    assert!(!said.err.contains("very_secret"), "{said:?}");

    let said = run(&["tail", "--url", "https://api.example"]);
    assert!(said.code == Some(1) && said.err.contains("AXONPUSH_API_KEY"), "{said:?}");
}

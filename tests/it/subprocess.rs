//! What only a whole process can show.

use std::{
    process::{Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use axonpush_dev::StoredEvent;
use rig::server;
use serde_json::Value;

/// A program of this package that is to publish to `base_url`.
fn program(program: &str, base_url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env("AXONPUSH_API_KEY", "ak_test").env("AXONPUSH_BASE_URL", base_url);
    command
}

/// Runs a program and reads the line it prints.
fn run(name: &str, base_url: &str, args: &[&str]) -> Value {
    read(name, &mut program(name, base_url, args))
}

fn read(program: &str, command: &mut Command) -> Value {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let Output { status, stdout, .. } = output;
    assert!(status.success(), "{program} ended with {status}");
    serde_json::from_slice(&stdout).unwrap()
}

#[test]
fn with_everything_at_trace_one_event_is_one_post() {
    let server = server();
    // By name, so that the look-up's thread is covered as well.
    let url = server.url().replace("127.0.0.1", "localhost");
    let said = run(env!("CARGO_BIN_EXE_feedback"), &url, &[&format!("{}/healthz", server.url())]);
    assert_eq!(said["seed"], 1, "the seed came back as more");
    assert!(said["heard"].as_u64() > Some(0), "the application's own requests went unheard");
    let accepted = said["accepted"].as_u64().unwrap();
    assert_eq!(server.request_count("POST", "/event"), accepted + 1, "every accepted event and the awaited one");
}

#[test]
fn with_every_span_exported_one_span_is_one_post() {
    for by in ["simple", "batch", "processor"] {
        for mode in ["background", "sync"] {
            let server = server();
            let url = server.url().replace("127.0.0.1", "localhost");
            let said =
                run(env!("CARGO_BIN_EXE_otel_feedback"), &url, &[by, mode, &format!("{}/healthz", server.url())]);
            assert_eq!(said["seed"], 1, "the seed came back as more: {by}, {mode}");
            assert_eq!(server.request_count("POST", "/event"), said["accepted"].as_u64().unwrap(), "{by}, {mode}");
        }
    }
}

#[test]
fn values_that_log_panic_or_never_end_are_heard_and_a_full_queue_is_no_news_to_itself() {
    let server = server();
    let said = run(env!("CARGO_BIN_EXE_logging"), server.url(), &[]);
    let events = server.events();
    let bodies: Vec<_> = events.iter().filter_map(|event| event.payload["body"].as_str()).collect();
    for body in ["from within a new span", "from within an event", "from within a late value", "outer"] {
        assert_eq!(bodies.iter().filter(|known| **known == body).count(), 1, "{body}");
    }
    let outer = events.iter().find(|event| event.payload["body"] == "outer").unwrap();
    assert_eq!(outer.payload["attributes"]["value"], "shown");
    assert_eq!(outer.payload["attributes"]["late"], "an event", "a value may have a say in its own span");
    let panicked = events.iter().find(|event| event.payload["body"] == "after a panic").unwrap();
    assert_eq!(panicked.payload["attributes"]["value"], "[panicked while it was shown]");
    // Records within records end after a few.
    assert!((2..10).contains(&bodies.iter().filter(|body| **body == "endless").count()));
    assert_eq!(said["flood"], 10_001, "what the queue does to a flood is no event: {said}");
    assert!(said["lost"].as_u64() > Some(0), "{said}");
    assert!(!bodies.contains(&"from the hook"), "the hook runs on the worker");
}

#[cfg(target_os = "linux")]
#[test]
fn a_million_events_for_a_dead_server_cost_at_most_40_mib_and_are_all_accounted_for() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = run(env!("CARGO_BIN_EXE_flood"), &format!("http://{nobody}"), &[]);
    assert!(said["grown_kib"].as_u64() <= Some(40 << 10), "{said}");
    assert_eq!(said["accepted"], 1_000_000, "{said}");
    let (lost, here) = (said["lost"].as_u64().unwrap(), said["here"].as_u64().unwrap());
    assert_eq!(lost + here, 1_000_000, "{said}");
    assert!((10_000..=10_100).contains(&here), "{said}");
}

/// Runs the program that panics, in one of its ways, and says how it ended and after how long.
fn panic(base_url: &str, way: &str) -> (ExitStatus, Duration) {
    let started = Instant::now();
    let status = program(env!("CARGO_BIN_EXE_panics"), base_url, &[way]).stdout(Stdio::null()).status().unwrap();
    (status, started.elapsed())
}

#[test]
fn a_panic_is_reported_with_its_request_and_the_hook_of_before_still_runs() {
    let server = server();
    let name = env!("CARGO_BIN_EXE_panics");
    let mut command = program(name, server.url(), &["threads"]);
    let said = read(name, command.env("RUST_BACKTRACE", "1"));
    assert_eq!((&said["heard"], &said["complete"]), (&0.into(), &true.into()), "{said}");
    let seen: Vec<_> = said["seen"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in ["in-request", "no-text", "in-layer", "axonpush-panic", "axonpush"] {
        assert!(seen.contains(&name), "{name}: {seen:?}");
    }

    let events = server.events();
    let panics: Vec<_> = events.iter().filter(|event| event.identifier == "panic").collect();
    let (of_other, panics): (Vec<_>, Vec<_>) = panics.into_iter().partition(|event| event.channel_id == "other");
    let bodies = |events: &[&StoredEvent]| -> Vec<_> {
        events.iter().map(|event| event.payload["body"].as_str().unwrap().to_owned()).collect()
    };
    // Once each, and neither what the worker nor what a redaction for the hook panics with.
    let said = ["no order 7, password=[REDACTED]", "a panic with a payload that is no text", "in a layer"];
    assert_eq!(bodies(&panics), said);
    assert_eq!(bodies(&of_other), ["[REDACTED]"; 3]);
    assert!(!events.iter().any(|event| event.channel_id == "gone"));

    let attributes = &panics[0].payload["attributes"];
    assert_eq!(panics[0].payload["severityText"], "FATAL");
    assert_eq!(attributes["request.id"], "req-panic");
    assert_eq!(attributes["exception.type"], "panic");
    assert_eq!(attributes["exception.message"], "no order 7, password=[REDACTED]");
    assert_eq!(attributes["thread.name"], "in-request");
    assert!(attributes["code.filepath"].as_str().unwrap().ends_with("panics.rs"), "{attributes}");
    assert!(attributes["code.lineno"].as_u64() > Some(0), "{attributes}");
    let stack = attributes["exception.stacktrace"].as_str().unwrap();
    assert!(stack.contains("panics::") && !stack.contains("__rust_end_short_backtrace"), "{stack}");
    assert!(panics[1].payload["attributes"].get("request.id").is_none());
}

#[test]
fn a_panic_within_a_panic_is_reported_before_the_process_aborts() {
    let server = server();
    let (status, _) = panic(server.url(), "twice");
    assert!(!status.success());
    let events = server.events();
    let bodies: Vec<_> = events.iter().map(|event| event.payload["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["the first", "in a destructor", "panic in a destructor during cleanup"]);
}

#[test]
fn a_panic_in_main_is_delivered_and_a_dead_server_holds_it_up_for_two_seconds() {
    let server = server();
    let (status, _) = panic(server.url(), "main");
    assert_eq!(status.code(), Some(101));
    assert_eq!(server.events().iter().filter(|event| event.payload["body"] == "in main").count(), 1);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (status, took) = panic(&format!("http://{}", nobody.local_addr().unwrap()), "main");
    assert_eq!(status.code(), Some(101));
    assert!((Duration::from_millis(1500)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

#[test]
fn a_worker_that_does_not_answer_holds_a_panic_up_for_two_seconds() {
    let server = server();
    let (status, took) = panic(server.url(), "held-up");
    assert_eq!(status.code(), Some(101));
    // The other client, whose worker does answer, takes next to nothing.
    assert!((Duration::from_millis(1500)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

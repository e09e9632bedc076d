//! What only a whole process can show.

use std::process::{Command, Output, Stdio};

use rig::server;
use serde_json::Value;

/// Runs a program of this package against `base_url` and reads the line it prints.
fn run(program: &str, base_url: &str, args: &[&str]) -> Value {
    let output = Command::new(program)
        .args(args)
        .env("AXONPUSH_API_KEY", "ak_test")
        .env("AXONPUSH_BASE_URL", base_url)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
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

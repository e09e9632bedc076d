//! Everything set up by one call, in a process of its own.

use std::process::{Command, Stdio};

use rig::server;
use serde_json::Value;

/// What the program prints, line by line.
fn run(args: &[&str], vars: &[(&str, &str)]) -> Vec<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_init"));
    for var in ["AXONPUSH_API_KEY", "AXONPUSH_BASE_URL", "NO_COLOR", "CLICOLOR_FORCE"] {
        program.env_remove(var);
    }
    let output = program.args(args).envs(vars.iter().copied()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// A line as JSON; one that is none is text.
fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| line.into())
}

#[test]
fn one_call_sets_everything_up_and_its_guard_delivers_what_waits() {
    let server = server();
    let lines = run(&[], &[("AXONPUSH_API_KEY", "ak_test"), ("AXONPUSH_BASE_URL", server.url())]);
    let (said, lines): (Vec<_>, Vec<_>) =
        lines.iter().map(|line| json(line)).partition(|line| line.get("accepted").is_some());
    let [said] = &said[..] else { panic!("{said:?}") };
    assert!(said["refused"].as_str().unwrap().starts_with("timeout"), "{said}");
    assert!(said["again"].as_str().unwrap().contains("has a global tracing subscriber already"), "{said}");
    let events = server.events();
    let mut bodies: Vec<_> = events.iter().map(|event| event.payload["body"].as_str().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["by log", "by tracing", "in a thread", "spawned"]);
    assert_eq!((&said["accepted"], &said["panicked"]), (&4.into(), &true.into()));
    for event in &events {
        assert_eq!(event.payload["attributes"]["request.id"], "req-init", "{:?}", event.payload);
        assert_eq!(event.payload["resource"]["service.name"], "orders");
        assert!(!event.payload.to_string().contains("canary"), "{:?}", event.payload);
    }
    let spawned = events.iter().find(|event| event.payload["body"] == "spawned").unwrap();
    assert_eq!(spawned.payload["attributes"]["found"], true);

    // Standard output is no terminal here, and has the same records as JSON.
    let mut shown: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, bodies);
    for line in &lines {
        assert_eq!(
            (&line["request_id"], &line["service"], &line["version"]),
            (&"req-init".into(), &"orders".into(), &"1.4.2".into())
        );
        assert!(!line.to_string().contains("canary"), "{line}");
    }
}

#[test]
fn without_a_key_everything_is_shown_and_the_first_line_says_that_nothing_is_sent() {
    let lines = run(&["keyless"], &[]);
    assert!(lines[0].contains("WARN") && lines[0].contains("no API key"), "{lines:?}");
    for said in ["by log", "by tracing", "in a thread", "spawned"] {
        let line = lines.iter().find(|line| line.contains(said)).unwrap_or_else(|| panic!("{said}: {lines:?}"));
        assert!(!line.contains('\u{1b}') && !line.contains("canary"), "{line}");
    }
    let said = json(lines.iter().find(|line| line.contains("accepted")).unwrap());
    assert_eq!(said["accepted"], 0, "nothing goes to the server's queue");
}

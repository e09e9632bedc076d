//! `axonpush-dev serve`.

use std::path::PathBuf;

use axonpush_dev::DevServer;

use crate::program::{Program, command, run, run_with_input};

/// The URL it prints once it listens.
fn url(program: &Program) -> String {
    let line = program.line(|line| line.contains("export AXONPUSH_BASE_URL="));
    line.trim().trim_start_matches("export AXONPUSH_BASE_URL=").to_owned()
}

#[cfg(unix)]
#[test]
fn it_prints_what_to_paste_and_ends_well_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let program = Program::spawn(command(&[]).env("AXONPUSH_DEV_PORT", "0"));
        let url = url(&program);
        program.line(|line| line.trim() == "export AXONPUSH_API_KEY=ak_dev");
        assert_eq!(run(&["publish", "a", "--url", &url]).code, Some(0));
        program.signal(signal);
        let said = program.end();
        assert_eq!(said.code, Some(0), "{signal}");
        assert!(said.out.contains("1 events stored"), "{said:?}");
    }
}

#[test]
fn a_taken_port_ends_it_with_a_message_that_names_the_way_out() {
    let server = DevServer::start_blocking().unwrap();
    let port = server.addr().port().to_string();
    let said = run(&["serve", "--port", &port]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains(&format!("port {port} is already taken")), "{said:?}");
    assert!(said.err.contains("--port 0") && !said.err.contains("panicked"), "{said:?}");
}

#[test]
fn a_file_that_cannot_be_opened_ends_it_with_a_message_that_names_it() {
    let said = run(&["--port", "0", "--persist", "/nowhere/at/all.db"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("/nowhere/at/all.db"), "{said:?}");
}

#[test]
fn what_goes_wrong_on_request_does() {
    let program = Program::start(&["serve", "--port", "0", "--fail", "422:1"]);
    let said = run(&["publish", "a", "--url", &url(&program)]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("422") && said.err.contains("asked to fail"), "{said:?}");

    let program = Program::start(&["--port", "0", "--rate-limit", "0/s", "--latency", "20ms"]);
    let began = std::time::Instant::now();
    let said = run(&["doctor", "--url", &url(&program)]);
    assert!(began.elapsed().as_millis() >= 20);
    assert!(said.out.contains("429 Too Many Requests"), "{said:?}");
}

#[test]
fn a_flag_that_cannot_be_read_is_named_with_what_is_expected() {
    for (arguments, named, expected) in [
        (["--latency", "200"], "--latency", "200ms"),
        (["--fail", "503"], "--fail", "503:0.3"),
        (["--fail", "200:0.3"], "--fail", "400 to 599"),
        (["--rate-limit", "many"], "--rate-limit", "100/s"),
        (["--port", "70000"], "--port", "65535"),
    ] {
        let said = run(&arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}");
        assert!(said.err.contains(named) && said.err.contains(expected), "{said:?}");
    }
}

/// A database of its own for one test.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut file = self.0.clone().into_os_string();
            file.push(suffix);
            let _ = std::fs::remove_file(file);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_holds_the_demo_does_not_get_it_twice() {
    let scratch = Scratch(std::env::temp_dir().join(format!("axonpush-dev-{}.db", uuid::Uuid::new_v4())));
    let file = scratch.0.to_str().unwrap();
    let stored: Vec<_> = (0..2)
        .map(|_| {
            let program = Program::start(&["--port", "0", "--seed-demo", "--persist", file]);
            url(&program);
            program.signal("-INT");
            let said = program.end();
            said.out.lines().find(|line| line.contains("events stored")).unwrap().to_owned()
        })
        .collect();
    assert_eq!(stored[0], stored[1]);
    assert!(!stored[0].contains(" 0 events"), "{stored:?}");
}

#[test]
fn nothing_to_publish_is_told_with_both_ways_to_publish() {
    let server = DevServer::start_blocking().unwrap();
    let said = run_with_input(&["publish", "--url", server.url()], "");
    assert_eq!((said.code, server.len()), (Some(0), 0), "{said:?}");
    let said = run(&["publish", "--type", "a", "--url", server.url()]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("NAME"), "{said:?}");
}

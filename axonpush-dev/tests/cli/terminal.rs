//! What only shows on a terminal.

use std::process::{Command, Stdio};

use axonpush_dev::DevServer;
use serde_json::json;

use crate::program::{Program, Said, command, publish};

/// Runs the program on a terminal of its own, which `script` lends it.
fn on_a_terminal(arguments: &str, color: bool) -> Said {
    let line = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_axonpush-dev"));
    let mut script = Command::new("script");
    // What the program must not see, `script` must not either.
    for (name, _) in command(&[]).get_envs() {
        script.env_remove(name);
    }
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
    if !color {
        script.env("NO_COLOR", "1");
    }
    Program::spawn(&mut script).end()
}

#[test]
fn a_terminal_gets_colors_unless_it_says_no() {
    let server = DevServer::start_blocking().unwrap();
    publish(&server, "late", &json!({"payload": {"severityNumber": 13, "severityText": "WARN"}}));
    let arguments = format!("tail --count 1 --url {}", server.url());
    let said = on_a_terminal(&arguments, true);
    assert!(said.code == Some(0) && said.out.contains("\u{1b}[33mWARN"), "{said:?}");
    let said = on_a_terminal(&arguments, false);
    assert!(said.code == Some(0) && said.out.contains("WARN") && !said.out.contains('\u{1b}'), "{said:?}");
}

#[test]
fn publishing_lines_shows_how_far_it_got() {
    let server = DevServer::start_blocking().unwrap();
    let file = std::env::temp_dir().join(format!("axonpush-dev-{}.jsonl", uuid::Uuid::new_v4()));
    let line = json!({"identifier": "a", "payload": {}}).to_string() + "\n";
    std::fs::write(&file, line.repeat(60)).unwrap();
    let said = on_a_terminal(&format!("publish --rate 100 --file {} --url {}", file.display(), server.url()), true);
    std::fs::remove_file(&file).unwrap();
    assert_eq!((said.code, server.len()), (Some(0), 60), "{said:?}");
    for part in ["%", "lines, ", "left", "published 60 of 60 lines"] {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }

    let said = on_a_terminal(&format!("publish --url {}", server.url()), true);
    assert!(said.code == Some(1) && said.out.contains("order.placed"), "{said:?}");
}

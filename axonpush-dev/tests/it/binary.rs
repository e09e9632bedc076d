//! The program, as a user starts it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use axonpush_dev::DevServer;

use crate::rig::{client, event};

/// The program, killed when a test ends without it.
struct Program(Child);

impl Program {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_axonpush-dev"));
        command.env_remove("AXONPUSH_DEV_PORT").env_remove("AXONPUSH_DEV_PERSIST");
        command.args(arguments).envs(variables.iter().copied());
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_prints_what_to_paste_and_ends_well_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[], &[("AXONPUSH_DEV_PORT", "0")]);
        let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find_map(|line| line.trim().strip_prefix("export AXONPUSH_BASE_URL=").map(str::to_owned));
        let url = url.unwrap();
        assert_eq!(lines.next().unwrap().trim(), "export AXONPUSH_API_KEY=ak_dev");
        let publish = client().post(format!("{url}/event")).header("x-axonpush-api-key", "ak_dev").json(&event("a"));
        assert_eq!(publish.send().await.unwrap().status(), 200);
        let id = program.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(program.0.wait().unwrap().code(), Some(0), "{signal}");
        assert!(lines.any(|line| line.contains("1 events stored")));
    }
}

#[test]
fn a_taken_port_ends_it_with_a_message_that_names_the_way_out() {
    let server = DevServer::start_blocking().unwrap();
    let port = server.addr().port().to_string();
    let mut program = Program::start(&["--port", &port], &[]);
    assert_eq!(program.0.wait().unwrap().code(), Some(1));
    let message = program.stderr();
    assert!(message.contains(&format!("port {port} is already taken")), "{message}");
    assert!(message.contains("--port 0"), "{message}");
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn a_file_that_cannot_be_opened_ends_it_with_a_message_that_names_it() {
    let mut program = Program::start(&["--port", "0", "--persist", "/nowhere/at/all.db"], &[]);
    assert_eq!(program.0.wait().unwrap().code(), Some(1));
    let message = program.stderr();
    assert!(message.contains("/nowhere/at/all.db"), "{message}");
}

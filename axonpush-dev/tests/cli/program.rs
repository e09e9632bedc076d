//! Starts the program and reads what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use axonpush_dev::DevServer;
use serde_json::Value;

/// Long enough for a busy machine; a test that works never waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program, killed when a test ends without it.
pub(crate) struct Program {
    child: Child,
    lines: mpsc::Receiver<String>,
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut command(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line of its output that `wanted` holds for.
    #[track_caller]
    pub(crate) fn line(&self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("the program said nothing of the kind");
            if wanted(&line) {
                return line;
            }
        }
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Said {
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let out = self.lines.iter().map(|line| line + "\n").collect();
        Said { code: self.child.wait().unwrap().code(), out, err }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(out: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The program with nothing in its environment that would change what it does.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axonpush-dev"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if text.starts_with("AXONPUSH_") || text.ends_with("_PROXY") || text == "NO_COLOR" {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Said {
    Program::start(arguments).end()
}

/// Runs it to its end with `input` on its standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &str) -> Said {
    let mut command = command(arguments);
    let mut program = Program::spawn(command.stdin(Stdio::piped()));
    let mut stdin = program.child.stdin.take().unwrap();
    // A program that ends early does not read the rest.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    program.end()
}

/// Publishes an event called `name` with these fields beside.
pub(crate) fn publish(server: &DevServer, name: &str, more: &Value) {
    let mut event = serde_json::json!({"identifier": name, "payload": {}});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (url, body) = (format!("{}/event", server.url()), event.to_string());
    let status = block_on(async move {
        let request = reqwest::Client::new().post(url).header("x-axonpush-api-key", "ak_test");
        request.header("content-type", "application/json").body(body).send().await.unwrap().status()
    });
    assert_eq!(status, 200, "{event}");
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

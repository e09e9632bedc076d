//! A program whose settings are changed from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use axonpush_dev::DevServer;
use rig::{PATIENCE, server};
use serde_json::Value;

struct Program {
    child: Child,
    hears: Option<ChildStdin>,
    says: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(server: &DevServer, settings: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hangup"))
            .arg(settings)
            .env("AXONPUSH_API_KEY", "ak_test")
            .env("AXONPUSH_BASE_URL", server.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (hears, says) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()).lines());
        let mut program = Self { child, hears, says };
        assert_eq!(program.line(), "ready");
        program
    }

    fn hang_up(&self) {
        let kill = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    fn line(&mut self) -> Value {
        serde_json::from_str(&self.says.next().unwrap().unwrap()).unwrap()
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.hears.as_mut().unwrap(), "{question}").unwrap();
        self.line()
    }

    /// Asks until the answer will do.
    #[track_caller]
    fn until(&mut self, will_do: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.ask("and now?");
            if will_do(&said) {
                return said;
            }
            assert!(Instant::now() < deadline, "{said}");
        }
    }
}

/// The services that the last event of either client came from.
fn services(server: &DevServer) -> Vec<String> {
    let events = server.events();
    let service =
        |event: &axonpush_dev::StoredEvent| event.payload["resource"]["service.name"].as_str().map(str::to_owned);
    events.iter().rev().take(2).filter_map(service).collect()
}

#[test]
fn sighup_reloads_every_client_and_a_bad_file_none() {
    let server = server();
    let settings = Settings::new();
    settings.write("service.name = 'one'");
    let mut program = Program::start(&server, &settings.0);
    program.ask("what is?");
    assert_eq!(services(&server), ["one", "one"]);
    program.ask("fork");

    settings.write("service.name = 'two'");
    program.hang_up();
    program.until(|_| services(&server) == ["two", "two"]);

    settings.write("service.name = 'three'\nlevels = 'canary'");
    program.hang_up();
    let is_told = |error: &Value| error.as_str().is_some_and(|error| error.contains("line 2: `levels` must be"));
    // By both clients, and each in either place.
    let all = |told: &Value| told.as_array().unwrap().iter().filter(|message| is_told(message)).count() == 2;
    let said = program.until(|said| all(&said["errors"]) && all(&said["notices"]));
    assert_eq!(services(&server), ["two", "two"]);
    assert!(!said.to_string().contains("canary"), "{said}");

    settings.write("service.name = 'four'");
    program.hang_up();
    program.until(|_| services(&server) == ["four", "four"]);

    // The signal doesn't end the program that no longer waits for it.
    program.ask("stop");
    settings.write("service.name = 'five'");
    program.hang_up();
    program.ask("what is?");
    assert_eq!(services(&server), ["four", "four"]);
    drop(program.hears.take());
    assert!(program.child.wait().unwrap().success());
    assert!(server.events().iter().all(|event| event.identifier == "told"), "its own notices are no events");
}

/// A file, gone with its test.
struct Settings(PathBuf);

impl Settings {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("axonpush-sighup-{}.toml", std::process::id())))
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

//! Programs of Node that tests talk to.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A server of the forward protocol: `FluentServer` of the package `@fluent-org/logger`.
#[derive(Debug)]
pub struct NodeFluentd {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    port: u16,
}

/// What is installed: the files of `tests/rig/node`.
const PACKAGE: [(&str, &str); 3] = [
    ("package.json", include_str!("node/package.json")),
    ("package-lock.json", include_str!("node/package-lock.json")),
    ("fluentd.js", include_str!("node/fluentd.js")),
];

impl NodeFluentd {
    /// One with these options, `sharedKey`, `user` and `password`.
    pub fn start(options: &Value) -> Self {
        let mut command = Command::new("node");
        command.arg(package().join("fluentd.js")).arg(options.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect(NEEDED);
        let mut said = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let port = said.next().and_then(|line| line.ok()?.parse().ok()).expect("it says its port");
        Self { process, said, port }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The next entry it was sent, once there is one: `tag`, `time` in seconds and nanoseconds, and `record`.
    pub fn entry(&mut self) -> Value {
        let line = self.said.next().expect("it runs").expect("it says something");
        serde_json::from_str(&line).expect("it says JSON")
    }
}

impl Drop for NodeFluentd {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

const NEEDED: &str = "these tests need Node 18 or later and npm; on Debian: `apt-get install nodejs npm`";

/// Where the packages are, installed at their first use.
fn package() -> PathBuf {
    let program = std::env::current_exe().expect("a running program");
    // Programs lie in `debug/deps` of it.
    let target = program.ancestors().nth(3).expect("a target directory").join("node-rig");
    fs::create_dir_all(&target).expect("the target directory can be written to");
    // Several test programs may come at once.
    let lock = File::create(target.join("lock")).expect("the target directory can be written to");
    lock.lock().expect("files can be locked");
    if !is_installed(&target) {
        install(&target);
    }
    target
}

fn is_installed(target: &Path) -> bool {
    let is_there =
        |(name, text): &(&str, &str)| fs::read_to_string(target.join(name)).is_ok_and(|there| there == *text);
    PACKAGE.iter().all(is_there) && target.join("installed").exists()
}

fn install(target: &Path) {
    let _earlier = fs::remove_file(target.join("installed"));
    for (name, text) in PACKAGE {
        fs::write(target.join(name), text).expect("the target directory can be written to");
    }
    let status = Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(target).status();
    let status = status.expect(NEEDED);
    assert!(status.success(), "`npm ci` ended with {status} in {}", target.display());
    fs::write(target.join("installed"), "").expect("the target directory can be written to");
}

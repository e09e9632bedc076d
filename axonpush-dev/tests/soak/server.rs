//! The real program, and how much memory it takes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub(crate) fn start(max_events: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_axonpush-dev"));
        command
            .args(["serve", "--port", "0", "--max-events", &max_events.to_string()])
            .env_remove("AXONPUSH_DEV_PERSIST");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.trim().strip_prefix("export AXONPUSH_BASE_URL=").map(str::to_owned));
        Self { process, url: url.expect("the server did not say where it listens") }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Resident memory in MiB. Zero where the system does not tell.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let kib =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok());
        kib.unwrap_or(0_u64) >> 10
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

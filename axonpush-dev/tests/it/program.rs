//! The program as a process of its own, which can be killed and kept from writing.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::rig::{Scratch, client};

/// The program with a file, killed when a test ends without it.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Program {
    /// A write that is refused is an error for it, and no signal to end.
    pub(crate) fn start(file: &Scratch) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ\nexec \"$0\" --port 0 --persist \"$1\""]);
        command.arg(env!("CARGO_BIN_EXE_axonpush-dev")).arg(&file.0);
        command.env_remove("AXONPUSH_DEV_PORT").env_remove("AXONPUSH_DEV_PERSIST");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find_map(|line| line.trim().strip_prefix("export AXONPUSH_BASE_URL=").map(str::to_owned));
        Self { child, url: url.unwrap() }
    }

    pub(crate) fn request(&self, method: Method, path_and_query: &str) -> RequestBuilder {
        client().request(method, format!("{}{path_and_query}", self.url)).header("x-axonpush-api-key", "ak_test")
    }

    pub(crate) fn publish(&self, event: &Value) -> RequestBuilder {
        self.request(Method::POST, "/event").json(event)
    }

    /// No file may grow beyond so many bytes from now on, which is like a disk that is full: writes fail, and reads do
    /// not.
    #[cfg(target_os = "linux")]
    pub(crate) fn limit_files(&self, to: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={to}:")]).status().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

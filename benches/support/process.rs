//! Processes of their own for what is compared, so that time and memory of one side are never those of the other.
//!
//! A bench starts itself again in another role. The child says what it measured in lines of `name value`.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};

const ROLE: &str = "BENCH_ROLE";
const ARGUMENT: &str = "BENCH_ARGUMENT";

/// The role this process was started in, and its argument; `None` in the bench itself.
pub fn role() -> Option<(String, String)> {
    Some((std::env::var(ROLE).ok()?, std::env::var(ARGUMENT).unwrap_or_default()))
}

/// A child that runs until it is dropped.
pub struct Running {
    child: Child,
    _stdin: ChildStdin,
    pub(crate) stdout: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(role: &str) -> Self {
        let mut child =
            command(role, "").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("our own program");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, _stdin: stdin, stdout: BufReader::new(stdout) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Runs this program in `role` until it ends, and returns what it measured.
pub fn run(role: &str, argument: &str) -> HashMap<String, f64> {
    let mut child = command(role, argument).stdout(Stdio::piped()).spawn().expect("our own program");
    let said = read(child.stdout.take().expect("piped"));
    let status = child.wait().expect("a child of ours");
    assert!(status.success(), "`{role}` ended with {status}");
    said
}

/// Reads lines of `name value` to the end.
pub fn read(from: impl Read) -> HashMap<String, f64> {
    let lines = BufReader::new(from).lines().map(|line| line.expect("text"));
    let pairs = lines.filter_map(|line| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    pairs.collect()
}

/// Says one value to the bench that started this process.
pub fn say(name: &str, value: f64) {
    println!("{name} {value}");
}

fn command(role: &str, argument: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a running program"));
    command.env(ROLE, role).env(ARGUMENT, argument);
    command
}

/// Processor time this process has used, in all its threads.
pub fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).expect("below a second"))
}

/// Keeps the calling thread on one core, so that threads which are to run at once do.
pub fn stay_on_core(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).expect("a core of this machine");
}

/// Resident memory of this process.
pub fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line about it");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

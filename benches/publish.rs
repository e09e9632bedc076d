//! Events one by one, `POST /event` each: the background publisher beside a loop around an HTTP client, and beside the
//! background publisher of the Python SDK.
//!
//! Every side is a process of its own that sends to the same server, and the server's count is what was published.
//!
//! - **Ours** offers typed events from one thread and waits for room when the queue is full, so that none is lost; the
//!   clock stops with the flush.
//! - **The loop** is 64 tasks that post the same bytes, encoded once, with one `reqwest::Client` on the runtime
//!   `#[tokio::main]` gives: a worker for each core. It makes no events and keeps no books.
//! - **Python** is `BackgroundPublisher` of the `axonpush` package with its policy `BLOCK`: the same bargain as ours. The
//!   package is installed into a virtual environment in the target directory.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, EventType, OverflowPolicy, QueuePolicy};
use serde_json::json;
use support::{
    figure, median, process,
    sink::{self, Sink},
};

const EVENTS: u64 = 30_000;
const PYTHON_EVENTS: u64 = 3_000;
const TASKS: usize = 64;
const TURNS: usize = 5;
const PYTHON_TURNS: usize = 2;

const PACKAGE: &str = "axonpush==0.0.19";

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, url)) if role == "publisher" => publisher(&url),
        Some((_, url)) => client_loop(&url),
    }
}

fn compare() {
    let python = python();
    let sink = Sink::start();
    let (mut ours, mut loops, mut pythons) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        for (role, rates) in [("publisher", &mut ours), ("loop", &mut loops)] {
            let seconds = process::run(role, &sink.url())["seconds"];
            assert_eq!(sink.take_count(), EVENTS, "{role}");
            rates.push(EVENTS as f64 / seconds);
        }
        if turn < PYTHON_TURNS {
            let seconds = run_python(&python, &sink.url());
            assert_eq!(sink.take_count(), PYTHON_EVENTS, "python");
            pythons.push(PYTHON_EVENTS as f64 / seconds);
        }
    }
    figure("publish.publisher", median(ours));
    figure("publish.loop", median(loops));
    figure("publish.python", median(pythons));
}

fn publisher(url: &str) {
    let room = OverflowPolicy::Block { timeout: Duration::from_secs(10) };
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(url)
        .channel_id("orders")
        .queue(QueuePolicy::new().overflow(room))
        .build()
        .expect("complete settings");
    let payload = payload();
    let started = Instant::now();
    for _ in 0..EVENTS {
        let event = Event::new("order.placed").event_type(EventType::AgentToolCallStart).agent_id("checkout");
        client.events().enqueue(event.payload(&payload).expect("an object"));
    }
    let report = client.blocking().flush(Duration::from_secs(60));
    process::say("seconds", started.elapsed().as_secs_f64());
    assert!(report.is_complete() && client.stats().delivered() == EVENTS, "{report}");
}

/// What every side sends, as nearly as its SDK lets it.
fn payload() -> serde_json::Value {
    json!({"order_id": 1_048_577, "customer": "c-00918273", "total": 129.95, "note": "leave at the door"})
}

fn client_loop(url: &str) {
    let body = json!({
        "identifier": "order.placed",
        "payload": payload(),
        "channel_id": "orders",
        "eventType": "agent.tool_call.start",
        "agentId": "checkout",
        "dedupKey": "01936f0e-7b5c-7a3d-9c4e-5f6a7b8c9d0e",
    });
    let body = bytes::Bytes::from(body.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let left = Arc::new(AtomicU64::new(EVENTS));
        let started = Instant::now();
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (client, left) = (client.clone(), Arc::clone(&left));
                let (url, body) = (format!("{url}/event"), body.clone());
                tokio::spawn(async move {
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                        let request = client.post(&url).header("content-type", "application/json").body(body.clone());
                        let answer = request.header("x-axonpush-api-key", "ak_bench").send().await.expect("an answer");
                        assert!(answer.status().is_success());
                        // Read to the end, without which no connection is used again.
                        answer.bytes().await.expect("a body");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        process::say("seconds", started.elapsed().as_secs_f64());
    });
}

fn run_python(python: &Path, url: &str) -> f64 {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("publish.py");
    let mut command = Command::new(python);
    command.arg(script).args([url, &PYTHON_EVENTS.to_string()]).stdout(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", python.display()));
    let output = child.wait_with_output().expect("a child of ours");
    assert!(output.status.success(), "publish.py ended with {}", output.status);
    process::read(output.stdout.as_slice())["seconds"]
}

/// The interpreter of a virtual environment that has the package.
fn python() -> PathBuf {
    let target = std::env::current_exe().expect("a running program");
    // Programs lie in `release/deps` of it.
    let target = target.ancestors().nth(3).expect("a target directory");
    let environment = target.join("python-sdk");
    let python = environment.join("bin/python");
    let has_package = |python: &Path| {
        let listed = Command::new(python).args(["-m", "pip", "freeze"]).stderr(Stdio::null()).output();
        listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == PACKAGE))
    };
    if has_package(&python) {
        return python;
    }
    step("a virtual environment (Debian packages: python3 python3-venv)", |command| {
        command.args(["python3", "-m", "venv"]).arg(&environment);
    });
    step("the Python SDK", |command| {
        command.arg(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]);
    });
    assert!(has_package(&python), "`pip install {PACKAGE}` left no {PACKAGE}");
    python
}

fn step(what: &str, fill: impl FnOnce(&mut Command)) {
    let mut command = Command::new("env");
    fill(&mut command);
    let status = command.stdout(Stdio::null()).status();
    let done = status.as_ref().is_ok_and(|status| status.success());
    assert!(done, "the comparison with `{PACKAGE}` needs {what}: `{command:?}` ended with {status:?}");
}

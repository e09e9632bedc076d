//! What sinks deliver, beside what others deliver to the same servers: Loki beside `tracing-loki`, Fluentd beside
//! `@fluent-org/logger` for Node, which is of Fluentd's own project.
//!
//! Every side is a process of its own, by turns, with one thread that logs a message and three attributes for as long as the
//! others do. What counts as delivered is what the server has counted, and the clock stops when the side has ended and has
//! nothing left to send. All is left to each side's defaults, batches among them, unless it is said here.
//!
//! - **Loki**, by `tracing`. Ours pushes JSON, a thousand entries at a time, and theirs Protocol Buffers in Snappy, whatever
//!   came since the last request. *In a flood*, ours is logged to while its queue is at most half full, and waits asleep
//!   otherwise, so that it loses nothing. Theirs does not tell how full its channel of 512 is: it is logged to as fast as
//!   can be, and drops what it has no room for. As that spends on what is dropped the time that it lacks for the rest, it
//!   is also measured *briskly*: 250 records every 300 µs, of which it delivers more than of a flood. *Paced*, either gets
//!   50,000 records a second in bursts of 250, which both have room for: processor time of all threads, from the first
//!   record to the end. Late bursts are not made up for.
//! - **Fluentd**, with acknowledgements and entries that are packed and not compressed, in chunks of a thousand. Ours waits
//!   as above; theirs emits a thousand, lets its event loop send them, and waits for the oldest chunk while five are not
//!   acknowledged. Either has at most 5,000 records under way, and loses none. Processor time is that of the flood. The
//!   package is installed into the target directory.

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, AxonPushBuilder, Event, Fluentd, LogPayload, Loki};
use support::{
    figure,
    forward::{self, Forward},
    median, process,
    sink::{self, Sink},
};
use tracing::info;
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

const TURNS: usize = 3;
const FLOOD: Duration = Duration::from_secs(2);
/// Half of what a sink's queue holds.
const HALF: u64 = 5000;
/// Half of what the channel of `tracing-loki` holds.
const BURST: u64 = 250;
const PACED: Duration = Duration::from_millis(5);
const BRISKLY: Duration = Duration::from_micros(300);
const PATIENCE: Duration = Duration::from_secs(10);

/// What is installed for Node: that of the tests.
const PACKAGE: [(&str, &str); 3] = [
    ("package.json", include_str!("../tests/rig/node/package.json")),
    ("package-lock.json", include_str!("../tests/rig/node/package-lock.json")),
    ("fluentd.js", include_str!("fluentd.js")),
];
const NEEDED: &str = "the comparison with `@fluent-org/logger` needs Node 18 or later and npm; on Debian: \
                      `apt-get install nodejs npm`";

fn main() {
    match process::role() {
        None => {
            // Whoever lacks Node is to know at once.
            let script = script();
            compare_loki();
            compare_fluentd(&script);
        }
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, _)) if role == forward::ROLE => forward::serve(),
        Some((role, address)) if role == "fluentd" => fluentd(&address),
        Some((role, argument)) => {
            let (load, url) = argument.split_once(' ').expect("a load and a URL");
            if role == "loki" { loki(load, url) } else { tracing_loki(load, url) }
        }
    }
}

/// What the turns of one side came to.
struct Turns {
    rates: Vec<f64>,
    cpus: Vec<f64>,
    missing: f64,
}

impl Turns {
    const fn new() -> Self {
        Self { rates: Vec::new(), cpus: Vec::new(), missing: 0.0 }
    }

    /// What a load delivered in a second that is to be as high as can be.
    fn rate(&mut self, said: &HashMap<String, f64>, delivered: u64) {
        self.rates.push(delivered as f64 / said["seconds"]);
    }

    /// What a load cost of which nothing may be lost.
    fn cpu(&mut self, said: &HashMap<String, f64>, delivered: u64) {
        self.cpus.push(said["cpu"] / delivered as f64 * 1e6);
    }

    fn missing(&mut self, said: &HashMap<String, f64>, delivered: u64) {
        self.missing += said["offered"] - delivered as f64;
    }

    fn show(self, sink: &str, side: &str) {
        figure(&format!("sinks.{sink}.flood.{side}"), median(self.rates));
        figure(&format!("sinks.{sink}.cpu.{side}"), median(self.cpus));
        figure(&format!("sinks.{sink}.missing.{side}"), self.missing);
    }
}

fn compare_loki() {
    let sink = Sink::start();
    let [mut ours, mut theirs, mut brisk] = [const { Turns::new() }; 3];
    let run = |role, load| {
        let said = process::run(role, &format!("{load} {}", sink.url()));
        (said, sink.take_count())
    };
    for _ in 0..TURNS {
        for (role, turns) in [("loki", &mut ours), ("tracing_loki", &mut theirs)] {
            let (said, delivered) = run(role, "flood");
            turns.rate(&said, delivered);
            turns.missing(&said, delivered);
            let (said, delivered) = run(role, "paced");
            turns.cpu(&said, delivered);
            turns.missing(&said, delivered);
        }
        let (said, delivered) = run("tracing_loki", "briskly");
        brisk.rate(&said, delivered);
        brisk.missing(&said, delivered);
    }
    ours.show("loki", "ours");
    theirs.show("loki", "tracing_loki");
    figure("sinks.loki.briskly.tracing_loki", median(brisk.rates));
    figure("sinks.loki.briskly_missing.tracing_loki", brisk.missing);
}

fn compare_fluentd(script: &Path) {
    let server = Forward::start();
    let [mut ours, mut theirs] = [const { Turns::new() }; 2];
    for _ in 0..TURNS {
        let said = process::run("fluentd", server.address());
        let delivered = server.take_count();
        ours.rate(&said, delivered);
        ours.cpu(&said, delivered);
        ours.missing(&said, delivered);
        let said = run_node(script, server.address());
        let delivered = server.take_count();
        theirs.rate(&said, delivered);
        theirs.cpu(&said, delivered);
        theirs.missing(&said, delivered);
    }
    assert!(theirs.missing == 0.0, "theirs lost what it had room for, and is not to be compared with");
    ours.show("fluentd", "ours");
    theirs.show("fluentd", "node");
}

/// Logs as the load says while there is room, ends with `finish`, and says what that took.
fn log(load: &str, mut one: impl FnMut(u64), has_room: impl Fn() -> bool, finish: impl FnOnce()) {
    let (burst, every) = match load {
        "flood" => (64, Duration::ZERO),
        "briskly" => (BURST, BRISKLY),
        _ => (BURST, PACED),
    };
    let (started, cpu) = (Instant::now(), process::cpu());
    let (mut offered, mut next) = (0, started);
    while started.elapsed() < FLOOD {
        (0..burst).for_each(|n| one(offered + n));
        offered += burst;
        while !has_room() {
            thread::sleep(Duration::from_micros(500));
        }
        if every > Duration::ZERO {
            // What was late is not made up for, as that would be a flood; and spinning would be billed.
            next = Instant::now().max(next + every);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
    finish();
    process::say("seconds", started.elapsed().as_secs_f64());
    process::say("cpu", (process::cpu() - cpu).as_secs_f64());
    process::say("offered", offered as f64);
}

fn client(builder: AxonPushBuilder) -> AxonPush {
    builder.without_server().build().expect("complete settings")
}

fn has_room(client: &AxonPush) -> bool {
    client.sink_stats().iter().all(|sink| sink.queued() <= HALF)
}

fn finish(client: &AxonPush) {
    let report = client.blocking().shutdown(PATIENCE);
    let stats = client.sink_stats();
    assert!(report.is_complete(), "{report}: {stats:?}");
    if stats.iter().any(|sink| sink.lost().total() > 0) {
        // The table says how many; this says why.
        eprintln!("{stats:?}");
    }
}

fn loki(load: &str, url: &str) {
    let client = client(AxonPush::builder().sink("loki", Loki::new(url)));
    tracing_subscriber::registry().with(client.tracing_layer().with_filter(LevelFilter::INFO)).init();
    log(load, one, || has_room(&client), || finish(&client));
}

fn tracing_loki(load: &str, url: &str) {
    let builder = tracing_loki::builder().label("service", "shop").expect("a label");
    let url = reqwest::Url::parse(url).expect("a URL");
    let (layer, controller, task) = builder.build_controller_url(url).expect("complete settings");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let task = runtime.spawn(task);
    tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)).init();
    log(
        load,
        one,
        || true,
        || {
            runtime.block_on(async {
                controller.shutdown().await;
                task.await.expect("no panic");
            });
        },
    );
}

fn one(n: u64) {
    info!(order.id = black_box(n), amount = 129.95, currency = "EUR", "payment was declined by the card issuer");
}

fn fluentd(address: &str) {
    let client = client(AxonPush::builder().sink("fluentd", Fluentd::new(address).tag_prefix("bench")));
    let one = |n: u64| {
        let record = LogPayload::new("payment was declined by the card issuer")
            .attribute("order.id", n)
            .attribute("amount", 129.95)
            .attribute("currency", "EUR");
        client.events().enqueue(Event::log("shop::payments", record));
    };
    log("flood", one, || has_room(&client), || finish(&client));
}

fn run_node(script: &Path, address: &str) -> HashMap<String, f64> {
    let mut command = Command::new("node");
    command.arg(script).args([address, &FLOOD.as_millis().to_string()]).stdout(Stdio::piped());
    let child = command.spawn().expect(NEEDED);
    let output = child.wait_with_output().expect("a child of ours");
    assert!(output.status.success(), "fluentd.js ended with {}", output.status);
    process::read(output.stdout.as_slice())
}

/// The script, beside the package that it needs.
fn script() -> PathBuf {
    let target = std::env::current_exe().expect("a running program");
    // Programs lie in `release/deps` of it.
    let target = target.ancestors().nth(3).expect("a target directory").join("fluentd-node");
    fs::create_dir_all(&target).expect("the target directory can be written to");
    let [manifest, lock, _] =
        PACKAGE.map(|(name, text)| fs::read_to_string(target.join(name)).is_ok_and(|it| it == text));
    let is_installed = manifest && lock && target.join("installed").exists();
    for (name, text) in PACKAGE {
        fs::write(target.join(name), text).expect("the target directory can be written to");
    }
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    assert!(node.is_ok_and(|status| status.success()), "{NEEDED}");
    if !is_installed {
        let _earlier = fs::remove_file(target.join("installed"));
        let mut npm = Command::new("npm");
        npm.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&target);
        let status = npm.status().expect(NEEDED);
        assert!(status.success(), "`npm ci` ended with {status} in {}", target.display());
        fs::write(target.join("installed"), "").expect("the target directory can be written to");
    }
    target.join("fluentd.js")
}

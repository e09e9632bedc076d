//! One service, three destinations: AxonPush has every order, a Fluentd has every order, and the console has what a human
//! should see. In the middle of it the Fluentd is killed, and later started again.
//!
//! ```sh
//! cargo run --example three_sinks
//! ```
//!
//! Ends with an error unless every order is where it belongs, and the other two never had to wait for the Fluentd. That is
//! this program once more, as a process of its own: a server of the forward protocol that writes down what it takes before
//! it says so, as a Fluentd with a file buffer does. One that is installed works as well.

use std::{
    collections::HashSet,
    error::Error,
    fs,
    io::{self, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axonpush::{AxonPush, BreakerState, Event, Fluentd, LogPayload, Severity, SinkPolicy, Stdout};
use axonpush_dev::DevServer;
use rig::forward::{Behaviour, ForwardServer};

const ORDERS: u64 = 600;
const KILLED_AT: u64 = 200;
const REVIVED_AT: u64 = 400;
/// Every so many-th order is of interest to whoever looks at the console.
const NOTABLE: u64 = 60;
const PACE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [role, address, journal] = args.as_slice()
        && role == FLUENTD
    {
        return serve(address, Path::new(journal));
    }
    let journal = std::env::temp_dir().join(format!("axonpush-three-sinks-{}.jsonl", std::process::id()));
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let server = DevServer::start().await?;
    let client = AxonPush::builder()
        .api_key("ak_dev")
        .base_url(server.url())
        .service("orders", "1.4.2")
        .sink("fluentd", Fluentd::new(&address).tag_prefix("shop").ack_timeout(Duration::from_secs(2)))
        .sink_with("console", Stdout::console(), SinkPolicy::new().severities(Severity::Warn..))
        .build()?;

    let mut fluentd = Some(Fluent::start(&address, &journal)?);
    let mut waited = Waiting::default();
    let mut pace = tokio::time::interval(PACE);
    for n in 0..ORDERS {
        match n {
            KILLED_AT => fluentd = None,
            REVIVED_AT => fluentd = Some(Fluent::start(&address, &journal)?),
            _ => {}
        }
        let severity = if n % NOTABLE == 0 { Severity::Warn } else { Severity::Info };
        let order = LogPayload::new(format!("order {n}")).severity(severity).attribute("n", n);
        client.events().enqueue(Event::log("orders", order));
        pace.tick().await;
        waited.look(&client, fluentd.is_none());
    }
    let report = client.flush(PATIENCE).await;
    let stats = client.sink_stats();
    let end = client.shutdown(PATIENCE).await;
    drop(fluentd);

    let (kept, repeated) = orders(&journal)?;
    let _gone = fs::remove_file(&journal);
    let all: HashSet<u64> = (0..ORDERS).collect();
    let notable = ORDERS.div_ceil(NOTABLE);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n{ORDERS} orders; the Fluentd was killed at order {KILLED_AT} and started again at {REVIVED_AT}\n"
    )?;
    writeln!(out, "destination   has   lost   most waiting while it was up / down")?;
    let (up, down) = waited.0;
    let stored = server.events().len() as u64;
    for (name, has, lost, at) in [
        ("axonpush", stored, client.stats().lost().total(), 0),
        ("fluentd", kept.len() as u64, stats[0].lost().total(), 1),
        ("console", stats[1].written(), stats[1].lost().total(), 2),
    ] {
        writeln!(out, "{name:<11} {has:>5}  {lost:>5}   {:>12} / {}", up[at], down[at])?;
    }
    writeln!(out, "\n{repeated} orders reached the Fluentd twice: their acknowledgement died with it")?;

    let is_undisturbed = down[0] <= CALM && down[2] <= CALM && down[1] > CALM;
    let is_well = stats.iter().all(|sink| sink.lost().total() == 0 && sink.breaker() == BreakerState::Closed);
    let is_whole = stored == ORDERS && kept == all && stats[1].written() == notable;
    if is_undisturbed && is_well && is_whole && report.is_complete() && end.is_complete() {
        writeln!(out, "0 lost anywhere")?;
        return Ok(());
    }
    Err(format!("not as it should be: {report}; {stats:?}").into())
}

/// So many records may be on their way to a destination that is well: those of a fifth of a second.
const CALM: u64 = 40;

/// The most that waited for each destination, while the Fluentd was up and while it was down.
#[derive(Default)]
struct Waiting(([u64; 3], [u64; 3]));

impl Waiting {
    fn look(&mut self, client: &AxonPush, is_down: bool) {
        let stats = client.stats();
        let sinks = client.sink_stats();
        let now = [stats.queued() + stats.in_flight(), sinks[0].queued(), sinks[1].queued()];
        let most = if is_down { &mut self.0.1 } else { &mut self.0.0 };
        most.iter_mut().zip(now).for_each(|(most, now)| *most = (*most).max(now));
    }
}

/// Which orders the Fluentd has written down, and how many of them twice.
fn orders(journal: &Path) -> Result<(HashSet<u64>, usize), Box<dyn Error>> {
    let text = fs::read_to_string(journal)?;
    let number = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["n"].as_u64();
    let all: Vec<u64> = text.lines().filter_map(number).collect();
    let distinct: HashSet<u64> = all.iter().copied().collect();
    let repeated = all.len() - distinct.len();
    Ok((distinct, repeated))
}

const FLUENTD: &str = "--fluentd";

/// The Fluentd; it is killed when this is dropped.
struct Fluent(Child);

impl Fluent {
    fn start(address: &str, journal: &Path) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(FLUENTD).arg(address).arg(journal).stdin(Stdio::piped());
        command.spawn().map(Self)
    }
}

impl Drop for Fluent {
    fn drop(&mut self) {
        let _killed = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Is the Fluentd, until it is killed or whoever started it ends.
fn serve(address: &str, journal: &Path) -> Result<(), Box<dyn Error>> {
    let behaviour = Behaviour { journal: Some(journal.to_owned()), ..Behaviour::default() };
    let _server = ForwardServer::listen(&TcpListener::bind(address)?, behaviour);
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

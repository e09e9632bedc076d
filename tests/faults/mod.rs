//! What the client must survive, a function for every fault: it brings the fault about, measures, and says whether the
//! limits held. In each of them the books are checked: what was accepted is delivered or lost, to the event, and what is
//! delivered is what the server holds.

mod broken;
mod contexts;
mod crowds;
mod hostile;
mod lifecycle;
pub(crate) mod lines;
mod outages;
mod panics;
mod places;
mod processes;
mod refusals;
mod sinks;
mod slow;
mod statuses;
mod tls;
mod verdict;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axonpush::{AxonPush, AxonPushBuilder, Event};
use axonpush_dev::DevServer;
use rig::{PATIENCE, proxy::Proxy};

pub(crate) use self::processes::play as play_part;
use self::verdict::Verdict;

/// How much of a row is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// A second or so: fewer events, shorter outages.
    Short,
    /// The figures of the requirement.
    Full,
}

impl Scale {
    fn of<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: u8,
    pub(crate) fault: &'static str,
    pub(crate) figure: String,
    pub(crate) limit: String,
    pub(crate) ok: bool,
}

/// A fault and how it is brought about.
pub(crate) struct Entry {
    pub(crate) number: u8,
    pub(crate) fault: &'static str,
    run: fn(Scale) -> Verdict,
}

impl Entry {
    pub(crate) fn run(&self, scale: Scale) -> Row {
        let (figure, limit, ok) = (self.run)(scale).into_parts();
        Row { number: self.number, fault: self.fault, figure, limit, ok }
    }
}

const fn entry(number: u8, fault: &'static str, run: fn(Scale) -> Verdict) -> Entry {
    Entry { number, fault, run }
}

/// Every fault, by its number.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(1, "server down at start", outages::down_at_start),
    entry(2, "server down in mid-run", outages::down_in_mid_run),
    entry(3, "429 with seconds", refusals::retry_after_pauses_everything),
    entry(4, "429 and 503 with a date, a past date, garbage", refusals::retry_after_in_every_form),
    entry(5, "500, 502, 503, 504 in bursts", statuses::bursts_of_5xx),
    entry(6, "408, 425", statuses::transient_4xx),
    entry(7, "501, 505", statuses::hopeless_5xx),
    entry(8, "400, 404, 413, 422", statuses::refused_for_good),
    entry(9, "401, 403", refusals::unauthorized_holds),
    entry(10, "3xx", statuses::redirects),
    entry(11, "latency beyond the timeout", slow::latency),
    entry(12, "no answer; one byte a second", slow::black_hole_and_trickle),
    entry(13, "reset in mid-request, cut answer", broken::resets_and_cuts),
    entry(14, "HTML, garbage, endless answers with 200", broken::success_that_confirms_nothing),
    entry(15, "TLS: expired, wrong host, plain text", tls::bad_certificates),
    entry(16, "DNS failure, server moved", outages::names),
    entry(17, "idle close", broken::idle_close),
    entry(18, "answer lost after the store", broken::lost_answers),
    entry(19, "SIGTERM with 10,000 events queued", processes::sigterm),
    entry(21, "panic in a handler", panics::in_handlers),
    entry(22, "panic in a user's hook", hostile::panicking_hook),
    entry(23, "clients disconnect", crowds::disconnects),
    entry(24, "runtime dropped before the flush", lifecycle::runtime_dropped),
    entry(25, "flush from everywhere", places::flush_from_everywhere),
    entry(26, "flush with a full queue, at once, after the end", lifecycle::flushes),
    entry(27, "clocks step", refusals::clock_steps),
    entry(28, "fork", processes::fork),
    entry(32, "overflow with mixed severities", hostile::overflow),
    entry(35, "10 MB, depth 100,000, NaN, u128, non-UTF-8 headers", hostile::bad_input),
    entry(36, "tasks of many requests, interleaved", contexts::interleaved),
    entry(37, "futures dropped at every await", lifecycle::cancelled_futures),
    entry(38, "sinks that hang or fail beside a healthy one", sinks::isolated),
    entry(39, "Fluentd acknowledges not, or something else", sinks::forward_acks),
    entry(40, "server flaps", outages::flapping),
    entry(41, "1,000 requests at once, each with tasks", crowds::no_foreign_ids),
];

/// A server, the proxy in front of it, and a client of the proxy.
struct Stage {
    server: DevServer,
    proxy: Proxy,
    client: AxonPush,
    /// What the loss hook was told.
    told: Arc<AtomicU64>,
}

impl Stage {
    fn new() -> Self {
        Self::with(|settings| settings)
    }

    fn with(configure: impl FnOnce(AxonPushBuilder) -> AxonPushBuilder) -> Self {
        let server = DevServer::builder().keep_requests(100_000).start_blocking().unwrap();
        let proxy = Proxy::start(server.addr());
        let told = Arc::new(AtomicU64::new(0));
        let tell = Arc::clone(&told);
        let settings = rig::settings(&server)
            .base_url(proxy.url())
            // An event about losses would be one more than was offered.
            .report_losses(false)
            .on_loss(move |lost| {
                tell.fetch_add(lost.len(), Ordering::Relaxed);
            });
        let client = configure(settings).build().unwrap();
        Self { server, proxy, client, told }
    }

    fn enqueue(&self, count: usize) {
        enqueue(&self.client, "e", count);
    }

    /// Delivers what is left and checks the books against the server.
    fn close(&self, verdict: &mut Verdict) {
        let _ = self.client.blocking().shutdown(PATIENCE);
        verdict.books(&self.client, &self.server);
        let (told, lost) = (self.told.load(Ordering::Relaxed), self.client.stats().lost().total());
        if told != lost {
            verdict.check(false, format_args!("loss hook told of {told}"), format_args!("told of all {lost}"));
        }
    }
}

/// Enqueues events of different names: `e0`, `e1`, ….
fn enqueue(client: &AxonPush, name: &str, count: usize) {
    for n in 0..count {
        client.events().enqueue(Event::new(format!("{name}{n}")));
    }
}

/// How many different events the server holds, and how many in all.
fn stored(server: &DevServer) -> (usize, usize) {
    let events = server.events();
    let names: HashSet<&str> = events.iter().map(|event| event.identifier.as_str()).collect();
    (names.len(), events.len())
}

/// Waits until `condition` holds, and says whether it came to that.
fn until(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        lasts(Duration::from_millis(1));
    }
    true
}

/// Time that is part of the fault: an outage has its length.
fn lasts(time: Duration) {
    std::thread::sleep(time); // tidy: the fault lasts so long
}

fn ms(time: Duration) -> String {
    if time < Duration::from_millis(10) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else if time < Duration::from_secs(10) {
        format!("{:.0} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

fn runtime_1() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

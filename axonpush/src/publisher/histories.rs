//! Whatever happens, in whatever order: the books are exact, deadlines hold, and what counts as delivered is stored.
//!
//! Histories run on a paused runtime, where a minute's outage takes as long as the work it causes.

use std::{
    collections::HashSet,
    panic::resume_unwind,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use proptest::prelude::*;
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    client::AxonPush,
    event::{Event, EventType, Severity},
    publisher::{DeliveryLane, DeliveryPolicy, FlushReport},
    queue::{OverflowPolicy, QueuePolicy},
    retry::RetryPolicy,
    sink::BatchPolicy,
    testing::{Answer, MemorySink},
};

/// Requests at once, at most.
const MAX_CONCURRENCY: usize = 32;

/// How exactly timers keep a deadline.
const TICK: Duration = Duration::from_millis(2);

#[derive(Debug, Clone)]
enum Step {
    Offer { severity: Severity, log: bool, count: usize },
    Flush(Duration),
    Pass(Duration),
    Server(Server),
}

/// How the server is, until it is otherwise.
#[derive(Debug, Clone, Copy)]
enum Server {
    Up,
    Slow(u64),
    Down,
    Silent,
    Says(u16),
    AsksForTime(u64),
    Garbage,
    /// Takes everything and breaks the connection.
    Forgetful,
    /// Something else each time, a dozen times; then up.
    Fickle,
}

#[derive(Debug, Clone)]
struct Setting {
    max_events: usize,
    overflow: OverflowPolicy,
    otlp: bool,
    batch: usize,
    deadline: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let severity = (0..Severity::ALL.len()).prop_map(|at| Severity::ALL[at]);
    prop_oneof![
        6 => (severity, any::<bool>(), 1..30_usize).prop_map(|(severity, log, count)| Step::Offer { severity, log, count }),
        2 => (0..20_000_u64).prop_map(|ms| Step::Flush(Duration::from_millis(ms))),
        3 => (0..40_000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        4 => server().prop_map(Step::Server),
    ]
}

fn server() -> impl Strategy<Value = Server> {
    prop_oneof![
        3 => Just(Server::Up),
        1 => (1..12_000_u64).prop_map(Server::Slow),
        1 => Just(Server::Down),
        1 => Just(Server::Silent),
        2 => prop::sample::select(vec![302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 501, 503]).prop_map(Server::Says),
        1 => (0..30_u64).prop_map(Server::AsksForTime),
        1 => Just(Server::Garbage),
        1 => Just(Server::Forgetful),
        2 => Just(Server::Fickle),
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    let overflow = prop::sample::select(vec![
        OverflowPolicy::ShedLowestSeverity,
        OverflowPolicy::DropOldest,
        OverflowPolicy::DropNewest,
    ]);
    (1..40_usize, overflow, any::<bool>(), 1..20_usize, 1..300_u64).prop_map(
        |(max_events, overflow, otlp, batch, deadline)| Setting { max_events, overflow, otlp, batch, deadline },
    )
}

impl Server {
    fn rule(self, sink: &MemorySink) {
        sink.always(match self {
            Self::Up | Self::Fickle => Answer::accept(),
            Self::Slow(ms) => Answer::accept().after(Duration::from_millis(ms)),
            Self::Down => Answer::no_connection(),
            Self::Silent => Answer::never(),
            Self::Says(status) => Answer::status(status),
            Self::AsksForTime(seconds) => Answer::status(503).header("retry-after", seconds.to_string()),
            Self::Garbage => Answer::status(200).body("<html>"),
            Self::Forgetful => Answer::accept().then_disconnect(),
        });
        if matches!(self, Self::Fickle) {
            for status in [500, 200, 429, 413, 400, 503] {
                sink.answer(Answer::status(status).after(Duration::from_millis(u64::from(status))));
                sink.answer(Answer::accept().then_disconnect());
            }
        }
    }
}

/// A history under way.
struct Play {
    sink: MemorySink,
    client: AxonPush,
    offered: u64,
    /// The keys of what the loss hook was given.
    lost: Arc<Mutex<HashSet<String>>>,
    flushes: Vec<JoinHandle<()>>,
}

impl Play {
    fn begin(setting: &Setting) -> Self {
        let (sink, lost) = (MemorySink::new(), Arc::new(Mutex::new(HashSet::new())));
        let lane = if setting.otlp { DeliveryLane::Otlp } else { DeliveryLane::Event };
        let hears = Arc::clone(&lost);
        let client = sink
            .builder()
            .channel_id("c")
            .queue(QueuePolicy::new().max_events(setting.max_events).overflow(setting.overflow))
            .retry(RetryPolicy::new().delivery_deadline(Duration::from_secs(setting.deadline)))
            .delivery(DeliveryPolicy::new().logs(lane).batch(BatchPolicy::new().max_events(setting.batch)))
            .report_losses(false)
            .on_loss(move |events| {
                for event in events.events() {
                    let body: serde_json::Value = serde_json::from_str(event.as_json()).unwrap();
                    let news = hears.lock().unwrap().insert(body["dedupKey"].as_str().unwrap().to_owned());
                    assert!(news, "told twice of {body}");
                }
            })
            .build()
            .unwrap();
        Self { sink, client, offered: 0, lost, flushes: Vec::new() }
    }

    fn offer(&mut self, severity: Severity, log: bool) {
        let kind = if log { EventType::AppLog } else { EventType::Custom };
        let key = format!("k{}", self.offered);
        self.offered += 1;
        self.client.events().enqueue(Event::new("e").severity(severity).event_type(kind).dedup_key(key));
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Offer { severity, log, count } => (0..*count).for_each(|_| self.offer(*severity, *log)),
            Step::Flush(timeout) => {
                let pending = self.client.stats().queued() + self.client.stats().in_flight();
                let (client, timeout) = (self.client.clone(), *timeout);
                // It begins here, not when the task is first polled.
                let flush = client.begin_flush(timeout);
                self.flushes.push(tokio::spawn(async move {
                    let began = Instant::now();
                    let report = flush.await;
                    assert!(began.elapsed() <= timeout + TICK, "{:?} > {timeout:?}", began.elapsed());
                    assert_eq!(sum(&report), pending, "{report}");
                }));
            }
            Step::Pass(time) => tokio::time::sleep(*time).await, // tidy: virtual time
            Step::Server(server) => server.rule(&self.sink),
        }
        self.check();
    }

    fn check(&self) {
        let stats = self.client.stats();
        assert!(stats.is_balanced() && stats.accepted() == self.offered && stats.refused() == 0, "{stats}");
        assert!(self.sink.most_at_once() <= MAX_CONCURRENCY);
    }

    /// The server recovers; whatever came before, a new event lands.
    async fn recover(&mut self) {
        self.sink.accept_all();
        // A refused key is only tried once a minute.
        tokio::time::sleep(Duration::from_secs(61)).await; // tidy: virtual time
        self.offer(Severity::Fatal, false);
        let key = format!("k{}", self.offered - 1);
        let report = self.client.flush(Duration::from_secs(10)).await;
        assert_eq!(report.left(), 0, "{report}; {:?}", self.client);
        assert!(self.stored().contains(&key), "{:?}", self.client);
        self.check();
    }

    fn stored(&self) -> HashSet<String> {
        self.sink.events().iter().map(|event| event.text("/dedupKey").unwrap().to_owned()).collect()
    }

    /// Ends the client, and holds its books against the sink's.
    async fn end(mut self, timeout: Duration) {
        let pending = self.client.stats().queued() + self.client.stats().in_flight();
        let began = Instant::now();
        let report = self.client.shutdown(timeout).await;
        assert!(began.elapsed() <= timeout + TICK, "{:?} > {timeout:?}", began.elapsed());
        assert_eq!(sum(&report), pending, "{report}");
        for flush in self.flushes.drain(..) {
            flush.await.unwrap();
        }
        self.check();
        let stats = self.client.stats();
        assert_eq!(stats.queued() + stats.in_flight(), 0, "{stats}");
        let lost = self.lost.lock().unwrap();
        assert_eq!(lost.len() as u64, stats.lost().total(), "the hook was told of every loss: {stats}");
        let stored = self.stored();
        for key in (0..self.offered).map(|n| format!("k{n}")).filter(|key| !lost.contains(key)) {
            assert!(stored.contains(&key), "{key} counts as delivered and is not stored");
        }
    }
}

fn sum(report: &FlushReport) -> u64 {
    report.delivered() + report.lost().total() + report.left()
}

/// Runs a history on a thread of its own, so that a worker that never sleeps is found out: virtual time stands still
/// while there is work to do.
fn run(history: impl Future<Output = ()> + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let player = thread::spawn(move || {
        let paused = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        paused.block_on(history);
        let _ = done.send(());
    });
    let slept = ended.recv_timeout(Duration::from_secs(20)) != Err(mpsc::RecvTimeoutError::Timeout);
    assert!(slept, "the worker never sleeps");
    player.join().unwrap_or_else(|panic| resume_unwind(panic));
}

#[test]
fn the_first_event_after_an_outage_that_outlived_all_others_is_delivered() {
    run(async {
        let mut play = Play::begin(&Setting {
            max_events: 10,
            overflow: OverflowPolicy::DropOldest,
            otlp: false,
            batch: 1,
            deadline: 11,
        });
        for step in [
            Step::Server(Server::Down),
            Step::Offer { severity: Severity::Info, log: false, count: 10 },
            Step::Pass(Duration::from_secs(60)),
        ] {
            play.take(&step).await;
        }
        assert_eq!(play.client.stats().lost().total(), 10);
        play.recover().await;
        play.end(Duration::ZERO).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_history_ends_with_exact_books(
        setting in setting(),
        steps in prop::collection::vec(step(), 0..25),
        end in 0..5_000_u64,
    ) {
        run(async move {
            let mut play = Play::begin(&setting);
            for step in &steps {
                play.take(step).await;
            }
            play.end(Duration::from_millis(end)).await;
        });
    }

    #[test]
    fn after_any_history_a_server_that_recovers_gets_the_next_event(
        setting in setting(),
        steps in prop::collection::vec(step(), 0..25),
    ) {
        run(async move {
            let mut play = Play::begin(&setting);
            for step in &steps {
                play.take(step).await;
            }
            play.recover().await;
            play.end(Duration::from_secs(5)).await;
        });
    }
}

//! The books, as a recorder of the `metrics` facade is told.

mod recorder;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axonpush::{AxonPush, BreakerState, Event, LossReason, QueuePolicy, Stats, metrics::export};
use axonpush_dev::{Answer, DevServer};
use rig::{PATIENCE, client, server, settings};

use self::recorder::Memory;

const REASONS: [LossReason; 7] = [
    LossReason::QueueFull,
    LossReason::Rejected,
    LossReason::Unauthorized,
    LossReason::Expired,
    LossReason::BadResponse,
    LossReason::Shutdown,
    LossReason::Internal,
];

fn counters(stats: &Stats, client: &str) -> BTreeMap<String, u64> {
    let figures = [
        ("events_accepted", stats.accepted()),
        ("events_delivered", stats.delivered()),
        ("events_retried", stats.retried()),
        ("events_refused", stats.refused()),
        ("events_suppressed", stats.suppressed()),
        ("events_filtered", stats.filtered()),
        ("worker_restarts", stats.worker_restarts()),
    ];
    let figures = figures.map(|(name, figure)| (format!("axonpush_{name}_total{{client={client}}}"), figure));
    let lost = REASONS.map(|reason| {
        (format!("axonpush_events_lost_total{{client={client},reason={reason}}}"), stats.lost().of(reason))
    });
    figures.into_iter().chain(lost).collect()
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn gauges(stats: &Stats, client: &str) -> BTreeMap<String, f64> {
    let is = |state| f64::from(u8::from(stats.breaker() == state));
    let figures = [
        (format!("queue_events{{client={client}}}"), stats.queued() as f64),
        (format!("queue_bytes{{client={client}}}"), stats.queued_bytes() as f64),
        (format!("queue_capacity_events{{client={client}}}"), stats.capacity() as f64),
        (format!("queue_capacity_bytes{{client={client}}}"), stats.capacity_bytes() as f64),
        (
            format!("queue_oldest_age_seconds{{client={client}}}"),
            stats.oldest_age().unwrap_or(Duration::ZERO).as_secs_f64(),
        ),
        (format!("in_flight_events{{client={client}}}"), stats.in_flight() as f64),
        (format!("delivery_latency_seconds{{client={client},quantile=0.5}}"), stats.latency_p50().as_secs_f64()),
        (format!("delivery_latency_seconds{{client={client},quantile=0.99}}"), stats.latency_p99().as_secs_f64()),
        (format!("breaker_state{{client={client},state=closed}}"), is(BreakerState::Closed)),
        (format!("breaker_state{{client={client},state=open}}"), is(BreakerState::Open)),
        (format!("breaker_state{{client={client},state=held}}"), is(BreakerState::Held)),
        (format!("breaker_state{{client={client},state=half_open}}"), is(BreakerState::HalfOpen)),
    ];
    figures.into_iter().map(|(name, figure)| (format!("axonpush_{name}"), figure)).collect()
}

/// Waits until `condition`, without sleeping.
async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "it never came to be");
        tokio::task::yield_now().await;
    }
}

/// A client to which everything has happened that can be brought about: its figures differ from zero and each other.
async fn eventful(server: &DevServer) -> AxonPush {
    let itself: Arc<OnceLock<AxonPush>> = Arc::default();
    let echo = Arc::clone(&itself);
    let client = settings(server)
        .queue(QueuePolicy::new().max_events(1_000))
        .report_losses(false)
        // An event of the worker's own thread is an echo.
        .on_loss(move |_| echo.get().unwrap().events().enqueue(Event::new("echo")))
        .build()
        .unwrap();
    itself.set(client.clone()).unwrap();
    server.script(Answer::status(503));
    server.script(Answer::status(422).times(2));
    for _ in 0..9 {
        client.events().enqueue(Event::new("x"));
    }
    client.events().enqueue(Event::new(""));
    assert_eq!(client.flush(PATIENCE).await.left(), 0);
    server.script(Answer::hang().always());
    // The worker takes a few dozen; the others wait, and some find no room.
    for _ in 0..1_200 {
        client.events().enqueue(Event::new("y"));
    }
    until(|| client.stats().in_flight() > 0 && client.stats().suppressed() > 0).await;
    client
}

#[tokio::test]
async fn every_figure_is_the_one_of_the_books() {
    let server = server();
    let client = eventful(&server).await;
    let memory = Memory::new();
    let stats = client.stats();
    memory.hear(|| export(&stats, "orders"));

    let told = [
        stats.delivered(),
        stats.lost().of(LossReason::Rejected),
        stats.lost().of(LossReason::QueueFull),
        stats.retried(),
        stats.refused(),
        stats.suppressed(),
        stats.queued(),
        stats.queued_bytes(),
        stats.in_flight(),
    ];
    assert!(told.iter().all(|figure| *figure > 0) && stats.oldest_age().is_some(), "{stats:?}");
    assert_eq!(memory.counters(), counters(&stats, "orders"));
    assert_eq!(memory.gauges(), gauges(&stats, "orders"));

    // What has ended since is nowhere left standing.
    assert!(client.shutdown(Duration::ZERO).await.left() > 0);
    let later = client.stats();
    memory.hear(|| export(&later, "orders"));
    assert_eq!((memory.counters(), memory.gauges()), (counters(&later, "orders"), gauges(&later, "orders")));
}

#[tokio::test]
async fn a_breaker_that_holds_the_queue_shows_as_the_one_state_that_is_1() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(401).always());
    client.events().enqueue(Event::new("x"));
    until(|| client.stats().breaker() == BreakerState::Held).await;
    let memory = Memory::new();
    let stats = client.stats();
    memory.hear(|| export(&stats, "orders"));
    assert_eq!(memory.gauges(), gauges(&stats, "orders"));
    let on = memory.gauges().into_iter().filter(|(name, state)| name.contains("breaker") && *state > 0.0);
    assert_eq!(on.collect::<Vec<_>>(), [("axonpush_breaker_state{client=orders,state=held}".to_owned(), 1.0)]);
    server.clear_script();
    assert!(client.shutdown(PATIENCE).await.is_complete());
}

#[test]
fn two_clients_are_told_apart_by_their_name() {
    let server = server();
    let (busy, idle) = (client(&server), AxonPush::disabled());
    busy.events().enqueue(Event::new("x"));
    let memory = Memory::new();
    let stats = busy.stats();
    memory.hear(|| {
        export(&stats, "busy");
        export(&idle.stats(), "idle");
    });
    let mut both = counters(&stats, "busy");
    both.extend(counters(&Stats::default(), "idle"));
    assert_eq!(memory.counters(), both);
}

#[test]
fn every_metric_is_described_with_its_unit() {
    let memory = Memory::new();
    memory.hear(|| export(&Stats::default(), "orders"));
    let described = memory.described.lock().unwrap().clone();
    let names: Vec<String> = described.iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
    let mut told: Vec<String> = memory.counters().into_keys().chain(memory.gauges().into_keys()).collect();
    for name in &mut told {
        name.truncate(name.find('{').unwrap());
    }
    told.sort();
    told.dedup();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, told);
    for line in &described {
        let unit = match line {
            line if line.contains("_seconds") => "seconds",
            line if line.contains("_bytes") => "bytes",
            _ => "count",
        };
        let kind = if line.contains("_total") { "counter" } else { "gauge" };
        assert!(line.starts_with(kind) && line.ends_with(unit), "{line}");
    }
}

#[tokio::test]
async fn a_recorder_that_uses_the_client_waits_for_nothing_and_hears_no_echo() {
    let server = server();
    let client = client(&server);
    client.events().enqueue(Event::new("x"));
    let own = client.clone();
    let memory = Memory::with_hook(move || {
        own.events().enqueue(Event::new("the recorder was used"));
        assert!(own.stats().is_balanced());
    });
    for _ in 0..3 {
        memory.hear(|| export(&client.stats(), "orders"));
    }
    assert!(client.flush(PATIENCE).await.is_complete());
    let stats = client.stats();
    assert_eq!((stats.accepted(), server.len()), (1, 1));
    assert!(stats.suppressed() > 0);
    // Its own events are heard again as soon as it is done.
    client.events().enqueue(Event::new("y"));
    assert_eq!(client.stats().accepted(), 2);
}

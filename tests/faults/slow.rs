//! The server takes its time, or for ever.

use std::time::{Duration, Instant};

use axonpush::{Event, RetryPolicy};
use rig::{PATIENCE, proxy::Fault};

use super::{Scale, Stage, Verdict, lasts, runtime_1};

/// What a deadline may be overrun by on a loaded machine.
const GRACE: Duration = Duration::from_millis(100);

/// Events out of the queue: 32 being sent, and as many that wait for their retry.
const MOST_IN_FLIGHT: u64 = 64;

/// Connections for 32 requests at once, and some that are about to close.
const MOST_OPEN: u64 = 32 + 8;

pub(super) fn latency(scale: Scale) -> Verdict {
    let (latency, timeout, events) = scale.of(
        (Duration::from_millis(500), Duration::from_millis(150), 500),
        (Duration::from_secs(10), Duration::from_secs(5), 5_000),
    );
    let mut verdict = Verdict::new();
    let stage = Stage::with(|settings| settings.attempt_timeout(timeout));
    stage.proxy.set(Fault::Latency(latency));
    stage.enqueue(100);
    verdict.hand_over(&stage.client, events);
    let began = Instant::now();
    let mut most = 0;
    while began.elapsed() < latency * 2 {
        most = most.max(stage.client.stats().in_flight());
        lasts(Duration::from_millis(1));
    }
    verdict.at_most("in flight", most, MOST_IN_FLIGHT);
    verdict.exactly("delivered meanwhile", stage.client.stats().delivered(), 0);
    stage.proxy.set(Fault::Pass);
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    verdict.at_most("connections at once", stage.proxy.most_open(), MOST_OPEN);
    verdict.note(format_args!("{} repeats recognised", stage.server.duplicates()));
    stage.close(&mut verdict);
    verdict
}

pub(super) fn black_hole_and_trickle(scale: Scale) -> Verdict {
    let timeout = scale.of(Duration::from_millis(250), Duration::from_secs(3));
    let mut verdict = Verdict::new();
    for (name, fault) in [("no answer", Fault::BlackHole), ("one byte a second", Fault::Trickle(1))] {
        let stage = Stage::with(|settings| settings.attempt_timeout(timeout).fail_open(false));
        stage.proxy.set(fault);
        let once = rig::settings(&stage.server)
            .base_url(stage.proxy.url())
            .attempt_timeout(timeout)
            .retry(RetryPolicy::new().max_retries(0))
            .fail_open(false)
            .build()
            .unwrap();
        let began = Instant::now();
        let answer = runtime_1().block_on(once.events().publish(Event::new("e0").dedup_key("e0")));
        let timed_out = answer.is_err_and(|error| error.is_timeout());
        let took = began.elapsed();
        verdict.check(timed_out, name, "times out");
        verdict.within("attempt ended after", took, timeout + GRACE);
        // The same event again, so that what the server may have stored of the awaited one is in the books.
        stage.client.events().enqueue(Event::new("e0").dedup_key("e0"));
        verdict.hand_over(&stage.client, scale.of(500, 5_000));
        lasts(timeout);
        stage.proxy.set(Fault::Pass);
        let report = stage.client.blocking().flush(PATIENCE);
        verdict.exactly("lost", report.lost().total() + report.left(), 0);
        verdict.at_most("connections at once", stage.proxy.most_open(), MOST_OPEN);
        stage.close(&mut verdict);
    }
    verdict
}

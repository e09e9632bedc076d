//! What happens to all of the shop: a new version, and trouble with the payment provider.

use std::time::Duration;

use serde_json::json;

use super::minute;
use super::pen::{DEBUG, ERROR, FATAL, INFO, Pen, Service, Severity, WARN};
use super::shop;

/// How the payment provider is doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Provider {
    /// How many times longer than usual it takes.
    pub(super) slower: u32,
    /// How many of a hundred requests it fails.
    pub(super) failing: u32,
}

impl Provider {
    pub(super) fn at(at: Duration) -> Self {
        let (slower, failing) = match at.as_secs() / 30 {
            62..=65 => (5, 12),
            66..=76 => (14, 75),
            77..=79 => (4, 10),
            _ => (1, 0),
        };
        Self { slower, failing }
    }
}

/// When the new version of the shop goes live.
pub(super) const RELEASE: Duration = minute(14);

pub(super) fn tell(pen: &mut Pen) {
    release(pen);
    outage(pen);
    housekeeping(pen);
}

fn release(pen: &mut Pen) {
    let (old, new) = (shop::shop(Duration::ZERO), shop::shop(RELEASE));
    let mut say = |service: Service, seconds: u64, text: &str| {
        let at = RELEASE + Duration::from_secs(seconds);
        pen.log(service, None, at, (INFO, ("shop::lifecycle", text)), json!({"process.pid": 7}));
    };
    say(new, 0, "starting");
    say(new, 1, "connected to the database, 12 migrations are in place");
    say(new, 2, "listening on 0.0.0.0:8080");
    say(old, 3, "stop requested; finishing 4 requests");
    say(old, 4, "stopped");
}

fn outage(pen: &mut Pen) {
    let notes: [(Service, u64, Severity, &str, &str, serde_json::Value); 8] = [
        (
            shop::PAYMENTS,
            31 * 60 + 20,
            WARN,
            "payments::provider",
            "the provider answers slowly",
            json!({"p95_ms": 1_180}),
        ),
        (
            shop::PAYMENTS,
            33 * 60 + 5,
            ERROR,
            "payments::provider",
            "circuit breaker open: 21 of the last 30 requests failed",
            json!({"breaker.state": "open", "error.type": "provider_unavailable"}),
        ),
        (
            shop::shop(minute(33)),
            33 * 60 + 12,
            ERROR,
            "shop::checkout",
            "error budget of checkout is spent",
            json!({"slo": "checkout-availability", "burn_rate": 14.2}),
        ),
        (
            shop::shop(minute(35)),
            35 * 60 + 40,
            WARN,
            "axonpush.events_lost",
            "14 events were lost before they could be delivered",
            json!({"axonpush.lost.queue_full": 14}),
        ),
        (
            shop::PAYMENTS,
            36 * 60 + 30,
            FATAL,
            "payments::worker",
            "reconciliation stopped: the provider refused 5 times",
            json!({"error.type": "provider_unavailable", "worker": "reconciliation"}),
        ),
        (
            shop::PAYMENTS,
            38 * 60 + 10,
            WARN,
            "payments::provider",
            "circuit breaker half open, trying one request",
            json!({"breaker.state": "half_open"}),
        ),
        (
            shop::PAYMENTS,
            39 * 60 + 2,
            INFO,
            "payments::provider",
            "circuit breaker closed",
            json!({"breaker.state": "closed"}),
        ),
        (shop::PAYMENTS, 40 * 60 + 15, INFO, "payments::worker", "reconciliation caught up", json!({"settled": 27})),
    ];
    for (service, second, severity, name, text, attributes) in notes {
        pen.log(service, None, Duration::from_secs(second), (severity, (name, text)), attributes);
    }
}

/// What a service says of itself when nobody asks.
fn housekeeping(pen: &mut Pen) {
    for number in 0..12 {
        let at = minute(number * 5 + 2);
        let swept = pen.dice.between(3, 60);
        pen.log(
            shop::shop(at),
            None,
            at,
            (DEBUG, ("shop::carts", "swept abandoned carts")),
            json!({"carts": swept, "job.run": number}),
        );
        let (idle, busy) = (pen.dice.between(2, 9), pen.dice.between(1, 7));
        pen.log(
            shop::PAYMENTS,
            None,
            at + Duration::from_secs(11),
            (DEBUG, ("payments::pool", "connection pool")),
            json!({"pool.idle": idle, "pool.busy": busy}),
        );
    }
}

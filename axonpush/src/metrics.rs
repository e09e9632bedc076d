//! The books of a client as metrics, for the application's recorder of the [`metrics`] facade. Needs the feature
//! `metrics`.
//!
//! [`export`] is called by whoever wants the figures: before a scrape is answered, or on a timer where the recorder pushes
//! or serves by itself. So they are exact at the moment they are read, cost nothing in between and nothing on the way of
//! an event, and what a recorder does happens on a thread of the application's, where it can't delay a delivery. A timer
//! of our own could only ever be late: the age of the oldest event grows while nothing happens.
//!
//! ```
//! use axonpush::{AxonPush, Event};
//! # let server = axonpush_dev::DevServer::start_blocking().unwrap();
//! # let url = server.url();
//! let client = AxonPush::builder().api_key("ak_dev").base_url(url).build()?;
//! client.events().enqueue(Event::new("cache.miss"));
//!
//! // In the handler of `/metrics`, before the recorder's page is rendered:
//! axonpush::metrics::export(&client.stats(), "orders");
//! # Ok::<(), axonpush::Error>(())
//! ```
//!
//! | metric | type | unit | meaning |
//! |---|---|---|---|
//! | `axonpush_events_accepted_total` | counter | events | the queue took in |
//! | `axonpush_events_delivered_total` | counter | events | the server confirmed |
//! | `axonpush_events_lost_total{reason}` | counter | events | accepted and never to be delivered; `reason` is a [`LossReason`] |
//! | `axonpush_events_retried_total` | counter | events | sent again, once for each attempt beyond the first |
//! | `axonpush_events_refused_total` | counter | events | handed over and not accepted |
//! | `axonpush_events_suppressed_total` | counter | events | the SDK's own work gave rise to, and ignored |
//! | `axonpush_events_filtered_total` | counter | records | of logs, left out on purpose |
//! | `axonpush_worker_restarts_total` | counter | restarts | of the worker; more than none is a bug to report |
//! | `axonpush_queue_events` | gauge | events | waiting in the queue |
//! | `axonpush_queue_bytes` | gauge | bytes | their encoded size |
//! | `axonpush_queue_capacity_events` | gauge | events | the queue holds at most |
//! | `axonpush_queue_capacity_bytes` | gauge | bytes | the queue holds at most |
//! | `axonpush_queue_oldest_age_seconds` | gauge | seconds | since the oldest event still here was accepted; 0 when there is none |
//! | `axonpush_in_flight_events` | gauge | events | being sent, or between two attempts |
//! | `axonpush_delivery_latency_seconds{quantile}` | gauge | seconds | from acceptance to delivery, since the start, to within a quarter; `quantile` is `0.5` or `0.99`; 0 before the first delivery |
//! | `axonpush_breaker_state{state}` | gauge | 1 or 0 | 1 for the current [`BreakerState`], 0 for the others: `closed`, `open`, `held`, `half_open` |
//!
//! All carry the label `client`. Every reason and state is there from the first export on, at 0 if need be, so that the
//! first loss shows as an increase. At any moment `accepted = delivered + lost + queue + in flight`, summed over reasons.

use std::sync::Arc;

use ::metrics::{Label, SharedString, Unit, counter, describe_counter, describe_gauge, gauge};

use crate::{context::suppress, loss::LossReason, publisher::Stats, retry::BreakerState};

/// Hands the figures of a client to the application's recorder, under the label `client="name"`. See the
/// [module](self) for what they are called.
///
/// `name` tells the clients of a process apart on a dashboard, so it should be the same after a restart; the figures of
/// two clients under one name overwrite each other. Those of one call are all of the instant of `stats`, and counters
/// are absolute: exporting twice counts nothing twice.
///
/// Goes to the recorder of this thread, if one was set with [`with_local_recorder`](::metrics::with_local_recorder), or
/// of the process. None is installed here, and without any nothing happens. No lock of the client is held meanwhile, and
/// events the recorder gives rise to are ignored and counted as suppressed, so that looking never changes what is seen.
///
/// ```
/// use axonpush::AxonPush;
///
/// let (orders, audit) = (AxonPush::disabled(), AxonPush::disabled());
/// for (client, name) in [(&orders, "orders"), (&audit, "audit")] {
///     axonpush::metrics::export(&client.stats(), name);
/// }
/// ```
pub fn export(stats: &Stats, name: &str) {
    let client = Label::new("client", SharedString::from(Arc::<str>::from(name)));
    suppress::while_working(|| {
        for (metric, unit, meaning, figure) in COUNTERS {
            describe_counter!(metric, unit, meaning);
            counter!(metric, vec![client.clone()]).absolute(figure(stats));
        }
        describe_counter!(LOST, Unit::Count, "Accepted events that will not be delivered, by reason.");
        for reason in LossReason::ALL {
            let labels = vec![client.clone(), Label::from_static_parts("reason", reason.as_str())];
            counter!(LOST, labels).absolute(stats.lost().of(reason));
        }
        for (metric, unit, meaning, figure) in GAUGES {
            describe_gauge!(metric, unit, meaning);
            gauge!(metric, vec![client.clone()]).set(figure(stats));
        }
        describe_gauge!(LATENCY, Unit::Seconds, "Time from acceptance to delivery since the start, by quantile.");
        for (quantile, latency) in [("0.5", stats.latency_p50()), ("0.99", stats.latency_p99())] {
            let labels = vec![client.clone(), Label::from_static_parts("quantile", quantile)];
            gauge!(LATENCY, labels).set(latency);
        }
        describe_gauge!(BREAKER, Unit::Count, "Whether requests flow: 1 for the current state, 0 for the others.");
        for state in STATES {
            let labels = vec![client.clone(), Label::from_static_parts("state", state_name(state))];
            gauge!(BREAKER, labels).set(u8::from(state == stats.breaker()));
        }
    });
}

type Figure<T> = (&'static str, Unit, &'static str, fn(&Stats) -> T);

const COUNTERS: [Figure<u64>; 7] = [
    ("axonpush_events_accepted_total", Unit::Count, "Events the queue took in.", Stats::accepted),
    ("axonpush_events_delivered_total", Unit::Count, "Accepted events the server confirmed.", Stats::delivered),
    ("axonpush_events_retried_total", Unit::Count, "Attempts beyond the first, by event.", Stats::retried),
    ("axonpush_events_refused_total", Unit::Count, "Events handed over and not accepted.", Stats::refused),
    ("axonpush_events_suppressed_total", Unit::Count, "Events of the SDK's own work, ignored.", Stats::suppressed),
    ("axonpush_events_filtered_total", Unit::Count, "Log records left out on purpose.", Stats::filtered),
    ("axonpush_worker_restarts_total", Unit::Count, "Restarts of the worker.", Stats::worker_restarts),
];

const GAUGES: [Figure<f64>; 6] = [
    ("axonpush_queue_events", Unit::Count, "Events waiting in the queue.", |stats| float(stats.queued())),
    ("axonpush_queue_bytes", Unit::Bytes, "Encoded size of the events waiting.", |stats| float(stats.queued_bytes())),
    ("axonpush_queue_capacity_events", Unit::Count, "Events the queue holds at most.", |stats| float(stats.capacity())),
    ("axonpush_queue_capacity_bytes", Unit::Bytes, "Bytes the queue holds at most.", |stats| {
        float(stats.capacity_bytes())
    }),
    ("axonpush_queue_oldest_age_seconds", Unit::Seconds, "Time since the oldest event here was accepted.", |stats| {
        stats.oldest_age().unwrap_or_default().as_secs_f64()
    }),
    ("axonpush_in_flight_events", Unit::Count, "Events being sent.", |stats| float(stats.in_flight())),
];

const LOST: &str = "axonpush_events_lost_total";
const LATENCY: &str = "axonpush_delivery_latency_seconds";
const BREAKER: &str = "axonpush_breaker_state";

const STATES: [BreakerState; 4] =
    [BreakerState::Closed, BreakerState::Open, BreakerState::Held, BreakerState::HalfOpen];

/// A new state has to be named here, and belongs into [`STATES`].
fn state_name(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::Held => "held",
        BreakerState::HalfOpen => "half_open",
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, more than any queue holds")]
fn float(figure: u64) -> f64 {
    figure as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_metric_with_its_type() {
        let table: Vec<&str> = include_str!("metrics.rs").lines().filter(|line| line.starts_with("//! | `")).collect();
        let metrics = COUNTERS.map(|(metric, ..)| (metric, "counter")).into_iter().chain([(LOST, "counter")]);
        let gauges =
            GAUGES.map(|(metric, ..)| (metric, "gauge")).into_iter().chain([(LATENCY, "gauge"), (BREAKER, "gauge")]);
        let metrics: Vec<_> = metrics.chain(gauges).collect();
        assert_eq!(table.len(), metrics.len());
        for (metric, kind) in metrics {
            let rows = table.iter().filter(|row| {
                let row = row.trim_start_matches("//! | `");
                row.strip_prefix(metric)
                    .is_some_and(|rest| rest.starts_with(['`', '{']) && rest.contains(&format!("| {kind} |")))
            });
            assert_eq!(rows.count(), 1, "{metric}");
        }
    }
}

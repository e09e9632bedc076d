//! Serving until told to stop: requests first, then the last events, by one deadline.

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::OpenExchange;
use crate::{client::AxonPush, clock, publisher::FlushReport};

/// How long requests and events have together once the signal came, unless a serve helper is told otherwise.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What requests that were cut get to be gone. It is a matter of scheduling, not of work.
const SETTLE: Duration = Duration::from_millis(250);

/// What the last events get when requests used up the rest: one round trip to a server that is well.
const MIN_FLUSH: Duration = Duration::from_millis(500);

/// What either gets even when the timeout leaves it nothing.
const LEAST: Duration = Duration::from_millis(50);

/// A longer timeout than this would end when no clock can tell.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// When and how a server stops: what serve helpers for any framework are made of.
///
/// `S` is the future that says when, boxed as the framework's threads need it.
#[must_use = "nothing is served until it runs"]
pub struct Stopping<S> {
    client: AxonPush,
    signal: S,
    /// A second signal, which cuts what the first lets finish.
    again: Option<fn() -> S>,
    drain_timeout: Duration,
}

impl<S: Future<Output = ()> + Unpin> Stopping<S> {
    /// Stops at the first of the signals that `signal` makes, and cuts at the second. Ends `client`.
    pub fn new(client: &AxonPush, signal: fn() -> S) -> Self {
        Self { client: client.clone(), signal: signal(), again: Some(signal), drain_timeout: DRAIN_TIMEOUT }
    }

    /// Stops when `signal` is ready. There is no second one.
    pub fn with_shutdown(self, signal: S) -> Self {
        Self { signal, again: None, ..self }
    }

    /// How long requests may take to finish and events to be delivered, together, once the signal came;
    /// [`DRAIN_TIMEOUT`] unless set. What is kept of it for the end: half a second for the last events and a quarter
    /// for requests that were cut, or half of the timeout where that is less.
    pub fn drain_timeout(self, timeout: Duration) -> Self {
        Self { drain_timeout: timeout.min(FOREVER), ..self }
    }

    /// Runs `server` until it ends or the signal comes; then `stop` has to make it finish by itself. Where it doesn't
    /// in time, `cut` ends what is under way, of which the server hears within `hears`, counted from the signal, or at
    /// once. Then the server is dropped, every exchange is awaited, and the client shut down.
    ///
    /// The output is that of `server`, unless it was cut. Needs a tokio runtime with time.
    pub async fn run<T>(
        self,
        server: impl Future<Output = T>,
        stop: impl FnOnce(),
        cut: impl FnOnce(),
        hears: Duration,
    ) -> (Option<T>, ServeReport) {
        let Self { client, signal, again, drain_timeout } = self;
        let mut server = Box::pin(server);
        let mut result = tokio::select! {
            result = &mut server => Some(result),
            () = signal => None,
        };
        let signalled = clock::now();
        let mut plan = Plan::new(signalled, drain_timeout);
        let (mut cut_short, mut not_before) = (Vec::new(), signalled);
        if result.is_none() {
            stop();
            let again = async {
                match again {
                    Some(again) => again().await,
                    None => std::future::pending().await,
                }
            };
            result = tokio::select! {
                result = &mut server => Some(result),
                () = client.sleep_until(plan.cut) => None,
                () = again => {
                    plan = plan.cut_at(clock::now());
                    None
                }
            };
        }
        if result.is_none() {
            // Connections without a request may still be there; nothing is lost with them.
            cut_short = client.list_open_exchanges();
            not_before = signalled + hears;
            cut();
        }
        drop(server);
        let settled = plan.settled.max(clock::now() + LEAST).max(not_before);
        tokio::select! {
            () = client.exchanges_ended() => {}
            () = client.sleep_until(settled) => {}
        }
        let unfinished = client.open_exchanges();
        let left = plan.deadline.saturating_duration_since(clock::now());
        let flush = client.shutdown(left.max(plan.flush)).await;
        (result, ServeReport { cut_short, unfinished, flush })
    }
}

impl<S> fmt::Debug for Stopping<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").field("drain_timeout", &self.drain_timeout).finish_non_exhaustive()
    }
}

/// The moments of a stop.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plan {
    /// When requests that are under way are cut.
    cut: Instant,
    /// When those that don't end are given up.
    settled: Instant,
    deadline: Instant,
    /// What events get even when the deadline is near.
    flush: Duration,
}

impl Plan {
    fn new(signalled: Instant, timeout: Duration) -> Self {
        let kept = (timeout / 2).min(SETTLE + MIN_FLUSH);
        let flush = (kept * 2 / 3).max(LEAST);
        let deadline = signalled + timeout;
        Self {
            cut: signalled + timeout.saturating_sub(kept),
            settled: signalled + timeout.saturating_sub(flush),
            deadline,
            flush,
        }
    }

    /// The plan when someone won't wait any longer.
    fn cut_at(self, now: Instant) -> Self {
        Self {
            cut: now,
            settled: self.settled.min(now + SETTLE),
            deadline: self.deadline.min(now + SETTLE + MIN_FLUSH),
            ..self
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone)]
#[must_use = "a report may say that requests were cut or events left behind"]
pub struct ServeReport {
    cut_short: Vec<OpenExchange>,
    unfinished: usize,
    flush: FlushReport,
}

impl ServeReport {
    /// Whether every request finished by itself. If not, the rest was cut.
    pub fn drained(&self) -> bool {
        self.cut_short.is_empty()
    }

    /// The requests that were cut, as they stood at that moment, oldest first.
    pub fn cut_short(&self) -> &[OpenExchange] {
        &self.cut_short
    }

    /// Exchanges of the client that had not ended when it was shut down, so that their end was never told: those of
    /// another server that shares the client, and those of handlers that block their thread.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// What became of the last events.
    pub fn flush(&self) -> &FlushReport {
        &self.flush
    }

    /// Whether every request finished, was told, and every event delivered.
    pub fn is_complete(&self) -> bool {
        self.drained() && self.unfinished == 0 && self.flush.is_complete()
    }
}

impl fmt::Display for ServeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "requests {}", if self.drained() { "finished" } else { "cut" })?;
        if self.unfinished > 0 {
            write!(f, ", {} without an end", self.unfinished)?;
        }
        write!(f, "; events: {}", self.flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_cut_is_taken_out_of_the_drain_timeout() {
        let now = clock::now();
        for (timeout, cut, settled, flush) in
            [(10_000, 9_250, 9_500, 500), (1_500, 750, 1_000, 500), (600, 300, 400, 200), (0, 0, 0, 50)]
        {
            let plan = Plan::new(now, Duration::from_millis(timeout));
            let after = |millis| now + Duration::from_millis(millis);
            assert_eq!((plan.cut, plan.settled, plan.deadline), (after(cut), after(settled), after(timeout)));
            assert_eq!(plan.flush, Duration::from_millis(flush));
        }
    }

    #[test]
    fn a_second_signal_ends_the_drain_and_never_prolongs_it() {
        let (now, ms) = (clock::now(), Duration::from_millis);
        let early = Plan::new(now, ms(10_000)).cut_at(now + ms(100));
        assert_eq!((early.cut, early.settled, early.deadline), (now + ms(100), now + ms(350), now + ms(850)));
        let late = Plan::new(now, ms(1_000)).cut_at(now + ms(900));
        assert_eq!(late.deadline, now + ms(1_000));
    }

    #[test]
    fn a_report_reads_as_what_happened() {
        let report =
            |cut_short, unfinished| ServeReport { cut_short, unfinished, flush: FlushReport::default() }.to_string();
        assert_eq!(report(Vec::new(), 0), "requests finished; events: nothing was left to deliver");
        let sink = crate::testing::MemorySink::new().client();
        let facts = crate::exchange::RequestFacts::new("test", "GET", "/");
        let _open = crate::exchange::ExchangePolicy::new().begin(&sink, &facts, &|_, _| {});
        let text = report(sink.list_open_exchanges(), 2);
        assert_eq!(text, "requests cut, 2 without an end; events: nothing was left to deliver");
    }
}

//! What may be asked of a server now: one state machine for its health, shared by everything the worker sends.
//!
//! Pure like the rest of this room: it is told what happened and when, and answers; it never waits.
//!
//! - **Concurrency** grows by one for every round of successes and halves on failure, from 1 to 32.
//! - **The breaker** opens after a row of failures, or when the server itself asks for a pause. While it is open nothing
//!   is sent; then one probe goes out, and its answer decides.
//! - **A hold** is a breaker that a refused key has opened. It is probed once a minute, and nothing is given up meanwhile.
//! - **Tokens** bound how much of the traffic may be retries. When they run out, retries wait; nothing is dropped.

use std::time::{Duration, Instant};

use super::backoff::wait;

/// Requests in flight at once, at most.
pub(crate) const MAX_CONCURRENCY: usize = 32;

/// Where concurrency begins; a healthy server has it doubled within a second.
const FIRST_CONCURRENCY: f64 = 16.0;

/// So many failures in a row, and the server is considered down.
const BREAK_AFTER: u32 = 5;

/// How often a refused key is tried again.
const HOLD: Duration = Duration::from_secs(60);

/// Retries that may be spent at once, and how fast they come back by themselves. Each success brings one back as well, so
/// that half of all requests may fail for as long as they like.
const MAX_TOKENS: f64 = 64.0;
const TOKENS_PER_SECOND: f64 = 4.0;

/// Whether requests flow, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BreakerState {
    /// Requests flow.
    #[default]
    Closed,
    /// Nothing is sent for a while: the server failed several times in a row, or asked for a pause.
    Open,
    /// The key was refused; it is tried once a minute, and the queue is kept.
    Held,
    /// One request is out to see whether the server is back.
    HalfOpen,
}

/// What the worker may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// Begin so many more requests, perhaps none.
    Begin(usize),
    /// Begin one, to see.
    Probe,
    /// Begin none before then.
    WaitUntil(Instant),
}

/// How a request failed, as far as the server's health is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server or the way to it; `asked` is its `Retry-After`.
    Transient { asked: Option<Duration> },
    /// The key.
    Unauthorized,
}

/// The health of one server.
#[derive(Debug)]
pub(crate) struct Endpoint {
    state: BreakerState,
    /// While open or held: when to probe.
    until: Instant,
    /// Whether it is the server's wish that nothing is sent before.
    asked: bool,
    /// Requests begun before this say nothing about the time after it.
    since: Instant,
    failures_in_a_row: u32,
    /// How many times in a row the breaker opened, which is how far up the ladder of waits it is.
    rung: usize,
    concurrency: f64,
    tokens: f64,
    tokens_at: Instant,
}

impl Endpoint {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: BreakerState::Closed,
            until: now,
            asked: false,
            since: now,
            failures_in_a_row: 0,
            rung: 0,
            concurrency: FIRST_CONCURRENCY,
            tokens: MAX_TOKENS,
            tokens_at: now,
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.state
    }

    /// What may begin now, with `in_flight` requests under way.
    pub(crate) fn permit(&self, in_flight: usize, now: Instant) -> Permit {
        match self.state {
            BreakerState::Closed => Permit::Begin(self.limit().saturating_sub(in_flight)),
            // The probe's answer is the next thing to happen.
            BreakerState::HalfOpen => Permit::Begin(0),
            BreakerState::Open | BreakerState::Held if now >= self.until => Permit::Probe,
            BreakerState::Open | BreakerState::Held => Permit::WaitUntil(self.until),
        }
    }

    /// The probe that [`Permit::Probe`] allowed has begun.
    pub(crate) fn probing(&mut self, now: Instant) {
        self.state = BreakerState::HalfOpen;
        self.since = now;
    }

    /// Spends a retry, if there is one to spend; else says when there will be.
    pub(crate) fn spend_retry(&mut self, now: Instant) -> Result<(), Instant> {
        let elapsed = now.saturating_duration_since(self.tokens_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * TOKENS_PER_SECOND).min(MAX_TOKENS);
        self.tokens_at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(now + Duration::from_secs_f64((1.0 - self.tokens) / TOKENS_PER_SECOND))
    }

    /// A request was answered in a way that shows the server at work: success, or a refusal of this one request.
    pub(crate) fn answered(&mut self, begun: Instant) {
        self.tokens = (self.tokens + 1.0).min(MAX_TOKENS);
        if begun < self.since {
            // Not all that was under way failed, so the server may be up after all: see at once.
            if self.state == BreakerState::Open && !self.asked {
                self.until = begun;
            }
            return;
        }
        self.failures_in_a_row = 0;
        self.rung = 0;
        self.state = BreakerState::Closed;
        #[expect(clippy::cast_precision_loss, reason = "32 fits")]
        let most = MAX_CONCURRENCY as f64;
        self.concurrency = (self.concurrency + 1.0 / self.concurrency).min(most);
    }

    /// A request failed. `dice` is a number in `0.0..1.0`.
    pub(crate) fn failed(&mut self, failure: Failure, begun: Instant, now: Instant, dice: f64) {
        match failure {
            Failure::Unauthorized => self.open(BreakerState::Held, HOLD, true, now),
            Failure::Transient { asked: Some(asked) } => {
                let pause = asked.max(wait(self.rung, dice));
                self.open(BreakerState::Open, pause, true, now);
            }
            // Whatever was under way when the breaker opened, or the one before it, has been taken into account.
            Failure::Transient { asked: None } if begun < self.since => {}
            Failure::Transient { asked: None } => {
                self.failures_in_a_row += 1;
                // Once a round trip is enough: what was begun before belongs to the old number.
                self.concurrency = (self.concurrency / 2.0).max(1.0);
                if self.state == BreakerState::HalfOpen || self.failures_in_a_row >= BREAK_AFTER {
                    let pause = wait(self.rung, dice);
                    self.rung += 1;
                    self.open(BreakerState::Open, pause, false, now);
                }
            }
        }
    }

    /// Ends a pause now: there may be no later.
    pub(crate) fn hurry(&mut self, now: Instant) {
        if matches!(self.state, BreakerState::Open | BreakerState::Held) {
            self.until = now;
        }
    }

    fn open(&mut self, state: BreakerState, pause: Duration, asked: bool, now: Instant) {
        self.asked = asked || (self.asked && self.state == state);
        // A longer pause that is already under way stands.
        self.until = if self.state == state { self.until.max(now + pause) } else { now + pause };
        self.state = state;
        self.since = now;
        self.failures_in_a_row = 0;
    }

    fn limit(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 32")]
        let whole = self.concurrency as usize;
        whole.clamp(1, MAX_CONCURRENCY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSIENT: Failure = Failure::Transient { asked: None };

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    /// An endpoint whose breaker has just opened for the first time, at `now`.
    fn broken(now: Instant) -> Endpoint {
        let mut endpoint = Endpoint::new(now);
        for _ in 0..BREAK_AFTER {
            endpoint.failed(TRANSIENT, now, now, 0.0);
        }
        endpoint
    }

    #[test]
    fn concurrency_grows_to_32_and_halves_to_1() {
        let now = Instant::now();
        let mut endpoint = Endpoint::new(now);
        assert_eq!(endpoint.permit(0, now), Permit::Begin(16));
        for _ in 0..2000 {
            endpoint.answered(now);
        }
        assert_eq!((endpoint.permit(0, now), endpoint.permit(32, now)), (Permit::Begin(32), Permit::Begin(0)));
        endpoint.failed(TRANSIENT, now, now, 0.0);
        assert_eq!(endpoint.permit(20, now), Permit::Begin(0));
        assert_eq!(endpoint.permit(0, now), Permit::Begin(16));
        for _ in 0..20 {
            endpoint.answered(now);
            endpoint.failed(TRANSIENT, now, now, 0.0);
        }
        assert_eq!(endpoint.permit(0, now), Permit::Begin(1));
    }

    #[test]
    fn five_failures_in_a_row_open_the_breaker_and_one_probe_decides() {
        let now = Instant::now();
        let mut endpoint = broken(now);
        assert_eq!(endpoint.state(), BreakerState::Open);
        assert_eq!(endpoint.permit(0, now), Permit::WaitUntil(after(now, 250)));
        let later = after(now, 250);
        assert_eq!(endpoint.permit(0, later), Permit::Probe);
        endpoint.probing(later);
        assert_eq!((endpoint.state(), endpoint.permit(1, later)), (BreakerState::HalfOpen, Permit::Begin(0)));
        endpoint.answered(later);
        assert_eq!(endpoint.state(), BreakerState::Closed);
    }

    #[test]
    fn failed_probes_climb_the_ladder() {
        let mut now = Instant::now();
        let mut endpoint = broken(now);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let Permit::WaitUntil(until) = endpoint.permit(0, now) else { panic!("open") };
            pauses.push((until - now).as_millis());
            now = until;
            endpoint.probing(now);
            endpoint.failed(TRANSIENT, now, now, 0.0);
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 4000]);
    }

    #[test]
    fn an_outage_of_a_minute_is_probed_at_most_20_times() {
        let start = Instant::now();
        let (mut now, mut endpoint, mut probes) = (start, broken(start), 0);
        while let Permit::WaitUntil(until) = endpoint.permit(0, now) {
            now = until;
            if now > after(start, 60_000) {
                break;
            }
            probes += 1;
            endpoint.probing(now);
            endpoint.failed(TRANSIENT, now, now, 0.0);
        }
        assert!(probes <= 20, "{probes}");
    }

    #[test]
    fn what_was_under_way_when_the_breaker_opened_changes_nothing() {
        let now = Instant::now();
        let mut endpoint = broken(now);
        let open = endpoint.permit(0, now);
        let before = now.checked_sub(Duration::from_millis(10)).unwrap();
        for _ in 0..27 {
            endpoint.failed(TRANSIENT, before, after(now, 1), 0.0);
        }
        assert_eq!(endpoint.permit(0, now), open);
    }

    #[test]
    fn a_success_among_the_failures_brings_the_probe_forward_unless_the_server_asked_for_the_pause() {
        let now = Instant::now();
        let before = now.checked_sub(Duration::from_millis(10)).unwrap();
        let mut endpoint = broken(now);
        endpoint.answered(before);
        assert_eq!((endpoint.state(), endpoint.permit(0, now)), (BreakerState::Open, Permit::Probe));
        let mut asked = Endpoint::new(now);
        asked.failed(Failure::Transient { asked: Some(Duration::from_secs(7)) }, now, now, 0.0);
        asked.answered(before);
        assert_eq!(asked.permit(0, now), Permit::WaitUntil(after(now, 7000)));
    }

    #[test]
    fn the_server_may_ask_for_a_pause_and_gets_one_probe_after_it() {
        let now = Instant::now();
        let mut endpoint = Endpoint::new(now);
        endpoint.failed(Failure::Transient { asked: Some(Duration::from_secs(7)) }, now, now, 0.0);
        assert_eq!(endpoint.permit(0, now), Permit::WaitUntil(after(now, 7000)));
        // Another answer, to a request begun earlier, asks for less.
        endpoint.failed(Failure::Transient { asked: Some(Duration::from_secs(1)) }, now, now, 0.0);
        assert_eq!(endpoint.permit(0, after(now, 6999)), Permit::WaitUntil(after(now, 7000)));
        assert_eq!(endpoint.permit(0, after(now, 7000)), Permit::Probe);
    }

    #[test]
    fn a_refused_key_is_tried_once_a_minute() {
        let now = Instant::now();
        let mut endpoint = Endpoint::new(now);
        endpoint.failed(Failure::Unauthorized, now, now, 0.0);
        assert_eq!((endpoint.state(), endpoint.permit(0, now)), (BreakerState::Held, Permit::WaitUntil(now + HOLD)));
        endpoint.probing(now + HOLD);
        endpoint.failed(Failure::Unauthorized, now + HOLD, now + HOLD, 0.0);
        assert_eq!(endpoint.permit(0, now + HOLD), Permit::WaitUntil(now + 2 * HOLD));
    }

    #[test]
    fn a_pause_can_be_cut_short_for_a_last_attempt() {
        let now = Instant::now();
        let mut endpoint = broken(now);
        endpoint.hurry(now);
        assert_eq!(endpoint.permit(0, now), Permit::Probe);
    }

    #[test]
    fn retries_run_out_and_come_back_with_time_and_successes() {
        let now = Instant::now();
        let mut endpoint = Endpoint::new(now);
        let spent = (0..1000).take_while(|_| endpoint.spend_retry(now).is_ok()).count();
        assert_eq!(spent, 64);
        assert_eq!(endpoint.spend_retry(now), Err(after(now, 250)));
        endpoint.answered(now);
        assert_eq!((endpoint.spend_retry(now).is_ok(), endpoint.spend_retry(now).is_ok()), (true, false));
        assert!(endpoint.spend_retry(after(now, 250)).is_ok());
    }
}

//! The state of one retried request.

use std::time::{Duration, Instant};

/// The contract's ladder; the last rung repeats.
const LADDER: [u64; 5] = [250, 500, 1000, 2000, 4000];

/// How much longer jitter makes a wait, at most. Never shorter: the ladder is what a server in trouble was promised.
const SPREAD: f64 = 0.25;

/// Counts the attempts of one request and says how long to wait for the next.
#[derive(Debug)]
pub(crate) struct Retry {
    retries_left: Option<u32>,
    rung: usize,
    deadline: Instant,
}

impl Retry {
    /// At most `max_retries` (`None`: any number) until `deadline`.
    pub(crate) fn new(max_retries: Option<u32>, deadline: Instant) -> Self {
        Self { retries_left: max_retries, rung: 0, deadline }
    }

    /// How long to wait before the next attempt, or `None` when another one would not help.
    ///
    /// `asked` is the server's `Retry-After`, when it sent one, and `dice` a number in `0.0..1.0`.
    pub(crate) fn next_delay(&mut self, asked: Option<Duration>, now: Instant, dice: f64) -> Option<Duration> {
        if let Some(left) = &mut self.retries_left {
            *left = left.checked_sub(1)?;
        }
        let jittered = wait(self.rung, dice);
        self.rung += 1;
        let delay = asked.map_or(jittered, |asked| asked.max(jittered));
        (delay < self.time_left(now)).then_some(delay)
    }

    /// Time until the deadline.
    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }
}

/// The wait before attempt `rung + 2`, spread by `dice` in `0.0..1.0`.
pub(crate) fn wait(rung: usize, dice: f64) -> Duration {
    let millis = LADDER.get(rung).or(LADDER.last()).copied().unwrap_or_default();
    Duration::from_millis(millis).mul_f64(1.0 + SPREAD * dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn millis(retry: &mut Retry, now: Instant, dice: f64) -> Option<u128> {
        retry.next_delay(None, now, dice).map(|delay| delay.as_millis())
    }

    #[test]
    fn waits_climb_the_ladder_and_stay_on_its_last_rung() {
        let now = Instant::now();
        let mut retry = Retry::new(None, now + LONG);
        let waits: Vec<_> = (0..7).filter_map(|_| millis(&mut retry, now, 0.0)).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 4000, 4000]);
    }

    #[test]
    fn jitter_lengthens_a_wait_by_at_most_a_quarter() {
        let now = Instant::now();
        let at = |dice| millis(&mut Retry::new(None, now + LONG), now, dice);
        assert_eq!((at(0.0), at(1.0)), (Some(250), Some(312)));
    }

    #[test]
    fn attempts_are_counted_and_zero_means_none() {
        let now = Instant::now();
        let mut retry = Retry::new(Some(2), now + LONG);
        assert!(millis(&mut retry, now, 0.0).is_some() && millis(&mut retry, now, 0.0).is_some());
        assert_eq!(millis(&mut retry, now, 0.0), None);
        assert_eq!(millis(&mut Retry::new(Some(0), now + LONG), now, 0.0), None);
    }

    #[test]
    fn the_servers_wish_is_a_minimum() {
        let now = Instant::now();
        let mut retry = Retry::new(None, now + LONG);
        assert_eq!(retry.next_delay(Some(Duration::from_secs(7)), now, 0.0), Some(Duration::from_secs(7)));
        assert_eq!(retry.next_delay(Some(Duration::ZERO), now, 0.0), Some(Duration::from_millis(500)));
    }

    #[test]
    fn no_attempt_begins_after_the_deadline() {
        let now = Instant::now();
        let mut retry = Retry::new(None, now + Duration::from_millis(600));
        assert_eq!(millis(&mut retry, now, 0.0), Some(250));
        assert_eq!(millis(&mut retry, now + Duration::from_millis(250), 0.0), None);
        assert_eq!(retry.time_left(now + LONG), Duration::ZERO);
    }
}

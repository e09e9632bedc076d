//! What time it is, as far as the server is concerned: a test may move it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The machine's time, moved by as much as a test asked for.
#[derive(Debug)]
pub(crate) struct Clock {
    moved: watch::Sender<SignedDuration>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { moved: watch::Sender::new(SignedDuration::ZERO) }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let moved = *self.moved.borrow();
        let end = if moved.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::now().saturating_add(moved).unwrap_or(end)
    }

    /// The time as the contract writes it.
    pub(crate) fn text(&self) -> String {
        self.now().to_string()
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.moved.send_modify(|moved| *moved = moved.saturating_add(by));
    }

    /// Makes it `time` now. The clock goes on from there.
    pub(crate) fn set(&self, time: Timestamp) {
        self.moved.send_replace(time.duration_since(Timestamp::now()));
    }

    /// Waits until it is `time`, which moving the clock may bring about at once.
    pub(crate) async fn reach(&self, time: Timestamp) {
        let mut moved = self.moved.subscribe();
        loop {
            moved.mark_unchanged();
            let left = Duration::try_from(time.duration_since(self.now())).unwrap_or_default();
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender is ours, so this is a move and never the end.
                _ = moved.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn moving_the_clock_ends_a_wait() {
        let clock = Clock::default();
        let due = clock.now() + SignedDuration::from_hours(3);
        tokio::join!(clock.reach(due), async {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(2 * 3_600));
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(2 * 3_600));
        });
        assert!(clock.now() >= due);
    }

    #[test]
    fn a_clock_moved_too_far_stays_at_the_end_of_time() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.set(Timestamp::UNIX_EPOCH);
        assert!(clock.text().starts_with("1970-01-01T00:00:0"));
    }
}

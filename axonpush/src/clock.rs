//! The only place that asks what time it is.

use std::time::{Duration, Instant, SystemTime};

/// A moment for timers; steps of the wall clock don't touch it.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// `wait` after `start`; a wait that no clock can hold ends in thirty years.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    start.checked_add(wait.min(FAR)).unwrap_or(start)
}

/// The wall clock.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Time since the Unix epoch; zero on a machine whose clock stands before it.
pub(crate) fn since_epoch() -> Duration {
    wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

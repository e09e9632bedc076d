//! The only place that asks what time it is.

use std::time::{Duration, Instant, SystemTime};

/// A moment for timers; steps of the wall clock don't touch it.
pub(crate) fn now() -> Instant {
    // In tests time may be virtual: the runtime's, where that was paused.
    #[cfg(any(test, feature = "testing"))]
    return tokio::time::Instant::now().into_std();
    #[cfg(not(any(test, feature = "testing")))]
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

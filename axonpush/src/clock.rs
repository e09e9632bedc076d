//! The only place that asks what time it is.

use std::time::{Duration, Instant, SystemTime};

/// A moment for timers; steps of the wall clock don't touch it.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Time since the Unix epoch; zero on a machine whose clock stands before it.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

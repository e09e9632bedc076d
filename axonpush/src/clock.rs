//! The only place that asks what time it is.

use std::time::{Duration, Instant, SystemTime};

/// A moment for timers; steps of the wall clock don't touch it.
#[cfg(not(axonpush_loom))]
pub(crate) fn now() -> Instant {
    // In tests time may be virtual: the runtime's, where that was paused.
    #[cfg(any(test, feature = "testing"))]
    return tokio::time::Instant::now().into_std();
    #[cfg(not(any(test, feature = "testing")))]
    Instant::now()
}

/// Sleeps until `timer`, for ever without one.
#[cfg(not(axonpush_loom))]
pub(crate) async fn sleep_until(timer: Option<Instant>) {
    match timer {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// In a model time stands still, as every run of it must be the same.
#[cfg(axonpush_loom)]
pub(crate) fn now() -> Instant {
    static NOW: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

/// Nobody is woken by the clock there, and so nobody is saved by it.
#[cfg(axonpush_loom)]
pub(crate) async fn sleep_until(_timer: Option<Instant>) {
    std::future::pending::<()>().await;
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

//! What producers and the worker do to each other: locks, wake-ups, questions, threads. In the models these are a model
//! checker's, which tries the orders in which threads may come.

#[cfg(axonpush_loom)]
#[expect(clippy::unnecessary_wraps, reason = "the signatures are those of what it stands in for")]
mod checked;

#[cfg(not(axonpush_loom))]
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

#[cfg(axonpush_loom)]
pub(crate) use self::checked::{
    Bell, Condvar, Mutex, MutexGuard, Notify, STACK_WORDS, block_on, catch, mpsc, oneshot, run, spawn,
};
#[cfg(not(axonpush_loom))]
pub(crate) use {
    std::sync::{Condvar, Mutex, MutexGuard},
    tokio::sync::{Notify, mpsc, oneshot},
};

/// Runs `work` on a thread of its own.
#[cfg(not(axonpush_loom))]
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Runs `work` to its end.
#[cfg(not(axonpush_loom))]
pub(crate) fn run<T>(runtime: &tokio::runtime::Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(work)
}

/// Does `work`; an error is a panic of it.
#[cfg(not(axonpush_loom))]
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}

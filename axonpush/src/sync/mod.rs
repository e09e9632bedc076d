//! What producers and the worker do to each other: locks, wake-ups, questions, threads. In the models these are a model
//! checker's, which tries the orders in which threads may come.

#[cfg(axonpush_loom)]
#[expect(clippy::unnecessary_wraps, reason = "the signatures are those of what it stands in for")]
mod checked;

#[cfg(not(axonpush_loom))]
use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{PoisonError, TryLockError},
    thread,
};

#[cfg(axonpush_loom)]
pub(crate) use self::checked::{
    AtomicUsize, Bell, Condvar, Mutex, MutexGuard, Notify, STACK_WORDS, block_on, catch, lock, lock_any, mpsc, oneshot,
    run, spawn,
};
#[cfg(not(axonpush_loom))]
pub(crate) use {
    std::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicUsize},
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

/// Locks what is held for well below a microsecond. A thread that goes to sleep over it costs several, and makes whoever
/// holds it pay for waking it: so it is tried for about as long first, and then between turns of other threads, as the
/// holder may have been interrupted.
///
/// The pauses between tries grow. Threads that all want the lock all the time would else hand it to and fro with every
/// call, and what it guards from one core's cache to the other's; so each gets a few calls done in a row.
#[cfg(not(axonpush_loom))]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    const LONGEST: u32 = 32;
    const YIELDS: u32 = 16;

    let (mut pause, mut yields) = (4, 0);
    while yields < YIELDS {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            // No code of a user runs under these locks, and what they guard is right after every statement.
            Err(TryLockError::Poisoned(guard)) => return guard.into_inner(),
            Err(TryLockError::WouldBlock) if pause <= LONGEST => {
                (0..pause).for_each(|_| std::hint::spin_loop());
                pause *= 2;
            }
            Err(TryLockError::WouldBlock) => {
                thread::yield_now();
                yields += 1;
            }
        }
    }
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks one of several, whichever is free: at best the one this thread locked before. `None`: there are none.
#[cfg(not(axonpush_loom))]
pub(crate) fn lock_any<T>(all: &[impl AsRef<Mutex<T>>]) -> Option<MutexGuard<'_, T>> {
    thread_local! {
        static LAST: Cell<usize> = const { Cell::new(0) };
    }

    let last = LAST.get();
    let mut at = last;
    for _ in all {
        match all.get(at)?.as_ref().try_lock() {
            Ok(guard) => {
                LAST.set(at);
                return Some(guard);
            }
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => at = if at + 1 == all.len() { 0 } else { at + 1 },
        }
    }
    all.get(last).map(|mutex| lock(mutex.as_ref()))
}

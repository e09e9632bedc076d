//! The re-entrancy mark: set while this library does its own work, so that what it logs never becomes an event.
//!
//! All of the SDK's network I/O runs on threads that carry the mark for life. A mark that follows a task would be lost
//! where an HTTP library spawns its connection; a thread can't be left.

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

thread_local! {
    static MARKED: Cell<bool> = const { Cell::new(false) };
    /// How many of the others were told that this thread is marked.
    static TOLD: Cell<usize> = const { Cell::new(0) };
}

/// Other libraries that are to leave marked threads alone. A handful in a process, and none of them ever goes.
static OTHERS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());
static OTHERS_KNOWN: AtomicUsize = AtomicUsize::new(0);

/// Marks the current thread for good.
pub(crate) fn mark_thread() {
    // A thread without its locals is ending and emits nothing more.
    let _ending = MARKED.try_with(|mark| mark.set(true));
    tell_others();
}

/// Has `quiet` called once on each thread that is marked for good: those to come when they begin, and those there are
/// when they next [look](tell_others).
pub(crate) fn also(quiet: fn()) {
    let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    if !others.iter().any(|known| std::ptr::fn_addr_eq(*known, quiet)) {
        others.push(quiet);
        OTHERS_KNOWN.store(others.len(), Ordering::Release);
    }
}

/// Tells others that this thread is marked, if it is and there are any that do not know.
pub(crate) fn tell_others() {
    if !is_marked() {
        return;
    }
    let known = OTHERS_KNOWN.load(Ordering::Acquire);
    let told = TOLD.try_with(|told| told.replace(known)).unwrap_or(known);
    if told < known {
        let others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        others.iter().take(known).skip(told).for_each(|quiet| quiet());
    }
}

/// Marks the current thread while `work` runs.
pub(crate) fn while_working<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            let _ending = MARKED.try_with(|mark| mark.set(self.0));
        }
    }

    let _restore = Restore(MARKED.try_with(|mark| mark.replace(true)).unwrap_or(true));
    work()
}

/// Whether events emitted here come from the SDK's own work.
pub(crate) fn is_marked() -> bool {
    MARKED.try_with(Cell::get).unwrap_or(true)
}

//! The re-entrancy mark: set while this library does its own work, so that what it logs never becomes an event.
//!
//! All of the SDK's network I/O runs on threads that carry the mark for life. A mark that follows a task would be lost
//! where an HTTP library spawns its connection; a thread can't be left.

use std::cell::Cell;

thread_local!(static MARKED: Cell<bool> = const { Cell::new(false) });

/// Marks the current thread for good.
pub(crate) fn mark_thread() {
    // A thread without its locals is ending and emits nothing more.
    let _ending = MARKED.try_with(|mark| mark.set(true));
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

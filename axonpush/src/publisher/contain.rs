//! Running the application's code on the worker.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`, which is or may call code of the application: a hook, a subscriber. A panic in it costs the application
/// what it was about to do, and the worker nothing.
pub(super) fn contain(work: impl FnOnce()) {
    let _panicked = catch_unwind(AssertUnwindSafe(work));
}

//! What a handle may ask of the worker. Events travel on their own queue, so a full queue can never swallow a
//! question.

use std::time::Instant;

use tokio::sync::oneshot;

use super::FlushReport;

pub(super) enum Control {
    /// Settle what was accepted before.
    Flush(Settle),
    /// Settle everything, then end.
    Shutdown(Settle),
}

/// When to stop waiting, and whom to tell.
pub(super) struct Settle {
    pub(super) deadline: Instant,
    pub(super) done: oneshot::Sender<FlushReport>,
}

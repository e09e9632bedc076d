//! What a handle may ask of the worker. Events travel on their own queue, so a full queue can never swallow a
//! question.

use std::time::Instant;

use super::FlushReport;
use crate::{queue::WatchId, sync::oneshot};

pub(super) enum Control {
    /// Settle what was accepted before.
    Flush(Settle),
    /// Settle everything, then end.
    Shutdown(Settle),
    /// Go on with another server, or as somebody else: what is known of the server's health is of no use any more.
    Renewed,
    /// Panic, to see what becomes of it.
    #[cfg(test)]
    Panic,
}

/// What to settle, when to stop waiting, and whom to tell.
pub(super) struct Settle {
    /// Watches what had been accepted when the question was put.
    pub(super) watch: WatchId,
    pub(super) deadline: Instant,
    pub(super) done: oneshot::Sender<FlushReport>,
}

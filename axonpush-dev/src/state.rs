//! The state that everything that serves requests works on.

use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use crate::answer::Script;
use crate::clock::Clock;
use crate::faults::FaultState;
use crate::patience::Patience;
use crate::requests::RequestLog;
use crate::store::Store;

/// What routes share with the handle that tests hold.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultState,
    /// Whether requests may change the faults.
    pub(crate) fault_requests: bool,
    pub(crate) script: Script,
    /// Answers for OTLP, which fails on its own.
    pub(crate) otlp_script: Script,
    pub(crate) requests: RequestLog,
    pub(crate) accept_occurred_at: bool,
    pub(crate) max_batch: Option<usize>,
    pub(crate) patience: Patience,
    /// One permit for each batch, of OTLP or Sentry, that may be read and stored at the same time.
    pub(crate) otlp_permits: Semaphore,
    /// Set once the server is to stop: how long it may take.
    pub(crate) stop: watch::Receiver<Option<Duration>>,
}

impl Shared {
    /// Waits for `time`, unless the server stops first.
    pub(crate) async fn pause(&self, time: Duration) {
        if !time.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = self.stopping() => {}
            }
        }
    }

    /// Resolves when the server is to stop, or its handle is gone.
    pub(crate) async fn stopping(&self) {
        // An error means that the sender was dropped, which is the same message.
        let _ = self.stop.clone().wait_for(Option::is_some).await;
    }
}

//! Handing a record over: to the worker, and to whatever sinks there are.

use std::time::{Duration, Instant};

use super::Inner;
use crate::{
    error::Error,
    event::{Severity, record::Lane},
    publisher::{Accepted, FlushReport},
    queue::WhenFull,
};

impl Inner {
    /// Hands an encoded event, a body or a draft, to the worker and to all sinks.
    ///
    /// What the worker's queue loses the sinks still have; what it gives back comes again, and what comes after the end
    /// is for nobody.
    pub(super) fn hand_over(
        &self,
        now: Instant,
        severity: Severity,
        lane: Lane,
        record: &[u8],
        when: WhenFull,
    ) -> Result<Accepted, Error> {
        let accepted = self.publisher.enqueue_at(now, severity, lane, record, when)?;
        #[cfg(feature = "sinks")]
        self.outlets.offer(severity, now, record);
        Ok(accepted)
    }

    /// Begins to settle what was handed over, everywhere.
    pub(super) fn flush(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        #[cfg(feature = "sinks")]
        let sinks = self.outlets.flush(timeout);
        let events = self.publisher.flush(timeout);
        async move {
            let report = events.await;
            #[cfg(feature = "sinks")]
            let _in_their_stats = sinks.await;
            report
        }
    }

    /// Begins to end everything.
    pub(super) fn shutdown(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        let events = self.publisher.shutdown(timeout);
        #[cfg(feature = "sinks")]
        let sinks = self.outlets.shutdown(timeout);
        async move {
            let report = events.await;
            #[cfg(feature = "sinks")]
            let _in_their_stats = sinks.await;
            report
        }
    }
}

//! Handing a record over: to the worker, and to whatever sinks there are.

#[cfg(feature = "sinks")]
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Inner, Live};
#[cfg(feature = "sinks")]
use crate::event::draft;
use crate::{
    clock,
    context::suppress,
    error::Error,
    event::{Event, Severity, record::Lane, wire},
    publisher::{Accepted, FlushReport},
    queue::WhenFull,
};

impl super::AxonPush {
    /// As [`begin_flush`](Self::begin_flush), and runs no code of the application.
    pub(crate) fn begin_flush_at_once(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        let flush = self.0.as_ref().map(|inner| inner.flush_at_once(timeout));
        async {
            match flush {
                Some(flush) => flush.await,
                None => FlushReport::default(),
            }
        }
    }

    /// Whether events are sent anywhere.
    #[cfg(feature = "init")]
    pub(crate) fn has_server(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.sends())
    }
}

impl Inner {
    /// Whether events offered here come from the SDK's own work, heard by the application's logging. Passing them on
    /// would never end, so they are counted and dropped.
    ///
    /// That work may be to make the publisher of a child process, and nobody may ask for that meanwhile.
    pub(super) fn is_echo(&self) -> bool {
        let echo = suppress::is_marked();
        if let Some(publisher) = self.publisher.existing().filter(|_| echo) {
            publisher.suppressed();
        }
        echo
    }

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
        let accepted = self.enqueue(now, severity, lane, record, when)?;
        self.show(now, severity, record);
        Ok(accepted)
    }

    /// As [`hand_over`](Self::hand_over), of an event that is encoded whole. Sinks are told when it was in any case.
    pub(super) fn hand_over_whole(
        &self,
        live: &Live,
        event: &Event,
        lane: Lane,
        body: &[u8],
        when: WhenFull,
    ) -> Result<(), Error> {
        let sent = wire::sent(event, live.config.send_occurred_at, body);
        let now = clock::now();
        self.enqueue(now, event.severity, lane, sent.as_deref().unwrap_or(body), when)?;
        self.show(now, event.severity, body);
        Ok(())
    }

    /// Hands an encoded event to the worker, and to it alone.
    fn enqueue(
        &self,
        now: Instant,
        severity: Severity,
        lane: Lane,
        record: &[u8],
        when: WhenFull,
    ) -> Result<Accepted, Error> {
        if self.sends() {
            self.publisher.enqueue_at(now, severity, lane, record, when)
        } else if self.publisher.is_closed() {
            Err(Error::closed())
        } else {
            Ok(Accepted::Kept)
        }
    }

    /// Hands an encoded event to all sinks, and to them alone.
    #[cfg_attr(not(feature = "sinks"), expect(unused_variables, clippy::unused_self, reason = "there are none"))]
    pub(super) fn show(&self, now: Instant, severity: Severity, record: &[u8]) {
        #[cfg(feature = "sinks")]
        if !draft::is_span(record) {
            self.outlets.offer(severity, now, record);
        } else if self.outlets.has_any() {
            // Sinks have ways of their own to read a payload.
            self.outlets.offer(severity, now, &draft::to_body(record));
        }
    }

    /// Whether there is a server.
    #[cfg(feature = "sinks")]
    pub(super) fn sends(&self) -> bool {
        !self.is_alone.load(Ordering::Acquire)
    }

    #[cfg(not(feature = "sinks"))]
    #[expect(clippy::unused_self, reason = "there always is one")]
    pub(super) fn sends(&self) -> bool {
        true
    }

    /// Begins to settle what was handed over, everywhere.
    pub(super) fn flush(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        self.settle_pipeline(&self.live.load().config.pipeline, true);
        self.flush_at_once(timeout)
    }

    /// As [`flush`](Self::flush), but what the pipeline has counted stays untold: to tell it may take code of the
    /// application.
    pub(super) fn flush_at_once(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
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
        self.settle_pipeline(&self.live.load().config.pipeline, true);
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

#[cfg(test)]
#[cfg(feature = "sinks")]
mod tests;

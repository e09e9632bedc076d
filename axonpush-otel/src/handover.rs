//! What exporters and processors have in common: a relay, and an end.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axonpush::{
    Attributes, AxonPush, DeliveryLane, Error, FlushReport,
    relay::{Relay, RelayBatch},
};
use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
};

use crate::values;

/// Hands over, until it is shut down.
#[derive(Debug)]
pub(crate) struct Handover {
    relay: Relay,
    is_shut_down: AtomicBool,
    pub(crate) flush_timeout: Duration,
}

impl Handover {
    pub(crate) fn new(client: &AxonPush) -> Self {
        Relay::silence(suppress);
        Self {
            relay: Relay::new(client, "opentelemetry"),
            is_shut_down: AtomicBool::new(false),
            flush_timeout: FLUSH_TIMEOUT,
        }
    }

    pub(crate) fn lane(self, lane: DeliveryLane) -> Result<Self, Error> {
        Ok(Self { relay: self.relay.lane(lane)?, ..self })
    }

    pub(crate) fn set_resource(&mut self, resource: &Resource) {
        let mut entries: Vec<_> = resource.iter().collect();
        // A hash map has another order in every process.
        entries.sort_unstable_by(|one, another| one.0.cmp(another.0));
        let entries = entries.into_iter().map(|(key, value)| (key.as_str().to_owned(), values::attribute(value)));
        self.relay.set_resource(entries.collect::<Attributes>());
    }

    /// Hands `count` records over by `each`, which is to do so for every one of them.
    pub(crate) fn hand_over(
        &self,
        count: usize,
        each: impl FnOnce(&RelayBatch<'_>, &mut dyn FnMut(Result<(), Error>)),
    ) -> OTelSdkResult {
        if self.is_shut_down.load(Ordering::Acquire) {
            self.relay.refuse(count, "the exporter was shut down; what is recorded after that is not sent");
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let batch = self.relay.begin();
        let (mut refused, mut first) = (0_usize, None);
        each(&batch, &mut |told| {
            if let Err(error) = told {
                refused += 1;
                first.get_or_insert(error);
            }
        });
        let settled = outcome(&batch.settle(), None);
        match first {
            None => settled,
            Some(error) => {
                let message = format!("{refused} of {count} records were not accepted; the first: {error}");
                Err(OTelSdkError::InternalFailure(message))
            }
        }
    }

    /// Delivers what was handed over.
    pub(crate) fn flush(&self) -> OTelSdkResult {
        self.settle(self.flush_timeout)
    }

    pub(crate) fn shut_down(&self, timeout: Duration) -> OTelSdkResult {
        if self.is_shut_down.swap(true, Ordering::AcqRel) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        self.settle(timeout)
    }

    fn settle(&self, timeout: Duration) -> OTelSdkResult {
        // The client's own thread can't wait for itself.
        if Relay::is_own_work() {
            return Ok(());
        }
        outcome(&self.relay.flush(timeout), Some(timeout))
    }
}

/// What a report is in OpenTelemetry's words.
fn outcome(report: &FlushReport, timeout: Option<Duration>) -> OTelSdkResult {
    match timeout {
        _ if report.is_complete() => Ok(()),
        Some(timeout) if report.lost().total() == 0 => Err(OTelSdkError::Timeout(timeout)),
        _ => Err(OTelSdkError::InternalFailure(format!("not all was delivered: {report}"))),
    }
}

/// Keeps OpenTelemetry silent on the current thread for as long as it lives.
fn suppress() {
    std::mem::forget(Context::enter_telemetry_suppressed_scope());
}

/// As long as OpenTelemetry's own exporters take at most to shut down.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

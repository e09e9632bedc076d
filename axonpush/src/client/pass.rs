//! Between a log record that is written and the queue: what is wanted of it.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use super::{Inner, Live};
use crate::{
    clock,
    context::{Holder, RequestContext},
    error::Error,
    event::{Severity, draft},
    pipeline::{Outcome, Pipeline, Run},
    publisher::DeliveryMode,
    queue::WhenFull,
};

#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
impl super::AxonPush {
    /// Lends the levels in force; a disabled client wants nothing.
    pub(crate) fn with_levels<T>(&self, with: impl FnOnce(&crate::pipeline::Levels) -> T) -> T {
        match &self.0 {
            Some(inner) => with(&inner.live.load().config.levels),
            None => with(&crate::pipeline::Levels::nothing()),
        }
    }
}

impl Inner {
    /// Hands a finished draft on to `enqueue`, as far as pipeline and tail sampling let it; they are told what is not.
    pub(super) fn pass(
        self: &Arc<Self>,
        live: &Live,
        record: &[u8],
        severity: Severity,
        context: Option<&RequestContext>,
        enqueue: impl FnOnce(&[u8], Instant) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let config = &live.config;
        let now = clock::now();
        let keep = config.keep_on_error.as_ref().zip(context);
        live.fail_with(severity, context, true);
        let detail = keep.filter(|(keep, _)| keep.is_detail(severity));
        let run = Run { severity, guard: &config.redaction, now, thin: detail.is_none() };
        let outcome = config.pipeline.run(record, &run, |record| match detail {
            Some((keep, context)) if !context.has_failed() => {
                let own: Weak<dyn Holder> = Arc::<Self>::downgrade(self);
                let is_held = context.hold(&own, keep.limits(), severity, live.id, record);
                if is_held { Ok(()) } else { enqueue(record, now) }
            }
            _ => enqueue(record, now),
        });
        if config.pipeline.is_due(now) {
            self.settle_pipeline(&config.pipeline, false);
        }
        match outcome {
            Outcome::Passed(enqueued) => enqueued,
            Outcome::Filtered => {
                self.publisher.filter(1);
                Ok(())
            }
            Outcome::Refused(error) => Err(error),
        }
    }

    /// Hands over what a pipeline has counted and not told: of windows that have ended, or of all. Nobody waits for room
    /// for it: there may be a thousand of them, and whoever flushes or shuts down has a time to keep.
    pub(super) fn settle_pipeline(&self, pipeline: &Pipeline, all: bool) {
        let live = self.live.load();
        pipeline.settle(clock::now(), all, &live.config.redaction, &mut |record, severity| {
            self.take_back(severity, record, WhenFull::ApplyPolicyAtOnce);
        });
    }

    fn take_back(&self, severity: Severity, record: &[u8], when: WhenFull) {
        let lane = self.publisher.lane(true, false);
        if let Err(error) = self.hand_over(clock::now(), severity, lane, record, when) {
            self.publisher.refuse(error);
        }
    }
}

impl Live {
    /// Whether a log record is wanted at all.
    #[inline]
    pub(super) fn wants(&self, target: &str, severity: Severity) -> bool {
        self.config.levels.enabled(target, severity)
    }

    /// What its request holds is wanted once something went wrong in it.
    pub(super) fn fail_with(&self, severity: Severity, context: Option<&RequestContext>, may_wait: bool) {
        if let Some(context) = context
            && severity >= Severity::Error
            && (self.config.keep_on_error.is_some() || context.has_held())
        {
            context.fail(may_wait);
        }
    }
}

impl Holder for Inner {
    fn release(&self, severity: Severity, settings: u64, record: &[u8], may_wait: bool) {
        let live = self.live.load();
        // Waiting for the delivery of each would take long, and what they led to is waited for anyway.
        let waits = may_wait && *live.config.delivery.mode != DeliveryMode::Sync;
        let when = if waits { WhenFull::ApplyPolicy } else { WhenFull::ApplyPolicyAtOnce };
        if settings == live.id {
            self.take_back(severity, record, when);
        } else {
            // It may hold what by now is to be hidden.
            let mut judged = Vec::with_capacity(record.len());
            draft::judge_again(record, &live.config.redaction, &mut judged);
            self.take_back(severity, &judged, when);
        }
    }

    fn forget(&self, count: u64) {
        self.publisher.filter(count);
    }
}

#[cfg(test)]
mod tests;

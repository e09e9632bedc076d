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
    event::Severity,
    pipeline::{Outcome, Run},
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
    /// Whether a log record is wanted at all; it is counted if not.
    #[inline]
    pub(super) fn wants(&self, live: &Live, target: &str, severity: Severity) -> bool {
        let wanted = live.config.levels.enabled(target, severity);
        if !wanted {
            self.publisher.filter(1);
        }
        wanted
    }

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
        live.fail_with(severity, context);
        let detail = keep.filter(|(keep, _)| keep.is_detail(severity));
        let run = Run { severity, guard: &config.redaction, now, thin: detail.is_none() };
        let outcome = config.pipeline.run(record, &run, |record| match detail {
            Some((keep, context)) if !context.has_failed() => {
                let own: Weak<dyn Holder> = Arc::<Self>::downgrade(self);
                if context.hold(&own, keep.limits(), severity, record) { Ok(()) } else { enqueue(record, now) }
            }
            _ => enqueue(record, now),
        });
        if config.pipeline.is_due(now) {
            self.settle_pipeline(live, false);
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

    /// Hands over what the pipeline has counted and not told: of windows that have ended, or of all.
    pub(super) fn settle_pipeline(&self, live: &Live, all: bool) {
        let config = &live.config;
        config.pipeline.settle(clock::now(), all, &config.redaction, &mut |record, severity| {
            self.release(severity, record);
        });
    }
}

impl Live {
    /// What its request holds is wanted once something went wrong in it.
    pub(super) fn fail_with(&self, severity: Severity, context: Option<&RequestContext>) {
        if let (Some(_), Some(context)) = (&self.config.keep_on_error, context)
            && severity >= Severity::Error
        {
            context.fail();
        }
    }
}

impl Holder for Inner {
    fn release(&self, severity: Severity, record: &[u8]) {
        let lane = self.publisher.lane(true, false);
        if let Err(error) = self.hand_over(clock::now(), severity, lane, record, WhenFull::ApplyPolicy) {
            self.publisher.refuse(error);
        }
    }

    fn forget(&self, count: u64) {
        self.publisher.filter(count);
    }
}

#[cfg(test)]
mod tests;

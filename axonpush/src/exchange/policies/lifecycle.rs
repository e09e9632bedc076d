//! Which moments of a request are reported, and how loudly.

use std::{fmt, sync::Arc, time::Duration};

use crate::{context::RequestContext, event::Severity, exchange::ExchangeOutcome};

/// Which moments of a request are reported, and how loudly.
///
/// ```
/// use axonpush::{Severity, exchange::{ExchangeOutcome, LifecyclePolicy}};
/// use std::time::Duration;
///
/// let policy = LifecyclePolicy::new()
///     .start_events(false)
///     .server_spans(true)
///     .sample_successes(100)
///     .slow_after(Duration::from_millis(800));
/// // Clients that hang up are the normal course here.
/// let policy = policy.severity(|outcome, _status| match outcome {
///     ExchangeOutcome::Cancelled => Some(Severity::Info),
///     _ => None,
/// });
/// ```
#[derive(Clone)]
pub struct LifecyclePolicy {
    pub(in crate::exchange) start_events: bool,
    pub(in crate::exchange) server_spans: bool,
    one_in: u64,
    slow_after: Option<Duration>,
    severity: Option<Arc<SeverityRule>>,
}

type SeverityRule = dyn Fn(ExchangeOutcome, Option<u16>) -> Option<Severity> + Send + Sync;

impl LifecyclePolicy {
    /// A start and an end event for every request, and no server span.
    pub fn new() -> Self {
        Self { start_events: true, server_spans: false, one_in: 1, slow_after: None, severity: None }
    }

    /// Whether a `http.request.started` event is published when a request arrives; `true` unless set. The end event
    /// always is.
    pub fn start_events(mut self, publish: bool) -> Self {
        self.start_events = publish;
        self
    }

    /// Whether a server span, an `app.span` event, is published when a request has ended, so that traces read as trees
    /// across services; `false` unless set. See [`TracePolicy::honour_sampled`](super::TracePolicy::honour_sampled).
    pub fn server_spans(mut self, publish: bool) -> Self {
        self.server_spans = publish;
        self
    }

    /// Reports one in so many requests that succeed, and every one that fails, is cancelled, is answered with a 4xx, or
    /// is [slow](Self::slow_after); 1, which is all, unless set, and 0 is none.
    ///
    /// The trace id decides, so services that sample alike report the same requests. A request that is left out has no
    /// start event either, because nobody knows then how it will end.
    pub fn sample_successes(mut self, one_in: u32) -> Self {
        self.one_in = one_in.into();
        self
    }

    /// How long a request takes that counts as slow; none does unless set. Its end event has at least
    /// [`Severity::Warn`], and the attribute `http.server.slow`.
    pub fn slow_after(mut self, threshold: Duration) -> Self {
        self.slow_after = Some(threshold);
        self
    }

    /// Decides how bad an end is; `None` leaves it as it is: `INFO` for a success, `WARN` for a 4xx and a request that
    /// was cancelled, `ERROR` for a failure. Runs on the thread that handles the request.
    pub fn severity(
        mut self,
        rule: impl Fn(ExchangeOutcome, Option<u16>) -> Option<Severity> + Send + Sync + 'static,
    ) -> Self {
        self.severity = Some(Arc::new(rule));
        self
    }

    /// Whether a request is reported though it succeeds.
    pub(in crate::exchange) fn samples(&self, context: &RequestContext) -> bool {
        match self.one_in {
            0 => false,
            1 => true,
            one_in => {
                // The last digits are random in every trace id, also in those that begin with a time.
                let digits = context.trace_id().get(16..).unwrap_or_default();
                u64::from_str_radix(digits, 16).unwrap_or_default().is_multiple_of(one_in)
            }
        }
    }

    pub(in crate::exchange) fn is_slow(&self, took: Duration) -> bool {
        self.slow_after.is_some_and(|threshold| took >= threshold)
    }

    pub(in crate::exchange) fn judge(
        &self,
        outcome: ExchangeOutcome,
        status: Option<u16>,
        usual: Severity,
        slow: bool,
    ) -> Severity {
        let severity = self.severity.as_ref().and_then(|rule| rule(outcome, status)).unwrap_or(usual);
        if slow { severity.max(Severity::Warn) } else { severity }
    }
}

impl Default for LifecyclePolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LifecyclePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LifecyclePolicy")
            .field("start_events", &self.start_events)
            .field("server_spans", &self.server_spans)
            .field("one_in", &self.one_in)
            .field("slow_after", &self.slow_after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many_successes_is_kept() {
        let kept = |one_in| {
            let policy = LifecyclePolicy::new().sample_successes(one_in);
            (0..4_000).filter(|_| policy.samples(&RequestContext::new())).count()
        };
        assert_eq!((kept(0), kept(1)), (0, 4_000));
        assert!((800..1_200).contains(&kept(4)), "{}", kept(4));
    }

    #[test]
    fn a_slow_request_is_at_least_a_warning() {
        let policy = LifecyclePolicy::new().slow_after(Duration::from_secs(1)).severity(|_, status| match status {
            Some(404) => Some(Severity::Debug),
            _ => None,
        });
        assert!(policy.is_slow(Duration::from_secs(1)) && !policy.is_slow(Duration::from_millis(999)));
        let judge = |status, usual, slow| policy.judge(ExchangeOutcome::Completed, Some(status), usual, slow);
        assert_eq!(judge(200, Severity::Info, true), Severity::Warn);
        assert_eq!(judge(500, Severity::Error, true), Severity::Error);
        assert_eq!(judge(404, Severity::Warn, false), Severity::Debug);
    }
}

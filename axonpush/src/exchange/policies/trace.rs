//! Whose traces to continue.

/// Whose traces to continue, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracePolicy {
    pub(in crate::exchange) trust: bool,
    pub(in crate::exchange) honour_sampled: bool,
    pub(in crate::exchange) baggage: bool,
}

impl TracePolicy {
    /// Continues a valid `traceparent` with its `tracestate`, takes `baggage` along, and honours the sampled flag.
    pub fn new() -> Self {
        Self { trust: true, honour_sampled: true, baggage: true }
    }

    /// Whether a valid `traceparent` of the client is continued, with its `tracestate`; `true` unless set. A service
    /// that anyone may call can begin traces of its own instead.
    pub fn trust(mut self, trust: bool) -> Self {
        self.trust = trust;
        self
    }

    /// Whether a request whose caller says that the trace is not recorded gets no server span; `true` unless set.
    /// Lifecycle events are no part of a trace, and published all the same.
    pub fn honour_sampled(mut self, honour: bool) -> Self {
        self.honour_sampled = honour;
        self
    }

    /// Whether `baggage` of the client is kept, to be sent on; `true` unless set.
    pub fn baggage(mut self, keep: bool) -> Self {
        self.baggage = keep;
        self
    }
}

impl Default for TracePolicy {
    fn default() -> Self {
        Self::new()
    }
}

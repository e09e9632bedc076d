//! What to report of an exchange, and whose ids to believe.

use super::{ExchangeRecorder, RequestFacts, SingleHeader};
use crate::{
    client::AxonPush,
    context::{RequestContext, RequestId, TraceParent},
};

/// What to report of an exchange, and whose ids to believe. Shared by every web framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangePolicy {
    pub(super) start_events: bool,
    trust_request_id: bool,
    trust_traceparent: bool,
}

/// Headers that may bring a request id, the first well-formed one wins.
const REQUEST_ID_HEADERS: [&str; 2] = ["x-request-id", "x-correlation-id"];

impl ExchangePolicy {
    /// Start and end events; request ids and trace context from outside are honoured when well-formed.
    pub fn new() -> Self {
        Self { start_events: true, trust_request_id: true, trust_traceparent: true }
    }

    /// Whether a `http.request.started` event is published when a request arrives; `true` unless set. The end event
    /// always is.
    pub fn start_events(mut self, publish: bool) -> Self {
        self.start_events = publish;
        self
    }

    /// Whether a well-formed `X-Request-ID` or `X-Correlation-ID` of the client is taken over; `true` unless set.
    pub fn trust_request_id(mut self, trust: bool) -> Self {
        self.trust_request_id = trust;
        self
    }

    /// Whether a valid `traceparent` of the client is continued; `true` unless set.
    pub fn trust_traceparent(mut self, trust: bool) -> Self {
        self.trust_traceparent = trust;
        self
    }

    /// Begins an exchange: settles its ids, publishes the start event, and hands out the recorder.
    pub fn begin(&self, client: &AxonPush, facts: &RequestFacts<'_>, header: SingleHeader<'_>) -> ExchangeRecorder {
        let mut context = RequestContext::builder();
        if self.trust_request_id {
            let sent = REQUEST_ID_HEADERS.iter().find_map(|name| RequestId::parse(&header(name)?));
            if let Some(id) = sent {
                context = context.request_id(id);
            }
        }
        if self.trust_traceparent
            && let Some(parent) = header("traceparent").and_then(|value| TraceParent::parse(&value))
        {
            context = context.parent(parent);
        }
        ExchangeRecorder::begin(client, self, facts, header("user-agent"), context.build())
    }
}

impl Default for ExchangePolicy {
    fn default() -> Self {
        Self::new()
    }
}

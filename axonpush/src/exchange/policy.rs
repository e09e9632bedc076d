//! What to report of an exchange, and whose ids to believe.

use std::borrow::Cow;

use super::{ExchangeMarker, ExchangeRecorder, RequestFacts, SingleHeader, pending::Pending};
use crate::{
    client::AxonPush,
    context::{RequestContext, RequestId, TraceParent},
};

/// What to report of an exchange, and whose ids to believe. Shared by every web framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangePolicy {
    start_events: bool,
    trust_request_id: bool,
    trust_traceparent: bool,
    pub(super) scheme: Option<Cow<'static, str>>,
}

/// Headers that may bring a request id, the first well-formed one wins.
const REQUEST_ID_HEADERS: [&str; 2] = ["x-request-id", "x-correlation-id"];

impl ExchangePolicy {
    /// Start and end events; request ids and trace context from outside are honoured when well-formed.
    pub fn new() -> Self {
        Self { start_events: true, trust_request_id: true, trust_traceparent: true, scheme: None }
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

    /// The `url.scheme` of every exchange. Unless set it is what the framework knows of it: `http` where TLS ends
    /// outside of it, at a proxy or in a listener of your own.
    pub fn scheme(mut self, scheme: impl Into<Cow<'static, str>>) -> Self {
        self.scheme = Some(scheme.into());
        self
    }

    /// Begins an exchange: settles its ids, publishes the start event, and hands out the recorder.
    pub fn begin(&self, client: &AxonPush, facts: &RequestFacts<'_>, header: SingleHeader<'_>) -> ExchangeRecorder {
        let marker = ExchangeMarker::new(self.context(header));
        self.record(client, facts, header, &marker)
    }

    /// Begins an exchange unless `marker`, which the request brought, says that it is reported through `client`
    /// already: then only the route is told to whoever reports it. What is handed out goes on with the request.
    ///
    /// A request that comes from a layer of another client has its ids already, and keeps them.
    pub fn begin_inside(
        &self,
        marker: Option<&ExchangeMarker>,
        client: &AxonPush,
        facts: &RequestFacts<'_>,
        header: SingleHeader<'_>,
    ) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        let mut marker = marker.cloned().unwrap_or_else(|| ExchangeMarker::new(self.context(header)));
        if marker.is_reported_through(client) {
            if let Some(route) = facts.route {
                marker.shared.tell_route(route);
            }
            return None;
        }
        let recorder = self.record(client, facts, header, &marker);
        marker.add(client);
        Some((recorder, marker))
    }

    /// The recorder of a request whose ids are settled.
    fn record(
        &self,
        client: &AxonPush,
        facts: &RequestFacts<'_>,
        header: SingleHeader<'_>,
        marker: &ExchangeMarker,
    ) -> ExchangeRecorder {
        if let Some(route) = facts.route {
            marker.shared.tell_route(route);
        }
        let context = marker.shared.context.clone();
        if client.is_disabled() {
            return ExchangeRecorder::new(context, None);
        }
        let pending = Pending::new(client, self, facts, header("user-agent"), marker.shared.clone());
        let recorder = ExchangeRecorder::new(context, Some(pending));
        if self.start_events {
            recorder.started();
        }
        recorder
    }

    /// The ids of a request that has none yet.
    fn context(&self, header: SingleHeader<'_>) -> RequestContext {
        let mut context = RequestContext::builder();
        if self.trust_request_id {
            let sent = REQUEST_ID_HEADERS.iter().find_map(|name| RequestId::parse(header(name)?));
            if let Some(id) = sent {
                context = context.request_id(id);
            }
        }
        if self.trust_traceparent
            && let Some(parent) = header("traceparent").and_then(TraceParent::parse)
        {
            context = context.parent(parent);
        }
        context.build()
    }
}

impl Default for ExchangePolicy {
    fn default() -> Self {
        Self::new()
    }
}

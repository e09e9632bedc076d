//! What to report of an exchange, and whose ids to believe.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use super::{
    ClientAddressPolicy, ExchangeEnd, ExchangeMarker, ExchangeRecorder, HeaderPolicy, HeaderValues, LifecyclePolicy,
    QueryPolicy, RequestFacts, RequestIdPolicy, TracePolicy,
    pending::{Pending, method},
};
use crate::{
    client::AxonPush,
    clock,
    context::{OpenRequest, RequestContext, RequestContextBuilder},
    event::Attributes,
};

/// What to report of an exchange, and whose ids to believe. Shared by every web framework; clones share one set of
/// rules.
///
/// ```
/// use axonpush::exchange::{ExchangePolicy, LifecyclePolicy, QueryPolicy, RequestIdPolicy};
///
/// let policy = ExchangePolicy::new()
///     .request_id(RequestIdPolicy::new().trust(false))
///     .lifecycle(LifecyclePolicy::new().start_events(false).server_spans(true))
///     .query(QueryPolicy::only(["page"]))
///     .filter(|request| request.path() != "/healthz")
///     .enrich(|end, attributes| attributes.insert("ok", end.status() == Some(200)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ExchangePolicy(Arc<Rules>);

#[derive(Clone, Default)]
pub(super) struct Rules {
    request_id: RequestIdPolicy,
    trace: TracePolicy,
    pub(super) client_address: ClientAddressPolicy,
    pub(super) lifecycle: LifecyclePolicy,
    pub(super) headers: HeaderPolicy,
    pub(super) query: QueryPolicy,
    pub(super) scheme: Option<Cow<'static, str>>,
    filter: Option<Arc<Filter>>,
    enrich: Option<Arc<Enrich>>,
}

type Filter = dyn Fn(&RequestFacts<'_>) -> bool + Send + Sync;
type Enrich = dyn Fn(&ExchangeEnd<'_>, &mut Attributes) + Send + Sync;

impl ExchangePolicy {
    /// Start and end events of every request; request ids and trace context from outside are honoured when
    /// well-formed; the values of queries are masked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whose request ids to believe, and how fresh ones are made.
    pub fn request_id(self, policy: RequestIdPolicy) -> Self {
        self.with(|rules| rules.request_id = policy)
    }

    /// Whose traces to continue.
    pub fn trace(self, policy: TracePolicy) -> Self {
        self.with(|rules| rules.trace = policy)
    }

    /// Who called, where proxies stand between.
    pub fn client_address(self, policy: ClientAddressPolicy) -> Self {
        self.with(|rules| rules.client_address = policy)
    }

    /// Which moments are reported, and how loudly.
    pub fn lifecycle(self, policy: LifecyclePolicy) -> Self {
        self.with(|rules| rules.lifecycle = policy)
    }

    /// Headers to report; none unless named.
    pub fn headers(self, policy: HeaderPolicy) -> Self {
        self.with(|rules| rules.headers = policy)
    }

    /// What to tell of the query; [`QueryPolicy::Masked`] unless set.
    pub fn query(self, policy: QueryPolicy) -> Self {
        self.with(|rules| rules.query = policy)
    }

    /// The `url.scheme` of every exchange. Unless set it is what the framework knows of it: `http` where TLS ends
    /// outside of it, at a proxy or in a listener of your own.
    pub fn scheme(self, scheme: impl Into<Cow<'static, str>>) -> Self {
        let scheme = scheme.into();
        self.with(|rules| rules.scheme = Some(scheme))
    }

    /// Reports only requests for which `keep` says so; every other one still gets its id and its context. Runs on the
    /// thread that handles the request; a panic in it keeps the request.
    pub fn filter(self, keep: impl Fn(&RequestFacts<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|rules| rules.filter = Some(Arc::new(keep)))
    }

    /// Adds to the end event, and to the server span. Attributes of the exchange itself stay as they are. Runs on the
    /// thread that handles the request; a panic in it costs what it would have added.
    pub fn enrich(self, add: impl Fn(&ExchangeEnd<'_>, &mut Attributes) + Send + Sync + 'static) -> Self {
        self.with(|rules| rules.enrich = Some(Arc::new(add)))
    }

    /// Begins an exchange: settles its ids, publishes the start event, and hands out the recorder.
    pub fn begin(
        &self,
        client: &AxonPush,
        facts: &RequestFacts<'_>,
        headers: HeaderValues<'_, '_>,
    ) -> ExchangeRecorder {
        let marker = self.marker(client, facts, headers);
        self.record(client, facts, headers, &marker, marker.request.started())
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
        headers: HeaderValues<'_, '_>,
    ) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        let (mut marker, now) = match marker {
            None => {
                let marker = self.marker(client, facts, headers);
                let now = marker.request.started();
                (marker, now)
            }
            Some(marker) if marker.is_reported_through(client) => {
                if let Some(route) = facts.route {
                    marker.request.tell_route(route);
                }
                return None;
            }
            Some(marker) => (marker.clone(), clock::now()),
        };
        let recorder = self.record(client, facts, headers, &marker, now);
        marker.add(client);
        Some((recorder, marker))
    }

    /// The recorder of a request whose ids are settled.
    fn record(
        &self,
        client: &AxonPush,
        facts: &RequestFacts<'_>,
        headers: HeaderValues<'_, '_>,
        marker: &ExchangeMarker,
        now: Instant,
    ) -> ExchangeRecorder {
        if let Some(route) = facts.route {
            marker.request.tell_route(route);
        }
        let context = marker.request.context().clone();
        if client.is_disabled() || !self.0.keeps(facts) {
            return ExchangeRecorder::new(context, None);
        }
        let pending = Pending::new(client.snapshot(), Arc::clone(&self.0), facts, headers, marker.request.clone());
        let recorder = ExchangeRecorder::new(context, Some(Box::new(pending)));
        recorder.started(now);
        recorder
    }

    /// What layers around a request that has no ids yet will share.
    fn marker(&self, client: &AxonPush, facts: &RequestFacts<'_>, headers: HeaderValues<'_, '_>) -> ExchangeMarker {
        let context = self.0.context(client, headers);
        ExchangeMarker::new(OpenRequest::new(context, method(facts.method), clock::now()))
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Rules {
    fn context(&self, client: &AxonPush, headers: HeaderValues<'_, '_>) -> RequestContextBuilder {
        let id = contained(|| self.request_id.id(headers, &|id| client.masks(id)));
        let mut context = RequestContext::builder();
        if let Some(id) = id {
            context = context.request_id(id);
        }
        if self.trace.trust {
            context = context.extract_trace(headers);
        }
        if self.trace.baggage {
            context = context.extract_baggage(headers);
        }
        context
    }

    fn keeps(&self, facts: &RequestFacts<'_>) -> bool {
        self.filter.as_ref().is_none_or(|keep| contained(|| keep(facts)).unwrap_or(true))
    }

    /// Whether a server span is wanted of a request.
    pub(super) fn wants_span(&self, context: &RequestContext) -> bool {
        self.lifecycle.server_spans && (!self.trace.honour_sampled || context.traceparent().is_sampled())
    }

    /// What the application adds to the end of an exchange.
    pub(super) fn enrichment(&self, end: &ExchangeEnd<'_>) -> Option<Attributes> {
        let enrich = self.enrich.as_ref()?;
        contained(|| {
            let mut attributes = Attributes::new();
            enrich(end, &mut attributes);
            attributes
        })
    }
}

/// What code of the application says; `None` when it panicked.
pub(super) fn contained<T>(application: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(application)).ok()
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("request_id", &self.request_id)
            .field("trace", &self.trace)
            .field("client_address", &self.client_address)
            .field("lifecycle", &self.lifecycle)
            .field("headers", &self.headers)
            .field("query", &self.query)
            .field("scheme", &self.scheme)
            .field("filter", &self.filter.is_some())
            .field("enrich", &self.enrich.is_some())
            .finish()
    }
}

//! What is known of an exchange that has not ended, and what is told of it.

use std::{
    cell::Cell,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    ExchangeEnd, HeaderValues, RequestFacts, WebSocketRecorder,
    entries::Entries,
    outcome::Outcome,
    policy::{Rules, contained},
    telling::{Span, Telling},
    template::Template,
};
use crate::{
    client::Snapshot,
    clock,
    context::{OpenRequest, Place, RequestContext, single},
    event::{
        Severity,
        json::{Decimal, subseconds},
    },
};

/// Methods of RFC 9110 and RFC 5789; others are reported as `_OTHER`, so that a scanner can't invent dimensions.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Bytes of the longest buffer that is kept for the next request.
const MAX_BUFFER: usize = 4096;

// The buffer of the request before.
thread_local!(static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });

/// A method as it is reported.
pub(super) fn method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("_OTHER")
}

/// What is known of an exchange that has not ended.
pub(super) struct Pending {
    client: Snapshot,
    rules: Arc<Rules>,
    framework: &'static str,
    started_at: SystemTime,
    /// What is reported at the start and at the end alike: the request's attributes, and what goes before them.
    template: Template,
    /// What all layers around the request share; the route is found there, now or when a layer further in has told it.
    request: OpenRequest,
    place: Option<Place>,
    /// Whether it is reported even when it succeeds.
    sampled: bool,
    pub(super) status: Option<u16>,
    pub(super) cause: Option<String>,
    time_to_headers: Option<Duration>,
    pub(super) body_bytes: u64,
    /// How many bytes the body was announced to have.
    pub(super) body_length: Option<u64>,
}

impl Pending {
    pub(super) fn new(
        client: Snapshot,
        rules: Arc<Rules>,
        facts: &RequestFacts<'_>,
        headers: HeaderValues<'_, '_>,
        request: OpenRequest,
    ) -> Self {
        let buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
        let mut template = Template::new(buffer, &client, &request, facts.framework);
        let attributes = template.attributes_mut();
        attributes.put(&[b",\"http.request.method\":\"", request.method().as_bytes(), b"\""]);
        if request.method() == "_OTHER" {
            attributes.text("http.request.method_original", facts.method, &client);
        }
        attributes.separated("url.path", facts.path, &client);
        if let Some(query) = facts.query {
            rules.query.tell(query, attributes, &client);
        }
        match rules.scheme.as_deref().or(facts.scheme) {
            Some("http") => attributes.put(&[b",\"url.scheme\":\"http\""]),
            Some("https") => attributes.put(&[b",\"url.scheme\":\"https\""]),
            Some(scheme) => attributes.text("url.scheme", scheme, &client),
            None => {}
        }
        if let Some(version) = facts.protocol_version {
            attributes.put(&[b",\"network.protocol.version\":\"", version.as_bytes(), b"\""]);
        }
        if let Some(address) = rules.client_address.client(facts.peer_address, headers) {
            attributes.display("client.address", &address);
            if let Some(peer) = facts.peer_address.filter(|peer| *peer != address) {
                attributes.display("network.peer.address", &peer);
            }
        }
        if let Some(agent) = single(headers, "user-agent") {
            attributes.familiar("user_agent.original", agent, &client);
        }
        rules.headers.tell_request(headers, attributes);
        let place = client.open_requests().map(|open| open.begin(request.clone()));
        Self {
            client,
            framework: facts.framework,
            started_at: clock::wall(),
            template,
            place,
            sampled: rules.lifecycle.samples(request.context()),
            request,
            rules,
            status: None,
            cause: None,
            time_to_headers: None,
            body_bytes: 0,
            body_length: None,
        }
    }

    /// The recorder of a connection that this exchange becomes.
    pub(super) fn websocket(&self) -> WebSocketRecorder {
        WebSocketRecorder::new(self.client.clone(), self.framework, self.request.clone(), self.template.clone())
    }

    /// The method, as it is reported.
    pub(super) fn method(&self) -> &'static str {
        self.request.method()
    }

    /// `now` is when the recorder began, which may be later than the request.
    pub(super) fn start(&self, context: &RequestContext, now: Instant) {
        if self.sampled && self.rules.lifecycle.start_events {
            let telling = self.telling(context, Severity::Debug, self.started_at, now);
            telling.log("http.request.started", |_| {});
        }
    }

    pub(super) fn headers_sent(&mut self, status: u16, headers: HeaderValues<'_, '_>) {
        self.status = Some(status);
        self.request.tell_status(status);
        self.time_to_headers = Some(self.elapsed(clock::now()));
        self.rules.headers.tell_response(headers, self.template.attributes_mut());
    }

    /// Whether all of the body was handed over that was announced.
    pub(super) fn has_announced_length(&self) -> bool {
        self.body_length.is_some_and(|length| self.body_bytes >= length)
    }

    /// The outcome of a response whose body came to its end.
    pub(super) fn outcome(&mut self) -> Outcome {
        match self.body_length {
            Some(length) if self.body_bytes < length => {
                Outcome::broken_body(format!("ended after {} of {length} bytes", self.body_bytes))
            }
            _ => Outcome::of_status(self.status.unwrap_or(200), self.cause.take()),
        }
    }

    pub(super) fn end(self, outcome: &Outcome, context: &RequestContext) {
        // What led to a failure stands before it.
        match outcome {
            Outcome::Failed { .. } => context.fail(true),
            Outcome::Completed | Outcome::Cancelled => context.end_well(),
        }
        self.tell_end(outcome, context);
        if let (Some(open), Some(place)) = (self.client.open_requests(), &self.place) {
            open.end(place);
        }
        let buffer = self.template.into_buffer();
        if buffer.capacity() <= MAX_BUFFER {
            // A thread that is ending has no use for it.
            let _ending = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }

    fn tell_end(&self, outcome: &Outcome, context: &RequestContext) {
        let now = clock::now();
        let took = self.elapsed(now);
        let lifecycle = &self.rules.lifecycle;
        let (word, slow) = (outcome.in_one_word(), lifecycle.is_slow(took));
        let usual = outcome.severity(self.status);
        let as_usual = *outcome == Outcome::Completed && usual == Severity::Info;
        if as_usual && !slow && !self.sampled {
            return;
        }
        let severity = contained(|| lifecycle.judge(word, self.status, usual, slow)).unwrap_or(usual);
        let end = ExchangeEnd {
            context,
            method: self.request.method(),
            route: self.request.route(),
            status: self.status,
            outcome: word,
            duration: took,
            body_bytes: self.body_bytes,
        };
        let enrichment = self.rules.enrichment(&end);
        let ended_at = self.started_at + took;
        let telling = self.telling(context, severity, ended_at, now);
        let attributes = |entries: &mut Entries| {
            self.tell_attributes(outcome, took, slow, entries);
            for (key, value) in enrichment.iter().flatten() {
                entries.value(key, value);
            }
            context.with_attributes(|_, set| {
                for (key, value) in set {
                    entries.value(key, value);
                }
            });
        };
        telling.log(outcome.identifier(), attributes);
        if self.rules.wants_span(context) {
            let failure = match outcome {
                Outcome::Failed { message, .. } => Some(message.as_deref().unwrap_or_default()),
                Outcome::Completed | Outcome::Cancelled => None,
            };
            telling.span(&Span { started_at: self.started_at, ended_at, failure }, attributes);
        }
    }

    /// What is known at the end.
    fn tell_attributes(&self, outcome: &Outcome, took: Duration, slow: bool, entries: &mut Entries) {
        // What goes beyond the announced length stays in the server.
        let sent = self.body_length.map_or(self.body_bytes, |length| length.min(self.body_bytes));
        // Others stand before them, so each of these is written in one piece.
        if let (Some(status), Some(time)) = (self.status, self.time_to_headers) {
            entries.put(&[b",\"http.response.status_code\":", &Decimal::of(status.into())]);
            entries.put(&[b",\"http.server.time_to_headers\":", &Decimal::of(time.as_secs()), b".", &subseconds(time)]);
        }
        entries.put(&[b",\"http.server.request.duration\":", &Decimal::of(took.as_secs()), b".", &subseconds(took)]);
        entries.put(&[b",\"http.response.body.size\":", &Decimal::of(sent)]);
        match outcome {
            Outcome::Completed => {}
            Outcome::Failed { error_type, message } => {
                entries.plain("error.type", error_type.as_bytes());
                if let Some(message) = message {
                    entries.text("exception.message", message, &self.client);
                }
            }
            Outcome::Cancelled => {
                entries.plain("error.type", b"cancelled");
                entries.plain("http.server.phase", if self.status.is_some() { b"body" } else { b"handler" });
            }
        }
        if slow {
            entries.flag("http.server.slow", true);
        }
    }

    fn telling<'a>(
        &'a self,
        context: &'a RequestContext,
        severity: Severity,
        time: SystemTime,
        at: Instant,
    ) -> Telling<'a> {
        Telling {
            client: &self.client,
            context,
            framework: self.framework,
            method: self.request.method(),
            route: self.request.route(),
            status: self.status,
            template: &self.template,
            severity,
            time,
            at,
        }
    }

    fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.request.started())
    }
}

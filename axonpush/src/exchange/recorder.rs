//! Reports one exchange, exactly once.

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

use super::{ExchangePolicy, Outcome, RequestFacts};
use crate::{
    client::AxonPush,
    clock,
    context::{RequestContext, RequestId},
    event::{Attributes, Event, EventType, LogPayload, Severity, json},
};

/// The header that tells a client its request's id, on every response.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Bytes of a user agent, path or panic message that are reported.
const MAX_TEXT: usize = 2048;

/// Methods of RFC 9110 and RFC 5789; others are reported as `_OTHER`, so that a scanner can't invent dimensions.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Reports one HTTP exchange exactly once, however it ends.
///
/// When it is dropped before [`complete`](Self::complete) or one of the failures was told, the exchange was cancelled:
/// when a client hangs up, the framework drops what it was doing and nothing else will say so.
pub struct ExchangeRecorder {
    context: RequestContext,
    pending: Option<Pending>,
}

/// What is known of an exchange that has not ended.
struct Pending {
    client: AxonPush,
    framework: &'static str,
    started: Instant,
    method: String,
    /// The request's attributes, as reported at the start and at the end.
    attributes: Attributes,
    route: Option<String>,
    status: Option<u16>,
    cause: Option<String>,
    time_to_headers: Option<Duration>,
    body_bytes: u64,
    /// How many bytes the body was announced to have.
    body_length: Option<u64>,
}

impl ExchangeRecorder {
    pub(super) fn begin(
        client: &AxonPush,
        policy: &ExchangePolicy,
        facts: &RequestFacts<'_>,
        user_agent: Option<Vec<u8>>,
        context: RequestContext,
    ) -> Self {
        let mut attributes = Attributes::new();
        let known = METHODS.contains(&facts.method);
        attributes.insert("http.request.method", if known { facts.method } else { "_OTHER" });
        if !known {
            attributes.insert("http.request.method_original", cut(facts.method));
        }
        attributes.insert("url.path", cut(facts.path));
        if let Some(scheme) = facts.scheme {
            attributes.insert("url.scheme", scheme);
        }
        if let Some(version) = facts.protocol_version {
            attributes.insert("network.protocol.version", version);
        }
        if let Some(address) = facts.client_address {
            attributes.insert("client.address", address.to_string());
        }
        if let Some(agent) = user_agent {
            attributes.insert("user_agent.original", cut(&String::from_utf8_lossy(&agent)));
        }
        attributes.insert("request.id", context.request_id().as_str());
        let pending = Pending {
            client: client.clone(),
            framework: facts.framework,
            started: clock::now(),
            method: if known { facts.method.to_owned() } else { "_OTHER".to_owned() },
            attributes,
            route: facts.route.map(str::to_owned),
            status: None,
            cause: None,
            time_to_headers: None,
            body_bytes: 0,
            body_length: None,
        };
        client.exchange_began();
        if policy.start_events {
            pending.publish("http.request.started", Severity::Debug, &context, pending.attributes());
        }
        Self { context, pending: Some(pending) }
    }

    /// The context to run the handler and its body in.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The id to send back in [`REQUEST_ID_HEADER`].
    pub fn request_id(&self) -> &RequestId {
        self.context.request_id()
    }

    /// Tells the route's template, where the framework knows it only after the handler.
    pub fn route(&mut self, route: &str) {
        if let Some(pending) = &mut self.pending {
            pending.route = Some(route.to_owned());
        }
    }

    /// Runs a step of the handler or of the body in the exchange's context. A panic is told, and goes on.
    pub fn run<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let _guard = self.context.enter();
        catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|payload| {
            self.panicked(&*payload);
            resume_unwind(payload)
        })
    }

    /// Tells that the handler answered; the body is still to come. A response that can have none, to `HEAD` or of
    /// status 1xx, 204 or 304, is complete with this.
    pub fn headers_sent(&mut self, status: u16) {
        let Some(pending) = &mut self.pending else { return };
        pending.status = Some(status);
        pending.time_to_headers = Some(clock::now().saturating_duration_since(pending.started));
        if pending.method == "HEAD" || matches!(status, 100..200 | 204 | 304) {
            self.complete();
        }
    }

    /// Tells why the handler answered as it did; reported when the status makes the exchange a failure.
    pub fn cause(&mut self, error: &dyn fmt::Display) {
        if let Some(pending) = &mut self.pending {
            pending.cause = Some(error.to_string());
        }
    }

    /// Tells how many bytes the body is announced to have. A server stops reading it when they are out, so a recorder
    /// dropped after exactly that many is [`complete`](Self::complete).
    pub fn body_length(&mut self, bytes: u64) {
        if let Some(pending) = &mut self.pending {
            pending.body_length = Some(bytes);
        }
    }

    /// Tells that `bytes` more of the body were handed to the connection.
    pub fn body_sent(&mut self, bytes: usize) {
        if let Some(pending) = &mut self.pending {
            pending.body_bytes += bytes as u64;
        }
    }

    /// The response went out whole; a status of 500 or above makes it a failure.
    pub fn complete(&mut self) {
        let Some(pending) = &mut self.pending else { return };
        let outcome = Outcome::of_status(pending.status.unwrap_or(200), pending.cause.take());
        self.end(&outcome);
    }

    /// The response's body broke.
    pub fn body_failed(&mut self, error: &dyn fmt::Display) {
        self.end(&Outcome::Failed { error_type: Cow::Borrowed("body"), message: Some(error.to_string()) });
    }

    /// The handler or the body panicked with this payload, which the caller goes on to unwind with.
    pub fn panicked(&mut self, payload: &(dyn Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        self.end(&Outcome::Failed { error_type: Cow::Borrowed("panic"), message });
    }

    /// The handler failed with an error that became no response.
    pub fn failed(&mut self, error: &dyn fmt::Display) {
        self.end(&Outcome::Failed { error_type: Cow::Borrowed("service"), message: Some(error.to_string()) });
    }

    fn end(&mut self, outcome: &Outcome) {
        if let Some(pending) = self.pending.take() {
            let client = pending.client.clone();
            pending.end(outcome, &self.context);
            client.exchange_ended();
        }
    }
}

impl Drop for ExchangeRecorder {
    fn drop(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.body_length == Some(pending.body_bytes)) {
            self.complete();
        } else {
            self.end(&Outcome::Cancelled);
        }
    }
}

impl fmt::Debug for ExchangeRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRecorder")
            .field("request_id", self.request_id())
            .field("open", &self.pending.is_some())
            .finish_non_exhaustive()
    }
}

impl Pending {
    fn end(self, outcome: &Outcome, context: &RequestContext) {
        let mut attributes = self.attributes();
        // What the handler bound describes the request; what we measured describes the exchange and wins.
        let mut all = context.attributes();
        if let Some(status) = self.status {
            attributes.insert("http.response.status_code", u64::from(status));
        }
        if let Some(time) = self.time_to_headers {
            attributes.insert("http.server.time_to_headers", time.as_secs_f64());
        }
        attributes.insert("http.server.request.duration", self.elapsed().as_secs_f64());
        attributes.insert("http.response.body.size", self.body_bytes);
        match outcome {
            Outcome::Completed => {}
            Outcome::Failed { error_type, message } => {
                attributes.insert("error.type", error_type.clone());
                if let Some(message) = message {
                    attributes.insert("exception.message", cut(message));
                }
            }
            Outcome::Cancelled => {
                attributes.insert("error.type", "cancelled");
                attributes.insert("http.server.phase", if self.status.is_some() { "body" } else { "handler" });
            }
        }
        all.extend(attributes);
        self.publish(outcome.identifier(), outcome.severity(self.status), context, all);
    }

    /// The request's attributes with the route as it is known now.
    fn attributes(&self) -> Attributes {
        let mut attributes = self.attributes.clone();
        if let Some(route) = &self.route {
            attributes.insert("http.route", route.as_str());
        }
        attributes
    }

    fn publish(&self, identifier: &'static str, severity: Severity, context: &RequestContext, attributes: Attributes) {
        let mut log = LogPayload::new(self.summary()).severity(severity).attributes(attributes);
        if let Some(resource) = self.client.resource() {
            log = log.resource(resource.clone());
        }
        let mut event = Event::new(identifier)
            .event_type(EventType::AppLog)
            .severity(severity)
            .trace_id(context.trace_id())
            .span_id(context.span_id());
        if let Some(parent) = context.parent_span_id() {
            event = event.parent_span_id(parent);
        }
        let event = event.payload(&log).and_then(|event| event.metadata(&Framework { framework: self.framework }));
        match event {
            Ok(event) => self.client.events().enqueue(event),
            Err(error) => self.client.refuse(error),
        }
    }

    /// `GET /users/{id} 200`: the template, never the path, so that equal things read equal.
    fn summary(&self) -> String {
        let route = self.route.as_deref().unwrap_or("(no route)");
        match self.status {
            Some(status) => format!("{} {route} {status}", self.method),
            None => format!("{} {route}", self.method),
        }
    }

    fn elapsed(&self) -> Duration {
        clock::now().saturating_duration_since(self.started)
    }
}

#[derive(serde::Serialize)]
struct Framework {
    framework: &'static str,
}

fn cut(text: &str) -> &str {
    json::prefix(text, MAX_TEXT)
}

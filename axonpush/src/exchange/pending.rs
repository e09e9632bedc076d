//! What is known of an exchange that has not ended, and what is told of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ExchangePolicy, RequestFacts, marker::Shared, outcome::Outcome};
use crate::{
    client::AxonPush,
    clock,
    context::RequestContext,
    event::{Attributes, Event, EventType, LogPayload, Severity, json},
};

/// Bytes of a user agent, path or panic message that are reported.
const MAX_TEXT: usize = 2048;

/// Methods of RFC 9110 and RFC 5789; others are reported as `_OTHER`, so that a scanner can't invent dimensions.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// What is known of an exchange that has not ended.
pub(super) struct Pending {
    pub(super) client: AxonPush,
    framework: &'static str,
    started: Instant,
    pub(super) method: String,
    /// The request's attributes, as reported at the start and at the end.
    attributes: Attributes,
    /// Where the route is found, now or when a layer further in has told it.
    shared: Arc<Shared>,
    pub(super) status: Option<u16>,
    pub(super) cause: Option<String>,
    time_to_headers: Option<Duration>,
    pub(super) body_bytes: u64,
    /// How many bytes the body was announced to have.
    pub(super) body_length: Option<u64>,
}

impl Pending {
    pub(super) fn new(
        client: &AxonPush,
        policy: &ExchangePolicy,
        facts: &RequestFacts<'_>,
        user_agent: Option<&[u8]>,
        shared: Arc<Shared>,
    ) -> Self {
        let mut attributes = Attributes::new();
        let known = METHODS.contains(&facts.method);
        attributes.insert("http.request.method", if known { facts.method } else { "_OTHER" });
        if !known {
            attributes.insert("http.request.method_original", cut(facts.method));
        }
        attributes.insert("url.path", cut(facts.path));
        if let Some(scheme) = policy.scheme.as_deref().or(facts.scheme) {
            attributes.insert("url.scheme", scheme);
        }
        if let Some(version) = facts.protocol_version {
            attributes.insert("network.protocol.version", version);
        }
        if let Some(address) = facts.client_address {
            attributes.insert("client.address", address.to_string());
        }
        if let Some(agent) = user_agent {
            // A character that is cut in two begins beyond what is kept.
            let agent = String::from_utf8_lossy(agent.get(..MAX_TEXT + 4).unwrap_or(agent));
            attributes.insert("user_agent.original", cut(&agent));
        }
        Self {
            client: client.clone(),
            framework: facts.framework,
            started: clock::now(),
            method: if known { facts.method.to_owned() } else { "_OTHER".to_owned() },
            attributes,
            shared,
            status: None,
            cause: None,
            time_to_headers: None,
            body_bytes: 0,
            body_length: None,
        }
    }

    pub(super) fn start(&self, context: &RequestContext) {
        self.publish("http.request.started", Severity::Debug, context, self.attributes());
    }

    pub(super) fn headers_sent(&mut self, status: u16) {
        self.status = Some(status);
        self.time_to_headers = Some(self.elapsed());
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
        let mut attributes = self.attributes();
        if let Some(status) = self.status {
            attributes.insert("http.response.status_code", u64::from(status));
        }
        if let Some(time) = self.time_to_headers {
            attributes.insert("http.server.time_to_headers", time.as_secs_f64());
        }
        attributes.insert("http.server.request.duration", self.elapsed().as_secs_f64());
        // What goes beyond the announced length stays in the server.
        let sent = self.body_length.map_or(self.body_bytes, |length| length.min(self.body_bytes));
        attributes.insert("http.response.body.size", sent);
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
        self.publish(outcome.identifier(), outcome.severity(self.status), context, attributes);
    }

    /// The request's attributes with the route as it is known now.
    fn attributes(&self) -> Attributes {
        let mut attributes = self.attributes.clone();
        if let Some(route) = self.shared.route() {
            attributes.insert("http.route", route);
        }
        attributes
    }

    /// Hands an event over in the exchange's own context, whose ids and bound attributes it takes, whatever context
    /// the caller is in.
    fn publish(&self, identifier: &'static str, severity: Severity, context: &RequestContext, attributes: Attributes) {
        let mut log = LogPayload::new(self.summary()).severity(severity).attributes(attributes);
        if let Some(resource) = self.client.resource() {
            log = log.resource(resource.clone());
        }
        let event = Event::new(identifier).event_type(EventType::AppLog).severity(severity);
        let event = event.payload(&log).and_then(|event| event.metadata(&Framework { framework: self.framework }));
        match event {
            Ok(event) => context.sync_scope(|| self.client.events().enqueue(event)),
            Err(error) => self.client.refuse(error),
        }
    }

    /// `GET /users/{id} 200`: the template, never the path, so that equal things read equal.
    fn summary(&self) -> String {
        let route = self.shared.route().unwrap_or("(no route)");
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

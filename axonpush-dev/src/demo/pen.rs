//! Writes events as the SDKs send them: logs, spans, exchanges, and what agents tell.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::dice::Dice;

/// Writes the story down.
#[derive(Debug)]
pub(super) struct Pen {
    began: Timestamp,
    pub(super) dice: Dice,
    /// When each event arrives, since the story began, and its body.
    written: Vec<(Duration, Map<String, Value>)>,
}

/// Who tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) host: &'static str,
}

/// Where in a trace something happens, and for which request.
#[derive(Clone, Debug)]
pub(super) struct Place {
    trace: String,
    pub(super) span: String,
    parent: Option<String>,
    request: Option<String>,
}

impl Place {
    /// What is told here belongs to this request, too.
    pub(super) fn within_request(mut self, id: String) -> Self {
        self.request = Some(id);
        self
    }
}

/// Severities by their number and text.
pub(super) type Severity = (u8, &'static str);
pub(super) const DEBUG: Severity = (5, "DEBUG");
pub(super) const INFO: Severity = (9, "INFO");
pub(super) const WARN: Severity = (13, "WARN");
pub(super) const ERROR: Severity = (17, "ERROR");
pub(super) const FATAL: Severity = (21, "FATAL");

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// Something that took its time.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) at: Duration,
    pub(super) took: Duration,
    pub(super) attributes: Value,
    pub(super) failure: Option<&'a Failure>,
}

/// What a span is, with the numbers of the tracing API.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Internal = 0,
    Server = 1,
    Client = 2,
    Producer = 3,
}

/// A request that a service answered.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) method: &'a str,
    pub(super) route: &'a str,
    pub(super) path: &'a str,
    pub(super) status: u16,
    pub(super) at: Duration,
    pub(super) took: Duration,
    pub(super) failure: Option<&'a Failure>,
}

impl Pen {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, dice: Dice::new(2_026), written: Vec::new() }
    }

    /// A new trace.
    pub(super) fn trace(&mut self) -> Place {
        Place { trace: self.dice.hex(32), span: self.dice.hex(16), parent: None, request: None }
    }

    /// A place one step further in.
    pub(super) fn inside(&mut self, place: &Place) -> Place {
        Place { span: self.dice.hex(16), parent: Some(place.span.clone()), ..place.clone() }
    }

    pub(super) fn log(
        &mut self,
        service: Service,
        place: Option<&Place>,
        at: Duration,
        (severity, (name, text)): (Severity, (&str, &str)),
        attributes: Value,
    ) {
        let payload = json!({
            "severityNumber": severity.0,
            "severityText": severity.1,
            "body": text,
            "timeUnixNano": self.nanos(at),
            "attributes": tied(attributes, place),
            "resource": resource(service),
        });
        let mut body = object(json!({"identifier": name, "eventType": "app.log", "payload": payload}));
        body.insert("metadata".to_owned(), json!({"framework": "tracing"}));
        self.write(at, place, body);
    }

    pub(super) fn span(&mut self, service: Service, place: &Place, span: &Span<'_>) {
        let end = span.at + span.took;
        let mut payload = object(json!({
            "traceId": place.trace,
            "spanId": place.span,
            "name": span.name,
            "kind": span.kind as u8,
            "startTimeUnixNano": self.nanos(span.at),
            "endTimeUnixNano": self.nanos(end),
            "status": {"code": 0, "message": ""},
            "attributes": tied(span.attributes.clone(), Some(place)),
            "resource": resource(service),
            "scope": {"name": service.name, "version": service.version},
        }));
        if let Some(parent) = &place.parent {
            payload.insert("parentSpanId".to_owned(), json!(parent));
        }
        if let Some(Failure { kind, message }) = span.failure {
            let facts = json!({"exception.type": kind, "exception.message": message});
            let event = json!({"timeUnixNano": self.nanos(end), "name": "exception", "attributes": facts});
            payload.insert("events".to_owned(), json!([event]));
            payload.insert("status".to_owned(), json!({"code": 2, "message": message}));
            if let Some(Value::Object(attributes)) = payload.get_mut("attributes") {
                attributes.insert("error.type".to_owned(), json!(kind));
            }
        }
        let body = object(json!({"identifier": span.name, "eventType": "app.span", "payload": payload}));
        self.write(end, Some(place), body);
    }

    /// A request, told as the middlewares do: a record of how it ended and the server's span.
    pub(super) fn exchange(&mut self, service: Service, place: &Place, exchange: &Exchange<'_>) {
        let Exchange { method, route, path, status, at, took, failure } = exchange;
        let mut attributes = object(json!({
            "http.request.method": method,
            "http.route": route,
            "url.path": path,
            "url.scheme": "https",
            "http.response.status_code": status,
            "http.server.request.duration": took.as_secs_f64(),
        }));
        let (mut severity, mut name) = (INFO, "http.request.completed");
        if let Some(Failure { kind, message }) = failure {
            attributes.insert("error.type".to_owned(), json!(kind));
            attributes.insert("exception.message".to_owned(), json!(message));
            (severity, name) = (ERROR, "http.request.failed");
        } else if *status >= 400 {
            severity = WARN;
        }
        let text = format!("{method} {route} {status} in {} ms", took.as_millis());
        let attributes = Value::Object(attributes);
        self.log(service, Some(place), *at + *took, (severity, (name, &text)), attributes.clone());
        let name = format!("{method} {route}");
        let span = Span { name: &name, kind: Kind::Server, at: *at, took: *took, attributes, failure: *failure };
        self.span(service, place, &span);
    }

    /// An event of an agent.
    pub(super) fn agent(&mut self, place: &Place, at: Duration, (event_type, name): (&str, &str), payload: &Value) {
        let time = self.time(at).to_string();
        let body = json!({
            "identifier": name, "eventType": event_type, "agentId": "support-assistant", "occurredAt": time,
            "payload": payload, "metadata": {"framework": "anthropic"},
        });
        self.write(at, Some(place), object(body));
    }

    /// Everything up to `end`, in the order of arrival, and when it arrives.
    pub(super) fn finish(mut self, end: Duration) -> Vec<(Timestamp, Value)> {
        self.written.retain(|(at, _)| *at <= end);
        self.written.sort_by_key(|(at, _)| *at);
        let began = self.began;
        self.written.into_iter().map(|(at, body)| (later(began, at), Value::Object(body))).collect()
    }

    fn write(&mut self, at: Duration, place: Option<&Place>, mut body: Map<String, Value>) {
        if let Some(place) = place {
            body.insert("traceId".to_owned(), json!(place.trace));
            body.insert("spanId".to_owned(), json!(place.span));
            if let Some(parent) = &place.parent {
                body.insert("parentSpanId".to_owned(), json!(parent));
            }
        }
        // A file that already holds the story does not get it twice.
        body.insert("dedupKey".to_owned(), json!(format!("demo-{}", self.written.len())));
        let on_the_way = Duration::from_millis(self.dice.between(20, 90).into());
        self.written.push((at + on_the_way, body));
    }

    fn time(&self, at: Duration) -> Timestamp {
        later(self.began, at)
    }

    fn nanos(&self, at: Duration) -> String {
        self.time(at).as_nanosecond().to_string()
    }
}

fn later(began: Timestamp, at: Duration) -> Timestamp {
    let at = SignedDuration::try_from(at).unwrap_or_default();
    began.saturating_add(at).unwrap_or(began)
}

/// What every record of a request carries.
fn tied(attributes: Value, place: Option<&Place>) -> Value {
    let mut attributes = object(attributes);
    if let Some(request) = place.and_then(|place| place.request.as_ref()) {
        attributes.insert("request.id".to_owned(), json!(request));
    }
    Value::Object(attributes)
}

fn resource(service: Service) -> Value {
    json!({
        "service.name": service.name, "service.version": service.version, "host.name": service.host,
        "deployment.environment": "demo",
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

//! What follows from an event: the columns it can be searched by and the fields the service adds.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::EventBody;
use crate::requests::find_header;

/// What follows from an event's body and the headers that brought it.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) org_id: String,
    pub(crate) environment_id: Option<String>,
    pub(crate) agent_name: Option<String>,
    pub(crate) session_id: Option<String>,
    /// The attribute `request.id`, or the entry of the metadata where a client puts it that leaves payloads alone; by its
    /// JSON text when it is no string.
    pub(crate) request_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) semantic_kind: Option<&'static str>,
    pub(crate) service_name: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) tool_name: Option<String>,
    pub(crate) provider_name: Option<String>,
    pub(crate) request_model: Option<String>,
    pub(crate) response_model: Option<String>,
    pub(crate) finish_reason: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) input_tokens: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
    pub(crate) total_tokens: Option<i64>,
    pub(crate) reasoning_tokens: Option<i64>,
    pub(crate) cache_read_tokens: Option<i64>,
    pub(crate) cache_write_tokens: Option<i64>,
    pub(crate) cost_usd: Option<f64>,
    pub(crate) duration_ms: Option<f64>,
    /// How long a model took to answer with its first token.
    pub(crate) ttft_ms: Option<f64>,
    pub(crate) occurred_at: Timestamp,
    pub(crate) ended_at: Timestamp,
}

impl Facts {
    /// Whether the event tells of something that went wrong.
    pub(crate) fn is_failure(&self) -> bool {
        self.status.as_deref() == Some("error")
    }

    pub(crate) fn new(body: &EventBody, headers: &[(String, String)], arrived: Timestamp) -> Self {
        let body = &Parts::new(body);
        let nanos = |name| nanos(body.payload.get(name));
        let started = nanos("startTimeUnixNano");
        let ended = nanos("endTimeUnixNano");
        let logged = || nanos("timeUnixNano").or_else(|| nanos("observedTimeUnixNano"));
        let occurred_at = body.event.occurred_at.or(started).or_else(logged).unwrap_or(arrived);
        let error_type = attribute(body, &["error.type", "exception.type"]);
        let input_tokens = count(body, "gen_ai.usage.input_tokens", "input_tokens");
        let output_tokens = count(body, "gen_ai.usage.output_tokens", "output_tokens");
        Self {
            org_id: find_header(headers, "x-tenant-id").unwrap_or("org_dev").to_owned(),
            environment_id: find_header(headers, "x-axonpush-environment")
                .map(str::to_owned)
                .or_else(|| resource(body, "deployment.environment"))
                .or_else(|| resource(body, "deployment.environment.name")),
            agent_name: attribute(body, &["gen_ai.agent.name"]).or_else(|| payload(body, "agent_name")),
            session_id: attribute(body, &["session.id", "gen_ai.conversation.id"]),
            request_id: body.attribute(REQUEST_ID).or_else(|| body.metadata(REQUEST_ID)).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            user_id: attribute(body, &["user.id", "enduser.id"]),
            status: status(body, error_type.is_some()).map(str::to_owned),
            semantic_kind: semantic_kind(body),
            service_name: resource(body, "service.name"),
            release: resource(body, "service.version"),
            tool_name: attribute(body, &["gen_ai.tool.name"]).or_else(|| payload(body, "tool_name")),
            provider_name: attribute(body, &["gen_ai.provider.name", "gen_ai.system"]),
            request_model: attribute(body, &["gen_ai.request.model"]).or_else(|| payload(body, "model")),
            response_model: attribute(body, &["gen_ai.response.model"]),
            finish_reason: finish_reason(body),
            error_message: attribute(body, &["exception.message", "error.message"]).or_else(|| span_message(body)),
            error_type,
            total_tokens: count(body, "gen_ai.usage.total_tokens", "total_tokens").or_else(|| {
                let any = input_tokens.or(output_tokens);
                any.map(|_| input_tokens.unwrap_or(0).saturating_add(output_tokens.unwrap_or(0)))
            }),
            input_tokens,
            output_tokens,
            reasoning_tokens: count(body, "gen_ai.usage.reasoning_tokens", "reasoning_tokens"),
            cache_read_tokens: count(body, "gen_ai.usage.cache_read_input_tokens", "cache_read_tokens"),
            cache_write_tokens: count(body, "gen_ai.usage.cache_write_input_tokens", "cache_write_tokens"),
            cost_usd: body
                .attribute("gen_ai.usage.cost")
                .or_else(|| body.payload.get("cost_usd"))
                .and_then(Value::as_f64),
            duration_ms: duration_ms(body, started, ended),
            ttft_ms: ttft_ms(body),
            occurred_at,
            ended_at: ended.unwrap_or(occurred_at).max(occurred_at),
        }
    }
}

/// A body taken apart once, because there is much to be looked up in it.
struct Parts<'a> {
    event: &'a EventBody,
    payload: Entries<'a>,
    attributes: Entries<'a>,
    resource: Entries<'a>,
}

impl<'a> Parts<'a> {
    fn new(event: &'a EventBody) -> Self {
        let part = |name| Entries::new(event.payload.get(name).and_then(Value::as_object));
        let payload = Entries::new(Some(&event.payload));
        Self { event, payload, attributes: part("attributes"), resource: part("resource") }
    }

    fn attribute(&self, name: &str) -> Option<&'a Value> {
        self.attributes.get(name)
    }

    fn metadata(&self, name: &str) -> Option<&'a Value> {
        self.event.metadata.as_ref()?.get(name)
    }
}

/// An object in which most of what is looked up is not there.
struct Entries<'a> {
    map: Option<&'a Map<String, Value>>,
    /// One bit for each name, which others may share.
    names: u64,
}

impl<'a> Entries<'a> {
    fn new(map: Option<&'a Map<String, Value>>) -> Self {
        let names = map.iter().flat_map(|map| map.keys()).fold(0, |names, name| names | Self::bit(name));
        Self { map, names }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        if self.names & Self::bit(name) == 0 { None } else { self.map?.get(name) }
    }

    /// Whether there is a name that begins so.
    fn any(&self, prefix: &str) -> bool {
        self.map.is_some_and(|map| map.keys().any(|name| name.starts_with(prefix)))
    }

    fn bit(name: &str) -> u64 {
        let last = name.bytes().next_back().map_or(0, usize::from);
        1 << ((name.len() * 11 + last) % 64)
    }
}

/// The first of `names` that `payload.attributes` holds as a string.
fn attribute(body: &Parts<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| body.attribute(name)?.as_str()).map(str::to_owned)
}

fn resource(body: &Parts<'_>, name: &str) -> Option<String> {
    body.resource.get(name)?.as_str().map(str::to_owned)
}

fn payload(body: &Parts<'_>, name: &str) -> Option<String> {
    body.payload.get(name)?.as_str().map(str::to_owned)
}

fn count(body: &Parts<'_>, attribute: &str, payload: &str) -> Option<i64> {
    body.attribute(attribute).or_else(|| body.payload.get(payload))?.as_i64()
}

fn finish_reason(body: &Parts<'_>) -> Option<String> {
    let reasons = body.attribute("gen_ai.response.finish_reasons").or_else(|| body.payload.get("stop_reason"))?;
    let first = reasons.as_array().and_then(|reasons| reasons.first()).unwrap_or(reasons);
    first.as_str().map(str::to_owned)
}

fn span_message(body: &Parts<'_>) -> Option<String> {
    let message = body.payload.get("status")?.get("message")?.as_str()?;
    (!message.is_empty()).then(|| message.to_owned())
}

fn status(body: &Parts<'_>, has_error_type: bool) -> Option<&'static str> {
    let severity = body.payload.get("severityNumber").and_then(Value::as_i64);
    let response = body.attribute("http.response.status_code").and_then(Value::as_i64);
    let span = body.payload.get("status").and_then(|status| status.get("code")).and_then(Value::as_i64);
    let failed = has_error_type
        || body.event.event_type == "agent.error"
        || severity.is_some_and(|severity| severity >= SEVERITY_ERROR)
        || response.is_some_and(|status| status >= 500)
        || span == Some(2);
    if failed {
        return Some("error");
    }
    let succeeded = response.is_some() || span == Some(1);
    succeeded.then_some("ok").or_else(|| span.map(|_| "unset"))
}

fn semantic_kind(body: &Parts<'_>) -> Option<&'static str> {
    let event_type = body.event.event_type.as_str();
    match event_type {
        _ if body.attribute("http.request.method").is_some() => Some("http"),
        _ if event_type.starts_with("agent.tool_call.") || body.attribute("gen_ai.tool.name").is_some() => Some("tool"),
        "app.log" | "agent.log" => Some("log"),
        "agent.llm.token" => Some("llm"),
        _ if event_type.starts_with("agent.") => Some("agent"),
        _ if body.attributes.any("gen_ai.") => Some("llm"),
        _ if body.attributes.any("db.") => Some("db"),
        _ => None,
    }
}

fn duration_ms(body: &Parts<'_>, started: Option<Timestamp>, ended: Option<Timestamp>) -> Option<f64> {
    if let (Some(started), Some(ended)) = (started, ended) {
        return Some(ended.duration_since(started).as_millis_f64());
    }
    let seconds = ["http.server.request.duration", "http.client.request.duration"];
    let seconds = seconds.iter().find_map(|name| body.attribute(name)?.as_f64());
    seconds.map(|seconds| seconds * 1_000.0)
}

fn ttft_ms(body: &Parts<'_>) -> Option<f64> {
    let seconds = body.attribute("gen_ai.server.time_to_first_token").and_then(Value::as_f64);
    seconds.map(|seconds| seconds * 1_000.0).or_else(|| body.payload.get("ttft_ms")?.as_f64())
}

/// A time as OpenTelemetry writes it in JSON: decimal text, or a number from careless clients.
fn nanos(value: Option<&Value>) -> Option<Timestamp> {
    let nanos = match value? {
        Value::String(text) => text.parse().ok()?,
        number => i128::from(number.as_i64()?),
    };
    Timestamp::from_nanosecond(nanos).ok()
}

/// The attribute by which the records of one request are found.
pub(crate) const REQUEST_ID: &str = "request.id";

const SEVERITY_ERROR: i64 = 17;

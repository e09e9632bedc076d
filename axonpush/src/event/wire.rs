//! The body of `POST /event`: the contract's field names, in one place.

use std::{borrow::Cow, time::SystemTime};

use super::{
    AgentId, ChannelId, Event, EventType, SpanId, TraceId, builder::MAX_SHOWN_BYTES, id, json, record::MAX_EVENT_BYTES,
    scan,
};
use crate::{clock, error::Error};

/// What the surroundings add to an event that does not say it itself.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    pub(crate) channel_id: Option<&'a ChannelId>,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) span_id: Option<&'a str>,
    pub(crate) parent_span_id: Option<&'a str>,
    /// What ties an event to its request: JSON text of an object, or empty. Its entries join the attributes of a
    /// payload in OpenTelemetry's shape, and the metadata of any other event.
    pub(crate) attributes: &'a [u8],
    /// Who speaks, where a log record does not say: JSON text that is redacted, or empty.
    pub(crate) resource: &'a [u8],
    pub(crate) send_occurred_at: bool,
}

/// Everything of a request body, completed. Empty text and `None` are left out.
#[derive(Clone, Copy, Default)]
pub(crate) struct Body<'a> {
    pub(crate) identifier: &'a str,
    /// Empty for the server's default type.
    pub(crate) event_type: &'a str,
    /// JSON text of an object.
    pub(crate) payload: &'a [u8],
    /// Whether the payload follows OpenTelemetry's shape.
    pub(crate) structural: bool,
    pub(crate) channel_id: Option<&'a str>,
    pub(crate) agent_id: Option<&'a str>,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) span_id: Option<&'a str>,
    pub(crate) parent_span_id: Option<&'a str>,
    /// A fresh one unless set.
    pub(crate) dedup_key: Option<&'a str>,
    /// JSON text of an object, or empty.
    pub(crate) metadata: &'a [u8],
    pub(crate) occurred_at: Option<SystemTime>,
    /// When the event was made, where that is known; it is part of a fresh dedup key.
    pub(crate) made_at: Option<SystemTime>,
}

/// Copies the JSON text of payload or metadata from its first argument to its last, hiding what must not leave. The
/// second says that the payload follows OpenTelemetry's shape.
pub(crate) type Redact<'a> = &'a dyn Fn(&[u8], bool, &mut Vec<u8>);

/// Writes a part of a body.
pub(crate) type Part<'a> = &'a dyn Fn(&mut Vec<u8>);

/// Appends the event's request body to `out`. A time that the event was given is in it whether it may be sent or not, for
/// whoever else is shown the body; [`sent`] is what may be.
pub(crate) fn encode(
    event: &Event,
    around: &Surroundings<'_>,
    out: &mut Vec<u8>,
    redact: Redact<'_>,
) -> Result<(), Error> {
    let head = head(event, around)?;
    let (to_payload, to_metadata): (&[u8], &[u8]) =
        if head.structural { (around.attributes, b"") } else { (b"", around.attributes) };
    let payload = payload(event, to_payload)?;
    let metadata = joined(&event.metadata, to_metadata);
    let occurred_at = head.occurred_at.or(event.occurred_at);
    let body = Body { payload: &payload, metadata: &metadata, occurred_at, ..head };
    let redact_metadata = |out: &mut Vec<u8>| redact(&metadata, false, out);
    write_with(&body, out, (!metadata.is_empty()).then_some(&redact_metadata), |out| {
        redact(&payload, body.structural, out);
        if event.as_log().is_some_and(|log| log.resource.is_empty()) && !around.resource.is_empty() {
            out.pop();
            json::write_own_key("resource", out);
            out.extend_from_slice(around.resource);
            out.push(b'}');
        }
    })
}

/// What the server is sent instead of a body that says when the event was, where it is not to be told.
pub(crate) fn sent(event: &Event, send_occurred_at: bool, body: &[u8]) -> Option<Vec<u8>> {
    (event.occurred_at.is_some() && !send_occurred_at).then(|| without(body, "occurredAt"))
}

/// The event's body, completed, but for payload and metadata.
pub(super) fn head<'a>(event: &'a Event, around: &Surroundings<'a>) -> Result<Body<'a>, Error> {
    event.validate()?;
    let (span_id, parent_span_id) = place(event, around);
    Ok(Body {
        identifier: &event.identifier,
        event_type: if event.event_type == EventType::Custom { "" } else { event.event_type.as_str() },
        structural: event.event_type.is_otel_shaped(),
        channel_id: event.channel_id.as_ref().or(around.channel_id).map(ChannelId::as_str),
        agent_id: event.agent_id.as_ref().map(AgentId::as_str),
        trace_id: event.trace_id.as_ref().map(TraceId::as_str).or(around.trace_id),
        span_id,
        parent_span_id,
        dedup_key: event.dedup_key.as_deref(),
        occurred_at: around.send_occurred_at.then(|| event.occurred_at.unwrap_or_else(clock::wall)),
        ..Body::default()
    })
}

/// As [`encode`], of what is complete.
pub(crate) fn write(body: &Body<'_>, out: &mut Vec<u8>, redact: Redact<'_>) -> Result<(), Error> {
    let payload = |out: &mut Vec<u8>| redact(body.payload, body.structural, out);
    let metadata = |out: &mut Vec<u8>| redact(body.metadata, false, out);
    write_with(body, out, (!body.metadata.is_empty()).then_some(&metadata), payload)
}

/// As [`write`], with metadata and payload that are written where they will stand.
pub(crate) fn write_with(
    body: &Body<'_>,
    out: &mut Vec<u8>,
    metadata: Option<Part<'_>>,
    payload: impl FnOnce(&mut Vec<u8>),
) -> Result<(), Error> {
    let start = out.len();
    out.push(b'{');
    field(out, "identifier", body.identifier);
    if let Some(id) = body.channel_id {
        // The one snake_case name of the contract.
        field(out, "channel_id", id);
    }
    if !body.event_type.is_empty() {
        field(out, "eventType", body.event_type);
    }
    for (name, id) in [
        ("agentId", body.agent_id),
        ("traceId", body.trace_id),
        ("spanId", body.span_id),
        ("parentSpanId", body.parent_span_id),
    ] {
        if let Some(id) = id {
            field(out, name, id);
        }
    }
    json::write_own_key("dedupKey", out);
    dedup_key(body, out);
    if let Some(metadata) = metadata {
        json::write_own_key("metadata", out);
        metadata(out);
    }
    if let Some(time) = body.occurred_at.and_then(timestamp) {
        field(out, "occurredAt", &time);
    }
    // Last, so that whoever looks for another field need not find the end of this one.
    json::write_own_key("payload", out);
    payload(out);
    out.push(b'}');
    let size = out.len() - start;
    if size > MAX_EVENT_BYTES { Err(too_large(body.identifier, size)) } else { Ok(()) }
}

/// Appends the key by which the server recognises a repetition, as JSON text.
pub(super) fn dedup_key(body: &Body<'_>, out: &mut Vec<u8>) {
    if let Some(key) = body.dedup_key {
        json::write_str(key, out);
    } else {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let key = body.made_at.map_or_else(id::new_dedup_key, id::dedup_key_of);
        json::write_plain_str(key.as_hyphenated().encode_lower(&mut buffer), out);
    }
}

/// A time in RFC 3339, where it has one.
pub(super) fn timestamp(time: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(time).ok().map(|time| time.to_string())
}

pub(super) fn too_large(identifier: &str, size: usize) -> Error {
    Error::invalid(format!(
        "event `{}` has {size} bytes once encoded, at most {MAX_EVENT_BYTES} are sent; \
         shorten the payload or lower max_content_length",
        json::shown(identifier, MAX_SHOWN_BYTES),
    ))
}

/// The event's span and parent. An event that names no span happened in the surrounding one; one that names its own
/// span is a child of the surrounding one. Neither applies across traces.
fn place<'a>(event: &'a Event, around: &Surroundings<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let own_span = event.span_id.as_ref().map(SpanId::as_str);
    let own_parent = event.parent_span_id.as_ref().map(SpanId::as_str);
    let foreign = event.trace_id.as_ref().is_some_and(|id| Some(id.as_str()) != around.trace_id);
    if foreign || (own_span.is_some() && own_parent.is_some()) {
        return (own_span, own_parent);
    }
    match own_span {
        None => (around.span_id, own_parent.or(around.parent_span_id)),
        // The event *is* the surrounding span.
        Some(span) if Some(span) == around.span_id => (own_span, around.parent_span_id),
        Some(_) => (own_span, around.span_id),
    }
}

/// The payload with more inside its `attributes`: the event's own win over the payload's, and those over `around`.
fn payload<'a>(event: &'a Event, around: &[u8]) -> Result<Cow<'a, [u8]>, Error> {
    let payload = event.payload_text()?;
    if event.attributes.is_empty() && around.is_empty() {
        return Ok(payload);
    }
    let standing = scan::entry(&payload, "attributes").and_then(|range| payload.get(range));
    // A null is how an `Option` says nothing.
    let known = standing.filter(|known| *known != b"null");
    if let Some(known) = known.filter(|known| !json::is_object(known)) {
        if event.attributes.is_empty() {
            // What the surroundings add is a courtesy; what the application wrote is what it meant.
            return Ok(payload);
        }
        return Err(Error::invalid(format!(
            "event field `payload.attributes` of `{}` is {}, so the event's own attributes have no place; make it an \
             object or name it otherwise",
            event.shown(),
            json::shape(known),
        )));
    }
    let mut own = Vec::new();
    json::write(&event.attributes, &mut own)
        .map_err(|refusal| Error::invalid(format!("event field `attributes` can't be sent: {refusal}")))?;
    let rest = if standing.is_some() { &without(&payload, "attributes") } else { &*payload };
    let inner = joined(known.unwrap_or_default(), around);
    let attributes = joined(&own, &inner);
    let mut out = Vec::with_capacity(rest.len() + attributes.len() + 16);
    out.extend_from_slice(rest.get(..rest.len() - 1).unwrap_or_default());
    json::write_own_key("attributes", &mut out);
    out.extend_from_slice(&attributes);
    out.push(b'}');
    Ok(Cow::Owned(out))
}

/// Both objects in one; where both have a key, `first` wins. Either may be empty text.
pub(crate) fn joined<'a>(first: &'a [u8], second: &'a [u8]) -> Cow<'a, [u8]> {
    if scan::inside(second).is_empty() {
        return Cow::Borrowed(first);
    }
    if scan::inside(first).is_empty() {
        return Cow::Borrowed(second);
    }
    let mut out = Vec::with_capacity(first.len() + second.len());
    out.extend_from_slice(first.get(..first.len() - 1).unwrap_or_default());
    scan::for_each_entry(second, |key, entry| {
        if scan::entry(first, key).is_none() {
            out.push(b',');
            out.extend_from_slice(entry);
        }
    });
    out.push(b'}');
    Cow::Owned(out)
}

fn without(object: &[u8], key: &str) -> Vec<u8> {
    let mut out = vec![b'{'];
    scan::for_each_entry(object, |known, entry| {
        if known != key {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(entry);
        }
    });
    out.push(b'}');
    out
}

fn field(out: &mut Vec<u8>, name: &'static str, value: &str) {
    json::write_own_key(name, out);
    json::write_str(value, out);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn encoded(event: &Event, around: &Surroundings<'_>) -> Result<Value, Error> {
        let mut out = Vec::new();
        encode(event, around, &mut out, &|json, _, out| out.extend_from_slice(json))?;
        Ok(serde_json::from_slice(&out).unwrap())
    }

    #[test]
    fn attributes_that_are_no_object_stay_or_are_refused_and_never_vanish() {
        let around = Surroundings { attributes: br#"{"request.id":"r"}"#, ..Surroundings::default() };
        let with = |attributes: Value| {
            Event::new("x\n").event_type(EventType::AppLog).payload(&json!({"attributes": attributes, "a": 1})).unwrap()
        };
        for odd in [json!([{"key": "a", "value": 1}]), json!("text"), json!(7), json!(false)] {
            let kept = encoded(&with(odd.clone()), &around).unwrap();
            assert_eq!(kept["payload"], json!({"attributes": odd, "a": 1}));
            let error = encoded(&with(odd).attribute("k", 1), &around).unwrap_err();
            let message = error.to_string();
            assert!(error.is_invalid() && message.contains("`payload.attributes`") && !message.contains('\n'));
        }
        let null = encoded(&with(json!(null)).attribute("k", 1), &around).unwrap();
        assert_eq!(null["payload"]["attributes"], json!({"k": 1, "request.id": "r"}));
        let joined = encoded(&with(json!({"b": 2, "k": 0})).attribute("k", 1), &around).unwrap();
        assert_eq!(joined["payload"]["attributes"], json!({"k": 1, "b": 2, "request.id": "r"}));
    }
}

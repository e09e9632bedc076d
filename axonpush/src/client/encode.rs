//! From an event to the request body it will be.

use std::{cell::Cell, time::Instant};

use super::Live;
#[cfg(doc)]
use super::Snapshot;
use crate::{
    context::RequestContext,
    error::Error,
    event::{
        Attributes, ChannelId, Event, EventType, LogPayload, Severity,
        draft::{self, Draft},
        json, wire,
    },
};

/// An event of this crate's own making.
pub(crate) struct Own<'a> {
    pub(crate) event_type: EventType,
    pub(crate) severity: Severity,
    /// When it is handed over.
    pub(crate) at: Instant,
    /// Whether none of its own text is longer than a policy without lists of its own lets pass.
    pub(crate) is_short: bool,
    pub(crate) framework: &'static str,
    /// All of it but the payload, what the client knows, and what follows from these.
    pub(crate) body: wire::Body<'a>,
}

/// Copies an object from the application, JSON text, into a payload, without what must not leave.
pub(crate) type Foreign<'a> = &'a dyn Fn(&[u8], &mut Vec<u8>);

impl Live {
    /// The event as a request body: completed by its surroundings, redacted, and lent to `with`.
    pub(super) fn encode<T>(&self, event: &Event, with: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let context = RequestContext::current();
        let attributes = context.as_ref().map(request_attributes).unwrap_or_default();
        let around = wire::Surroundings { attributes: &attributes, ..self.surroundings(context.as_ref()) };
        let redaction = &self.config.redaction;
        let redact = |json: &[u8], structural, out: &mut Vec<u8>| redaction.redact(json, structural, out);
        lend(|out| wire::encode(event, &around, out, &redact), with)
    }

    /// As [`encode`](Self::encode), for a log record, in the form in which it waits.
    pub(super) fn draft<T>(
        &self,
        event: &Event,
        record: &LogPayload,
        resource: Option<&[u8]>,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let context = RequestContext::current();
        let around = self.surroundings(context.as_ref());
        let around = wire::Surroundings { resource: resource.unwrap_or(around.resource), ..around };
        let bound = |draft: &mut Draft<'_>| {
            if let Some(context) = &context {
                tie(draft, context);
            }
        };
        lend(|out| draft::write_log(event, record, &around, bound, &self.config.redaction, out), with)
    }

    pub(super) fn surroundings<'a>(&'a self, context: Option<&'a RequestContext>) -> wire::Surroundings<'a> {
        wire::Surroundings {
            channel_id: self.config.channel_id.as_ref(),
            trace_id: context.map(RequestContext::trace_id),
            span_id: context.map(RequestContext::span_id),
            parent_span_id: context.and_then(RequestContext::parent_span_id),
            attributes: b"",
            resource: &self.resource,
            send_occurred_at: self.config.send_occurred_at,
        }
    }

    /// As [`encode`](Self::encode), for an event that is complete but for the channel and its payload.
    ///
    /// Redaction looks at each key and each string, which costs more than writing them. What this crate says in its own
    /// words it need not look at, unless the policy is one that could find something there; text from outside has been
    /// [masked](Snapshot::mask_string) where it was written.
    pub(super) fn encode_own<T>(
        &self,
        own: &Own<'_>,
        payload: impl FnOnce(&mut Vec<u8>, Foreign<'_>),
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let body = wire::Body {
            event_type: own.event_type.as_str(),
            structural: own.event_type.is_otel_shaped(),
            channel_id: self.config.channel_id.as_ref().map(ChannelId::as_str),
            occurred_at: own.body.occurred_at.filter(|_| self.config.send_occurred_at),
            ..own.body
        };
        let metadata = |out: &mut Vec<u8>| {
            out.push(b'{');
            json::write_own_key("framework", out);
            json::write_str(own.framework, out);
            out.push(b'}');
        };
        let redaction = &self.config.redaction;
        if own.is_short && redaction.spares_own_text() {
            let payload = |out: &mut Vec<u8>| payload(out, &|json, out| redaction.redact(json, false, out));
            lend(|out| wire::write_with(&body, out, Some(&metadata), payload), with)
        } else {
            let (mut whole, mut around) = (Vec::new(), Vec::new());
            payload(&mut whole, &|json, out| out.extend_from_slice(json));
            metadata(&mut around);
            let body = wire::Body { payload: &whole, metadata: &around, ..body };
            let redact = |json: &[u8], structural, out: &mut Vec<u8>| redaction.redact(json, structural, out);
            lend(|out| wire::write(&body, out, &redact), with)
        }
    }
}

/// Lets `write` fill a buffer that the thread keeps, so that handing over copies bytes and allocates nothing.
pub(super) fn lend<T>(
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    with: impl FnOnce(&[u8]) -> T,
) -> Result<T, Error> {
    thread_local!(static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
    /// A buffer that one huge event has grown is not kept for the small ones.
    const MAX_SCRATCH: usize = 64 << 10;

    let mut body = SCRATCH.try_with(Cell::take).unwrap_or_default();
    body.clear();
    let written = write(&mut body);
    let result = written.map(|()| with(&body));
    if body.capacity() <= MAX_SCRATCH {
        // A thread that is ending has no use for the buffer.
        let _ending = SCRATCH.try_with(|scratch| scratch.set(body));
    }
    result
}

/// Bytes of bound attributes that every event of a request carries. Beyond them events carry the request id alone.
pub(crate) const MAX_BOUND_BYTES: usize = 16 << 10;

/// What ties an event to its request: `request.id` and the bound attributes.
fn request_attributes(context: &RequestContext) -> Vec<u8> {
    let mut attributes = context.attributes();
    attributes.insert(REQUEST_ID, context.request_id().as_str());
    let mut out = Vec::new();
    if json::write(&attributes, &mut out).is_err() || out.len() > MAX_BOUND_BYTES {
        // Attributes that can't be sent must not cost the event, nor its request.
        out.clear();
        out.extend_from_slice(b"{\"request.id\":");
        json::write_str(context.request_id().as_str(), &mut out);
        out.push(b'}');
    }
    out
}

/// As [`request_attributes`], for a draft. What the event says itself stays.
pub(super) fn tie(draft: &mut Draft<'_>, context: &RequestContext) {
    let before = draft.len();
    let self_contained = draft.spares_own();
    let mut sent = Ok(());
    let mut add = |bound: &Attributes| {
        let mut others = bound.iter().filter(|(key, _)| *key != REQUEST_ID);
        sent = others.try_for_each(|(key, value)| if draft.has(key) { Ok(()) } else { draft.add(key, value) });
    };
    if self_contained {
        context.with_attributes(|bound, _| add(bound));
    } else {
        // The application's patterns may log, and so come back for the attributes.
        add(&context.attributes());
    }
    // Attributes that can't be sent must not cost the record.
    if sent.is_err() || draft.len() - before > MAX_BOUND_BYTES {
        draft.truncate(before);
    }
    if !draft.has(REQUEST_ID) {
        draft.own_text(REQUEST_ID, context.request_id().as_bytes());
    }
}

/// The attribute that ties an event to its request.
const REQUEST_ID: &str = "request.id";

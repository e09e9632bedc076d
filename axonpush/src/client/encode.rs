//! From an event to the request body it will be.

use std::cell::Cell;

use super::Inner;
use crate::{
    context::RequestContext,
    error::Error,
    event::{ChannelId, Event, EventType, json, wire},
};

impl Inner {
    /// The event as a request body: completed by its surroundings, redacted, and lent to `with`.
    pub(super) fn encode<T>(&self, event: &Event, with: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let context = RequestContext::current();
        let attributes = context.as_ref().map(request_attributes).unwrap_or_default();
        let around = wire::Surroundings {
            channel_id: self.config.channel_id.as_ref(),
            trace_id: context.as_ref().map(RequestContext::trace_id),
            span_id: context.as_ref().map(RequestContext::span_id),
            parent_span_id: context.as_ref().and_then(RequestContext::parent_span_id),
            attributes: &attributes,
            send_occurred_at: self.config.send_occurred_at,
        };
        self.lend(|out, redact| wire::encode(event, &around, out, redact), with)
    }

    /// As [`encode`](Self::encode), for an event that is complete but for the channel.
    pub(super) fn encode_complete<T>(
        &self,
        event_type: &EventType,
        body: &wire::Body<'_>,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let body = wire::Body {
            event_type: event_type.as_str(),
            structural: event_type.is_otel_shaped(),
            channel_id: self.config.channel_id.as_ref().map(ChannelId::as_str),
            occurred_at: body.occurred_at.filter(|_| self.config.send_occurred_at),
            ..*body
        };
        self.lend(|out, redact| wire::write(&body, out, redact), with)
    }

    /// Lets `write` fill a buffer that the thread keeps, so that handing over copies bytes and allocates nothing.
    fn lend<T>(
        &self,
        write: impl FnOnce(&mut Vec<u8>, wire::Redact<'_>) -> Result<(), Error>,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        thread_local!(static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
        /// A buffer that one huge event has grown is not kept for the small ones.
        const MAX_SCRATCH: usize = 64 << 10;

        let redaction = &self.config.redaction;
        let mut body = SCRATCH.try_with(Cell::take).unwrap_or_default();
        body.clear();
        let written = write(&mut body, &|json, structural, out| redaction.redact(json, structural, out));
        let result = written.map(|()| with(&body));
        if body.capacity() <= MAX_SCRATCH {
            // A thread that is ending has no use for the buffer.
            let _ending = SCRATCH.try_with(|scratch| scratch.set(body));
        }
        result
    }
}

/// Bytes of bound attributes that every event of a request carries. Beyond them events carry the request id alone.
const MAX_BOUND_BYTES: usize = 16 << 10;

/// What ties an event to its request: `request.id` and the bound attributes.
fn request_attributes(context: &RequestContext) -> Vec<u8> {
    let mut attributes = context.attributes();
    attributes.insert("request.id", context.request_id().as_str());
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

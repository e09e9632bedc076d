//! Events of an exchange, written as the text they will be: no tree, no copy, and no allocation once buffers are warm.

use std::{cell::Cell, time::SystemTime};

use super::entries::{Entries, nanos, number};
use crate::{
    client::AxonPush,
    context::RequestContext,
    event::{EventType, Severity, SpanKind, json, wire},
};

/// Bytes of bound attributes that every event of a request carries. Beyond them events carry the request id alone.
const MAX_BOUND_BYTES: usize = 16 << 10;

/// What all events of one moment have in common.
pub(super) struct Telling<'a> {
    pub(super) client: &'a AxonPush,
    pub(super) context: &'a RequestContext,
    pub(super) framework: &'static str,
    pub(super) method: &'static str,
    pub(super) route: Option<&'a str>,
    pub(super) status: Option<u16>,
    /// What the request was.
    pub(super) attributes: &'a Entries,
    pub(super) severity: Severity,
    pub(super) time: SystemTime,
}

/// What only a span tells.
pub(super) struct Span<'a> {
    pub(super) started_at: SystemTime,
    pub(super) ended_at: SystemTime,
    pub(super) failure: Option<&'a str>,
}

impl Telling<'_> {
    /// Publishes a log record; `more` adds what else is known now.
    pub(super) fn log(&self, identifier: &'static str, more: impl FnOnce(&mut Entries)) {
        let payload = |out: &mut Vec<u8>| {
            json::write_own_key("severityNumber", out);
            number(self.severity.number().into(), out);
            json::write_own_key("severityText", out);
            json::write_plain_str(self.severity.text(), out);
            json::write_own_key("body", out);
            self.summary(out);
            json::write_own_key("timeUnixNano", out);
            nanos(self.time, out);
        };
        self.publish(&EventType::AppLog, identifier, payload, more);
    }

    /// Publishes the server span of the exchange.
    pub(super) fn span(&self, span: &Span<'_>, more: impl FnOnce(&mut Entries)) {
        // A span is named for what is alike in many requests; the path is not.
        let name = match self.route {
            Some(route) => format!("{} {route}", self.method),
            None => self.method.to_owned(),
        };
        let payload = |out: &mut Vec<u8>| {
            json::write_own_key("traceId", out);
            json::write_plain_str(self.context.trace_id(), out);
            json::write_own_key("spanId", out);
            json::write_plain_str(self.context.span_id(), out);
            if let Some(parent) = self.context.parent_span_id() {
                json::write_own_key("parentSpanId", out);
                json::write_plain_str(parent, out);
            }
            json::write_own_key("name", out);
            json::write_str(&name, out);
            json::write_own_key("kind", out);
            number(SpanKind::Server as u64, out);
            json::write_own_key("startTimeUnixNano", out);
            nanos(span.started_at, out);
            json::write_own_key("endTimeUnixNano", out);
            nanos(span.ended_at, out);
            json::write_own_key("status", out);
            out.extend_from_slice(if span.failure.is_some() { b"{\"code\":2" } else { b"{\"code\":0" });
            json::write_own_key("message", out);
            json::write_str(json::prefix(span.failure.unwrap_or_default(), super::entries::MAX_TEXT), out);
            out.push(b'}');
        };
        self.publish(&EventType::AppSpan, &name, payload, more);
    }

    /// Hands an event over with the exchange's own ids and attributes, whatever context the caller is in.
    fn publish(
        &self,
        event_type: &EventType,
        identifier: &str,
        payload: impl FnOnce(&mut Vec<u8>),
        more: impl FnOnce(&mut Entries),
    ) {
        thread_local!(static SCRATCH: Cell<(Vec<u8>, Vec<u8>)> = const { Cell::new((Vec::new(), Vec::new())) });
        /// Buffers that one huge event has grown are not kept for the small ones.
        const MAX_SCRATCH: usize = 64 << 10;

        let (mut out, mut inner) = SCRATCH.try_with(Cell::take).unwrap_or_default();
        out.clear();
        inner.clear();
        out.push(b'{');
        payload(&mut out);
        let mut entries = Entries::new(inner);
        entries.extend(self.attributes);
        if let Some(route) = self.route {
            entries.text("http.route", route);
        }
        more(&mut entries);
        self.bound(&mut entries);
        let inner = entries.close();
        json::write_own_key("attributes", &mut out);
        out.extend_from_slice(&inner);
        let resource = self.client.resource();
        if !resource.is_empty() {
            json::write_own_key("resource", &mut out);
            out.extend_from_slice(resource);
        }
        out.push(b'}');
        let end_of_payload = out.len();
        out.push(b'{');
        json::write_own_key("framework", &mut out);
        json::write_str(self.framework, &mut out);
        out.push(b'}');
        let (payload, metadata) = out.split_at_checked(end_of_payload).unwrap_or_default();
        let body = wire::Body {
            identifier,
            payload,
            trace_id: Some(self.context.trace_id()),
            span_id: Some(self.context.span_id()),
            parent_span_id: self.context.parent_span_id(),
            metadata,
            occurred_at: Some(self.time),
            ..wire::Body::default()
        };
        if let Err(error) = self.client.enqueue_complete(event_type, self.severity, &body) {
            self.client.refuse(error);
        }
        if out.capacity() <= MAX_SCRATCH && inner.capacity() <= MAX_SCRATCH {
            // A thread that is ending has no use for the buffers.
            let _ending = SCRATCH.try_with(|scratch| scratch.set((out, inner)));
        }
    }

    /// What ties an event to its request: its id and the bound attributes.
    fn bound(&self, entries: &mut Entries) {
        entries.text("request.id", self.context.request_id().as_str());
        let before = entries.len();
        self.context.with_attributes(|bound, _| {
            for (key, value) in bound {
                entries.value(key, value);
            }
        });
        // Attributes that can't be sent must not cost the event.
        if entries.len() - before > MAX_BOUND_BYTES {
            entries.truncate(before);
        }
    }

    /// `GET /users/{id} 200`: the template, never the path, so that equal things read equal.
    fn summary(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.method.as_bytes());
        out.push(b' ');
        let route = out.len();
        json::write_str(self.route.unwrap_or("(no route)"), out);
        out.remove(route);
        out.pop();
        if let Some(status) = self.status {
            out.push(b' ');
            number(status.into(), out);
        }
        out.push(b'"');
    }
}

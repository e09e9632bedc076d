//! Events of an exchange, written as the text they will be: no tree, no copy, and no allocation once buffers are warm.

use std::{
    mem,
    time::{Instant, SystemTime},
};

use super::entries::{Entries, MAX_TEXT, nanos, number};
use crate::{
    client::{AxonPush, Foreign, Own},
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
    /// The same moment, for timers.
    pub(super) at: Instant,
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
        self.publish(EventType::AppLog, identifier, payload, more);
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
            let message = out.len();
            json::write_str(json::prefix(span.failure.unwrap_or_default(), MAX_TEXT), out);
            self.client.mask_string(out, message);
            out.push(b'}');
        };
        self.publish(EventType::AppSpan, &name, payload, more);
    }

    /// Hands an event over with the exchange's own ids and attributes, whatever context the caller is in.
    fn publish(
        &self,
        event_type: EventType,
        identifier: &str,
        payload: impl FnOnce(&mut Vec<u8>),
        more: impl FnOnce(&mut Entries),
    ) {
        let own = Own {
            event_type,
            severity: self.severity,
            at: self.at,
            // The longest of all is the route with the method before it and the status after it.
            is_short: self.framework.len() + self.route.map_or(0, str::len) <= MAX_TEXT,
            framework: self.framework,
            body: wire::Body {
                identifier,
                trace_id: Some(self.context.trace_id()),
                span_id: Some(self.context.span_id()),
                parent_span_id: self.context.parent_span_id(),
                occurred_at: Some(self.time),
                made_at: Some(self.time),
                ..wire::Body::default()
            },
        };
        let payload = |out: &mut Vec<u8>, redact: Foreign<'_>| {
            out.push(b'{');
            payload(out);
            json::write_own_key("attributes", out);
            let mut entries = Entries::new(mem::take(out));
            entries.extend(self.attributes);
            if let Some(route) = self.route {
                entries.text("http.route", route, self.client);
            }
            // Before what the application adds, which gives way to what is there.
            entries.plain("request.id", self.context.request_id().as_str());
            more(&mut entries);
            self.bound(&mut entries);
            *out = entries.close(redact);
            let resource = self.client.resource();
            if !resource.is_empty() {
                json::write_own_key("resource", out);
                out.extend_from_slice(resource);
            }
            out.push(b'}');
        };
        if let Err(error) = self.client.enqueue_own(&own, payload) {
            self.client.refuse(error);
        }
    }

    /// The attributes bound to the request.
    fn bound(&self, entries: &mut Entries) {
        let before = entries.foreign_len();
        self.context.with_attributes(|bound, _| {
            for (key, value) in bound {
                entries.value(key, value);
            }
        });
        // Attributes that can't be sent must not cost the event.
        if entries.foreign_len() - before > MAX_BOUND_BYTES {
            entries.truncate_foreign(before);
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

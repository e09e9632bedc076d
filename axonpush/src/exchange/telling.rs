//! Events of an exchange, written as the text they will be: no tree, no copy, and no allocation once buffers are warm.

use std::{
    mem,
    time::{Instant, SystemTime},
};

use super::{
    entries::{Entries, MAX_TEXT, outside, put},
    stamp::Stamp,
    template::Template,
};
use crate::{
    client::{Foreign, MAX_BOUND_BYTES, Own, Snapshot},
    context::{RequestContext, hex::uuid_digits},
    event::{
        EventType, Severity, SpanKind, id,
        json::{self, Decimal},
        wire,
    },
};

/// What all events of one moment have in common.
pub(super) struct Telling<'a> {
    pub(super) client: &'a Snapshot,
    pub(super) context: &'a RequestContext,
    pub(super) framework: &'static str,
    pub(super) method: &'static str,
    pub(super) route: Option<&'a str>,
    pub(super) status: Option<u16>,
    /// What the request was.
    pub(super) template: &'a Template,
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
    pub(super) fn log(&self, identifier: &'static str, more: impl Fn(&mut Entries)) {
        let whole = match (self.template.before(), Stamp::of(self.time)) {
            (Some(before), Some(stamp)) if self.is_short() => {
                let write = |out: &mut Vec<u8>| self.write_log(identifier, before, &stamp, &more, out);
                self.client.enqueue_log(self.severity, self.at, write)
            }
            _ => Ok(false),
        };
        match whole {
            Ok(true) => {}
            Ok(false) => self.compose_log(identifier, more),
            Err(error) => self.client.refuse(error),
        }
    }

    /// Writes a log record from end to end: the same as [`compose_log`](Self::compose_log), but for the order of
    /// attributes.
    fn write_log(
        &self,
        identifier: &'static str,
        (head, summary): (&[u8], &[u8]),
        stamp: &Stamp,
        more: impl Fn(&mut Entries),
        out: &mut Vec<u8>,
    ) {
        let resource = self.client.resource();
        // What is left is shorter, but for what the application adds.
        out.reserve(head.len() + self.template.attributes().len() + resource.len() + 768);
        let key = uuid_digits(id::dedup_key_of(self.time));
        put(out, &[b"{\"identifier\":\"", identifier.as_bytes(), b"\"", head, &key]);
        if self.client.own_text().is_some_and(|own| own.send_occurred_at) {
            out.extend_from_slice(&stamp.occurred_at);
        }
        put(out, &[b"\",\"payload\":", severity(self.severity), b",\"body\":"]);
        if self.template.has_route() {
            out.extend_from_slice(summary);
        } else {
            begin_summary(self.method, self.route, out);
        }
        self.end_summary(out);
        put(out, &[&stamp.time_unix_nano, b",\"attributes\":"]);
        let mut entries = Entries::new(mem::take(out));
        self.tell_attributes(more, &mut entries);
        *out = entries.close(&|json, out| self.client.redact(json, out));
        if !resource.is_empty() {
            put(out, &[b",\"resource\":", resource]);
        }
        out.extend_from_slice(b"}}");
    }

    /// As [`write_log`](Self::write_log), for clients whose redaction looks at all of it, and for odd clocks.
    fn compose_log(&self, identifier: &'static str, more: impl Fn(&mut Entries)) {
        let payload = |out: &mut Vec<u8>| {
            out.extend_from_slice(severity(self.severity));
            json::write_own_key("body", out);
            begin_summary(self.method, self.route, out);
            self.end_summary(out);
            json::write_own_key("timeUnixNano", out);
            json::write_nanos(self.time, out);
        };
        self.publish(EventType::AppLog, identifier, payload, more);
    }

    /// Publishes the server span of the exchange.
    pub(super) fn span(&self, span: &Span<'_>, more: impl Fn(&mut Entries)) {
        // A span is named for what is alike in many requests; the path is not.
        let name = match self.route {
            Some(route) => format!("{} {route}", self.method),
            None => self.method.to_owned(),
        };
        let payload = |out: &mut Vec<u8>| {
            out.push(b'{');
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
            out.extend_from_slice(&Decimal::of(SpanKind::Server as u64));
            json::write_own_key("startTimeUnixNano", out);
            json::write_nanos(span.started_at, out);
            json::write_own_key("endTimeUnixNano", out);
            json::write_nanos(span.ended_at, out);
            json::write_own_key("status", out);
            out.extend_from_slice(if span.failure.is_some() { b"{\"code\":2" } else { b"{\"code\":0" });
            json::write_own_key("message", out);
            outside(span.failure.unwrap_or_default(), self.client, out);
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
        more: impl Fn(&mut Entries),
    ) {
        let own = Own {
            event_type,
            severity: self.severity,
            at: self.at,
            is_short: self.is_short(),
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
            payload(out);
            json::write_own_key("attributes", out);
            let mut entries = Entries::new(mem::take(out));
            self.tell_attributes(more, &mut entries);
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

    /// Whether no text is longer than redaction lets pass: the longest is the route with the method before it and the
    /// status after it.
    fn is_short(&self) -> bool {
        self.framework.len() + self.route.map_or(0, str::len) <= MAX_TEXT
    }

    fn tell_attributes(&self, more: impl Fn(&mut Entries), entries: &mut Entries) {
        entries.extend(self.template.attributes());
        if let Some(route) = self.route.filter(|_| !self.template.has_route()) {
            entries.familiar("http.route", route.as_bytes(), self.client);
        }
        // What the application adds comes last, and gives way to what is there.
        more(entries);
        self.bound(entries);
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

    /// The end of what [`begin_summary`] began.
    fn end_summary(&self, out: &mut Vec<u8>) {
        match self.status {
            Some(status) => put(out, &[b" ", &Decimal::of(status.into()), b"\""]),
            None => out.push(b'"'),
        }
    }
}

/// Where a payload begins: with how bad it is.
fn severity(severity: Severity) -> &'static [u8] {
    match severity {
        Severity::Trace => b"{\"severityNumber\":1,\"severityText\":\"TRACE\"",
        Severity::Debug => b"{\"severityNumber\":5,\"severityText\":\"DEBUG\"",
        Severity::Info => b"{\"severityNumber\":9,\"severityText\":\"INFO\"",
        Severity::Warn => b"{\"severityNumber\":13,\"severityText\":\"WARN\"",
        Severity::Error => b"{\"severityNumber\":17,\"severityText\":\"ERROR\"",
        Severity::Fatal => b"{\"severityNumber\":21,\"severityText\":\"FATAL\"",
    }
}

/// `GET /users/{id} 200` without the status: the template, never the path, so that equal things read equal.
pub(super) fn begin_summary(method: &'static str, route: Option<&str>, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(method.as_bytes());
    let start = out.len();
    json::write_str(route.unwrap_or("(no route)"), out);
    // The quotes around it become a space and nothing.
    if let Some(quote) = out.get_mut(start) {
        *quote = b' ';
    }
    out.pop();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_is_told_by_its_own_name_and_number() {
        for known in Severity::ALL {
            let (number, text) = (known.number(), known.text());
            let expected = format!("{{\"severityNumber\":{number},\"severityText\":\"{text}\"");
            assert_eq!(severity(known), expected.as_bytes());
        }
    }
}

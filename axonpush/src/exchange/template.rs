//! What the log records of an exchange have in common, written once.

use super::{
    entries::{Entries, MAX_TEXT, put},
    telling::begin_summary,
};
use crate::{
    client::Snapshot,
    context::OpenRequest,
    event::{EventType, json},
};

/// What the log records of an exchange have in common.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// The fields before the payload, the summary as far as it is known, and the attributes, end to end.
    text: Entries,
    /// Where the first of these ends.
    head: usize,
    /// Whether the summary and the attributes have the route, which may become known later.
    has_route: bool,
}

impl Template {
    /// Begins to write in an empty buffer. Only the attributes, where redaction has to look at the whole of each event or
    /// nothing is published.
    pub(super) fn new(mut buffer: Vec<u8>, client: &Snapshot, request: &OpenRequest, framework: &'static str) -> Self {
        let route = request.route();
        if route.map_or(0, str::len) + framework.len() <= MAX_TEXT {
            write_head(client, request, framework, &mut buffer);
        }
        let head = buffer.len();
        if head > 0 {
            begin_summary(request.method(), route, &mut buffer);
        }
        let mut text = Entries::new(buffer);
        text.plain("request.id", request.context().request_id().as_bytes());
        if let Some(route) = route {
            text.familiar("http.route", route.as_bytes(), client);
        }
        Self { text, head, has_route: route.is_some() }
    }

    pub(super) fn attributes(&self) -> &Entries {
        &self.text
    }

    pub(super) fn attributes_mut(&mut self) -> &mut Entries {
        &mut self.text
    }

    /// The fields from the one after the identifier to the opening quote of the dedup key's value, and the summary from
    /// its opening quote to the route. `None` where each event is written by itself.
    pub(super) fn before(&self) -> Option<(&[u8], &[u8])> {
        self.text.before().split_at_checked(self.head).filter(|(head, _)| !head.is_empty())
    }

    pub(super) fn has_route(&self) -> bool {
        self.has_route
    }

    /// The buffer, emptied.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.text.into_buffer()
    }
}

fn write_head(client: &Snapshot, request: &OpenRequest, framework: &'static str, out: &mut Vec<u8>) {
    let Some(own) = client.own_text() else { return };
    out.reserve(1024);
    if let Some(channel_id) = own.channel_id {
        out.extend_from_slice(b",\"channel_id\":");
        json::write_str(channel_id, out);
    }
    let (trace, parent) = (request.context().traceparent(), request.context().parent_span_id());
    put(out, &[b",\"eventType\":\"", EventType::AppLog.as_str().as_bytes()]);
    put(out, &[b"\",\"traceId\":\"", trace.trace_id_digits(), b"\",\"spanId\":\"", trace.span_id_digits()]);
    if let Some(parent) = parent {
        put(out, &[b"\",\"parentSpanId\":\"", parent.as_bytes()]);
    }
    out.extend_from_slice(b"\",\"metadata\":{\"framework\":");
    json::write_str(framework, out);
    out.extend_from_slice(b"},\"dedupKey\":\"");
}

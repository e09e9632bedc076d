//! A span becomes an event of type `app.span`.

use serde_json::{Map, Value, json};

use super::context::{Context, Ids};
use super::map::{attributes, hex, id, put};
use super::message::{Span, SpanEvent, SpanLink};
use super::{Invalid, Record};
use crate::event::EventBody;

impl Record for Span {
    const LISTS: [&'static str; 3] = ["resourceSpans", "scopeSpans", "spans"];
    const REJECTED: &'static str = "rejectedSpans";

    fn into_event(self, context: &Context<'_>) -> Result<EventBody, Invalid> {
        let required = |id: Result<Option<String>, Invalid>, missing| id.and_then(|id| id.ok_or(missing));
        let trace = id(&self.trace_id, 16, "the trace id is not 16 bytes long");
        let trace = required(trace, "the trace id is missing or all zero")?;
        let span = id(&self.span_id, 8, "the span id is not 8 bytes long");
        let span = required(span, "the span id is missing or all zero")?;
        let parent = id(&self.parent_span_id, 8, "the parent's span id is not 8 bytes long")?;
        if self.name.is_empty() {
            return Err("the span has no name");
        }

        let mut payload = context.payload();
        payload.entry("scope").or_insert_with(|| json!({"name": "", "version": ""}));
        let status = self.status.unwrap_or_default();
        for (name, value) in [
            ("traceId", Value::from(trace.as_str())),
            ("spanId", span.as_str().into()),
            ("name", self.name.as_str().into()),
            // The API counts from internal, OTLP from unspecified, which is to be read as internal.
            ("kind", self.kind.saturating_sub(1).max(0).into()),
            ("startTimeUnixNano", time(self.start_time_unix_nano)),
            ("endTimeUnixNano", time(self.end_time_unix_nano)),
            ("status", json!({"code": status.code, "message": status.message})),
            ("attributes", attributes(self.attributes).into()),
        ] {
            payload.insert(name.to_owned(), value);
        }
        put(&mut payload, "parentSpanId", parent.clone().unwrap_or_default());
        put(&mut payload, "traceState", self.trace_state);
        put(&mut payload, "flags", self.flags);
        put(&mut payload, "droppedAttributesCount", self.dropped_attributes_count);
        put(&mut payload, "events", self.events.into_iter().map(event).collect::<Vec<_>>());
        put(&mut payload, "droppedEventsCount", self.dropped_events_count);
        put(&mut payload, "links", self.links.into_iter().map(link).collect::<Vec<_>>());
        put(&mut payload, "droppedLinksCount", self.dropped_links_count);
        Ok(context.event("app.span", self.name, Ids { trace: Some(trace), span: Some(span), parent }, payload))
    }
}

fn event(event: SpanEvent) -> Value {
    let mut map = Map::new();
    map.insert("timeUnixNano".to_owned(), time(event.time_unix_nano));
    map.insert("name".to_owned(), event.name.into());
    map.insert("attributes".to_owned(), attributes(event.attributes).into());
    put(&mut map, "droppedAttributesCount", event.dropped_attributes_count);
    Value::Object(map)
}

/// A link keeps its ids whatever they are: it may lead out of everything we know.
fn link(link: SpanLink) -> Value {
    let mut map = Map::new();
    map.insert("traceId".to_owned(), hex(&link.trace_id).into());
    map.insert("spanId".to_owned(), hex(&link.span_id).into());
    map.insert("attributes".to_owned(), attributes(link.attributes).into());
    put(&mut map, "traceState", link.trace_state);
    put(&mut map, "droppedAttributesCount", link.dropped_attributes_count);
    put(&mut map, "flags", link.flags);
    Value::Object(map)
}

/// A time as decimal text, because not every reader of JSON can hold its digits. Zero is unknown.
fn time(nanos: u64) -> Value {
    if nanos == 0 { Value::Null } else { Value::from(nanos.to_string()) }
}

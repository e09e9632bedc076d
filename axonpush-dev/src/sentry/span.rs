//! A transaction and what happened in it.

use serde_json::{Map, Value, json};

use super::form::{Draft, text, time};

/// The span of the transaction itself, and each of those inside it. They are made one by one: all of them have what the
/// transaction says of where it comes from.
pub(super) fn transaction(event: &Map<String, Value>) -> impl Iterator<Item = Draft> {
    let mut root = Draft::of("app.span", event);
    let trace = event.get("contexts").and_then(|contexts| contexts.get("trace")).and_then(Value::as_object);
    root.identifier = text(event.get("transaction")).unwrap_or_else(|| "transaction".to_owned());
    fill(&mut root, trace.unwrap_or(event), event);
    let resource = root.payload.get("resource").cloned();
    let (trace_id, dedup_key) = (root.trace_id.clone(), root.dedup_key.clone());
    let list = event.get("spans").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inside = list.iter().filter_map(Value::as_object).map(move |span| {
        let mut draft = Draft { event_type: "app.span", ..Draft::default() };
        draft.trace_id = text(span.get("trace_id")).or_else(|| trace_id.clone());
        draft.span_id = text(span.get("span_id"));
        draft.parent_span_id = text(span.get("parent_span_id"));
        draft.dedup_key = draft.span_id.as_ref().zip(dedup_key.as_ref()).map(|(id, of)| format!("{of}:{id}"));
        let named = ["description", "op"].into_iter().find_map(|name| text(span.get(name)));
        draft.identifier = named.unwrap_or_else(|| "span".to_owned());
        if let Some(resource) = &resource {
            draft.put("resource", resource.clone());
        }
        let tags = span.get("tags").and_then(Value::as_object);
        draft.attributes.extend(tags.cloned().unwrap_or_default());
        fill(&mut draft, span, span);
        draft
    });
    std::iter::once(root).chain(inside)
}

/// Puts in what makes an event a span: its times from `timed`, the rest from `span`.
fn fill(draft: &mut Draft, span: &Map<String, Value>, timed: &Map<String, Value>) {
    let nanos = |name| time(timed.get(name)).map(|at| at.as_nanosecond().to_string());
    draft.put("startTimeUnixNano", nanos("start_timestamp"));
    draft.put("endTimeUnixNano", nanos("timestamp"));
    draft.occurred_at = time(timed.get("start_timestamp"));
    let status = text(span.get("status"));
    let code = match status.as_deref() {
        None => 0,
        Some("ok") => 1,
        Some(_) => 2,
    };
    draft.put("status", json!({"code": code, "message": status.filter(|_| code == 2).unwrap_or_default()}));
    draft.put("name", draft.identifier.clone());
    draft.put("kind", 0);
    for (name, id) in [
        ("traceId", draft.trace_id.clone()),
        ("spanId", draft.span_id.clone()),
        ("parentSpanId", draft.parent_span_id.clone()),
    ] {
        super::form::put(&mut draft.payload, name, id.map(Value::from));
    }
    let data = span.get("data").and_then(Value::as_object);
    draft.attributes.extend(data.cloned().unwrap_or_default());
    for (name, from) in [("sentry.op", "op"), ("sentry.origin", "origin")] {
        draft.attribute(name, span.get(from).cloned());
    }
}

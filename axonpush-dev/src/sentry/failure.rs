//! Errors, messages, log records and feedback.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::form::{Draft, compact, text, time, values};

/// An event with an exception is an `agent.error`, and one without is a log record.
pub(super) fn event(event: &Map<String, Value>) -> Draft {
    let exceptions = values(event.get("exception"));
    // The last one is what reached the top; those before it are its causes.
    let raised = exceptions.last();
    let mut draft = Draft::of(if raised.is_some() { "agent.error" } else { "app.log" }, event);
    let level = text(event.get("level")).unwrap_or_else(|| "error".to_owned());
    draft.severity(&level);
    let entry = event.get("logentry");
    let logged = |name| text(entry.and_then(|entry| entry.get(name)));
    let message = logged("formatted").or_else(|| logged("message")).or_else(|| text(event.get("message")));
    let channel = text(event.get("logger"));
    draft.attribute("logger.name", channel.clone().map(Value::from));
    draft.attribute("sentry.message.template", logged("message").map(Value::from));
    let mut kind = None;
    if let Some(raised) = raised {
        kind = text(raised.get("type"));
        let value = text(raised.get("value")).unwrap_or_default();
        draft.attribute("exception.type", Some(kind.clone().unwrap_or_else(|| "Error".to_owned()).into()));
        draft.attribute("exception.message", Some(value.as_str().into()));
        let frames: Vec<_> = frames(raised).iter().map(frame).collect();
        draft.attribute("exception.stacktrace", Some(trace(&frames, raised).into()));
        draft.put("stack", frames);
        draft.put("exceptions", exceptions.to_vec());
        draft.put("body", message.unwrap_or(value));
    } else {
        draft.put("body", message.unwrap_or_default());
    }
    let crumbs: Vec<_> = values(event.get("breadcrumbs")).iter().map(breadcrumb).collect();
    if !crumbs.is_empty() {
        draft.put("breadcrumbs", crumbs);
    }
    draft.attribute("error.fingerprint", fingerprint(event.get("fingerprint")));
    // A record is known by who logged it, and an error by where it happened.
    let place = text(event.get("transaction"));
    let named = if raised.is_some() { place.or(channel).or(kind) } else { channel.or(place) };
    draft.identifier = named.unwrap_or_default();
    draft
}

/// The records of an item that has several in it, with attributes that say what type they are of.
pub(super) fn logs(item: &Map<String, Value>) -> impl Iterator<Item = Draft> {
    let list = item.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_object).map(log)
}

fn log(record: &Map<String, Value>) -> Draft {
    let mut draft = Draft { event_type: "app.log", occurred_at: time(record.get("timestamp")), ..Draft::default() };
    draft.severity(&text(record.get("level")).unwrap_or_default());
    draft.put("body", text(record.get("body")).unwrap_or_default());
    draft.trace_id = text(record.get("trace_id"));
    draft.span_id = text(record.get("span_id"));
    let attributes = record.get("attributes").and_then(Value::as_object);
    for (name, value) in attributes.into_iter().flatten() {
        draft.attribute(name, Some(value.get("value").unwrap_or(value).clone()));
    }
    let mut resource = Map::new();
    for (name, from) in [
        ("service.version", "sentry.release"),
        ("deployment.environment", "sentry.environment"),
        ("host.name", "server.address"),
    ] {
        super::form::put(&mut resource, name, draft.attributes.get(from).cloned());
    }
    if !resource.is_empty() {
        draft.put("resource", resource);
    }
    draft.identifier = text(draft.attributes.get("logger.name")).unwrap_or_else(|| "log".to_owned());
    draft
}

/// What somebody wrote about an error, in its own kind of item or in an event's contexts.
pub(super) fn feedback(item: &Map<String, Value>) -> Draft {
    let mut draft = Draft::of("user.feedback", item);
    let written = item.get("contexts").and_then(|contexts| contexts.get("feedback"));
    let said = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| text(written.and_then(|written| written.get(*name))).or_else(|| text(item.get(*name))))
    };
    draft.put("body", said(&["message", "comments"]).unwrap_or_default());
    draft.attribute("user.email", said(&["contact_email", "email"]).map(Value::from));
    draft.attribute("user.name", said(&["name"]).map(Value::from));
    draft.attribute("sentry.event_id", said(&["associated_event_id", "event_id"]).map(Value::from));
    // A report has the id of the event it is about, which is another one.
    draft.dedup_key = written.and(draft.dedup_key);
    Draft { identifier: "feedback".to_owned(), ..draft }
}

fn frames(exception: &Value) -> &[Value] {
    let frames = exception.get("stacktrace").and_then(|trace| trace.get("frames"));
    frames.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn frame(frame: &Value) -> Value {
    let of = |name: &str| frame.get(name).cloned();
    compact(json!({
        "file": of("abs_path").filter(|path| !path.is_null()).or_else(|| of("filename")),
        "function": of("function"), "line": of("lineno"), "inApp": frame.get("in_app") == Some(&Value::Bool(true)),
        "contextLine": of("context_line"), "preContext": of("pre_context"), "postContext": of("post_context"),
    }))
}

/// The frames as Python prints them, which is how the page and people read them.
fn trace(frames: &[Value], raised: &Value) -> String {
    let mut trace = String::from("Traceback (most recent call last):\n");
    for frame in frames {
        let of = |name| text(frame.get(name)).unwrap_or_default();
        let line = frame.get("line").and_then(Value::as_u64).unwrap_or_default();
        // Memory cannot fail to be written to.
        let _ = writeln!(trace, "  File \"{}\", line {line}, in {}", of("file"), of("function"));
    }
    let of = |name| text(raised.get(name)).unwrap_or_default();
    let _ = write!(trace, "{}: {}", of("type"), of("value"));
    trace
}

fn breadcrumb(crumb: &Value) -> Value {
    let of = |name: &str| crumb.get(name).cloned();
    compact(json!({
        "type": of("type"), "category": of("category"), "level": of("level"), "message": of("message"),
        "data": of("data"), "timestamp": time(crumb.get("timestamp")).map(|at| at.to_string()),
    }))
}

/// Whatever an application says about what belongs together, unless that is to be found out as usual.
fn fingerprint(given: Option<&Value>) -> Option<Value> {
    let parts = given?.as_array()?;
    let usual = |part: &Value| part.as_str().is_some_and(|part| part.replace(' ', "") == "{{default}}");
    (!parts.is_empty() && !parts.iter().all(usual)).then(|| Value::Array(parts.clone()))
}

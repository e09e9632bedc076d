//! What Sentry's SDKs send: errors, messages, logs, transactions and feedback, as events of ours.
//!
//! An item that becomes no event (a session, a profile, an attachment, a report on the client) is taken and forgotten: an
//! SDK that is refused for one would hold the others back.

mod envelope;
mod failure;
mod form;
mod span;

use serde_json::{Map, Value};

use self::form::Draft;
use crate::event::EventBody;
use crate::problem::Problem;

/// The events in an envelope, and the id that its sender gave it.
///
/// # Errors
/// 400 for what is no envelope, or has an item in it that is no JSON where it should be.
pub(crate) fn read_envelope(body: &[u8], channel: &str) -> Result<(Vec<EventBody>, String), Problem> {
    let envelope = envelope::read(body)?;
    let mut events = Vec::new();
    for item in &envelope.items {
        match item.kind.as_str() {
            "event" | "transaction" | "user_report" | "feedback" | "log" => {
                read_item(&item.kind, &object(item.payload)?, channel, &mut events);
            }
            _ => {}
        }
    }
    let id = envelope.header.get("event_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((events, id))
}

/// The events of a body that is one event, as SDKs sent it before there were envelopes.
///
/// # Errors
/// 400 for what is no JSON object.
pub(crate) fn read_store(body: &[u8], channel: &str) -> Result<(Vec<EventBody>, String), Problem> {
    let event = object(body)?;
    let kind = if event.get("type").and_then(Value::as_str) == Some("transaction") { "transaction" } else { "event" };
    let mut events = Vec::new();
    read_item(kind, &event, channel, &mut events);
    Ok((events, event.get("event_id").and_then(Value::as_str).unwrap_or_default().to_owned()))
}

fn read_item(kind: &str, item: &Map<String, Value>, channel: &str, events: &mut Vec<EventBody>) {
    let drafts: Vec<Draft> = match kind {
        "transaction" => span::transaction(item),
        "log" => failure::logs(item),
        "user_report" | "feedback" => vec![failure::feedback(item)],
        _ => vec![failure::event(item)],
    };
    events.extend(drafts.into_iter().map(|draft| draft.finish(channel)));
}

fn object(text: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(text).map_err(|error| Problem::bad_request(format!("an item is no JSON object: {error}")))
}

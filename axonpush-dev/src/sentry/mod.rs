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

/// Where events go as they are read. It may refuse to take more.
pub(crate) type Take<'a> = dyn FnMut(EventBody) -> Result<(), Problem> + 'a;

/// Hands the events in an envelope to `take`, and returns the id that its sender gave it.
///
/// # Errors
/// 400 for what is no envelope, or has an item in it that is no JSON where it should be, and whatever `take` fails with.
/// What was handed over before is not to be stored either then.
pub(crate) fn read_envelope(body: &[u8], channel: &str, take: &mut Take<'_>) -> Result<String, Problem> {
    let envelope = envelope::read(body)?;
    for item in &envelope.items {
        match item.kind.as_str() {
            "event" | "transaction" | "user_report" | "feedback" | "log" => {
                read_item(&item.kind, &object(item.payload)?, channel, take)?;
            }
            _ => {}
        }
    }
    Ok(envelope.header.get("event_id").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The same for a body that is one event, as SDKs sent it before there were envelopes.
///
/// # Errors
/// 400 for what is no JSON object, and whatever `take` fails with.
pub(crate) fn read_store(body: &[u8], channel: &str, take: &mut Take<'_>) -> Result<String, Problem> {
    let event = object(body)?;
    let kind = if event.get("type").and_then(Value::as_str) == Some("transaction") { "transaction" } else { "event" };
    read_item(kind, &event, channel, take)?;
    Ok(event.get("event_id").and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn read_item(kind: &str, item: &Map<String, Value>, channel: &str, take: &mut Take<'_>) -> Result<(), Problem> {
    let mut finish = |draft: Draft| take(draft.finish(channel));
    match kind {
        "transaction" => span::transaction(item).try_for_each(finish),
        "log" => failure::logs(item).try_for_each(finish),
        "user_report" | "feedback" => finish(failure::feedback(item)),
        _ => finish(failure::event(item)),
    }
}

fn object(text: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(text).map_err(|error| Problem::bad_request(format!("an item is no JSON object: {error}")))
}

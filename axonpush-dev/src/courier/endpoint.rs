//! Where events are delivered to.

use serde_json::Value;

use crate::store::Document;

/// A webhook endpoint, as far as delivering is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(super) id: String,
    pub(super) url: String,
    channel_id: String,
    /// Every type when it is empty.
    event_types: Vec<String>,
    pub(super) secret: String,
    /// The last event that was there before it.
    pub(super) after: i64,
}

impl Endpoint {
    /// Adds what is kept about an endpoint and never shown.
    pub(crate) fn keep_private(document: &mut Document, secret: &str, after: i64) {
        document.insert(SECRET.to_owned(), secret.into());
        document.insert(AFTER.to_owned(), after.into());
    }

    /// What is shown of an endpoint.
    pub(crate) fn shown(mut document: Document) -> Document {
        document.remove(SECRET);
        document.remove(AFTER);
        document
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let text = |name| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let event_types = document.get("eventTypes").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            id: text("endpointId")?,
            url: text("url")?,
            channel_id: text("channelId")?,
            event_types: event_types.filter_map(Value::as_str).map(str::to_owned).collect(),
            secret: text(SECRET)?,
            after: document.get(AFTER)?.as_i64()?,
        })
    }

    pub(super) fn wants(&self, sequence: i64, channel_id: &str, event_type: &str) -> bool {
        let typed = self.event_types.is_empty() || self.event_types.iter().any(|wanted| wanted == event_type);
        typed && self.channel_id == channel_id && sequence > self.after
    }
}

pub(crate) const ENDPOINT: &str = "webhook endpoint";

const SECRET: &str = "secret";
const AFTER: &str = "after";

//! One delivery: its attempts, and what is noted of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::endpoint::{ENDPOINT, Endpoint};
use super::turns::Turns;
use crate::digest;
use crate::event::Row;
use crate::state::Shared;
use crate::store::{Document, NewDocument, StoreFailure, documents};

/// One event on its way to one endpoint.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(super) id: String,
    endpoint: Endpoint,
    pub(super) body: Bytes,
    /// How many there were before.
    pub(super) attempts: usize,
    /// Before the first attempt of this server.
    wait_until: Option<Timestamp>,
}

impl Delivery {
    /// Also returns what is kept of it.
    pub(super) fn new(endpoint: &Endpoint, row: &Row, body: Bytes, now: &str) -> (Self, NewDocument) {
        let id = Uuid::new_v4().to_string();
        let document = json!({
            "deliveryId": id, "endpointId": endpoint.id, "eventId": row.event_id, "createdAt": now,
            "status": "pending", "attempts": 0, SEQUENCE: row.sequence,
        });
        let document = document.as_object().cloned().unwrap_or_default();
        let kept = NewDocument { kind: DELIVERY, id: id.clone(), owner: endpoint.id.clone(), document };
        (Self { id, endpoint: endpoint.clone(), body, attempts: 0, wait_until: None }, kept)
    }

    /// One that goes on after so many attempts, and not before that time.
    pub(super) fn resumed(
        id: String,
        endpoint: Endpoint,
        row: &Row,
        attempts: usize,
        wait_until: Option<Timestamp>,
    ) -> Self {
        Self { id, endpoint, body: body(row), attempts, wait_until }
    }

    pub(super) fn endpoint_id(&self) -> &str {
        &self.endpoint.id
    }

    /// What is shown of a delivery.
    pub(crate) fn shown(mut document: Document) -> Document {
        document.remove(SEQUENCE);
        document
    }

    pub(super) async fn run(self, shared: Arc<Shared>, client: reqwest::Client, turns: Turns) {
        if let Some(time) = self.wait_until {
            shared.clock.reach(time).await;
        }
        for attempt in self.attempts + 1.. {
            let Some(socket) = turns.socket().await else { return };
            // It may have been deleted while this waited. A store that cannot tell is no reason not to try.
            if matches!(shared.store.document(ENDPOINT, self.endpoint.id.clone()).await, Ok(None)) {
                return;
            }
            let outcome = self.attempt(&client).await;
            drop(socket);
            let (status, error) = match outcome {
                Ok(status) if (200..300).contains(&status) => {
                    let success = Note { status_code: Some(status), ..Note::new("success", attempt) };
                    return note_at_last(&shared, &self.id, success).await;
                }
                Ok(status) => (Some(status), format!("the endpoint answered {status}")),
                Err(error) => (None, error),
            };
            let noted = Note { status_code: status, error: Some(error), ..Note::new("failed", attempt) };
            let Some(pause) = RETRIES.get(attempt - 1) else {
                return note_at_last(&shared, &self.id, noted).await;
            };
            let next = shared.clock.now().saturating_add(*pause).unwrap_or(Timestamp::MAX);
            let noted = Note { status: "retrying", next_retry_at: Some(next), ..noted };
            // The delivery matters more than what is told of it, so it goes on even if this cannot be noted.
            if note(&shared, &self.id, noted).await == Ok(false) {
                return;
            }
            shared.clock.reach(next).await;
        }
    }

    /// The status that the endpoint answered, or why it did not.
    async fn attempt(&self, client: &reqwest::Client) -> Result<u16, String> {
        if cfg!(not(feature = "https")) && is_https(&self.endpoint.url) {
            return Err("this server was built without the feature `https`".to_owned());
        }
        let request = client
            .post(&self.endpoint.url)
            .header("content-type", "application/json")
            .header("x-axonpush-signature", digest::hmac_hex(self.endpoint.secret.as_bytes(), &self.body))
            .body(self.body.clone());
        // The body of the answer is nobody's business, so it is not read.
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_timeout() => Err("the endpoint did not answer within 5 seconds".to_owned()),
            Err(error) if error.is_connect() => Err("the endpoint could not be reached".to_owned()),
            Err(_) => Err("the endpoint's answer was not HTTP".to_owned()),
        }
    }
}

/// How far a delivery got.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) status: &'static str,
    pub(super) attempts: usize,
    pub(super) status_code: Option<u16>,
    pub(super) next_retry_at: Option<Timestamp>,
    pub(super) error: Option<String>,
}

impl Note {
    pub(super) fn new(status: &'static str, attempts: usize) -> Self {
        Self { status, attempts, status_code: None, next_retry_at: None, error: None }
    }

    fn write(self, document: &mut Document) {
        for (name, value) in [
            ("status", self.status.into()),
            ("attempts", self.attempts.into()),
            ("statusCode", self.status_code.map_or(Value::Null, Value::from)),
            ("nextRetryAt", self.next_retry_at.map_or(Value::Null, |time| time.to_string().into())),
            ("error", self.error.map_or(Value::Null, Value::from)),
        ] {
            if value.is_null() {
                document.remove(name);
            } else {
                document.insert(name.to_owned(), value);
            }
        }
    }
}

/// Notes how far a delivery got. `false` when it went with its endpoint.
pub(super) async fn note(shared: &Shared, id: &str, note: Note) -> Result<bool, StoreFailure> {
    let id = id.to_owned();
    let noted = move |connection: &_| documents::update(connection, DELIVERY, &id, |kept| note.write(kept));
    Ok(shared.store.change(noted).await?.is_some())
}

/// The same for several that came to nothing.
pub(super) async fn note_all(shared: &Shared, failed: Vec<(String, Note)>) -> Result<(), StoreFailure> {
    let noted = move |connection: &Connection| {
        failed
            .into_iter()
            .try_for_each(|(id, note)| documents::update(connection, DELIVERY, &id, |kept| note.write(kept)).map(drop))
    };
    shared.store.change(noted).await
}

/// Forgets what is told of the oldest, once there are very many. What is under way is kept: the next server goes on with it.
pub(super) fn forget_oldest(connection: &Connection) -> rusqlite::Result<()> {
    documents::trim(connection, DELIVERY, MAX_KEPT, &UNDER_WAY)
}

/// Notes how a delivery ended, as soon as the store takes it: otherwise the next server would deliver once more.
async fn note_at_last(shared: &Shared, id: &str, last: Note) {
    while note(shared, id, last.clone()).await == Err(StoreFailure::Unwritable) {
        shared.pause(UNWRITABLE_PAUSE).await;
    }
}

/// The longest that a delivery waits after so many attempts.
pub(super) fn longest_pause(attempts: usize) -> SignedDuration {
    attempts.checked_sub(1).and_then(|last| RETRIES.get(last)).copied().unwrap_or_default()
}

fn is_https(url: &str) -> bool {
    url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// What is sent: the fields the service's webhooks had when they were last described.
pub(super) fn body(row: &Row) -> Bytes {
    let Some((event, _)) = row.read() else { return Bytes::new() };
    let body = json!({
        "id": row.event_id, "eventId": row.event_id, "identifier": event.identifier, "payload": event.payload,
        "metadata": event.metadata, "agentId": event.agent_id, "traceId": event.trace_id, "spanId": event.span_id,
        "eventType": event.event_type, "channelId": event.channel_id, "createdAt": row.created_at.to_string(),
    });
    body.to_string().into()
}

pub(crate) const DELIVERY: &str = "webhook delivery";

/// How many deliveries are kept to be listed, besides those under way.
const MAX_KEPT: u64 = 10_000;

/// What is told of a delivery that has not ended.
pub(super) const UNDER_WAY: [&str; 2] = ["pending", "retrying"];

/// Where its event is found. Kept and never shown.
pub(super) const SEQUENCE: &str = "sequence";

/// How long to wait after each attempt that failed.
const RETRIES: [SignedDuration; 5] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
];

/// How soon a store that could not be written is asked again.
pub(super) const UNWRITABLE_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, StorePolicy};

    #[tokio::test]
    async fn what_is_under_way_is_not_forgotten_however_much_was_delivered_since() {
        let store = Store::open(&StorePolicy { file: None, max_events: 1, max_bytes: 1 }).unwrap();
        let statuses = UNDER_WAY.into_iter().chain(["failed"]).chain(std::iter::repeat_n("success", 10_000));
        let kept = store.change(|connection| {
            for (n, status) in statuses.enumerate() {
                let document = Document::from_iter([("status".to_owned(), status.into())]);
                let new = NewDocument { kind: DELIVERY, id: n.to_string(), owner: String::new(), document };
                documents::save(connection, &new)?;
            }
            forget_oldest(connection)?;
            documents::list(connection, DELIVERY, None)
        });
        let kept = kept.await.unwrap();
        let of = |status: &str| kept.iter().filter(|document| document["status"] == status).count();
        assert_eq!([of("pending"), of("retrying"), of("failed"), of("success")], [1, 1, 0, 10_000]);
    }
}

//! One delivery: its attempts, and what is noted of them.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::endpoint::{ENDPOINT, Endpoint};
use crate::digest;
use crate::event::Row;
use crate::state::Shared;
use crate::store::{NewDocument, StoreFailure, documents};

/// One event on its way to one endpoint.
#[derive(Debug)]
pub(super) struct Delivery {
    id: String,
    event_id: String,
    endpoint: Endpoint,
    pub(super) body: Vec<u8>,
    created_at: String,
}

impl Delivery {
    pub(super) fn new(endpoint: &Endpoint, row: &Row, now: &str) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            event_id: row.event_id.clone(),
            endpoint: endpoint.clone(),
            body: body(row),
            created_at: now.to_owned(),
        }
    }

    pub(super) async fn run(self, shared: Arc<Shared>, client: reqwest::Client, at_once: Arc<Semaphore>) {
        for attempt in 1.. {
            let Ok(permit) = at_once.acquire().await else { return };
            // It may have been deleted while this waited.
            if !matches!(shared.store.document(ENDPOINT, self.endpoint.id.clone()).await, Ok(Some(_))) {
                return;
            }
            let outcome = self.attempt(&client).await;
            drop(permit);
            let (status, error) = match outcome {
                Ok(status) if (200..300).contains(&status) => {
                    let _ = self.note_answer(&shared, "success", attempt, Some(status), None, None).await;
                    return;
                }
                Ok(status) => (Some(status), format!("the endpoint answered {status}")),
                Err(error) => (None, error),
            };
            let Some(pause) = RETRIES.get(attempt - 1) else {
                let _ = self.note_answer(&shared, "failed", attempt, status, None, Some(&error)).await;
                return;
            };
            let Ok(next) = shared.clock.now().checked_add(*pause) else { return };
            let noted =
                self.note_answer(&shared, "retrying", attempt, status, Some(next.to_string()), Some(&error)).await;
            // The endpoint is gone, and its deliveries with it.
            if !noted.unwrap_or(false) {
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

    pub(super) async fn note(
        &self,
        shared: &Shared,
        status: &'static str,
        attempts: usize,
        next: Option<String>,
        error: Option<&str>,
    ) -> Result<bool, StoreFailure> {
        self.note_answer(shared, status, attempts, None, next, error).await
    }

    /// Notes how far the delivery got. `false` when it is no longer listed.
    async fn note_answer(
        &self,
        shared: &Shared,
        status: &'static str,
        attempts: usize,
        status_code: Option<u16>,
        next_retry_at: Option<String>,
        error: Option<&str>,
    ) -> Result<bool, StoreFailure> {
        let NewDocument { kind, id, mut document, .. } = self.document();
        for (name, value) in [
            ("status", status.into()),
            ("attempts", attempts.into()),
            ("statusCode", status_code.map_or(Value::Null, Value::from)),
            ("nextRetryAt", next_retry_at.map_or(Value::Null, Value::from)),
            ("error", error.map_or(Value::Null, Value::from)),
        ] {
            if value.is_null() {
                document.remove(name);
            } else {
                document.insert(name.to_owned(), value);
            }
        }
        let noted = move |connection: &_| documents::update(connection, kind, &id, |kept| *kept = document);
        Ok(shared.store.change(noted).await?.is_some())
    }

    pub(super) fn document(&self) -> NewDocument {
        let document = json!({
            "deliveryId": self.id, "endpointId": self.endpoint.id, "eventId": self.event_id,
            "createdAt": self.created_at, "status": "pending", "attempts": 0,
        });
        let document = document.as_object().cloned().unwrap_or_default();
        NewDocument { kind: DELIVERY, id: self.id.clone(), owner: self.endpoint.id.clone(), document }
    }
}

fn is_https(url: &str) -> bool {
    url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// What is sent: the fields the service's webhooks had when they were last described.
fn body(row: &Row) -> Vec<u8> {
    let Some((event, _)) = row.read() else { return Vec::new() };
    let body = json!({
        "id": row.event_id, "eventId": row.event_id, "identifier": event.identifier, "payload": event.payload,
        "metadata": event.metadata, "agentId": event.agent_id, "traceId": event.trace_id, "spanId": event.span_id,
        "eventType": event.event_type, "channelId": event.channel_id, "createdAt": row.created_at.to_string(),
    });
    body.to_string().into_bytes()
}

pub(crate) const DELIVERY: &str = "webhook delivery";

/// How long to wait after each attempt that failed.
const RETRIES: [SignedDuration; 5] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
];

//! Delivering events to webhook endpoints, signed and as often as it takes.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::digest;
use crate::event::Row;
use crate::state::Shared;
use crate::store::{Document, EventSearch, NewDocument, StoreFailure, documents};

/// A webhook endpoint, as far as delivering is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    id: String,
    url: String,
    channel_id: String,
    /// Every type when it is empty.
    event_types: Vec<String>,
    secret: String,
    /// The last event that was there before it.
    after: i64,
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

    fn read(document: &Document) -> Option<Self> {
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

    fn wants(&self, sequence: i64, channel_id: &str, event_type: &str) -> bool {
        let typed = self.event_types.is_empty() || self.event_types.iter().any(|wanted| wanted == event_type);
        typed && self.channel_id == channel_id && sequence > self.after
    }
}

/// Delivers what arrives from now on until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let client = reqwest::Client::builder().redirect(Policy::none()).timeout(ATTEMPT_TIMEOUT).no_proxy().build();
    // There is always one, unless TLS finds nothing on this machine to work with.
    let Ok(client) = client else { return };
    let mut arrived = shared.store.arrived();
    let mut seen = *arrived.borrow_and_update();
    let at_once = Arc::new(Semaphore::new(MAX_AT_ONCE));
    let mut deliveries = JoinSet::new();
    let mut bytes = 0;
    loop {
        tokio::select! {
            () = shared.stopping() => return,
            Some(done) = deliveries.join_next() => {
                bytes -= done.unwrap_or_default();
                continue;
            }
            changed = arrived.changed() => if changed.is_err() { return },
        }
        let high = *arrived.borrow_and_update();
        while seen < high {
            let Ok((due, last)) = due(&shared, seen, high).await else { break };
            seen = last;
            for delivery in due {
                while let Some(done) = deliveries.try_join_next() {
                    bytes -= done.unwrap_or_default();
                }
                let size = delivery.body.len();
                if deliveries.len() >= MAX_WAITING || bytes + size > MAX_WAITING_BYTES {
                    let _ = delivery.note(&shared, "failed", 0, None, Some("too many deliveries wait already")).await;
                    continue;
                }
                bytes += size;
                let run = delivery.run(Arc::clone(&shared), client.clone(), Arc::clone(&at_once));
                deliveries.spawn(async move {
                    run.await;
                    size
                });
            }
        }
    }
}

/// The deliveries that some of the events after `seen` call for, and the last event looked at.
async fn due(shared: &Shared, seen: i64, high: i64) -> Result<(Vec<Delivery>, i64), StoreFailure> {
    let now = shared.clock.text();
    shared
        .store
        .change(move |connection| {
            let endpoints = documents::list(connection, ENDPOINT, None)?;
            let endpoints: Vec<_> = endpoints.iter().filter_map(Endpoint::read).collect();
            if endpoints.is_empty() {
                return Ok((Vec::new(), high));
            }
            let rows = EventSearch::everything().after(connection, seen, high, PAGE)?;
            let last = rows.last().filter(|_| rows.len() == PAGE as usize).map_or(high, |row| row.sequence);
            let mut due = Vec::new();
            for row in &rows {
                let Some((event, _)) = row.read() else { continue };
                for endpoint in &endpoints {
                    if endpoint.wants(row.sequence, &event.channel_id, &event.event_type) {
                        let delivery = Delivery::new(endpoint, row, &now);
                        documents::save(connection, &delivery.document())?;
                        due.push(delivery);
                    }
                }
            }
            if !due.is_empty() {
                documents::trim(connection, DELIVERY, MAX_KEPT)?;
            }
            Ok((due, last))
        })
        .await
}

/// One event on its way to one endpoint.
#[derive(Debug)]
struct Delivery {
    id: String,
    event_id: String,
    endpoint: Endpoint,
    body: Vec<u8>,
    created_at: String,
}

impl Delivery {
    fn new(endpoint: &Endpoint, row: &Row, now: &str) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            event_id: row.event_id.clone(),
            endpoint: endpoint.clone(),
            body: body(row),
            created_at: now.to_owned(),
        }
    }

    async fn run(self, shared: Arc<Shared>, client: reqwest::Client, at_once: Arc<Semaphore>) {
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

    async fn note(
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

    fn document(&self) -> NewDocument {
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

pub(crate) const ENDPOINT: &str = "webhook endpoint";
pub(crate) const DELIVERY: &str = "webhook delivery";

const SECRET: &str = "secret";
const AFTER: &str = "after";

/// How long to wait after each attempt that failed.
const RETRIES: [SignedDuration; 5] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
];

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// An endpoint that is slow must not take every socket.
const MAX_AT_ONCE: usize = 8;

/// How many deliveries may wait for their turn or their next attempt.
const MAX_WAITING: usize = 1_000;

/// How many bytes they may have together.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// How many deliveries are kept to be listed.
const MAX_KEPT: u64 = 10_000;

const PAGE: u32 = 64;

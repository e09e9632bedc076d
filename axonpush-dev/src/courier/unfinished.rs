//! Deliveries that were under way when the last server on the same file ended.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use super::delivery::{DELIVERY, Delivery, Note, SEQUENCE, UNDER_WAY, longest_pause, note};
use super::endpoint::{ENDPOINT, Endpoint};
use crate::state::Shared;
use crate::store::{Document, EventSearch, StoreFailure, documents};

/// A delivery as it was noted last. Its body is made anew when it is taken up, one at a time.
#[derive(Debug)]
pub(super) struct Unfinished {
    id: String,
    endpoint_id: String,
    event_id: String,
    sequence: i64,
    attempts: usize,
    wait_until: Option<Timestamp>,
}

impl Unfinished {
    /// All of them, oldest first.
    pub(super) fn list(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Self>> {
        let noted = documents::list(connection, DELIVERY, None)?;
        Ok(noted.iter().rev().filter_map(|document| Self::read(document, now)).collect())
    }

    fn read(document: &Document, now: Timestamp) -> Option<Self> {
        let text = |name| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name| document.get(name).and_then(Value::as_i64).unwrap_or_default();
        UNDER_WAY.contains(&text("status")?.as_str()).then_some(())?;
        let attempts = usize::try_from(number("attempts")).unwrap_or_default();
        // Where a test had moved the clock of the last server, the time may be far from now.
        let latest = now.saturating_add(longest_pause(attempts)).unwrap_or(Timestamp::MAX);
        let next_attempt: Option<Timestamp> = text("nextRetryAt").and_then(|time| time.parse().ok());
        Some(Self {
            id: text("deliveryId")?,
            endpoint_id: text("endpointId")?,
            event_id: text("eventId")?,
            sequence: number(SEQUENCE),
            attempts,
            wait_until: next_attempt.map(|time| time.min(latest)),
        })
    }

    /// The delivery as it goes on. `None` when it cannot, which is noted.
    pub(super) async fn resume(self, shared: &Shared) -> Result<Option<Delivery>, StoreFailure> {
        let Self { id, endpoint_id, event_id, sequence, attempts, wait_until } = self;
        let find = move |connection: &Connection| {
            let endpoint = documents::find(connection, ENDPOINT, &endpoint_id)?;
            let row = EventSearch::everything().after(connection, sequence.saturating_sub(1), sequence, 1)?.pop();
            Ok((endpoint.as_ref().and_then(Endpoint::read), row.filter(|row| row.event_id == event_id)))
        };
        let (endpoint, row) = shared.store.read(find).await?;
        // Its deliveries went with it.
        let Some(endpoint) = endpoint else { return Ok(None) };
        let Some(row) = row else {
            let error = "the event had made room for newer ones when the server started again".to_owned();
            // Where it cannot be noted now, the next server comes to the same end.
            let _ = note(shared, &id, Note { error: Some(error), ..Note::new("failed", attempts) }).await;
            return Ok(None);
        };
        Ok(Some(Delivery::resumed(id, endpoint, &row, attempts, wait_until)))
    }
}

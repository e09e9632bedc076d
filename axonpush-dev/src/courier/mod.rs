//! Delivering events to webhook endpoints, signed and as often as it takes.
//!
//! What is to be delivered is noted in the same commit as how far the events were looked through, so that a server that
//! starts again on a file goes on where the last one ended: with everything once, and with what was under way once more.

mod delivery;
mod endpoint;
mod round;
mod turns;
mod unfinished;

use std::sync::Arc;

use serde_json::{Value, json};

pub(crate) use delivery::{DELIVERY, Delivery};
pub(crate) use endpoint::{ENDPOINT, Endpoint};

use crate::state::Shared;
use crate::store::{Document, EventSearch, NewDocument, StoreFailure, documents, last_sequence};
use delivery::UNWRITABLE_PAUSE;
use round::Round;
use unfinished::Unfinished;

/// Delivers what arrives.
#[derive(Debug)]
pub(crate) struct Courier {
    /// The last event that was looked at.
    seen: i64,
    unfinished: Vec<Unfinished>,
}

impl Courier {
    /// Takes up what the last server on the same file left.
    pub(crate) async fn open(shared: &Shared) -> Result<Self, StoreFailure> {
        let now = shared.clock.now();
        let unfinished = shared.store.read(move |connection| Unfinished::list(connection, now)).await?;
        let seen = shared.store.change(|connection| {
            if let Some(progress) = documents::find(connection, PROGRESS, PROGRESS)? {
                return Ok(progress.get(SEEN).and_then(Value::as_i64).unwrap_or_default());
            }
            let newest = last_sequence(connection)?;
            documents::save(connection, &progress(newest))?;
            Ok(newest)
        });
        Ok(Self { seen: seen.await?, unfinished })
    }

    /// Delivers until the server stops.
    pub(crate) async fn run(self, shared: Arc<Shared>) {
        let Some(mut round) = Round::new(Arc::clone(&shared)) else { return };
        let mut arrived = shared.store.arrived();
        for unfinished in self.unfinished {
            if let Ok(Some(delivery)) = unfinished.resume(&shared).await {
                round.resume(delivery).await;
            }
        }
        let mut seen = self.seen;
        loop {
            let high = *arrived.borrow_and_update();
            while seen < high {
                // A full disk has no room for what is due either, and the next event may be long in coming.
                let Ok((due, last)) = due(&shared, seen, high).await else { break };
                seen = last;
                round.take(due).await;
            }
            tokio::select! {
                () = shared.stopping() => return,
                () = round.end() => {}
                () = shared.pause(UNWRITABLE_PAUSE), if seen < high => {}
                changed = arrived.changed() => if changed.is_err() { return },
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
            // What was there before the first of them is for none.
            let Some(first) = endpoints.iter().map(|endpoint| endpoint.after).min() else {
                return Ok((Vec::new(), high));
            };
            let rows = EventSearch::everything().after(connection, seen.max(first), high, PAGE)?;
            let last = rows.last().filter(|_| rows.len() == PAGE as usize).map_or(high, |row| row.sequence);
            let mut due = Vec::new();
            for row in &rows {
                let Some((event, _)) = row.read() else { continue };
                let mut body = None;
                for endpoint in &endpoints {
                    if endpoint.wants(row.sequence, &event.channel_id, &event.event_type) {
                        // One for all of them: there may be many.
                        let body = body.get_or_insert_with(|| delivery::body(row)).clone();
                        let (delivery, document) = Delivery::new(endpoint, row, body, &now);
                        documents::save(connection, &document)?;
                        due.push(delivery);
                    }
                }
            }
            if !due.is_empty() {
                delivery::forget_oldest(connection)?;
            }
            documents::save(connection, &progress(last))?;
            Ok((due, last))
        })
        .await
}

fn progress(seen: i64) -> NewDocument {
    let document = Document::from_iter([(SEEN.to_owned(), json!(seen))]);
    NewDocument { kind: PROGRESS, id: PROGRESS.to_owned(), owner: String::new(), document }
}

const PROGRESS: &str = "webhook progress";
const SEEN: &str = "seen";

const PAGE: u32 = 64;

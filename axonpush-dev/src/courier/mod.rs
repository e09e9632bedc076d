//! Delivering events to webhook endpoints, signed and as often as it takes.

mod delivery;
mod endpoint;

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) use delivery::DELIVERY;
pub(crate) use endpoint::{ENDPOINT, Endpoint};

use crate::state::Shared;
use crate::store::{EventSearch, StoreFailure, documents};
use delivery::Delivery;

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

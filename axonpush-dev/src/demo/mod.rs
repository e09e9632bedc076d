//! An hour in the life of a small shop: something to look at before an application sends anything.
//!
//! After a quarter of an hour a new version goes live, which trips over old coupons. In the middle the payment provider
//! slows down and fails, and with it the orders. An assistant answers customers all the while, and has to give up once.
//!
//! The story is the same each time, down to the ids of traces and requests; only the hour moves, so that it ends now.

mod assistant;
mod dice;
mod incidents;
mod pen;
mod shop;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::event::EventBody;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{NewEvent, StoreFailure};
use pen::Pen;

/// Stores the story as if it had been sent over the last hour.
pub(crate) async fn seed(shared: &Shared) -> Result<(), StoreFailure> {
    let events: Vec<_> = story(shared.clock.now()).iter().filter_map(|(at, body)| sent(body, *at)).collect();
    shared.store.insert_all(events).await?;
    Ok(())
}

/// The events of the hour before `now`, oldest first, and when each arrived.
fn story(now: Timestamp) -> Vec<(Timestamp, Value)> {
    let mut pen = Pen::new(now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now));
    incidents::tell(&mut pen);
    shop::tell(&mut pen);
    assistant::tell(&mut pen);
    pen.finish(HOUR)
}

fn sent(body: &Value, at: Timestamp) -> Option<NewEvent> {
    let bytes = Bytes::from(body.to_string());
    let parsed = EventBody::parse(&bytes, true).ok()?;
    let request = ReceivedRequest {
        method: "POST".to_owned(),
        path: "/event".to_owned(),
        query: None,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: bytes,
    };
    Some(NewEvent::sent(&parsed, &request, at))
}

const HOUR: Duration = Duration::from_secs(3_600);

const fn minute(minute: u64) -> Duration {
    Duration::from_secs(60 * minute)
}

//! Publishing events and finding them again.

use std::{collections::VecDeque, fmt, pin::Pin};

use serde::Deserialize;

use super::{EventQuery, StoredEvent};
use crate::{
    client::AxonPush,
    error::{Error, Kind},
    event::{Event, Receipt},
    queue::WhenFull,
    transport::Request,
};

/// Awaited publishes that [`Events::publish_many`] keeps in flight.
const CONCURRENCY: usize = 16;

impl AxonPush {
    /// Publishing events and finding them again.
    pub fn events(&self) -> Events<'_> {
        Events { client: self }
    }
}

/// Publishing events and finding them again; made by [`AxonPush::events`].
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    client: &'a AxonPush,
}

impl Events<'_> {
    /// Publishes an event and awaits the server's receipt, with retries (see [`RetryPolicy`](crate::RetryPolicy)).
    ///
    /// When the server can't be reached and [`fail_open`](crate::AxonPushBuilder::fail_open) is on, which it is by
    /// default, the event moves to the background queue and the receipt
    /// [says so](crate::Receipt::is_deferred). An event is never stored twice, however often it was tried.
    ///
    /// Not cancel safe in the strict sense: when the future is dropped, the event may or may not have been published.
    ///
    /// # Errors
    ///
    /// When the event is malformed or too large, the server refuses it, or every attempt failed.
    pub async fn publish(&self, event: Event) -> Result<Receipt, Error> {
        self.client.publish(event).await
    }

    /// Publishes many events, up to 16 at a time, and answers for each one, in their order.
    pub async fn publish_many(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, Error>> {
        let mut events = events.into_iter();
        let mut window: VecDeque<Slot<'_>> = VecDeque::with_capacity(CONCURRENCY);
        let mut answers = Vec::new();
        std::future::poll_fn(|cx| {
            loop {
                while window.len() < CONCURRENCY {
                    let Some(event) = events.next() else { break };
                    window.push_back(Slot::Pending(Box::pin(self.publish(event))));
                }
                for slot in &mut window {
                    if let Slot::Pending(publish) = slot
                        && let std::task::Poll::Ready(answer) = publish.as_mut().poll(cx)
                    {
                        *slot = Slot::Done(answer);
                    }
                }
                let before = window.len();
                while let Some(Slot::Done(_)) = window.front() {
                    if let Some(Slot::Done(answer)) = window.pop_front() {
                        answers.push(answer);
                    }
                }
                if window.is_empty() && before == 0 {
                    return std::task::Poll::Ready(());
                }
                if window.len() == before {
                    return std::task::Poll::Pending;
                }
            }
        })
        .await;
        answers
    }

    /// Hands an event to the background queue and returns at once, in any thread, with or without a runtime.
    ///
    /// A malformed event, or one after shutdown, is counted in [`Stats::refused`](crate::Stats::refused) and explained
    /// by [`AxonPush::last_error`]. When the queue is full, its [`OverflowPolicy`](crate::OverflowPolicy) decides.
    #[expect(clippy::needless_pass_by_value, reason = "handing over is what the caller means")]
    pub fn enqueue(&self, event: Event) {
        if let Err(error) = self.client.enqueue(&event, WhenFull::ApplyPolicy) {
            self.client.refuse(error);
        }
    }

    /// As [`enqueue`](Self::enqueue), but gives the event back when there is no room for it.
    ///
    /// # Errors
    ///
    /// When the queue is full, the event is malformed, or the client was shut down. The error holds the event.
    pub fn try_enqueue(&self, event: Event) -> Result<(), TryEnqueueError> {
        match self.client.enqueue(&event, WhenFull::GiveBack) {
            Ok(()) => Ok(()),
            Err(error) => Err(TryEnqueueError(Box::new((event, error)))),
        }
    }

    /// Finds stored events, newest first. A disabled client finds none.
    ///
    /// Ingest is asynchronous: an event is usually found within milliseconds of its receipt.
    ///
    /// # Errors
    ///
    /// When the query's limit is not in 1 to 500, the server refuses the query, or every attempt failed.
    pub async fn search(&self, query: EventQuery) -> Result<Vec<StoredEvent>, Error> {
        let request = Request::get("searching events", "/events").query(query.into_pairs()?);
        self.client.send(request, read_events).await.unwrap_or_else(|| Ok(Vec::new()))
    }
}

enum Slot<'a> {
    Pending(Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send + 'a>>),
    Done(Result<Receipt, Error>),
}

/// An event that was not enqueued, and why.
pub struct TryEnqueueError(Box<(Event, Error)>);

impl TryEnqueueError {
    /// The event, to try again or to keep.
    pub fn into_event(self) -> Event {
        self.0.0
    }

    /// Why it was not enqueued.
    pub fn error(&self) -> &Error {
        &self.0.1
    }
}

impl fmt::Debug for TryEnqueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryEnqueueError").field("event", &self.0.0).field("error", &self.0.1).finish()
    }
}

impl fmt::Display for TryEnqueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event `{}` was not enqueued: {}", self.0.0.identifier(), self.0.1)
    }
}

impl std::error::Error for TryEnqueueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.1)
    }
}

/// Reads a list in any of the shapes servers have used: a named envelope, `{data}`, or a bare array.
fn read_events(body: &[u8]) -> Result<Vec<StoredEvent>, Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Bare(Vec<StoredEvent>),
        Enveloped {
            #[serde(alias = "data")]
            events: Option<Vec<StoredEvent>>,
        },
    }
    let list = serde_json::from_slice(body).map_err(|error| {
        Error::new(
            Kind::Response,
            format!("the server's answer ({} bytes) is no list of events; is AXONPUSH_BASE_URL right?", body.len()),
        )
        .with_source(error)
    })?;
    Ok(match list {
        List::Bare(events) => events,
        List::Enveloped { events } => events.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_era_are_read() {
        let event = r#"{"eventId":"e1","channelId":7,"eventType":"custom","new":1}"#;
        for body in [
            format!(r#"{{"events":[{event}],"$schema":"x"}}"#),
            format!(r#"{{"data":[{event}],"meta":{{}}}}"#),
            format!("[{event}]"),
        ] {
            let events = read_events(body.as_bytes()).unwrap();
            assert_eq!((events[0].event_id.as_str(), events[0].channel_id.as_str()), ("e1", "7"));
        }
        assert!(read_events(br#"{"events":null}"#).unwrap().is_empty());
        assert!(read_events(b"<html>").unwrap_err().is_unconfirmed());
    }

    #[tokio::test]
    async fn a_disabled_client_takes_everything_and_does_nothing() {
        let client = AxonPush::disabled();
        client.events().enqueue(Event::new("x"));
        assert!(client.events().try_enqueue(Event::new("x")).is_ok());
        assert_eq!(client.events().publish(Event::new("x")).await.unwrap().status(), "disabled");
        assert!(client.events().publish(Event::new(" ")).await.unwrap_err().is_invalid());
        assert_eq!(client.events().publish_many((0..40).map(|_| Event::new("x"))).await.len(), 40);
        assert!(client.events().search(EventQuery::new()).await.unwrap().is_empty());
        assert!(client.events().search(EventQuery::new().limit(0)).await.is_err());
        assert_eq!(client.stats(), crate::publisher::Stats::default());
    }
}

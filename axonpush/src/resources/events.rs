//! Publishing events and finding them again.

use std::{fmt, pin::Pin, task::Poll};

use http::Method;

use super::{StoredEvent, query::EventQuery};
use crate::{
    client::AxonPush,
    error::Error,
    event::{Event, Receipt},
    queue::{LostEvent, WhenFull},
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
    /// The [`RequestContext`](crate::RequestContext) that completes the event is the one in force when the future is
    /// first polled, not when it is made: a publish that is spawned as a task of its own has to take it along.
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
    ///
    /// Each event is one [`publish`](Self::publish), completed from the context in force when its turn comes, and one
    /// that is slow holds up no other. Answers are kept until the last one is there: about 100 bytes an event.
    ///
    /// Not cancel safe: when the future is dropped, the answers are lost with it. Of the events, those not begun stay
    /// unpublished, and each of the up to 16 in flight may or may not have been published.
    pub async fn publish_many(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, Error>> {
        let mut events = events.into_iter().fuse();
        let mut in_flight: Vec<(usize, Publish<'_>)> = Vec::with_capacity(CONCURRENCY);
        let mut answers = Vec::new();
        std::future::poll_fn(|cx| {
            loop {
                while in_flight.len() < CONCURRENCY
                    && let Some(event) = events.next()
                {
                    in_flight.push((answers.len(), Box::pin(self.publish(event))));
                    answers.push(None);
                }
                let before = in_flight.len();
                in_flight.retain_mut(|(place, publish)| match publish.as_mut().poll(cx) {
                    Poll::Pending => true,
                    Poll::Ready(answer) => {
                        if let Some(slot) = answers.get_mut(*place) {
                            *slot = Some(answer);
                        }
                        false
                    }
                });
                match in_flight.len() {
                    0 if before < CONCURRENCY => return Poll::Ready(()),
                    left if left == before => return Poll::Pending,
                    // Whoever takes a free place has to be polled.
                    _ => {}
                }
            }
        })
        .await;
        answers.into_iter().flatten().collect()
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

    /// Hands a lost event, which the loss hook was given, to the background queue once more: the same bytes with the
    /// same `dedupKey`, on the same way, so that the server stores it once however often it is offered. The client may
    /// be another one than that which lost it.
    ///
    /// Refused and counted like [`enqueue`](Self::enqueue). The hook itself runs on the worker's thread, where events
    /// offered are ignored and counted as [`suppressed`](crate::Stats::suppressed): it passes them to another thread.
    ///
    /// ```
    /// use axonpush::{AxonPush, LostEvent};
    /// use std::sync::mpsc;
    ///
    /// let (lost, again) = mpsc::channel::<Vec<LostEvent>>();
    /// # let settings = AxonPush::builder().api_key("ak_doc");
    /// let client = settings.on_loss(move |events| drop(lost.send(events.events().to_vec()))).build()?;
    /// // On a thread of the application, when it is time:
    /// for event in again.try_iter().flatten() {
    ///     client.events().enqueue_again(&event);
    /// }
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    pub fn enqueue_again(&self, event: &LostEvent) {
        if let Err(error) = self.client.enqueue_again(event) {
            self.client.refuse(error);
        }
    }

    /// As [`enqueue`](Self::enqueue), but gives the event back when there is no room for it.
    ///
    /// # Errors
    ///
    /// When the queue is full, the event is malformed, or the client was shut down. The error holds the event. A
    /// disabled client still refuses what is malformed.
    pub fn try_enqueue(&self, event: Event) -> Result<(), TryEnqueueError> {
        let valid = if self.client.is_disabled() { event.validate() } else { Ok(()) };
        match valid.and_then(|()| self.client.enqueue(&event, WhenFull::GiveBack)) {
            Ok(()) => Ok(()),
            Err(error) => Err(TryEnqueueError(Box::new((event, error)))),
        }
    }

    /// Finds stored events, newest first. A disabled client finds none.
    ///
    /// Ingest is asynchronous: an event is usually found within milliseconds of its receipt.
    ///
    /// Cancel safe: nothing changes when the future is dropped, and the search can be asked for again.
    ///
    /// # Errors
    ///
    /// When the query's limit is not in 1 to 500, the server refuses the query, or every attempt failed.
    pub async fn search(&self, query: EventQuery) -> Result<Vec<StoredEvent>, Error> {
        self.client.operation("searching events", Method::GET, "/events").filtered(query.into_query()).ask().await
    }
}

type Publish<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send + 'a>>;

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
        write!(f, "event `{}` was not enqueued: {}", self.0.0.shown(), self.0.1)
    }
}

impl std::error::Error for TryEnqueueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::read::Answer;

    fn read_events(body: &[u8]) -> Result<Vec<StoredEvent>, Error> {
        Answer::read(body)
    }

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
        for body in [r#"{"events":null}"#, r#"{"data":null}"#, r#"{"events":[],"data":null}"#, "[]"] {
            assert!(read_events(body.as_bytes()).unwrap().is_empty(), "{body}");
        }
    }

    #[test]
    fn a_superset_of_shapes_is_one_list() {
        for (body, ids) in [
            (r#"{"events":[{"eventId":1}],"data":[{"eventId":1}]}"#, vec!["1"]),
            (r#"{"data":[{"eventId":"a"}],"events":null}"#, vec!["a"]),
            (
                r#"{"events":[{"eventId":"a","id":9,"status":[]},{"id":"b"},null,{"eventId":{}}]}"#,
                vec!["a", "b", "", ""],
            ),
        ] {
            let events = read_events(body.as_bytes()).unwrap();
            assert_eq!(events.iter().map(|event| event.event_id.as_str()).collect::<Vec<_>>(), ids, "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_list_is_no_empty_list() {
        for body in ["", "<html>", "{}", r#"{"login":"/wifi"}"#, r#"{"events":{}}"#, r#"{"data":"x"}"#, "null", "7"] {
            assert!(read_events(body.as_bytes()).unwrap_err().is_unconfirmed(), "{body}");
        }
    }

    #[test]
    fn an_event_given_back_is_named_briefly_and_on_one_line() {
        let event = Event::new(format!("a\r\nb\u{1b}[31m\u{202e}{}", "é".repeat(500)));
        let shown = TryEnqueueError(Box::new((event, Error::closed()))).to_string();
        assert!(shown.len() < 200 && shown.contains("a  b [31m é"), "{shown}");
    }

    #[tokio::test]
    async fn a_slow_event_holds_up_no_other() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, mut served) = tokio::sync::mpsc::unbounded_channel();
        let release = std::sync::Arc::new(tokio::sync::Notify::new());
        let slow = release.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (tell, slow) = (tell.clone(), slow.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 64 << 10];
                    let mut len = 0;
                    loop {
                        len += socket.read(&mut request[len..]).await.unwrap();
                        if request[..len].ends_with(b"}") {
                            break;
                        }
                    }
                    if String::from_utf8_lossy(&request[..len]).contains("slow") {
                        slow.notified().await;
                    } else {
                        tell.send(()).unwrap();
                    }
                    let answer =
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"eventId\":\"e\"}";
                    socket.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        let client = AxonPush::builder().api_key("ak_1").base_url(url).fail_open(false);
        let client = client.timeout(std::time::Duration::from_secs(8)).build().unwrap();
        let events = (0..40).map(|i| Event::new(if i == 0 { "slow" } else { "quick" }));
        let all_quick = async {
            for _ in 1..40 {
                served.recv().await.unwrap();
            }
            release.notify_one();
        };
        let events_api = client.events();
        let (answers, ()) = tokio::join!(events_api.publish_many(events), all_quick);
        assert_eq!((answers.len(), answers.iter().filter(|answer| answer.is_ok()).count()), (40, 40));
        assert!(client.shutdown(std::time::Duration::from_secs(5)).await.is_complete());
    }

    #[tokio::test]
    async fn a_disabled_client_takes_everything_and_does_nothing() {
        let client = AxonPush::disabled();
        client.events().enqueue(Event::new("x"));
        assert!(client.events().try_enqueue(Event::new("x")).is_ok());
        assert!(client.events().try_enqueue(Event::new(" ")).unwrap_err().error().is_invalid());
        assert_eq!(client.events().publish(Event::new("x")).await.unwrap().status(), "disabled");
        assert!(client.events().publish(Event::new(" ")).await.unwrap_err().is_invalid());
        assert_eq!(client.events().publish_many((0..40).map(|_| Event::new("x"))).await.len(), 40);
        assert!(client.events().search(EventQuery::new()).await.unwrap().is_empty());
        assert!(client.events().search(EventQuery::new().limit(0)).await.is_err());
        assert_eq!(client.stats(), crate::publisher::Stats::default());
    }
}

//! Testing code that publishes, without a server and without sockets. Needs the feature `testing`, which belongs under
//! `[dev-dependencies]`.
//!
//! A [`MemorySink`] takes the place of the network. Everything before it is the real client: encoding, redaction, the
//! queue with its bounds, retries, the breaker.
//!
//! ```
//! use axonpush::{AxonPush, Event, EventType, testing::MemorySink};
//! use std::time::Duration;
//!
//! async fn place_order(client: &AxonPush) {
//!     client.events().enqueue(Event::new("order.placed").agent_id("checkout").attribute("total", 129.95));
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let sink = MemorySink::new();
//! let client = sink.client();
//! place_order(&client).await;
//! assert!(client.flush(Duration::from_secs(1)).await.is_complete());
//!
//! let event = sink.expect("order.placed").agent("checkout").attribute("total", 129.95).once();
//! assert_eq!(event.event_type(), EventType::Custom);
//! sink.expect("order.cancelled").never();
//! # });
//! ```
//!
//! # Faults
//!
//! [`MemorySink::answer`] scripts the next answers, [`MemorySink::always`] all of them.
//!
//! With the feature `sinks` a [`MemorySink`] may also be one of a client's sinks, for tests of what goes where.
//!
//! # Virtual time
//!
//! A client made inside a tokio runtime works on that runtime, with its clock. Where the clock is paused
//! (`#[tokio::test(start_paused = true)]`, tokio's feature `test-util`), hours of outage pass in microseconds, and a test
//! sees the same history every time:
//!
//! ```
//! use axonpush::{Event, testing::{Answer, MemorySink}};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let sink = MemorySink::new();
//! sink.always(Answer::no_connection());
//! let client = sink.client();
//! client.events().enqueue(Event::new("order.placed"));
//! let report = client.flush(Duration::from_secs(120)).await;
//! assert_eq!(report.left(), 1);
//!
//! sink.always(Answer::accept());
//! assert!(client.flush(Duration::from_secs(10)).await.is_complete());
//! sink.expect("order.placed").once();
//! # });
//! ```
//!
//! There [`AxonPush::blocking`](crate::AxonPush::blocking), [`DeliveryMode::Sync`](crate::DeliveryMode::Sync) and dropping
//! the last client don't wait, because the worker needs the thread they would block: await `flush` or `shutdown`. A client
//! made outside any runtime has a worker thread of its own and real time, as always.

mod answer;
#[cfg(feature = "sinks")]
mod beside;
mod expect;
mod sent;
mod sink;

pub use self::{answer::Answer, expect::Expectation, sent::SentEvent, sink::MemorySink};

#[cfg(test)]
mod tests;

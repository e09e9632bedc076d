//! One HTTP request with its response, told without a framework.
//!
//! This is what the web crates are made of, and what an adapter for another framework needs: gather
//! [`RequestFacts`], [`begin`](ExchangePolicy::begin) the exchange, run the handler inside the recorder's
//! [context](ExchangeRecorder::context), and tell the [`ExchangeRecorder`] how it went. It reports each exchange
//! exactly once, however it ends; dropping it is an ending too.
//!
//! ```
//! use axonpush::{AxonPush, exchange::{ExchangePolicy, RequestFacts}};
//!
//! let policy = ExchangePolicy::new();
//! let facts = RequestFacts::new("my-framework", "GET", "/orders/42").route("/orders/{id}").scheme("http");
//! let mut recorder = policy.begin(&AxonPush::disabled(), &facts, &|_name: &str| None);
//! recorder.context().sync_scope(|| { /* the handler runs here */ });
//! recorder.headers_sent(200);
//! recorder.body_sent(1024);
//! recorder.complete();
//! ```

mod facts;
mod marker;
mod outcome;
mod pending;
mod policy;
mod recorder;
mod serving;
#[cfg(test)]
mod tests;

pub use facts::{RequestFacts, SingleHeader};
pub use marker::ExchangeMarker;
pub use policy::ExchangePolicy;
pub use recorder::{ExchangeRecorder, REQUEST_ID_HEADER};
pub use serving::{DRAIN_TIMEOUT, ServeReport, Stopping};

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
//! let facts = RequestFacts::new("my-framework", "GET", "/orders/42")
//!     .with_route(Some("/orders/{id}"))
//!     .with_scheme("http");
//! let mut recorder = policy.begin(&AxonPush::disabled(), &facts, &|_name, _each| {});
//! recorder.context().sync_scope(|| { /* the handler runs here */ });
//! recorder.headers_sent(200, &|_name, _each| {});
//! recorder.body_sent(1024);
//! recorder.complete();
//! ```

mod end;
mod entries;
mod facts;
mod marker;
mod memo;
mod open;
mod outcome;
mod pending;
mod policies;
mod policy;
mod recorder;
mod serving;
mod stamp;
mod telling;
mod template;
#[cfg(test)]
mod tests;
mod websocket;

pub use crate::context::HeaderValues;
pub use end::ExchangeEnd;
pub use facts::RequestFacts;
pub use marker::ExchangeMarker;
pub use open::OpenExchange;
pub use outcome::ExchangeOutcome;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use policies::check_forwarded;
pub use policies::{
    ClientAddressPolicy, ForwardedHeader, HeaderPolicy, LifecyclePolicy, QueryPolicy, RequestIdPolicy, TracePolicy,
};
pub use policy::ExchangePolicy;
pub use recorder::{ExchangeRecorder, REQUEST_ID_HEADER};
pub use serving::{DRAIN_TIMEOUT, ServeReport, Stopping};
pub use websocket::WebSocketRecorder;

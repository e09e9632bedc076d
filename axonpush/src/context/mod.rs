//! What surrounds an event: the request it belongs to, its trace, and whether the SDK itself is at work.

mod baggage;
mod binding;
mod carry;
#[cfg(any(test, fuzzing))]
pub mod checks;
pub(crate) mod hex;
mod hold;
mod inbound;
mod open;
mod request_id;
mod scope;
#[cfg(feature = "tracing-context")]
mod spans;
pub(crate) mod suppress;
mod traceparent;
mod tracestate;

pub use baggage::Baggage;
pub use binding::BoundAttribute;
pub(crate) use carry::in_force;
pub use carry::{InContext, InCurrentContext};
pub(crate) use hold::{HoldLimits, Holder};
pub use inbound::HeaderValues;
pub(crate) use inbound::single;
pub(crate) use open::{OpenRequest, OpenRequests, Place};
pub use request_id::RequestId;
pub use scope::{RequestContext, RequestContextBuilder};
#[cfg(feature = "tracing-context")]
pub use spans::ContextLayer;
pub use traceparent::TraceParent;
pub use tracestate::TraceState;

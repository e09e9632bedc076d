//! What surrounds an event: the request it belongs to, its trace, and whether the SDK itself is at work.

mod binding;
mod carry;
mod open;
mod request_id;
mod scope;
#[cfg(feature = "tracing-context")]
mod spans;
pub(crate) mod suppress;
mod traceparent;

pub use binding::BoundAttribute;
pub use carry::{InContext, InCurrentContext};
pub(crate) use open::{OpenRequest, OpenRequests, Place};
pub use request_id::RequestId;
pub use scope::{RequestContext, RequestContextBuilder};
#[cfg(feature = "tracing-context")]
pub use spans::ContextLayer;
pub use traceparent::TraceParent;

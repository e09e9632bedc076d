//! What surrounds an event: the request it belongs to, its trace, and whether the SDK itself is at work.

mod baggage;
mod inbound;
mod request_id;
mod scope;
pub(crate) mod suppress;
mod traceparent;
mod tracestate;

pub use baggage::Baggage;
pub use request_id::RequestId;
pub use scope::{InContext, RequestContext, RequestContextBuilder};
pub use traceparent::TraceParent;
pub use tracestate::TraceState;

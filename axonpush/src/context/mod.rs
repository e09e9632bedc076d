//! What surrounds an event: the request it belongs to, its trace, and whether the SDK itself is at work.

mod open;
mod request_id;
mod scope;
pub(crate) mod suppress;
mod traceparent;

pub(crate) use open::{OpenRequest, OpenRequests, Place};
pub use request_id::RequestId;
pub use scope::{InContext, RequestContext, RequestContextBuilder};
pub use traceparent::TraceParent;

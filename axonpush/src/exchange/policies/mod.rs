//! What to believe of a request, and what to report of it: one value a question.

mod client_address;
mod lifecycle;
mod parts;
mod request_id;
mod trace;

pub use self::{
    client_address::{ClientAddressPolicy, ForwardedHeader},
    lifecycle::LifecyclePolicy,
    parts::{HeaderPolicy, QueryPolicy},
    request_id::RequestIdPolicy,
    trace::TracePolicy,
};

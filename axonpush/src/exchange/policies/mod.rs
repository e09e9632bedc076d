//! What to believe of a request, and what to report of it: one value a question.

mod client_address;
mod lifecycle;
mod parts;
mod request_id;
mod trace;

#[cfg(any(test, fuzzing))]
pub use self::client_address::check_forwarded;
pub use self::{
    client_address::{ClientAddressPolicy, ForwardedHeader},
    lifecycle::LifecyclePolicy,
    parts::{HeaderPolicy, QueryPolicy},
    request_id::RequestIdPolicy,
    trace::TracePolicy,
};

//! Whether and when to try again: one pure state machine, given the clock, the dice and the answers.

mod backoff;
mod policy;
mod retry_after;

pub(crate) use backoff::Retry;
pub use policy::RetryPolicy;
pub(crate) use retry_after::retry_after;

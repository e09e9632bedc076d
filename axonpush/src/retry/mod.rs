//! Whether and when to try again: one pure state machine, given the clock, the dice and the answers.

mod backoff;
mod classify;
mod endpoint;
mod policy;
mod retry_after;

pub(crate) use backoff::{Retry, wait};
pub(crate) use classify::{Verdict, classify};
pub use endpoint::BreakerState;
pub(crate) use endpoint::{Endpoint, Failure, Permit};
#[cfg(feature = "sinks")]
pub(crate) use policy::MAX_RETRY_AFTER;
pub use policy::RetryPolicy;
pub(crate) use retry_after::retry_after;

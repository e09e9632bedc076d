//! Hiding what must not leave the process. It happens on the caller's thread, before an event waits anywhere.

#[cfg(test)]
mod corpus;
mod entry;
mod inspect;
mod keys;
mod patterns;
mod policy;
mod redacted;
#[cfg(test)]
mod tests;
mod values;
mod walk;

pub use self::{
    inspect::{RedactionFinding, RedactionReport},
    patterns::RedactionPattern,
    policy::{ContentCapture, RedactionPolicy},
    redacted::Redacted,
};

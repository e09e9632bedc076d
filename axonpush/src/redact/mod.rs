//! Hiding what must not leave the process. It happens on the caller's thread, before an event waits anywhere.

mod entry;
mod keys;
mod policy;
#[cfg(test)]
mod tests;
mod values;
mod walk;

pub use policy::{ContentCapture, RedactionPolicy};

//! The behaviours of the SDK, end to end against a running dev server.

mod lifecycle;
mod publishing;
mod secrets;
mod subprocess;

//! The behaviours of the SDK, end to end against a running dev server.

mod exchanges;
mod lifecycle;
mod publishing;
mod secrets;
#[cfg(unix)]
mod sigterm;
mod subprocess;

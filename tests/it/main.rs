//! The behaviours of the SDK, end to end against a running dev server.
#![expect(clippy::unwrap_used, reason = "what a test's helper can't do fails the test")]

mod contexts;
mod delivery;
mod exchanges;
mod faults;
mod init;
mod jobs;
mod lambda;
mod leaks;
mod lifecycle;
mod metrics;
mod otel;
mod otlp;
mod propagation;
mod publishing;
mod reloading;
mod secrets;
#[cfg(unix)]
mod sighup;
#[cfg(unix)]
mod sigterm;
mod subprocess;
mod websockets;

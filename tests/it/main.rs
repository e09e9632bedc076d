//! The behaviours of the SDK, end to end against a running dev server.
#![expect(clippy::unwrap_used, reason = "what a test's helper can't do fails the test")]

mod contexts;
mod delivery;
mod exchanges;
mod faults;
mod fluentd;
mod init;
mod jobs;
mod lambda;
mod leaks;
mod lifecycle;
mod loki;
mod metrics;
mod otel;
mod otlp;
mod otlp_sink;
mod propagation;
mod publishing;
mod python_openapi;
mod python_otlp;
mod python_sdk;
mod python_sentry;
mod reloading;
mod resources;
mod routing;
mod secrets;
#[cfg(unix)]
mod sighup;
#[cfg(unix)]
mod sigterm;
mod subprocess;
mod websockets;

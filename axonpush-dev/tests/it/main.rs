//! The server through its own socket, one file for each thing it promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod analytics;
mod audit;
mod collections;
mod errors;
mod faults;
mod life;
mod limits;
mod openapi;
mod otlp;
mod page;
mod persist;
mod program;
mod publish;
mod refusals;
mod resources;
mod rig;
mod scripts;
mod search;
mod security;
mod sentry;
mod stream;
mod tokens;
mod traces;
mod webhooks;

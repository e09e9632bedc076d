//! What the tests of this workspace share: a started dev server, and clients of it.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a rig that can't be set up has nothing to say")]

pub mod forward;
pub mod loki;
pub mod node;
pub mod proxy;
pub mod python;
pub mod receiver;

use std::time::Duration;

use axonpush::{AxonPush, AxonPushBuilder};
use axonpush_dev::DevServer;

/// Longer than anything on a loaded machine takes; only a test that fails waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A dev server with an empty store.
pub fn server() -> DevServer {
    DevServer::start_blocking().expect("the dev server starts")
}

/// Settings of a client of `server`.
pub fn settings(server: &DevServer) -> AxonPushBuilder {
    AxonPush::builder().api_key("ak_test").base_url(server.url())
}

/// A client of `server`.
pub fn client(server: &DevServer) -> AxonPush {
    settings(server).build().expect("the settings are complete")
}

//! OpenTelemetry's spans and logs, through real providers to a real server.

mod bad_input;
mod endings;
mod genai;
mod logs;
mod processors;
mod tree;
mod wire;

use axonpush::{AxonPush, AxonPushBuilder};
use axonpush_dev::{DevServer, StoredEvent};
use axonpush_otel::AxonPushSpanProcessor;
use opentelemetry_sdk::trace::SdkTracerProvider;
use rig::settings;

/// A client with a channel, so that either lane is open to it.
fn channelled(server: &DevServer) -> AxonPushBuilder {
    settings(server).channel_id("c-1")
}

/// A provider that sends to `client`.
fn provider(client: &AxonPush) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(AxonPushSpanProcessor::new(client)).build()
}

/// The one event there is of this name.
fn named<'a>(events: &'a [StoredEvent], name: &str) -> &'a StoredEvent {
    let mut found = events.iter().filter(|event| event.identifier == name);
    let event = found.next();
    assert!(event.is_some() && found.next().is_none(), "not exactly one event is called {name}");
    event.unwrap()
}

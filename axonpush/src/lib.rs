//! The AxonPush client for Rust: events, logs and traces from applications and AI agents, delivered or accounted for.
//!
//! ```
//! use axonpush::{AxonPush, Event, EventType};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let server = axonpush_dev::DevServer::start().await.unwrap();
//! # let url = server.url();
//! let client = AxonPush::builder().api_key("ak_dev").base_url(url).build()?;
//!
//! // Await the receipt …
//! let event = Event::new("web_search").event_type(EventType::AgentToolCallStart).agent_id("researcher");
//! let receipt = client.events().publish(event).await?;
//! assert!(receipt.event_id().is_some());
//!
//! // … or hand over and go on.
//! client.events().enqueue(Event::new("cache.miss").attribute("key", "user:42"));
//!
//! let report = client.shutdown(Duration::from_secs(5)).await;
//! assert!(report.is_complete(), "{report}");
//! assert_eq!(client.stats().delivered(), 1);
//! # Ok::<(), axonpush::Error>(())
//! # }).unwrap();
//! ```
//!
//! # The nouns
//!
//! - [`AxonPush`] is the client: cheap to clone, built by [`AxonPush::builder`] or [`AxonPush::from_env`].
//! - An [`Event`] is one fact: an identifier, a payload that is any serialisable object, and ids that place it in a
//!   trace. [`LogPayload`] and [`SpanPayload`] are payloads in OpenTelemetry's shape.
//! - [`AxonPush::events`] publishes and searches. A [`Receipt`] is what the server says to a published event.
//! - [`resources`] is what the service keeps beside events: apps, channels, traces, issues, alerts and so on, each by a
//!   method of the client. [`AxonPush::request`] asks for anything else. With the feature `webhooks`, `webhooks` tells whether
//!   a webhook that arrived is from AxonPush.
//! - The queue holds what was handed over ([`QueuePolicy`]); a worker thread delivers it ([`RetryPolicy`]).
//! - [`AxonPush::flush`] and [`AxonPush::shutdown`] settle what was accepted and say what became of it
//!   ([`FlushReport`]). [`AxonPush::stats`] are the books: `accepted = delivered + lost + queued + in flight`, always.
//! - [`RequestContext`] ties what happens in a request together. The web crates, `axonpush-axum` and `axonpush-actix`,
//!   make one for every request; [`exchange`] is what they are made of. It follows futures and streams
//!   ([`InCurrentContext`]), what [`task`] spawns and, with the feature `tracing-context`, tracing spans.
//! - With the feature `tracing-layer`, what is logged with `tracing` becomes events that know their request
//!   (`AxonPush::tracing_layer`); with `log-bridge`, so does what is logged with the `log` crate alone. The feature `init`
//!   sets up all of it by one call.
//! - With the feature `sinks`, whatever is handed over also goes to standard output, to rolling files, or wherever a
//!   `Sink` takes it. `Fluentd` (feature `fluentd`), `Loki` (feature `loki`) and `OtlpHttp` (feature `otlp`, for
//!   OpenTelemetry collectors) are sinks; `fluent` is a sender in the manner of fluent-logger.
//! - [`Levels`], [`Pipeline`] and [`KeepOnError`] say which log records are wanted, what becomes of them, and how many
//!   are enough.
//! - [`relay`] takes the finished spans of another telemetry library; `axonpush-otel` is made of it.
//! - [`propagation`] sends the context along with the requests a service makes itself, as W3C headers.
//! - [`AxonPush::reload`] goes on with other settings, all at once or, where one is refused, none. With the feature `watch`
//!   it happens whenever the settings file changes (`AxonPush::watch_file`), and with `signal` on SIGHUP
//!   (`AxonPush::reload_on_sighup`).
//! - [`RedactionPolicy`] says what to hide. It is applied on the caller's thread, before an event waits anywhere.
//!
//! # What it does not do
//!
//! - It installs nothing for the whole process unasked: no subscriber, no logger, no TLS provider, no panic hook. Asked it
//!   does: `init`, with the feature of that name, and [`AxonPush::install_panic_hook`].
//! - It never blocks to hand an event over. When the queue is full, its [`OverflowPolicy`] decides who goes.
//! - It keeps nothing on disk: what is in the queue when the process is killed is gone.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
mod capture;
mod client;
mod clock;
mod config;
mod context;
mod error;
mod event;
pub mod exchange;
#[cfg(feature = "fluentd")]
#[cfg_attr(docsrs, doc(cfg(feature = "fluentd")))]
pub mod fluent;
mod fork;
#[cfg(feature = "init")]
mod init;
mod loss;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "sinks")]
mod outlet;
mod panic_hook;
mod pipeline;
pub mod propagation;
mod publisher;
mod queue;
mod redact;
pub mod relay;
pub mod resources;
mod retry;
mod serverless;
mod setting;
#[cfg(feature = "signal")]
mod signal;
mod sink;
mod sync;
pub mod task;
#[cfg(any(test, feature = "testing"))]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod transport;
#[cfg(any(feature = "watch", all(unix, feature = "signal")))]
mod watch;
#[cfg(feature = "webhooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhooks")))]
pub mod webhooks;

#[cfg(feature = "log-bridge")]
#[cfg_attr(docsrs, doc(cfg(feature = "log-bridge")))]
pub use capture::LogBridge;
#[cfg(feature = "tracing-layer")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing-layer")))]
pub use capture::{LevelsFilter, TracingLayer};
pub use client::AxonPush;
pub use config::{AxonPushBuilder, ServerlessPlatform};
#[cfg(feature = "tracing-context")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing-context")))]
pub use context::ContextLayer;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use context::checks;
pub use context::{
    Baggage, BoundAttribute, InContext, InCurrentContext, RequestContext, RequestContextBuilder, RequestId,
    TraceParent, TraceState,
};
pub use error::Error;
pub use event::{
    AgentId, AppId, AttributeValue, Attributes, ChannelId, EnvironmentId, Event, EventId, EventType, LogPayload,
    Receipt, Severity, SpanId, SpanKind, SpanPayload, SpanStatus, TraceId,
};
pub use http::Method;
#[cfg(feature = "init")]
#[cfg_attr(docsrs, doc(cfg(feature = "init")))]
pub use init::{Init, InitGuard, init};
pub use loss::{LossReason, Losses};
#[cfg(feature = "sinks")]
#[cfg_attr(docsrs, doc(cfg(feature = "sinks")))]
pub use outlet::{SinkPolicy, SinkStats};
pub use pipeline::{Dedup, KeepOnError, Levels, LogValue, LogView, Pipeline, Sampling};
pub use publisher::{DeliveryLane, DeliveryMode, DeliveryPolicy, FlushReport, Health, Stats};
pub use queue::{LostEvent, LostEvents, OverflowPolicy, QueuePolicy};
pub use redact::{ContentCapture, Redacted, RedactionFinding, RedactionPattern, RedactionPolicy, RedactionReport};
pub use resources::{
    blocking::{Blocking, BlockingEvents},
    events::{Events, TryEnqueueError},
    query::{EventQuery, SemanticKind, Source},
    request::ApiRequest,
    secret::Secret,
    stored::StoredEvent,
};
pub use retry::{BreakerState, RetryPolicy};
pub use serverless::flush_after_invocation;
#[cfg(feature = "signal")]
pub use signal::shutdown_signal;
#[cfg(feature = "otlp")]
#[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
pub use sink::OtlpHttp;
pub use sink::{BatchPolicy, Compression, OtlpFormat};
#[cfg(feature = "fluentd")]
#[cfg_attr(docsrs, doc(cfg(feature = "fluentd")))]
pub use sink::{Fluentd, FluentdField, FluentdFormat, FluentdFunction};
#[cfg(feature = "loki")]
#[cfg_attr(docsrs, doc(cfg(feature = "loki")))]
pub use sink::{Loki, LokiLine};
#[cfg(feature = "sinks")]
#[cfg_attr(docsrs, doc(cfg(feature = "sinks")))]
pub use sink::{RollingFile, Sink, SinkBatch, SinkRecord, SinkWriter, Stderr, Stdout};
#[cfg(any(feature = "watch", all(unix, feature = "signal")))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "watch", all(unix, feature = "signal")))))]
pub use watch::ReloadGuard;

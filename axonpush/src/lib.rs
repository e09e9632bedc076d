#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../../README.md")]

mod client;
mod clock;
mod config;
mod context;
mod error;
mod event;
pub mod exchange;
mod loss;
mod publisher;
mod queue;
mod redact;
mod resources;
mod retry;
mod sink;
mod transport;

pub use client::AxonPush;
pub use config::AxonPushBuilder;
pub use context::{ContextGuard, InContext, RequestContext, RequestContextBuilder, RequestId, TraceParent};
pub use error::Error;
pub use event::{
    AgentId, AppId, AttributeValue, Attributes, ChannelId, EnvironmentId, Event, EventId, EventType, LogPayload,
    Receipt, Severity, SpanId, SpanKind, SpanPayload, SpanStatus, TraceId,
};
pub use loss::{LossReason, Losses};
pub use publisher::{FlushReport, Stats};
pub use queue::{OverflowPolicy, QueuePolicy};
pub use redact::{ContentCapture, RedactionPolicy};
pub use resources::{Blocking, BlockingEvents, EventQuery, Events, SemanticKind, Source, StoredEvent, TryEnqueueError};
pub use retry::RetryPolicy;
pub use transport::ApiKey;

//! Events: what an application says, and the bytes it becomes.

mod attributes;
mod builder;
pub(crate) mod draft;
pub(crate) mod id;
pub(crate) mod json;
mod kind;
mod log;
mod receipt;
pub(crate) mod record;
pub(crate) mod scan;
mod severity;
mod span;
pub(crate) mod wire;

pub use attributes::{AttributeValue, Attributes};
pub use builder::Event;
pub(crate) use builder::MAX_ID_BYTES;
pub use id::{AgentId, AppId, ChannelId, EnvironmentId, EventId, SpanId, TraceId};
pub use kind::EventType;
pub use log::LogPayload;
pub use receipt::Receipt;
pub use severity::Severity;
pub use span::{SpanKind, SpanPayload, SpanStatus};

//! What a client is told: one plain value a room, gathered here.

mod builder;
mod env;
#[cfg(feature = "config-file")]
mod file;
mod given;
mod platform;
#[cfg(feature = "sinks")]
mod sinks;

#[cfg(feature = "watch")]
pub(crate) use self::file::{SettingsFile, Sight};
pub use self::{builder::AxonPushBuilder, platform::ServerlessPlatform};
use crate::{
    event::{Attributes, ChannelId},
    pipeline::{KeepOnError, Levels, Pipeline},
    publisher::{DeliveryPolicy, LossHook},
    queue::QueuePolicy,
    redact::RedactionPolicy,
    retry::RetryPolicy,
    transport::TransportPolicy,
};
use std::time::Duration;

/// Every setting, checked.
pub(crate) struct Config {
    pub(crate) transport: TransportPolicy,
    pub(crate) retry: RetryPolicy,
    pub(crate) queue: QueuePolicy,
    pub(crate) redaction: RedactionPolicy,
    pub(crate) channel_id: Option<ChannelId>,
    /// `service.name`, `service.version`, `deployment.environment`.
    pub(crate) resource: Attributes,
    pub(crate) timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) fail_open: bool,
    pub(crate) send_occurred_at: bool,
    pub(crate) delivery: DeliveryPolicy,
    pub(crate) on_loss: Option<LossHook>,
    /// Whether the server is told how many events it will never see.
    pub(crate) report_losses: bool,
    pub(crate) levels: Levels,
    pub(crate) pipeline: Pipeline,
    pub(crate) keep_on_error: Option<KeepOnError>,
    #[cfg(feature = "sinks")]
    pub(crate) sinks: self::sinks::Sinks,
}

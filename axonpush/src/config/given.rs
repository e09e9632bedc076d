//! What one source of settings says: the code, the environment, a file.

use std::{fmt, time::Duration};

use crate::{
    event::ChannelId, pipeline::Levels, publisher::DeliveryPolicy, queue::QueuePolicy, redact::RedactionPolicy,
    retry::RetryPolicy,
};

/// What a source says. `None`: nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) api_key: Option<Secret>,
    pub(super) tenant_id: Option<String>,
    pub(super) base_url: Option<Secret>,
    pub(super) allow_insecure_http: Option<bool>,
    pub(super) environment: Option<String>,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) service_name: Option<String>,
    pub(super) service_version: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) shutdown_timeout: Option<Duration>,
    pub(super) fail_open: Option<bool>,
    pub(super) send_occurred_at: Option<bool>,
    pub(super) report_losses: Option<bool>,
    pub(super) levels: Option<Levels>,
    pub(super) retry: RetryPolicy,
    pub(super) queue: QueuePolicy,
    pub(super) delivery: DeliveryPolicy,
    pub(super) redaction: RedactionPolicy,
}

impl Given {
    /// What this source says, and `other` where it says nothing.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            api_key: self.api_key.or(other.api_key),
            tenant_id: self.tenant_id.or(other.tenant_id),
            base_url: self.base_url.or(other.base_url),
            allow_insecure_http: self.allow_insecure_http.or(other.allow_insecure_http),
            environment: self.environment.or(other.environment),
            channel_id: self.channel_id.or(other.channel_id),
            service_name: self.service_name.or(other.service_name),
            service_version: self.service_version.or(other.service_version),
            timeout: self.timeout.or(other.timeout),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            attempt_timeout: self.attempt_timeout.or(other.attempt_timeout),
            shutdown_timeout: self.shutdown_timeout.or(other.shutdown_timeout),
            fail_open: self.fail_open.or(other.fail_open),
            send_occurred_at: self.send_occurred_at.or(other.send_occurred_at),
            report_losses: self.report_losses.or(other.report_losses),
            levels: self.levels.or(other.levels),
            retry: self.retry.or(&other.retry),
            queue: self.queue.or(&other.queue),
            delivery: self.delivery.or(&other.delivery),
            redaction: self.redaction.or(other.redaction),
        }
    }
}

/// A setting that may hold a credential, checked or not, and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Text that says something, without the white space around it.
pub(super) fn said(text: String) -> Option<String> {
    match text.trim() {
        "" => None,
        trimmed if trimmed.len() == text.len() => Some(text),
        trimmed => Some(trimmed.to_owned()),
    }
}

//! Assembling a client.

use std::{sync::Arc, time::Duration};

#[cfg(feature = "config-file")]
use super::file::SettingsFile;
use super::{
    Config, env,
    given::{Given, Secret, said},
    platform,
};
use crate::{
    error::Error,
    event::{Attributes, ChannelId},
    pipeline::{KeepOnError, Levels, Pipeline},
    publisher::{DeliveryPolicy, LossHook},
    queue::{LostEvents, QueuePolicy},
    redact::RedactionPolicy,
    retry::RetryPolicy,
    transport::{ApiKey, BaseUrl, TransportPolicy},
};

#[cfg(any(test, feature = "testing"))]
use crate::transport::InMemory;

/// Where the hosted service lives.
const DEFAULT_BASE_URL: &str = "https://api.axonpush.xyz";

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Assembles an [`AxonPush`](crate::AxonPush) client.
///
/// What is set here wins over the environment, which [`AxonPush::from_env`](crate::AxonPush::from_env) reads, which
/// wins over a file (`with_file`, with the feature `config-file`), which wins over the defaults: setting by setting, also
/// within a [`RetryPolicy`], [`QueuePolicy`], [`DeliveryPolicy`] or [`RedactionPolicy`]. A blank tenant, environment,
/// channel or service counts as unset, as a blank variable does.
///
/// ```
/// use axonpush::{AxonPush, OverflowPolicy, QueuePolicy};
/// use std::time::Duration;
///
/// let client = AxonPush::builder()
///     .api_key("ak_0123456789abcdef")
///     .channel_id("orders")
///     .service("orders", "1.4.2")
///     .environment("production")
///     .queue(QueuePolicy::new().max_events(50_000).overflow(OverflowPolicy::ShedLowestSeverity))
///     .shutdown_timeout(Duration::from_secs(5))
/// #   .base_url("http://localhost:4000")
///     .build()?;
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct AxonPushBuilder {
    /// What the code says.
    given: Given,
    /// What holds where nobody says anything.
    fallback: Given,
    from_env: bool,
    #[cfg(feature = "config-file")]
    file: Option<SettingsFile>,
    on_loss: Option<Hook>,
    pipeline: Pipeline,
    keep_on_error: Option<KeepOnError>,
    #[cfg(feature = "sinks")]
    pub(super) sinks: super::sinks::Sinks,
    #[cfg(any(test, feature = "testing"))]
    memory: Option<InMemory>,
}

/// A closure, which has no other way to be shown.
#[derive(Clone)]
struct Hook(LossHook);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fn(&LostEvents)")
    }
}

impl AxonPushBuilder {
    /// Lets the environment fill in what is not set here; see [`AxonPush::from_env`](crate::AxonPush::from_env).
    pub fn with_env(mut self) -> Self {
        self.from_env = true;
        self
    }

    /// The API key (`ak_…`) or public ingest token (`pt_…`). Required.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.given.api_key = Some(Secret(key.into()));
        self
    }

    /// The organization, where the key alone does not tell.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.given.tenant_id = said(id.into());
        self
    }

    /// The server; `https://api.axonpush.xyz` unless set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.given.base_url = Some(Secret(url.into()));
        self
    }

    /// Lets the base URL be plain http to another machine. The key then travels in clear text.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.given.allow_insecure_http = Some(allow);
        self
    }

    /// The slug of the environment events belong to. It must be registered with the server, and the key must be
    /// allowed to name one. Also `deployment.environment` of logs.
    pub fn environment(mut self, slug: impl Into<String>) -> Self {
        self.given.environment = said(slug.into());
        self
    }

    /// The channel events go to unless they name one; the organization's default channel unless set.
    pub fn channel_id(mut self, id: impl Into<ChannelId>) -> Self {
        self.given.channel_id = Some(id.into()).filter(|id| !id.as_str().trim().is_empty());
        self
    }

    /// `service.name` and `service.version` of logs and server spans; the version may be blank.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.given.service_name = said(name.into());
        self.given.service_version = said(version.into()).filter(|_| self.given.service_name.is_some());
        self
    }

    /// How long a call may take in all, retries included; 30 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.given.timeout = Some(timeout);
        self
    }

    /// How long connecting may take; 5 s unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.given.connect_timeout = Some(timeout);
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the answer; 10 s unless set.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.given.attempt_timeout = Some(timeout);
        self
    }

    /// How long dropping the last handle waits for waiting events; 2 s unless set.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.given.shutdown_timeout = Some(timeout);
        self
    }

    /// How often to try again, and how long in all.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.given.retry = policy;
        self
    }

    /// How much the queue holds, and who goes when it is full.
    pub fn queue(mut self, policy: QueuePolicy) -> Self {
        self.given.queue = policy;
        self
    }

    /// What to hide in payloads and metadata.
    pub fn redaction(mut self, policy: RedactionPolicy) -> Self {
        self.given.redaction = policy;
        self
    }

    /// Whether an awaited publish that can't reach the server hands its event to the background queue and answers
    /// with a deferred receipt (`true`, the default) or with the error.
    pub fn fail_open(mut self, fail_open: bool) -> Self {
        self.given.fail_open = Some(fail_open);
        self
    }

    /// Whether to send `occurredAt`. Off unless set: servers that don't know the field refuse the whole event.
    pub fn send_occurred_at(mut self, send: bool) -> Self {
        self.given.send_occurred_at = Some(send);
        self
    }

    /// How events leave: in the background or while the caller waits, one by one or in batches.
    pub fn delivery(mut self, policy: DeliveryPolicy) -> Self {
        self.given.delivery = policy;
        self
    }

    /// Calls `hook` with events that were lost, once per reason and at most ten times a second. It runs on the worker's
    /// thread, where it should not take long; a panic in it is caught, and events it publishes are ignored. Whoever
    /// wants to keep what was lost hands it to a thread of their own, and offers it again from there: [`Events::enqueue_again`](crate::Events::enqueue_again).
    pub fn on_loss(mut self, hook: impl Fn(&LostEvents) + Send + Sync + 'static) -> Self {
        self.on_loss = Some(Hook(Arc::new(hook)));
        self
    }

    /// Whether an `axonpush.events_lost` event tells the server how many events were lost, once there is room again
    /// and at most every 10 s; `true` unless set.
    pub fn report_losses(mut self, report: bool) -> Self {
        self.given.report_losses = Some(report);
        self
    }

    /// From which severity on log records are wanted, target by target; all of them unless set. What the environment
    /// (`AXONPUSH_LOG`) or a file says of levels counts where this is not called, and then as a whole.
    pub fn levels(mut self, levels: Levels) -> Self {
        self.given.levels = Some(levels);
        self
    }

    /// As [`levels`](Self::levels), where nothing else says any.
    #[cfg(feature = "init")]
    pub(crate) fn fallback_levels(mut self, levels: Levels) -> Self {
        self.fallback.levels = Some(levels);
        self
    }

    /// The steps log records take before they are handed over; none unless set.
    pub fn pipeline(mut self, pipeline: Pipeline) -> Self {
        self.pipeline = pipeline;
        self
    }

    /// Which log records are only sent when the request they belong to fails; none unless set.
    pub fn keep_on_error(mut self, keep: KeepOnError) -> Self {
        self.keep_on_error = Some(keep);
        self
    }

    /// Puts something in the place of the network.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn memory(mut self, memory: InMemory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Says where else to look, for what neither the code nor the environment says.
    #[cfg(feature = "config-file")]
    pub(super) fn file(mut self, file: SettingsFile) -> Self {
        self.file = Some(file);
        self
    }

    /// Where else is looked.
    #[cfg(feature = "watch")]
    pub(crate) fn settings_file(&self) -> Option<&SettingsFile> {
        self.file.as_ref()
    }

    /// Reads the other sources, and checks every setting.
    pub(crate) fn config(self) -> Result<Config, Error> {
        let env = if self.from_env { env::read(|name| std::env::var_os(name))? } else { Given::default() };
        #[cfg(feature = "config-file")]
        let file = self.file.as_ref().map(SettingsFile::read).transpose()?.unwrap_or_default();
        #[cfg(not(feature = "config-file"))]
        let file = Given::default();
        self.config_with(env, file)
    }

    fn config_with(self, env: Given, file: Given) -> Result<Config, Error> {
        let given = self.given.or(env).or(file).or(self.fallback);
        #[cfg(feature = "sinks")]
        let (sinks, given) = self.sinks.for_given(given);
        let api_key = given.api_key.ok_or_else(|| {
            Error::config(
                "no API key: set AXONPUSH_API_KEY and use AxonPush::from_env(), or call .api_key(\"ak_…\"); \
                 AxonPush::disabled() needs none",
            )
        })?;
        let mut resource = Attributes::new();
        for (key, value) in [
            ("service.name", given.service_name),
            ("service.version", given.service_version),
            ("deployment.environment", given.environment.clone()),
        ] {
            if let Some(value) = value {
                resource.insert(key, value);
            }
        }
        given.queue.validate()?;
        given.delivery.validate(given.channel_id.is_some())?;
        #[cfg(feature = "sinks")]
        crate::outlet::OutletPolicy::validate(&sinks.all)?;
        platform::remind();
        let base_url = given.base_url.as_ref().map_or(DEFAULT_BASE_URL, |url| &url.0);
        Ok(Config {
            transport: TransportPolicy {
                base_url: BaseUrl::parse(base_url, given.allow_insecure_http.unwrap_or(false))?,
                api_key: ApiKey::new(api_key.0)?,
                tenant_id: given.tenant_id,
                environment: given.environment,
                connect_timeout: positive("connect_timeout", given.connect_timeout, DEFAULT_CONNECT_TIMEOUT)?,
                attempt_timeout: positive("attempt_timeout", given.attempt_timeout, DEFAULT_ATTEMPT_TIMEOUT)?,
                #[cfg(any(test, feature = "testing"))]
                memory: self.memory,
            },
            retry: given.retry,
            queue: given.queue,
            redaction: given.redaction,
            channel_id: given.channel_id,
            resource,
            timeout: positive("timeout (AXONPUSH_TIMEOUT)", given.timeout, DEFAULT_TIMEOUT)?,
            shutdown_timeout: given.shutdown_timeout.unwrap_or(DEFAULT_SHUTDOWN_TIMEOUT),
            fail_open: given.fail_open.unwrap_or(true),
            send_occurred_at: given.send_occurred_at.unwrap_or(false),
            delivery: given.delivery,
            on_loss: self.on_loss.map(|hook| hook.0),
            report_losses: given.report_losses.unwrap_or(true),
            levels: given.levels.unwrap_or_default(),
            pipeline: self.pipeline,
            keep_on_error: self.keep_on_error,
            #[cfg(feature = "sinks")]
            sinks,
        })
    }
}

/// The longest timeout that is taken; beyond it arithmetic with the clock would overflow.
pub(super) const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

fn positive(name: &str, value: Option<Duration>, default: Duration) -> Result<Duration, Error> {
    let value = value.unwrap_or(default);
    if value.is_zero() || value > MAX_TIMEOUT {
        return Err(Error::config(format!("{name} must be above 0 s and at most 24 h")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;

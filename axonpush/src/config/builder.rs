//! Assembling a client.

use std::{sync::Arc, time::Duration};

use super::{Config, env::Env, platform};
use crate::{
    error::Error,
    event::{Attributes, ChannelId},
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
/// wins over the defaults: setting by setting, also within a [`RetryPolicy`] or [`RedactionPolicy`]. A blank tenant,
/// environment, channel or service counts as unset, as a blank variable does.
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
    from_env: bool,
    api_key: Option<Secret>,
    tenant_id: Option<String>,
    base_url: Option<Secret>,
    environment: Option<String>,
    channel_id: Option<ChannelId>,
    service: Option<(String, Option<String>)>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    shutdown_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    queue: Option<QueuePolicy>,
    redaction: Option<RedactionPolicy>,
    fail_open: Option<bool>,
    send_occurred_at: bool,
    allow_insecure_http: bool,
    delivery: DeliveryPolicy,
    on_loss: Option<Hook>,
    report_losses: Option<bool>,
    #[cfg(feature = "sinks")]
    pub(super) sinks: Vec<crate::outlet::OutletPolicy>,
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

/// A setting that may hold a credential, checked or not, and is never shown.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
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
        self.api_key = Some(Secret(key.into()));
        self
    }

    /// The organization, where the key alone does not tell.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = said(id.into());
        self
    }

    /// The server; `https://api.axonpush.xyz` unless set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(Secret(url.into()));
        self
    }

    /// Lets the base URL be plain http to another machine. The key then travels in clear text.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// The slug of the environment events belong to. It must be registered with the server, and the key must be
    /// allowed to name one. Also `deployment.environment` of logs.
    pub fn environment(mut self, slug: impl Into<String>) -> Self {
        self.environment = said(slug.into());
        self
    }

    /// The channel events go to unless they name one; the organization's default channel unless set.
    pub fn channel_id(mut self, id: impl Into<ChannelId>) -> Self {
        self.channel_id = Some(id.into()).filter(|id| !id.as_str().trim().is_empty());
        self
    }

    /// `service.name` and `service.version` of logs; the version may be blank.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.service = said(name.into()).map(|name| (name, said(version.into())));
        self
    }

    /// How long a call may take in all, retries included; 30 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long connecting may take; 5 s unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the answer; 10 s unless set.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How long dropping the last handle waits for waiting events; 2 s unless set.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// How often to try again, and how long in all.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// How much the queue holds, and who goes when it is full.
    pub fn queue(mut self, policy: QueuePolicy) -> Self {
        self.queue = Some(policy);
        self
    }

    /// What to hide in payloads and metadata.
    pub fn redaction(mut self, policy: RedactionPolicy) -> Self {
        self.redaction = Some(policy);
        self
    }

    /// Whether an awaited publish that can't reach the server hands its event to the background queue and answers
    /// with a deferred receipt (`true`, the default) or with the error.
    pub fn fail_open(mut self, fail_open: bool) -> Self {
        self.fail_open = Some(fail_open);
        self
    }

    /// Whether to send `occurredAt`. Off unless set: servers that don't know the field refuse the whole event.
    pub fn send_occurred_at(mut self, send: bool) -> Self {
        self.send_occurred_at = send;
        self
    }

    /// How events leave: in the background or while the caller waits, one by one or in batches.
    pub fn delivery(mut self, policy: DeliveryPolicy) -> Self {
        self.delivery = policy;
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
        self.report_losses = Some(report);
        self
    }

    /// Puts something in the place of the network.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn memory(mut self, memory: InMemory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Checks every setting.
    pub(crate) fn config(self) -> Result<Config, Error> {
        let env = if self.from_env { Env::read(|name| std::env::var_os(name))? } else { Env::default() };
        self.config_with(env)
    }

    fn config_with(self, env: Env) -> Result<Config, Error> {
        let redaction = self.redaction.unwrap_or_default().or(env.redaction());
        let api_key = self.api_key.map(|key| key.0).or(env.api_key).ok_or_else(|| {
            Error::config(
                "no API key: set AXONPUSH_API_KEY and use AxonPush::from_env(), or call .api_key(\"ak_…\"); \
                 AxonPush::disabled() needs none",
            )
        })?;
        let base_url = self.base_url.map(|url| url.0).or(env.base_url);
        let environment = self.environment.or(env.environment);
        let mut resource = Attributes::new();
        if let Some((name, version)) = self.service {
            resource.insert("service.name", name);
            if let Some(version) = version {
                resource.insert("service.version", version);
            }
        }
        if let Some(environment) = &environment {
            resource.insert("deployment.environment", environment.as_str());
        }
        let mut retry = self.retry.unwrap_or_default();
        if let (false, Some(retries)) = (retry.max_retries_set, env.max_retries) {
            retry = retry.max_retries(retries);
        }
        let queue = self.queue.unwrap_or_default();
        queue.validate()?;
        let channel_id = self.channel_id.or(env.channel_id.map(ChannelId::from));
        self.delivery.validate(channel_id.is_some())?;
        #[cfg(feature = "sinks")]
        crate::outlet::OutletPolicy::validate(&self.sinks)?;
        platform::remind();
        Ok(Config {
            transport: TransportPolicy {
                base_url: BaseUrl::parse(base_url.as_deref().unwrap_or(DEFAULT_BASE_URL), self.allow_insecure_http)?,
                api_key: ApiKey::new(api_key)?,
                tenant_id: self.tenant_id.or(env.tenant_id),
                environment,
                connect_timeout: positive("connect_timeout", self.connect_timeout, DEFAULT_CONNECT_TIMEOUT)?,
                attempt_timeout: positive("attempt_timeout", self.attempt_timeout, DEFAULT_ATTEMPT_TIMEOUT)?,
                #[cfg(any(test, feature = "testing"))]
                memory: self.memory,
            },
            retry,
            queue,
            redaction,
            channel_id,
            resource,
            timeout: positive("timeout (AXONPUSH_TIMEOUT)", self.timeout.or(env.timeout), DEFAULT_TIMEOUT)?,
            shutdown_timeout: self.shutdown_timeout.unwrap_or(DEFAULT_SHUTDOWN_TIMEOUT),
            fail_open: self.fail_open.or(env.fail_open).unwrap_or(true),
            send_occurred_at: self.send_occurred_at,
            delivery: self.delivery,
            on_loss: self.on_loss.map(|hook| hook.0),
            report_losses: self.report_losses.unwrap_or(true),
            #[cfg(feature = "sinks")]
            sinks: self.sinks,
        })
    }
}

/// Text that says something, without the white space around it.
fn said(text: String) -> Option<String> {
    match text.trim() {
        "" => None,
        trimmed if trimmed.len() == text.len() => Some(text),
        trimmed => Some(trimmed.to_owned()),
    }
}

/// The longest timeout that is taken; beyond it arithmetic with the clock would overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

fn positive(name: &str, value: Option<Duration>, default: Duration) -> Result<Duration, Error> {
    let value = value.unwrap_or(default);
    if value.is_zero() || value > MAX_TIMEOUT {
        return Err(Error::config(format!("{name} must be above 0 s and at most 24 h")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::ContentCapture;

    fn env() -> Env {
        Env {
            api_key: Some("ak_env".to_owned()),
            tenant_id: Some("org-env".to_owned()),
            environment: Some("staging".to_owned()),
            channel_id: Some("c-env".to_owned()),
            max_retries: Some(0),
            content_capture: Some(ContentCapture::Full),
            redact_keys: Some(vec!["iban".to_owned()]),
            max_content_length: Some(7),
            ..Env::default()
        }
    }

    fn builder() -> AxonPushBuilder {
        AxonPushBuilder::default()
    }

    #[test]
    fn a_policy_set_in_code_leaves_the_environments_other_settings_on() {
        let redaction = |policy| builder().redaction(policy).config_with(env()).unwrap().redaction;
        let all = RedactionPolicy::new().content_capture(ContentCapture::Full).redact_keys(["iban"]);
        assert_eq!(redaction(RedactionPolicy::new()), all.clone().max_content_length(7));
        assert_eq!(redaction(RedactionPolicy::new().max_content_length(100)), all.clone().max_content_length(100));
        let own = RedactionPolicy::new().content_capture(ContentCapture::MetadataOnly).redact_keys(["ssn"]);
        assert_eq!(redaction(own.clone()), own.max_content_length(7));
        assert_eq!(builder().config_with(env()).unwrap().redaction, all.max_content_length(7));

        let retries = |policy| builder().retry(policy).config_with(env()).unwrap().retry.max_retries;
        assert_eq!(retries(RetryPolicy::new().delivery_deadline(Duration::from_secs(9))), 0);
        assert_eq!(retries(RetryPolicy::new().max_retries(3)), 3);
    }

    #[test]
    fn a_blank_argument_is_an_unset_one() {
        let blank = builder().tenant_id(" ").environment("").channel_id("\t").service("", "1");
        let config = blank.clone().config_with(env()).unwrap();
        assert_eq!(config.transport.tenant_id.as_deref(), Some("org-env"));
        assert_eq!(config.transport.environment.as_deref(), Some("staging"));
        assert_eq!(config.channel_id, Some("c-env".into()));
        assert!(config.resource.get("service.name").is_none());

        let config = blank.api_key("ak_1").config_with(Env::default()).unwrap();
        assert_eq!((config.transport.tenant_id, config.transport.environment), (None, None));
        assert!(config.channel_id.is_none() && config.resource.is_empty());
    }
}

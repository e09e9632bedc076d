//! Other settings for a client that is at work.

#[cfg(feature = "sinks")]
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::{AxonPush, Inner, Live};
#[cfg(feature = "watch")]
use crate::config::SettingsFile;
use crate::{
    config::{AxonPushBuilder, Config},
    context::suppress,
    error::Error,
    setting::is_same,
    transport::Transport,
};

impl AxonPush {
    /// Goes on with other settings: those it was built with, or had since, as `change` makes them. The environment is
    /// read again where [`with_env`](AxonPushBuilder::with_env) was called, and so is a file; to do no more than that,
    /// change nothing: `client.reload(|settings| settings)`. `watch_file` and `reload_on_sighup` do so by themselves
    /// (features `watch` and `signal`).
    ///
    /// All of it is in force at once, or, when there is an error, none: then everything is as it was. Nothing is lost
    /// and nothing waits. What is handed over before is written by the old settings, what is handed over later by the
    /// new ones, and no event by some of both; an HTTP exchange or WebSocket that is under way is told to its end by
    /// those that it began with. Spans keep their fields as they were redacted when they were recorded; events under
    /// them are redacted by the new settings, these fields included, and so is what a request or a step of the pipeline
    /// holds back.
    ///
    /// Another key, server, tenant or environment counts for whatever waits in the queue as well. A client that was
    /// [held](crate::BreakerState::Held) because its key was refused goes on at once.
    ///
    /// `change` may be called again when somebody else reloads at the same time. A disabled client stays disabled.
    ///
    /// ```
    /// use axonpush::{AxonPush, RedactionPolicy};
    ///
    /// # let client = AxonPush::builder().api_key("ak_1").base_url("http://localhost:4000").build()?;
    /// client.reload(|settings| settings.redaction(RedactionPolicy::new().redact_keys(["iban"])))?;
    /// let error = client.reload(|settings| settings.base_url("ftp://example.com")).unwrap_err();
    /// assert!(error.is_config());
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What [`build`](AxonPushBuilder::build) says of the new settings; and when one is changed that can't be while the
    /// client lives: the queue, the retry and delivery policies, the timeout of a call, the loss hook, whether losses are
    /// reported.
    pub fn reload(&self, change: impl Fn(AxonPushBuilder) -> AxonPushBuilder) -> Result<(), Error> {
        let Some(inner) = &self.0 else { return Ok(()) };
        loop {
            let (before, settings) = {
                let settings = inner.settings();
                (inner.live.load_full(), settings.clone())
            };
            // Both may be code of the application or take their time, so no lock is held.
            let settings = change(settings);
            let config = settings.clone().config()?;
            if let Some(fixed) = fixed(&before.config, &config) {
                return Err(Error::config(format!(
                    "{fixed} can't be changed while a client is at work; build another client, or leave it as it is"
                )));
            }
            let is_same_way = before.config.transport.is_same_way(&config.transport);
            let transport =
                if is_same_way { None } else { Some(suppress::while_working(|| Transport::new(&config.transport))?) };
            let live = Arc::new(Live::new(config));
            let mut current = inner.settings();
            if inner.live.load().id == before.id {
                *current = settings;
                // First, so that nothing of the new settings goes to where the old ones sent it.
                if let Some(transport) = transport {
                    inner.publisher.renew(transport);
                }
                #[cfg(feature = "sinks")]
                inner.is_alone.store(live.config.sinks.alone, Ordering::Release);
                inner.live.store(live);
                #[cfg(feature = "sinks")]
                inner.replace_sinks();
                drop(current);
                #[cfg(feature = "tracing-layer")]
                if before.config.levels != inner.live.load().config.levels {
                    // Asks every filter again, ours among them, about each line of source.
                    tracing::callsite::rebuild_interest_cache();
                }
                // What the steps of before have counted is told now or never.
                inner.settle_pipeline(&before.config.pipeline, true);
                return Ok(());
            }
        }
    }
}

#[cfg(feature = "watch")]
impl AxonPush {
    /// Where some of the settings stand, if in a file.
    pub(crate) fn settings_file(&self) -> Option<SettingsFile> {
        self.0.as_ref()?.settings().settings_file().cloned()
    }
}

impl Inner {
    #[cfg(feature = "sinks")]
    fn replace_sinks(&self) {
        let live = self.live.load();
        let timeout = live.config.shutdown_timeout;
        self.outlets.replace(&live.config.sinks.all, &live.resource, timeout);
        // A shutdown that went on meanwhile may have seen none but the old ones.
        if self.publisher.is_closed() {
            drop(self.outlets.shutdown(timeout));
        }
    }

    fn settings(&self) -> MutexGuard<'_, AxonPushBuilder> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is different and must not be.
fn fixed(before: &Config, after: &Config) -> Option<&'static str> {
    let is_same_hook = is_same(before.on_loss.as_ref(), after.on_loss.as_ref());
    [
        ("the queue policy", before.queue == after.queue),
        ("the retry policy", before.retry == after.retry),
        ("the delivery policy", before.delivery == after.delivery),
        ("the timeout", before.timeout == after.timeout),
        ("the loss hook", is_same_hook),
        ("report_losses", before.report_losses == after.report_losses),
    ]
    .into_iter()
    .find(|(_, is_same)| !is_same)
    .map(|(what, _)| what)
}

#[cfg(test)]
#[cfg(feature = "tracing-layer")]
mod tests;

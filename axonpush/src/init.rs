//! The common case by one call: a client, and whatever the process logs or panics with handed over to it.

use std::fmt;

use tracing::{Level, Subscriber, subscriber};
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _};

use crate::{
    client::AxonPush,
    config::AxonPushBuilder,
    context::ContextLayer,
    error::{Error, Kind},
};

/// Begins to set up everything for the whole process: a client with the settings of the environment, a global subscriber
/// for `tracing`, with the feature `log-bridge` a logger for `log`, and the panic hook.
///
/// ```no_run
/// fn main() -> Result<(), axonpush::Error> {
///     let axonpush = axonpush::init().service("orders", "1.4.2").install()?;
///     tracing::info!(order.id = 1042, "ready");
///     // … serve, with `axonpush.client()` …
///     Ok(())
/// }
/// ```
///
/// It is for the `main` of a program, which is its only caller. Libraries, and programs with a subscriber of their own, put
/// together what they need: [`AxonPush::tracing_layer`], `AxonPush::log_bridge`, [`AxonPush::install_panic_hook`].
pub fn init() -> Init {
    Init { builder: AxonPush::builder().with_env(), max_level: Level::INFO, panic_hook: true }
}

/// What to set up; made by [`init`].
#[derive(Debug)]
#[must_use = "nothing is set up until `install` is called"]
pub struct Init {
    builder: AxonPushBuilder,
    max_level: Level,
    panic_hook: bool,
}

impl Init {
    /// `service.name` and `service.version` of everything that is handed over; the version may be blank.
    pub fn service(self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.configure(|builder| builder.service(name, version))
    }

    /// Changes any other setting of the client. What is set here wins over the environment.
    ///
    /// ```no_run
    /// use axonpush::QueuePolicy;
    /// let init = axonpush::init().configure(|client| client.queue(QueuePolicy::new().max_events(50_000)));
    /// ```
    pub fn configure(mut self, change: impl FnOnce(AxonPushBuilder) -> AxonPushBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// The finest level that is handed over; [`Level::INFO`] unless set. Of `log` records too. Within it
    /// [`Levels`](crate::Levels) say more: those set in code, by `AXONPUSH_LOG` or in a file, which may change later.
    pub fn max_level(mut self, level: Level) -> Self {
        self.max_level = level;
        self
    }

    /// Whether panics are reported, by [`AxonPush::install_panic_hook`]; `true` unless set.
    pub fn panic_hook(mut self, install: bool) -> Self {
        self.panic_hook = install;
        self
    }

    /// Sets everything up. The guard belongs into a variable of `main`: when it is dropped, what waits is delivered.
    ///
    /// A logger of the `log` crate that is there already stays. If it is that of `tracing-log`, its records arrive by way of
    /// `tracing`.
    ///
    /// # Errors
    ///
    /// When the key is missing or a setting is malformed, as [`AxonPushBuilder::build`] says, and when the process has a
    /// global subscriber already. Then nothing was set up.
    pub fn install(self) -> Result<InitGuard, Error> {
        let client = self.builder.build()?;
        subscriber::set_global_default(subscriber_of(&client, self.max_level)).map_err(|error| {
            let what = "this process has a global tracing subscriber already, from an earlier init or another library; \
                        remove that one, or leave `axonpush::init` out and add `client.tracing_layer()` to it";
            Error::new(Kind::Config, what).with_source(error)
        })?;
        #[cfg(feature = "log-bridge")]
        bridge(&client, self.max_level);
        if self.panic_hook {
            client.install_panic_hook();
        }
        Ok(InitGuard { client })
    }
}

/// Everything that hears what is logged: a layer for each place it goes to, each with a filter of its own.
fn subscriber_of(client: &AxonPush, max_level: Level) -> impl Subscriber + Send + Sync + use<> {
    let level = LevelFilter::from_level(max_level);
    tracing_subscriber::registry()
        // Tasks find their request by the spans they run in.
        .with(ContextLayer::new().with_filter(level))
        .with(client.tracing_layer().with_filter(level))
}

#[cfg(feature = "log-bridge")]
fn bridge(client: &AxonPush, max_level: Level) {
    let level = match max_level {
        Level::TRACE => log::LevelFilter::Trace,
        Level::DEBUG => log::LevelFilter::Debug,
        Level::INFO => log::LevelFilter::Info,
        Level::WARN => log::LevelFilter::Warn,
        Level::ERROR => log::LevelFilter::Error,
    };
    if log::set_boxed_logger(Box::new(client.log_bridge())).is_ok() {
        log::set_max_level(level);
    } else {
        // It may be the one that passes records on to `tracing`, and then nothing is amiss.
        tracing::debug!(target: "axonpush", "this process has a logger for `log` already, which stays");
    }
}

/// Keeps the process set up; made by [`Init::install`].
///
/// When it is dropped, the client is shut down: what waits is delivered, for at most
/// [`shutdown_timeout`](AxonPushBuilder::shutdown_timeout) (2 s). The subscriber, the logger and the panic hook stay, as a
/// process can't be rid of them, and what they hear from then on goes nowhere.
///
/// `std::process::exit` drops nothing: call [`shutdown`](AxonPush::shutdown) on the client, or leave `main` by `return`.
#[must_use = "dropped at once, it shuts the client down at once: keep it in a variable, and not in `_`"]
pub struct InitGuard {
    client: AxonPush,
}

impl InitGuard {
    /// The client, for events and for the layers of web frameworks.
    pub fn client(&self) -> &AxonPush {
        &self.client
    }
}

impl Drop for InitGuard {
    // The subscriber holds a handle for ever, so dropping this one would not be the end of the client.
    fn drop(&mut self) {
        self.client.shutdown_on_drop();
    }
}

impl fmt::Debug for InitGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitGuard").field("client", &self.client).finish_non_exhaustive()
    }
}

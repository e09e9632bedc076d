//! A sender in the manner of fluent-logger: a label and a record, for programs that log events to Fluentd.
//!
//! ```
//! use axonpush::{Fluentd, fluent};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! fluent::setup("app", Fluentd::new("127.0.0.1:24224"))?;
//! fluent::event("follow", json!({"from": "ann", "to": "bob"})); // The tag is `app.follow`.
//!
//! // When the program ends:
//! let lost = fluent::close(Duration::from_millis(10));
//! eprintln!("{lost} events were lost");
//! # Ok::<(), axonpush::Error>(())
//! ```
//!
//! The record arrives as it is given, but for what the [`RedactionPolicy`] hides. Behind a [`Fluent`] stands a client with
//! one sink: nothing waits for the network, what waits is bounded, and of every event it is known what became of it. A
//! program that has a client already adds a [`Fluentd`] to its sinks instead.

use std::{
    error, fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use serde::Serialize;

use crate::{
    client::AxonPush,
    error::Error,
    event::Event,
    outlet::SinkPolicy,
    queue::{LostEvents, WhenFull},
    redact::RedactionPolicy,
    sink::Fluentd,
};

/// Sends events to a Fluentd. Cheap to clone; all clones share one queue and one connection.
///
/// Dropping the last clone settles what waits, for at most 2 s; [`close`](Self::close) says what became of it.
#[derive(Clone)]
pub struct Fluent {
    client: AxonPush,
    errors: Arc<Mutex<Errors>>,
}

/// What went wrong last.
#[derive(Default)]
struct Errors {
    /// Of an event that was not taken.
    refused: Option<Arc<Error>>,
    /// One of the sink that is no longer to be told.
    cleared: Option<Arc<std::io::Error>>,
}

/// Settings of a [`Fluent`]; made by [`Fluent::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FluentBuilder {
    to: Fluentd,
    policy: SinkPolicy,
    redaction: RedactionPolicy,
}

/// The sink of the client behind a sender.
const SINK: &str = "fluentd";

/// The label of an event without one, which leaves nothing behind in the tag.
const NO_LABEL: &str = ".";

impl Fluent {
    /// A sender whose tags begin with `prefix`, whatever `to` says of tags.
    ///
    /// # Errors
    ///
    /// None with these settings; see [`FluentBuilder::build`].
    pub fn new(prefix: impl Into<String>, to: Fluentd) -> Result<Self, Error> {
        Self::builder(prefix, to).build()
    }

    /// A sender with settings of its own.
    pub fn builder(prefix: impl Into<String>, to: Fluentd) -> FluentBuilder {
        let to = to.tag_prefix(prefix).of_payloads();
        FluentBuilder { to, policy: SinkPolicy::new(), redaction: RedactionPolicy::new() }
    }

    /// Sends a record, anything that serialises as a JSON object, with the tag `<prefix>.<label>`. Says whether it was
    /// taken; if not, [`last_error`](Self::last_error) says why.
    pub fn emit(&self, label: &str, record: impl Serialize) -> bool {
        self.offer(label, &record, |event| event)
    }

    /// As [`emit`](Self::emit), of what was at `time`, to the nanosecond.
    pub fn emit_with_time(&self, label: &str, time: SystemTime, record: impl Serialize) -> bool {
        self.offer(label, &record, |event| event.occurred_at(time))
    }

    /// Why an event was not taken, or else why they can't be delivered. It stays until it is
    /// [cleared](Self::clear_last_error).
    pub fn last_error(&self) -> Option<Arc<dyn error::Error + Send + Sync>> {
        let failed = self.failed();
        let errors = self.errors();
        if let Some(refused) = &errors.refused {
            return Some(Arc::clone(refused) as _);
        }
        let is_cleared = |error: &Arc<_>| errors.cleared.as_ref().is_some_and(|cleared| Arc::ptr_eq(cleared, error));
        failed.filter(|error| !is_cleared(error)).map(|error| error as _)
    }

    /// Forgets what went wrong so far.
    pub fn clear_last_error(&self) {
        *self.errors() = Errors { refused: None, cleared: self.failed() };
    }

    /// Blocks until every event sent before is written or lost, but no longer than `timeout`. Says whether they are.
    pub fn flush(&self, timeout: Duration) -> bool {
        let _of_no_server = self.client.block_on(self.client.flush(timeout));
        self.client.sink_stats().iter().all(|sink| sink.queued() == 0)
    }

    /// Takes no more events, of any clone, and blocks until those that wait are written, but no longer than `timeout`. Says
    /// how many of all events never were: they are lost, whether now or before.
    pub fn close(&self, timeout: Duration) -> u64 {
        let _of_no_server = self.client.block_on(self.client.shutdown(timeout));
        self.client.sink_stats().iter().map(|sink| sink.accepted() - sink.written()).sum()
    }

    /// The client behind it, whose [`sink_stats`](AxonPush::sink_stats) tell what became of the events.
    pub fn client(&self) -> &AxonPush {
        &self.client
    }

    fn offer(&self, label: &str, record: &impl Serialize, when: impl FnOnce(Event) -> Event) -> bool {
        let label = if label.trim().is_empty() { NO_LABEL } else { label };
        let event = Event::new(label.to_owned()).payload(record);
        match event.and_then(|event| self.client.enqueue(&when(event), WhenFull::ApplyPolicy)) {
            Ok(()) => true,
            Err(error) => {
                self.errors().refused = Some(Arc::new(error));
                false
            }
        }
    }

    /// Why the sink failed last.
    fn failed(&self) -> Option<Arc<std::io::Error>> {
        self.client.sink_stats().first().and_then(|stats| stats.last_error().cloned())
    }

    fn errors(&self) -> MutexGuard<'_, Errors> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fluent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fluent").field("client", &self.client).finish_non_exhaustive()
    }
}

impl FluentBuilder {
    /// How much may wait, and what gives way where there is no room; see [`SinkPolicy`].
    pub fn policy(mut self, policy: SinkPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Tells which events are lost, for want of room or at the end: what fluent-logger calls a buffer overflow handler. Each
    /// is there as the JSON of an event, whose `payload` is the record; see [`SinkPolicy::on_loss`].
    pub fn on_overflow(mut self, hook: impl Fn(&LostEvents) + Send + Sync + 'static) -> Self {
        self.policy = self.policy.on_loss(hook);
        self
    }

    /// What to hide; [`RedactionPolicy::new`] unless set.
    pub fn redaction(mut self, policy: RedactionPolicy) -> Self {
        self.redaction = policy;
        self
    }

    /// The sender. It connects with its first event.
    ///
    /// # Errors
    ///
    /// When the policy can't be obeyed: a queue of a sink never blocks.
    pub fn build(self) -> Result<Fluent, Error> {
        let client =
            AxonPush::builder().redaction(self.redaction).sink_with(SINK, self.to, self.policy).without_server();
        Ok(Fluent { client: client.build()?, errors: Arc::default() })
    }
}

/// The sender of this process.
static SENDER: ArcSwapOption<Fluent> = ArcSwapOption::const_empty();

/// Sets the sender of this process up, for [`event`]. One that was set up before settles what it has, for at most 2 s.
///
/// # Errors
///
/// As [`Fluent::new`].
pub fn setup(prefix: impl Into<String>, to: Fluentd) -> Result<(), Error> {
    setup_with(Fluent::new(prefix, to)?);
    Ok(())
}

/// As [`setup`], with a sender that was built with settings of its own.
pub fn setup_with(sender: Fluent) {
    SENDER.store(Some(Arc::new(sender)));
}

/// The sender that was set up, if one was.
pub fn sender() -> Option<Fluent> {
    SENDER.load().as_deref().cloned()
}

/// As [`Fluent::emit`], by the sender of this process; `false` as long as there is none.
pub fn event(label: &str, record: impl Serialize) -> bool {
    SENDER.load().as_ref().is_some_and(|sender| sender.emit(label, record))
}

/// As [`Fluent::emit_with_time`], by the sender of this process; `false` as long as there is none.
pub fn event_with_time(label: &str, time: SystemTime, record: impl Serialize) -> bool {
    SENDER.load().as_ref().is_some_and(|sender| sender.emit_with_time(label, time, record))
}

/// As [`Fluent::close`], of the sender of this process, which it has none of any more; 0 where there was none.
pub fn close(timeout: Duration) -> u64 {
    SENDER.swap(None).map_or(0, |sender| sender.close(timeout))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A sender whose server is not there.
    fn sender() -> Fluent {
        Fluent::new("app", Fluentd::new("127.0.0.1:1")).unwrap()
    }

    #[test]
    fn what_is_not_taken_is_told_until_it_is_cleared() {
        let sender = sender();
        assert!(sender.last_error().is_none());
        assert!(!sender.emit("follow", "no object"));
        let error = sender.last_error().unwrap().to_string();
        assert!(error.contains("must be a JSON object") && !error.contains("no object"), "{error}");
        sender.clear_last_error();
        assert!(sender.last_error().is_none());

        // What is taken and can't be delivered waits, and that is told as well.
        assert!(sender.emit("", json!({"n": f64::NAN})) && !sender.flush(Duration::from_millis(300)));
        let failed = sender.last_error();
        assert!(failed.is_some(), "{:?}", sender.client().sink_stats());
        assert_eq!(sender.close(Duration::ZERO), 1);
        assert!(!sender.emit("late", json!({})) && sender.last_error().unwrap().to_string().contains("shut down"));
    }

    #[test]
    fn a_process_has_the_sender_that_was_set_up_last_and_none_after_the_end() {
        assert!(!event("early", json!({})) && close(Duration::ZERO) == 0);
        setup("app", Fluentd::new("127.0.0.1:1")).unwrap();
        let first = super::sender().unwrap();
        setup_with(sender());
        let time = SystemTime::UNIX_EPOCH;
        assert!(event("follow", json!({})) && event_with_time("follow", time, json!({})));
        assert_eq!(first.client().sink_stats()[0].accepted(), 0);
        assert_eq!(close(Duration::ZERO), 2);
        assert!(!event("late", json!({})) && super::sender().is_none());
    }
}

//! What becomes of a log record between the line that logged it and the queue: which are wanted, what is changed in them,
//! and how many are enough.

mod dedup;
mod kinds;
mod levels;
mod run;
mod sampling;
mod step;
mod tail;
mod target;
#[cfg(test)]
mod tests;
mod value;
mod view;

use std::{fmt, sync::Arc, time::Instant};

pub(crate) use self::run::{Outcome, Run};
use self::step::{Key, Step, Unwanted};
pub use self::{dedup::Dedup, levels::Levels, sampling::Sampling, tail::KeepOnError, value::LogValue, view::LogView};
use crate::event::{AttributeValue, Severity, draft::Guard};

/// Steps that every log record takes before it is handed over, in the order in which they were added.
///
/// ```
/// use axonpush::{Dedup, Pipeline, Sampling, Severity};
/// use std::time::Duration;
///
/// let pipeline = Pipeline::new()
///     .add("region", "eu-1")
///     .rename("uid", "user.id")
///     .drop("http.request.header.*")
///     .map("elapsed", |value| value.as_f64().map(|seconds| seconds * 1000.0))
///     .step(|record| {
///         if record.target().starts_with("healthcheck") && record.severity() < Severity::Warn {
///             record.discard();
///         }
///     })
///     .sample(Sampling::one_in(10).below(Severity::Info))
///     .dedup(Dedup::within(Duration::from_secs(5)));
/// ```
///
/// It is applied to [`Event::log`](crate::Event::log)s that are enqueued, and to what the tracing layer and the log bridge
/// hear: on the caller's thread, to the record as it would be sent. What is published with an awaited receipt, and what
/// the SDK reports of exchanges, takes no steps.
///
/// | step | what it does | where it changes nothing | where it does |
/// |---|---|---|---|
/// | none at all | | nothing | |
/// | [`add`](Self::add) | sets an attribute unless it is there | a walk over the fields | one attribute, redacted |
/// | [`set`](Self::set) | sets an attribute | a walk | one attribute, redacted |
/// | [`rename`](Self::rename) | gives an attribute another name | a walk | one attribute, redacted under its new name |
/// | [`drop`](Self::drop) | takes attributes out | a walk | |
/// | [`map`](Self::map) | computes an attribute anew | a walk, and the closure | one attribute, redacted |
/// | [`step`](Self::step) | what a closure does | the closure | as above, by change |
/// | [`sample`](Self::sample) | lets some of many through | a comparison of severities | a hash of the trace id, one attribute |
/// | [`dedup`](Self::dedup) | leaves out repetitions | a hash of the body, a short lock | one attribute |
///
/// A walk over twenty fields costs less than a hundred nanoseconds. The first change of a record copies it into a buffer that the
/// thread keeps; later ones move what stands behind the attribute. Nothing of this allocates once buffers are warm, but
/// for what closures do themselves and keys with escapes.
///
/// - Steps see redacted values only, and what they write passes the client's
///   [`RedactionPolicy`](crate::RedactionPolicy) like anything else: no step can leak.
/// - A closure that panics costs this one record, which is counted as [`refused`](crate::Stats::refused) and never sent
///   half changed.
/// - Records that are logged by a closure while it runs are left out.
/// - What is left out by a step is counted as [`filtered`](crate::Stats::filtered), apart from losses.
///
/// Clones share what their steps count.
#[derive(Clone, Default)]
#[must_use = "a pipeline does nothing until it is passed to `AxonPushBuilder::pipeline`"]
pub struct Pipeline {
    steps: Vec<Step>,
}

impl Pipeline {
    /// No steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute where there is none of its name.
    pub fn add(self, key: impl AsRef<str>, value: impl Into<AttributeValue>) -> Self {
        self.with(Step::Add(Key::of(key.as_ref()), step::json(&value.into())))
    }

    /// Sets an attribute, in the place of one of its name.
    pub fn set(self, key: impl AsRef<str>, value: impl Into<AttributeValue>) -> Self {
        self.with(Step::Set(Key::of(key.as_ref()), step::json(&value.into())))
    }

    /// Gives an attribute another name, in its place; one that has that name already goes.
    pub fn rename(self, from: impl AsRef<str>, to: impl AsRef<str>) -> Self {
        self.with(Step::Rename(Key::of(from.as_ref()), Key::of(to.as_ref())))
    }

    /// Takes an attribute out, or, with `.*` at the end of the key, all whose names begin with what stands before the
    /// `*`.
    pub fn drop(self, key: impl AsRef<str>) -> Self {
        self.with(Step::Drop(Unwanted::of(key.as_ref())))
    }

    /// Replaces the value of an attribute, where there is one, by what `map` makes of it. It sees the value redacted.
    pub fn map<V: Into<AttributeValue>>(
        self,
        key: impl AsRef<str>,
        map: impl Fn(LogValue<'_>) -> V + Send + Sync + 'static,
    ) -> Self {
        self.with(Step::Map(Key::of(key.as_ref()), Arc::new(move |value| map(value).into())))
    }

    /// Lets some of many records through.
    pub fn sample(self, sampling: Sampling) -> Self {
        self.with(Step::Sample(sampling))
    }

    /// Leaves out repetitions. A pipeline has one such step: a later one replaces an earlier.
    pub fn dedup(mut self, dedup: Dedup) -> Self {
        self.steps.retain(|step| !matches!(step, Step::Dedup(_)));
        self.with(Step::Dedup(dedup))
    }

    /// Runs a closure on every record.
    pub fn step(self, step: impl Fn(&mut LogView<'_>) + Send + Sync + 'static) -> Self {
        self.with(Step::Custom(Arc::new(step)))
    }

    fn with(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Whether [`settle`](Self::settle) may have something to hand out.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.deduplication().is_some_and(|dedup| dedup.is_due(now))
    }

    /// Hands out what counts records that were left out and go along with no other: of windows that have ended, or of
    /// all.
    pub(crate) fn settle(&self, now: Instant, all: bool, guard: &dyn Guard, each: &mut dyn FnMut(&[u8], Severity)) {
        if let Some(dedup) = self.deduplication() {
            dedup.settle(now, all, guard, each);
        }
    }

    /// Hands out what counts records of windows that have ended, and says when to ask again, if a record has come by since
    /// the last time.
    pub(crate) fn tick(
        &self,
        now: Instant,
        guard: &dyn Guard,
        each: &mut dyn FnMut(&[u8], Severity),
    ) -> Option<Instant> {
        let dedup = self.deduplication()?;
        let next = dedup.next_tick(now);
        if dedup.is_due(now) {
            dedup.settle(now, false, guard, each);
        }
        next
    }

    fn deduplication(&self) -> Option<&Dedup> {
        self.steps.iter().find_map(|step| match step {
            Step::Dedup(dedup) => Some(dedup),
            _ => None,
        })
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.steps).finish()
    }
}

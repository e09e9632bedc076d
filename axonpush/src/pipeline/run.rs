//! One record's way through the steps.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use super::{Pipeline, dedup::Carried, step::Step, view::LogView};
use crate::{
    error::Error,
    event::{
        Severity,
        draft::{self, Guard},
    },
};

/// What a record's way through the steps needs.
pub(crate) struct Run<'a> {
    pub(crate) severity: Severity,
    pub(crate) guard: &'a dyn Guard,
    pub(crate) now: Instant,
    /// Whether sampling and deduplication have a say. They have none in what is wanted whole or not at all.
    pub(crate) thin: bool,
}

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// It passed, and was lent.
    Passed(T),
    /// It was left out on purpose.
    Filtered,
    /// It can't be sent.
    Refused(Error),
}

impl Pipeline {
    /// Lets a draft take all steps, and lends what it has become to `with`.
    #[inline]
    pub(crate) fn run<T>(&self, record: &[u8], run: &Run<'_>, with: impl FnOnce(&[u8]) -> T) -> Outcome<T> {
        if self.steps.is_empty() { Outcome::Passed(with(record)) } else { self.take_steps(record, run, with) }
    }

    fn take_steps<T>(&self, record: &[u8], run: &Run<'_>, with: impl FnOnce(&[u8]) -> T) -> Outcome<T> {
        let mut view = LogView::new(record, run.severity, run.guard);
        let mut carried = None;
        let refused = {
            // A closure that logs would be called for what it logs, and so on.
            let Some(_running) = Running::enter() else { return Outcome::Filtered };
            self.change(&mut view, run, &mut carried)
        };
        let passed = match refused {
            Ok(true) if view.is_changed() => draft::check_size(&view.target(), view.record().len()).map(|()| true),
            other => other,
        };
        if let (Ok(false) | Err(_), Some(carried), Some(dedup)) = (&passed, carried, self.deduplication()) {
            dedup.take_back(&carried, run.now, &view);
        }
        match passed {
            Ok(true) => Outcome::Passed(with(view.record())),
            Ok(false) => Outcome::Filtered,
            Err(error) => Outcome::Refused(error),
        }
    }

    /// Takes the steps; says whether the record passes.
    fn change(&self, view: &mut LogView<'_>, run: &Run<'_>, carried: &mut Option<Carried>) -> Result<bool, Error> {
        for (at, step) in self.steps.iter().enumerate() {
            let passes = match step {
                Step::Sample(_) | Step::Dedup(_) if !run.thin => true,
                Step::Sample(sampling) => sampling.keeps(view),
                Step::Dedup(dedup) => match dedup.judge(view, run.now) {
                    Ok(count) => {
                        *carried = count;
                        true
                    }
                    Err(()) => false,
                },
                Step::Map(..) | Step::Custom(_) => {
                    catch_unwind(AssertUnwindSafe(|| step.change(view))).map_err(|_payload| panicked(at))?;
                    !view.is_discarded()
                }
                _ => {
                    step.change(view);
                    true
                }
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn panicked(at: usize) -> Error {
    Error::invalid(format!(
        "step {} of the pipeline panicked, and the log record was left out; let the closure answer for every value",
        at + 1,
    ))
}

/// Steps under way on this thread.
struct Running;

thread_local!(static RUNNING: Cell<bool> = const { Cell::new(false) });

impl Running {
    /// `None`: there are some already.
    fn enter() -> Option<Self> {
        let first = |running: &Cell<bool>| !running.replace(true);
        // Without its memory, a thread that is ending can't tell.
        RUNNING.try_with(first).unwrap_or(false).then_some(Self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ending = RUNNING.try_with(|running| running.set(false));
    }
}

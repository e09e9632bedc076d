//! Letting some of many records through, so that what belongs together stays together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{target, value::LogValue, view::LogView};
use crate::event::{Severity, draft::Field, json::Decimal, scan};

/// How records are thinned, for [`Pipeline::sample`](crate::Pipeline::sample).
///
/// ```
/// use axonpush::{Pipeline, Sampling, Severity};
///
/// // One in ten of what is below WARN, and one in a thousand of what the HTTP client says.
/// let pipeline = Pipeline::new()
///     .sample(Sampling::one_in(10))
///     .sample(Sampling::one_in(1000).target("hyper").below(Severity::Error));
/// ```
///
/// - Records of one trace are kept or left out together, by a hash of the trace id. It is the same in every process, so
///   that services that sample alike keep the same traces, and those that sample more keep some of them.
/// - Of records without a trace the first is kept and then every `n`th.
/// - What is kept of the thinned has the attribute `log.sampling.rate`: how many records it stands for.
#[derive(Debug, Clone)]
#[must_use = "sampling does nothing until it is passed to `Pipeline::sample`"]
pub struct Sampling {
    one_in: u64,
    below: Severity,
    target: Option<String>,
    /// Records without a trace so far. Clones go on counting together.
    count: Arc<AtomicU64>,
}

impl Sampling {
    /// Lets one in `n` through; all of them for 0 and 1.
    pub fn one_in(n: u32) -> Self {
        Self { one_in: u64::from(n.max(1)), below: Severity::Warn, target: None, count: Arc::default() }
    }

    /// Only records below `severity` are thinned; [`Severity::Warn`] unless set.
    pub fn below(mut self, severity: Severity) -> Self {
        self.below = severity;
        self
    }

    /// Only records of `target`, and of what lies within, are thinned; those of all targets unless set.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Decides about a record, and marks it if it is kept.
    pub(super) fn keeps(&self, view: &mut LogView<'_>) -> bool {
        let is_concerned = self.one_in > 1
            && view.severity() < self.below
            && self.target.as_ref().is_none_or(|around| target::is_within(&view.target(), around));
        if !is_concerned {
            return true;
        }
        let earlier = view.value(RATE).and_then(|rate| LogValue::new(rate).as_u64()).unwrap_or(1).max(1);
        let rate = match view.field(Field::Trace).map(|trace| hash(scan::inside(trace))) {
            Some(hash) if hash > u64::MAX / self.one_in => return false,
            // A sampling before this one asked the same hash, and has left out the same traces.
            Some(_) => earlier.max(self.one_in),
            None if !self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.one_in) => return false,
            None => earlier.saturating_mul(self.one_in),
        };
        view.set_json(RATE, &Decimal::of(rate));
        true
    }
}

const RATE: &[u8] = b"log.sampling.rate";

/// FNV-1a, mixed so that its upper bits depend on every byte. Part of the contract between services: it never changes.
fn hash(text: &[u8]) -> u64 {
    let fnv = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (fnv ^ fnv >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ mixed >> 33
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Instant};

    use super::*;
    use crate::{
        context::RequestContext,
        event::{Event, LogPayload},
        pipeline::{
            Pipeline, Run,
            tests::{body, draft_of, passed, policy},
        },
    };

    /// The rate that a record is kept with, if it is; 1 for one that is not thinned.
    fn rate(pipeline: &Pipeline, target: &'static str, severity: Severity, trace: Option<&str>) -> Option<u64> {
        let draft = draft_of(&Event::log(target, LogPayload::new("said").severity(severity)), trace);
        let policy = policy();
        let run = Run { severity, guard: &policy, now: Instant::now(), thin: true };
        let kept = passed(pipeline.run(&draft, &run, <[u8]>::to_vec))?;
        Some(body(&kept)["payload"]["attributes"]["log.sampling.rate"].as_u64().unwrap_or(1))
    }

    #[test]
    fn records_of_one_trace_are_kept_or_left_out_together() {
        let (pipeline, elsewhere) = [4, 2].map(|n| Pipeline::new().sample(Sampling::one_in(n))).into();
        let mut kept = HashMap::new();
        for _ in 0..4000 {
            let trace = RequestContext::new().trace_id().to_owned();
            let decisions = [Severity::Debug, Severity::Info].map(|level| rate(&pipeline, "a", level, Some(&trace)));
            assert_eq!(decisions[0], decisions[1]);
            // Whoever keeps more keeps these as well.
            assert!(decisions[0].is_none() || rate(&elsewhere, "b", Severity::Info, Some(&trace)) == Some(2));
            *kept.entry(decisions[0]).or_insert(0) += 1;
        }
        // Six standard deviations of 4000 throws at one in four.
        assert!((836..1164).contains(&kept[&Some(4)]), "{kept:?}");
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn what_is_kept_stands_for_all_that_was_logged() {
        let pipeline = Pipeline::new().sample(Sampling::one_in(5)).sample(Sampling::one_in(4));
        let rates = (0..200).filter_map(|_| rate(&pipeline, "a", Severity::Info, None));
        assert_eq!(rates.sum::<u64>(), 200);
        let trace = (0..)
            .map(|_| RequestContext::new())
            .find_map(|context| rate(&pipeline, "a", Severity::Info, Some(context.trace_id())));
        assert_eq!(trace, Some(5));
    }

    #[test]
    fn only_what_is_meant_is_thinned() {
        let pipeline = Pipeline::new().sample(Sampling::one_in(u32::MAX).target("hyper"));
        let all = |target: &'static str, severity| {
            (0..5).filter_map(|_| rate(&pipeline, target, severity, None)).sum::<u64>()
        };
        assert_eq!(all("hyper::proto", Severity::Info), u64::from(u32::MAX));
        assert_eq!(all("hyper::proto", Severity::Warn), 5);
        assert_eq!(all("hyper_util", Severity::Info), 5);
        for n in [0, 1] {
            let pipeline = Pipeline::new().sample(Sampling::one_in(n));
            assert_eq!((0..5).filter_map(|_| rate(&pipeline, "a", Severity::Trace, None)).sum::<u64>(), 5);
        }
    }

    #[test]
    fn the_hash_stays_what_it_is() {
        // Services of different versions keep the same traces.
        assert_eq!(hash(b""), 0xefd0_1f60_ba99_2926);
        assert_eq!(hash(b"0af7651916cd43dd8448eb211c80319c"), 0xbc8e_95ca_3626_5c92);
    }
}

//! Which records a sink wants.

use std::{
    fmt,
    ops::RangeBounds,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use super::{
    OutletPolicy,
    intake::{MAX_SINKS, Wanted},
};
use crate::{
    clock,
    event::{Severity, json},
    setting::is_same,
    sink::{SinkName, SinkRecord},
};

/// A sink's own choice among all records.
#[derive(Clone)]
pub(super) struct Filter {
    /// Both ends included.
    severities: (Severity, Severity),
    targets: Vec<Pattern>,
    event_types: Vec<Pattern>,
    custom: Option<Custom>,
}

type Custom = Arc<dyn Fn(&SinkRecord<'_>) -> bool + Send + Sync>;

/// A name, or a part of one with `*` for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(String);

impl Filter {
    /// Everything.
    pub(super) fn all() -> Self {
        let severities = (Severity::Trace, Severity::Fatal);
        Self { severities, targets: Vec::new(), event_types: Vec::new(), custom: None }
    }

    pub(super) fn set_severities(&mut self, range: &impl RangeBounds<Severity>) {
        let wanted = |severity: &&Severity| range.contains(*severity);
        let mut all = Severity::ALL.iter().filter(wanted).copied();
        let first = all.next();
        // A range that holds nothing is one whose ends are the wrong way round.
        self.severities =
            first.map_or((Severity::Fatal, Severity::Trace), |first| (first, all.last().unwrap_or(first)));
    }

    pub(super) fn set_targets<P: Into<String>>(&mut self, patterns: impl IntoIterator<Item = P>) {
        self.targets = patterns.into_iter().map(|pattern| Pattern(pattern.into())).collect();
    }

    pub(super) fn set_event_types<P: Into<String>>(&mut self, patterns: impl IntoIterator<Item = P>) {
        self.event_types = patterns.into_iter().map(|pattern| Pattern(pattern.into())).collect();
    }

    pub(super) fn set_custom(&mut self, wants: impl Fn(&SinkRecord<'_>) -> bool + Send + Sync + 'static) {
        self.custom = Some(Arc::new(wants));
    }

    /// Whether nothing at all can pass.
    pub(super) fn is_nothing(&self) -> bool {
        self.severities.0 > self.severities.1
    }

    fn has_severity(&self, severity: Severity) -> bool {
        (self.severities.0..=self.severities.1).contains(&severity)
    }

    fn is_by_severity_alone(&self) -> bool {
        self.targets.is_empty() && self.event_types.is_empty() && self.custom.is_none()
    }

    fn has_name(&self, name: &SinkName<'_>) -> bool {
        let fits =
            |patterns: &[Pattern], fits: &dyn Fn(&Pattern) -> bool| patterns.is_empty() || patterns.iter().any(fits);
        fits(&self.targets, &|pattern| pattern.is_target(&name.target))
            && fits(&self.event_types, &|pattern| pattern.matches(&name.event_type))
    }

    fn likes(&self, record: &SinkRecord<'_>) -> bool {
        // In a panic that is being told no code of the application may run; and a filter that panics loses nothing.
        let Some(custom) = self.custom.as_ref().filter(|_| !thread::panicking()) else { return true };
        catch_unwind(AssertUnwindSafe(|| custom(record))).unwrap_or(true)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        is_same(self.custom.as_ref(), other.custom.as_ref())
            && self.severities == other.severities
            && self.targets == other.targets
            && self.event_types == other.event_types
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("severities", &self.severities)
            .field("targets", &self.targets)
            .field("event_types", &self.event_types)
            .finish_non_exhaustive()
    }
}

impl Pattern {
    /// Whether it names the target, or a module that the target lies in.
    fn is_target(&self, target: &str) -> bool {
        let is_around = || target.strip_prefix(&*self.0).is_some_and(|rest| rest.starts_with("::"));
        self.matches(target) || (!self.0.contains('*') && is_around())
    }

    /// Whether it is the name, where each `*` stands for anything.
    fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            // What comes first is as good as any: more is left for the others.
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

/// The filters of all sinks, asked at once.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Who wants records of a severity, as far as it decides.
    by_severity: [Wanted; Severity::ALL.len()],
    /// Those with whom more decides.
    particular: Vec<(Wanted, Filter)>,
    /// The client's resource, for them to see.
    speaker: Arc<Vec<u8>>,
}

impl Wants {
    pub(super) fn of(policies: &[OutletPolicy], speaker: &Arc<Vec<u8>>) -> Self {
        let mut wants = Self { speaker: Arc::clone(speaker), ..Self::default() };
        for (place, policy) in policies.iter().take(MAX_SINKS).enumerate() {
            let (bit, filter) = (1 << place, &policy.policy.filter);
            for (wanted, severity) in wants.by_severity.iter_mut().zip(Severity::ALL) {
                *wanted |= if filter.has_severity(severity) { bit } else { 0 };
            }
            if !filter.is_by_severity_alone() {
                wants.particular.push((bit, filter.clone()));
            }
        }
        wants
    }

    /// One sink that wants everything.
    #[cfg(all(test, axonpush_loom))]
    pub(super) fn everything() -> Self {
        Self { by_severity: [1; Severity::ALL.len()], ..Self::default() }
    }

    /// Who wants a record, a body or a draft.
    #[inline]
    pub(super) fn by(&self, severity: Severity, record: &[u8]) -> Wanted {
        let wanted = self.by_severity.get(severity as usize).copied().unwrap_or_default();
        if self.particular.is_empty() || wanted == 0 { wanted } else { self.ask(wanted, severity, record) }
    }

    #[cold]
    fn ask(&self, mut wanted: Wanted, severity: Severity, record: &[u8]) -> Wanted {
        let (mut name, mut view) = (None, None);
        for (bit, filter) in &self.particular {
            let mut wants = wanted & bit != 0 && filter.has_name(name.get_or_insert_with(|| SinkName::of(record)));
            if wants && filter.custom.is_some() {
                let now = || json::nanos(clock::wall());
                wants =
                    filter.likes(view.get_or_insert_with(|| SinkRecord::new(record, severity, now(), &self.speaker)));
            }
            if !wants {
                wanted &= !bit;
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    fn is_target(pattern: &str, target: &str) -> bool {
        Pattern(pattern.to_owned()).is_target(target)
    }

    #[test]
    fn a_pattern_is_a_name_a_module_around_it_or_has_stars() {
        for (pattern, target) in [
            ("shop", "shop"),
            ("shop", "shop::cart"),
            ("shop*", "shopping"),
            ("*::sql", "shop::db::sql"),
            ("agent.*.start", "agent.tool_call.start"),
            ("*", ""),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(is_target(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in
            [("shop", "shopping"), ("shop::cart", "shop"), ("a*b", "a"), ("ab*ba", "aba"), ("", "x"), ("a*b*c", "abXd")]
        {
            assert!(!is_target(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn a_range_has_both_its_ends_and_may_be_open() {
        let has = |range: (Bound<Severity>, Bound<Severity>)| {
            let mut filter = Filter::all();
            filter.set_severities(&range);
            Severity::ALL.into_iter().filter(|severity| filter.has_severity(*severity)).collect::<Vec<_>>()
        };
        let (info, error) = (Severity::Info, Severity::Error);
        let all = [Severity::Info, Severity::Warn, Severity::Error];
        assert_eq!(has((Bound::Included(info), Bound::Included(error))), all);
        assert_eq!(has((Bound::Included(info), Bound::Excluded(error))), all[..2]);
        assert_eq!(has((Bound::Unbounded, Bound::Excluded(Severity::Debug))), [Severity::Trace]);
        assert_eq!(has((Bound::Included(error), Bound::Included(info))), []);
    }

    proptest! {
        #[test]
        fn stars_stand_for_anything(parts in prop::collection::vec("[ab]{0,3}", 1..4), filling in "[ab]{0,3}") {
            let name = parts.join(&filling);
            prop_assert!(Pattern(parts.join("*")).matches(&name));
        }
    }
}

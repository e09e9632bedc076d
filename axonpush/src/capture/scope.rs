//! What a capture hears of, and what it leaves out.

use std::cell::Cell;

/// Records within records: a value that logs while it is shown.
const MAX_DEPTH: usize = 4;

/// Targets that are left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Excluded(Vec<String>);

impl Excluded {
    pub(super) fn add(&mut self, target: String) {
        self.0.push(target);
    }

    /// Whether one of them is `target`, or a module around it.
    pub(super) fn covers(&self, target: &str) -> bool {
        self.0.iter().any(|excluded| {
            target.strip_prefix(&**excluded).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }
}

/// A record under way on this thread.
pub(super) struct Depth;

thread_local!(static DEPTH: Cell<usize> = const { Cell::new(0) });

impl Depth {
    /// `None`: records have led to records for long enough.
    pub(super) fn enter() -> Option<Self> {
        let deeper = |depth: &Cell<usize>| (depth.get() < MAX_DEPTH).then(|| depth.set(depth.get() + 1));
        DEPTH.try_with(deeper).ok().flatten().map(|()| Self)
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        let _ending = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_left_out_with_all_that_is_in_it_and_nothing_beside_it() {
        let mut excluded = Excluded::default();
        assert!(!excluded.covers("hyper"));
        excluded.add("hyper".to_owned());
        for (target, is_out) in
            [("hyper", true), ("hyper::proto::h1", true), ("hyper_util", false), ("my::hyper", false)]
        {
            assert_eq!(excluded.covers(target), is_out, "{target}");
        }
    }

    #[test]
    fn records_within_records_end() {
        fn deeper() -> usize {
            Depth::enter().map_or(0, |_depth| 1 + deeper())
        }
        assert_eq!((deeper(), deeper()), (MAX_DEPTH, MAX_DEPTH));
    }
}

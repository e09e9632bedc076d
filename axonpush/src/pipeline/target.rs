//! Targets: module paths, and whatever else a record is said to come from.

/// Whether `target` is `around`, or a module in it.
#[inline]
pub(super) fn is_within(target: &str, around: &str) -> bool {
    target.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

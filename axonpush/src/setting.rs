//! A value of a policy, which knows whether anyone chose it.

use std::{ops::Deref, sync::Arc};

/// A value, and whether it was chosen or is what there is otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Setting<T> {
    value: T,
    is_set: bool,
}

impl<T> Setting<T> {
    /// What there is unless someone chooses.
    pub(crate) const fn unset(default: T) -> Self {
        Self { value: default, is_set: false }
    }

    pub(crate) fn set(&mut self, value: T) {
        *self = Self { value, is_set: true };
    }

    /// This one if it was chosen, and else the other.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_set { self } else { other }
    }
}

/// Whether two settings are the same piece of code, or neither is any.
pub(crate) fn is_same<T: ?Sized>(one: Option<&Arc<T>>, another: Option<&Arc<T>>) -> bool {
    match (one, another) {
        (Some(one), Some(another)) => Arc::ptr_eq(one, another),
        _ => one.is_none() && another.is_none(),
    }
}

/// What was chosen is the same as what there would be otherwise.
impl<T: PartialEq> PartialEq for Setting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Setting<T> {}

impl<T> Deref for Setting<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

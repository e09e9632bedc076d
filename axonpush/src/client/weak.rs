//! A client as someone knows it who outlives it.

use std::{
    ptr,
    sync::{Arc, Weak},
};

use super::{AxonPush, Inner};

/// A client that may be gone by now.
pub(crate) struct WeakClient(Weak<Inner>);

impl AxonPush {
    /// A handle that keeps nothing alive; `None` of a disabled client.
    pub(crate) fn downgrade(&self) -> Option<WeakClient> {
        self.0.as_ref().map(|inner| WeakClient(Arc::downgrade(inner)))
    }
}

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<AxonPush> {
        self.0.upgrade().map(|inner| AxonPush(Some(inner)))
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    pub(crate) fn is_of(&self, client: &AxonPush) -> bool {
        client.0.as_ref().is_some_and(|inner| ptr::eq(Arc::as_ptr(inner), self.0.as_ptr()))
    }
}

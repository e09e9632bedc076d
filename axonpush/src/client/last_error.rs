//! Why something went wrong last.

use std::sync::Arc;

use super::AxonPush;
use crate::error::Error;

impl AxonPush {
    /// Why the last event was refused or lost, if any was, or why settings were refused that changed outside of the
    /// program.
    pub fn last_error(&self) -> Option<Arc<Error>> {
        self.0.as_ref()?.publisher.last_error()
    }

    /// Forgets the [`last_error`](Self::last_error).
    pub fn clear_last_error(&self) {
        if let Some(inner) = &self.0 {
            inner.publisher.clear_last_error();
        }
    }

    /// Remembers why something went wrong.
    #[cfg(any(feature = "watch", all(unix, feature = "signal")))]
    pub(crate) fn remember(&self, error: Error) {
        if let Some(inner) = &self.0 {
            inner.publisher.remember(error);
        }
    }
}

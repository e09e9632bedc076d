//! The settings in force, all of one moment.
//!
//! They are swapped as a whole. Whatever takes more than one look at them takes a snapshot first, so that nothing is
//! written half by the old and half by the new ones.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{AxonPush, Inner};
use crate::{
    config::Config,
    context::OpenRequests,
    event::{Attributes, draft::Guard as _, json},
    redact::RedactionPolicy,
};

/// Settings, and what follows from them.
pub(crate) struct Live {
    /// Different for all that ever were, of any client.
    pub(super) id: u64,
    pub(super) config: Config,
    /// What every log and span says of who speaks, unless it says so itself: JSON text, redacted, or empty.
    pub(super) resource: Vec<u8>,
}

/// A client with the settings that were in force at one moment, for whatever is told in several pieces.
#[derive(Clone)]
pub(crate) struct Snapshot(pub(super) Option<(Arc<Inner>, Arc<Live>)>);

impl Live {
    pub(super) fn new(config: Config) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let resource = resource_text(&config.resource, &config.redaction);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), config, resource }
    }
}

/// Who speaks, as JSON text without what must not leave; empty when nobody is named.
pub(super) fn resource_text(resource: &Attributes, redaction: &RedactionPolicy) -> Vec<u8> {
    let (mut text, mut redacted) = (Vec::new(), Vec::new());
    if !resource.is_empty() && json::write(resource, &mut text).is_ok() {
        if redaction.hides_own(b"resource") {
            redacted.extend_from_slice(b"\"[REDACTED]\"");
        } else {
            redaction.redact(&text, false, &mut redacted);
        }
    }
    redacted
}

impl AxonPush {
    /// This client, with the settings that are in force now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.as_ref().map(|inner| (Arc::clone(inner), inner.live.load_full())))
    }
}

impl Snapshot {
    /// That of a [disabled](AxonPush::disabled) client.
    #[cfg(test)]
    pub(crate) fn disabled() -> Self {
        Self(None)
    }

    /// Tells these settings from all others; `None` from a disabled client.
    pub(crate) fn id(&self) -> Option<u64> {
        self.live().map(|live| live.id)
    }

    /// Where requests under way are listed; a disabled client lists none.
    pub(crate) fn open_requests(&self) -> Option<&OpenRequests> {
        self.inner().map(|inner| &inner.open_requests)
    }

    /// `service.name`, `service.version` and `deployment.environment`: JSON text that is redacted; empty when there are
    /// none.
    pub(crate) fn resource(&self) -> &[u8] {
        self.live().map_or(&[], |live| &live.resource)
    }

    pub(super) fn inner(&self) -> Option<&Inner> {
        self.0.as_ref().map(|(inner, _)| &**inner)
    }

    pub(super) fn live(&self) -> Option<&Live> {
        self.0.as_ref().map(|(_, live)| &**live)
    }
}

//! How much travels together.

use std::time::Duration;

use crate::setting::Setting;

/// When a batch closes: on count, bytes or age, whichever comes first. A flush closes all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "each is a maximum, and says so outside")]
pub struct BatchPolicy {
    pub(crate) max_events: Setting<usize>,
    pub(crate) max_bytes: Setting<usize>,
    pub(crate) max_age: Setting<Duration>,
}

impl BatchPolicy {
    /// 512 events, 1 MiB, 1 s.
    pub fn new() -> Self {
        Self {
            max_events: Setting::unset(512),
            max_bytes: Setting::unset(1 << 20),
            max_age: Setting::unset(Duration::from_secs(1)),
        }
    }

    /// Events in one batch; 512 unless set, and at least 1.
    pub fn max_events(mut self, events: usize) -> Self {
        self.max_events.set(events);
        self
    }

    /// Bytes of the events in one batch, as they wait in the queue; 1 MiB unless set. One event always fits.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes.set(bytes);
        self
    }

    /// How long the first event of a batch waits for others; 1 s unless set.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age.set(age);
        self
    }

    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            max_events: self.max_events.or(other.max_events),
            max_bytes: self.max_bytes.or(other.max_bytes),
            max_age: self.max_age.or(other.max_age),
        }
    }
}

impl Default for BatchPolicy {
    fn default() -> Self {
        Self::new()
    }
}

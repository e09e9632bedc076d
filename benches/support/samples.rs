//! Times of single calls.

use std::time::{Duration, Instant};

/// Times of single calls, in room that was made before.
pub struct Samples(Vec<u32>);

impl Samples {
    pub fn with_capacity(calls: usize) -> Self {
        Self(Vec::with_capacity(calls))
    }

    /// Times one call. What the two looks at the clock cost is in the figure, on both sides alike.
    pub fn time(&mut self, call: impl FnOnce()) {
        let started = Instant::now();
        call();
        let took = started.elapsed();
        assert!(self.0.len() < self.0.capacity(), "no room for another sample was made");
        self.0.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }

    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Nanoseconds that `percent` of the calls stayed within.
    pub fn percentile(&mut self, percent: usize) -> f64 {
        let at = (self.0.len() * percent / 100).min(self.0.len() - 1);
        f64::from(*self.0.select_nth_unstable(at).1)
    }
}

/// Waits until `at`: asleep at first, then awake, so that it is not missed by a time slice.
pub fn wait_until(at: Instant) {
    if let Some(rest) = at.checked_duration_since(Instant::now() + Duration::from_millis(1)) {
        std::thread::sleep(rest);
    }
    while Instant::now() < at {
        std::hint::spin_loop();
    }
}

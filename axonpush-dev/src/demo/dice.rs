//! Chance that falls the same way each time.

use std::fmt::Write;
use std::time::Duration;

/// `SplitMix64`: small, even, and the same on every machine.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `end`, without `end`.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // The remainder is below `end`, which has 32 bits.
        u32::try_from(self.next() % u64::from(end.max(1))).unwrap_or_default()
    }

    /// A number from `start` to `end`, without `end`.
    pub(super) fn between(&mut self, start: u32, end: u32) -> u32 {
        start + self.below(end.saturating_sub(start))
    }

    /// Whether something happens that happens in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: u32) -> bool {
        self.below(100) < share
    }

    /// One of `options`, or the default when there are none.
    pub(super) fn pick<T: Copy + Default>(&mut self, options: &[T]) -> T {
        let at = self.below(u32::try_from(options.len()).unwrap_or(u32::MAX));
        options.get(at as usize).copied().unwrap_or_default()
    }

    /// How long something takes that usually takes `usual` microseconds: mostly near it, now and then much longer.
    pub(super) fn took(&mut self, usual: u32) -> Duration {
        let share = if self.percent(4) { self.between(250, 600) } else { self.between(60, 150) };
        Duration::from_micros(u64::from(usual) * u64::from(share) / 100)
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            // Memory cannot fail to be written to.
            let _ = write!(text, "{:016x}", self.next());
        }
        text.truncate(digits);
        text
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

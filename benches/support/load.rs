//! How records are offered to what exports them, and what is said of it: `seconds`, `cpu` and `offered`.

use std::time::{Duration, Instant};

use crate::process;

const FLOOD: Duration = Duration::from_millis(1500);
const BURST: u64 = 500;
pub const BURSTS: u32 = 200;
pub const EVERY: Duration = Duration::from_millis(10);

/// Offers records, by their numbers: in a `flood`, or paced in bursts; ends with `shut_down`, and says what that took.
pub fn offer(load: &str, mut one: impl FnMut(u64), shut_down: impl FnOnce()) {
    let (started, cpu) = (Instant::now(), process::cpu());
    let mut offered = 0;
    if load == "flood" {
        while started.elapsed() < FLOOD {
            (0..64).for_each(|n| one(offered + n));
            offered += 64;
        }
    } else {
        for burst in 0..BURSTS {
            wait_asleep_until(started + EVERY * burst);
            (0..BURST).for_each(|n| one(offered + n));
            offered += BURST;
        }
    }
    shut_down();
    say(started, cpu, offered);
}

/// Says what was offered since `started`, when the processor time was `cpu`.
pub fn say(started: Instant, cpu: Duration, offered: u64) {
    process::say("seconds", started.elapsed().as_secs_f64());
    process::say("cpu", (process::cpu() - cpu).as_secs_f64());
    process::say("offered", offered as f64);
}

/// Spinning would be billed.
pub fn wait_asleep_until(at: Instant) {
    std::thread::sleep(at.saturating_duration_since(Instant::now()));
}

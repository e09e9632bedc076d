//! What was measured, beside what is allowed.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event};
use axonpush_dev::DevServer;

use super::{ms, stored};

/// Figures, their limits, and whether all of them held.
pub(super) struct Verdict {
    figures: Vec<String>,
    limits: Vec<String>,
    ok: bool,
}

impl Verdict {
    pub(super) fn new() -> Self {
        Self { figures: Vec::new(), limits: Vec::new(), ok: true }
    }

    /// A figure and its limit; one that does not hold is marked.
    pub(super) fn check(&mut self, ok: bool, figure: impl Display, limit: impl Display) {
        let mark = if ok { "" } else { "**" };
        self.figures.push(format!("{mark}{figure}{mark}"));
        let limit = limit.to_string();
        if !limit.is_empty() && !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
        self.ok &= ok;
    }

    /// A figure that has no limit.
    pub(super) fn note(&mut self, figure: impl Display) {
        self.check(true, figure, "");
    }

    pub(super) fn exactly<T: Copy + PartialEq + Display>(&mut self, what: &str, figure: T, limit: T) {
        self.check(figure == limit, format_args!("{what} {figure}"), format_args!("{limit}"));
    }

    pub(super) fn at_most<T: Copy + PartialOrd + Display>(&mut self, what: &str, figure: T, limit: T) {
        self.check(figure <= limit, format_args!("{what} {figure}"), format_args!("<= {limit}"));
    }

    pub(super) fn within(&mut self, what: &str, figure: Duration, limit: Duration) {
        self.check(figure <= limit, format_args!("{what} {}", ms(figure)), format_args!("<= {}", ms(limit)));
    }

    /// After a shutdown: everything accepted is delivered or lost, and the server holds what was delivered, once.
    pub(super) fn books(&mut self, client: &AxonPush, server: &DevServer) {
        let (stats, (distinct, all)) = (client.stats(), stored(server));
        let settled = stats.is_balanced() && stats.queued() + stats.in_flight() == 0;
        let once = distinct == all && distinct as u64 == stats.delivered();
        let figure = format!(
            "accepted {} = delivered {} + lost {}, stored {distinct}",
            stats.accepted(),
            stats.delivered(),
            stats.lost(),
        );
        let unsettled = if settled { String::new() } else { format!(" ({stats})") };
        let twice = if distinct == all { String::new() } else { format!(", {} twice", all - distinct) };
        self.check(settled && once, format_args!("{figure}{twice}{unsettled}"), "books exact");
    }

    /// Hands `count` events over and holds the time against what a caller may notice.
    pub(super) fn hand_over(&mut self, client: &AxonPush, count: usize) {
        // Unoptimised code is slower, and that says nothing about the design.
        let scale = if cfg!(debug_assertions) { 50 } else { 1 };
        let mut times: Vec<Duration> = (0..count)
            .map(|n| {
                let event = Event::new(format!("h{n}"));
                let began = Instant::now();
                client.events().enqueue(event);
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |part: usize| times.get(count * part / 100).copied().unwrap_or_default();
        for (what, time, limit) in [("p50", at(50), 2 * scale), ("p99", at(99), 20 * scale)] {
            let micros = time.as_secs_f64() * 1e6;
            self.check(
                time <= Duration::from_micros(limit),
                format_args!("hand-over {what} {micros:.1} us"),
                format_args!("{what} <= {limit} us"),
            );
        }
    }

    pub(super) fn into_parts(self) -> (String, String, bool) {
        (self.figures.join("; "), self.limits.join("; "), self.ok)
    }
}

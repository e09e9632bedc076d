//! How far it got: a bar on a terminal, and a last line in any case.

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::Line;
use crate::cli::output::{complain, grouped, plain};

/// Counts what was published and shows it on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// Whether the bar goes by the bytes read, as their number is known, rather than by lines.
    by_bytes: bool,
    began: Instant,
    published: u64,
    errors: u64,
}

impl Progress {
    pub(super) fn new(bytes: Option<u64>) -> Self {
        // It draws nothing where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(10));
        let template = match bytes {
            Some(_) => "{bar:32} {percent:>3}%  {msg}  {eta} left",
            None => "{spinner}  {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, by_bytes: bytes.is_some(), began: Instant::now(), published: 0, errors: 0 }
    }

    pub(super) fn published(&mut self, line: &Line) {
        self.published += 1;
        self.advance(line);
    }

    pub(super) fn refused(&mut self, line: &Line, why: &str) {
        self.errors += 1;
        if self.errors <= MAX_TOLD {
            let number = line.number;
            self.bar.suspend(|| complain(&format!("line {number}: {}", plain(why))));
        } else if self.errors == MAX_TOLD + 1 {
            self.bar.suspend(|| complain("further errors are counted only"));
        }
        self.advance(line);
    }

    /// How many lines could not be published.
    pub(super) fn errors(&self) -> u64 {
        self.errors
    }

    /// Says how it ended.
    pub(super) fn finish(self, early: Option<&str>) {
        self.bar.finish_and_clear();
        let took = self.began.elapsed();
        let mut said = format!(
            "published {} of {} lines in {} ({}/s)",
            grouped(self.published),
            grouped(self.published + self.errors),
            if took < Duration::from_secs(60) {
                format!("{:.1} s", took.as_secs_f64())
            } else {
                HumanDuration(took).to_string()
            },
            grouped(per_second(self.published, took)),
        );
        if self.errors > 0 {
            said = format!("{said}; {} could not be", grouped(self.errors));
        }
        if let Some(why) = early {
            said = format!("{said}; stopped before the end, as {why}");
        }
        complain(&said);
    }

    fn advance(&mut self, line: &Line) {
        if self.by_bytes {
            // Lines end out of order; the bar only goes forwards.
            self.bar.set_position(line.end.max(self.bar.position()));
        }
        let done = self.published + self.errors;
        if done.is_multiple_of(64) || done < 64 {
            let rate = grouped(per_second(done, self.began.elapsed()));
            self.bar.set_message(match self.errors {
                0 => format!("{} lines, {rate}/s", grouped(done)),
                errors => format!("{} lines, {rate}/s, {} errors", grouped(done), grouped(errors)),
            });
        }
    }
}

/// Rounded down to whole events.
fn per_second(count: u64, took: Duration) -> u64 {
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000) / milliseconds
}

/// As many as can be read; after that the count tells enough.
const MAX_TOLD: u64 = 50;

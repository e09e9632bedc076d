//! Memory over time, and whether it levels off.

use std::fmt;
use std::time::Duration;

use crate::page::OnPage;

/// How it stood at one moment. Memory is in MiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) took: Duration,
    pub(crate) published: u64,
    pub(crate) server: u64,
    pub(crate) heap: u64,
    pub(crate) page: OnPage,
}

#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Sample>);

type Figure = fn(&Sample) -> u64;

/// What may not be exceeded.
#[derive(Debug)]
pub(crate) struct Limits {
    server: u64,
    heap: u64,
    rows: u64,
    elements: u64,
    /// Whether the run is long enough for memory to have levelled off halfway.
    levels_off: bool,
}

impl Limits {
    pub(crate) fn for_a_run_of(seconds: u64, rate: u64) -> Self {
        // Server and page are full, and have been renewed as a whole, in the first half.
        let levels_off = seconds * rate >= 4 * crate::MAX_EVENTS;
        Self { server: 1_024, heap: 384, rows: 50_000, elements: 3_000, levels_off }
    }
}

impl Samples {
    pub(crate) fn take(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    pub(crate) fn breaches(&self, limits: &Limits) -> Vec<String> {
        let figures: [(&str, Figure, u64); 4] = [
            ("MiB of the server", |sample| sample.server, limits.server),
            ("MiB of the page's scripts", |sample| sample.heap, limits.heap),
            ("rows held by the page", |sample| sample.page.held, limits.rows),
            ("elements of the page", |sample| sample.page.elements, limits.elements),
        ];
        let mut breaches = Vec::new();
        let (first, second) = self.0.split_at(self.0.len() / 2);
        for (what, figure, limit) in figures {
            let most = |samples: &[Sample]| samples.iter().map(figure).max().unwrap_or_default();
            let (before, after) = (most(first), most(second));
            if before.max(after) > limit {
                breaches.push(format!("{} {what}; at most {limit} are allowed", before.max(after)));
            }
            // What is a few MiB more is noise.
            if limits.levels_off && after > before + before / 5 + 8 {
                breaches.push(format!("{before} {what} in the first half, and {after} in the second: it grows"));
            }
        }
        breaches
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "|  time | published | on the page | skipped | rows held | elements | page MiB | server MiB |"
        )?;
        writeln!(
            formatter,
            "|------:|----------:|------------:|--------:|----------:|---------:|---------:|-----------:|"
        )?;
        for Sample { took, published, server, heap, page } in &self.0 {
            let OnPage { seen, skipped, held, elements, .. } = page;
            writeln!(
                formatter,
                "| {:>3} s | {published:>9} | {seen:>11} | {skipped:>7} | {held:>9} | {elements:>8} | {heap:>8} | {server:>10} |",
                took.as_secs()
            )?;
        }
        Ok(())
    }
}

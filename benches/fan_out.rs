//! What several sinks cost whoever hands a record over, beside one.
//!
//! Sinks that take whatever they are given and do nothing with it, so that what is left is the way there. A log record with
//! a message and three attributes, built and handed over in bursts of 250 every 50 ms by a client without a server, one
//! thread and two at once. The client with three sinks and the one with one take turns within a run; of all turns the
//! middle one counts. Both also have one sink that is asked by target and never wants the record, so that what choosing
//! costs is in it.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, LogPayload, QueuePolicy, Sink, SinkBatch, SinkPolicy, SinkWriter};
use support::{
    figure, median, process,
    samples::{Samples, wait_until},
};

const CALLS: usize = 250;
const BURSTS: usize = 24;
const EVERY: Duration = Duration::from_millis(50);
const TURNS: usize = 7;

/// Counts what it is given.
#[derive(Clone, Default)]
struct Nowhere(Arc<AtomicU64>);

impl Sink for Nowhere {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkWriter for Nowhere {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

fn main() {
    let sides = [1, 3].map(|sinks| (sinks, client(sinks)));
    for (_, client) in &sides {
        turn(client, 1);
    }
    for threads in [1, 2] {
        let mut turns = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            for ((_, client), turns) in sides.iter().zip(&mut turns) {
                turns.push(turn(client, threads));
            }
        }
        for ((sinks, _), turns) in sides.iter().zip(&turns) {
            for (place, what) in ["mean", "p50", "p99"].into_iter().enumerate() {
                let values = turns.iter().map(|turn| turn[place]).collect();
                figure(&format!("fan_out.{sinks}.{threads}.{what}"), median(values));
            }
        }
    }
    for (sinks, client) in &sides {
        let report = client.blocking().shutdown(Duration::from_secs(10));
        assert!(report.is_complete(), "{report}");
        let stats = client.sink_stats();
        let written: Vec<_> = stats.iter().map(axonpush::SinkStats::written).collect();
        let calls = (CALLS * BURSTS * (1 + TURNS * 3)) as u64;
        assert_eq!(written, [vec![calls; *sinks], vec![0]].concat(), "{stats:?}");
    }
}

fn client(sinks: usize) -> AxonPush {
    let policy = || SinkPolicy::new().queue(QueuePolicy::new().max_events(100_000).max_bytes(1 << 28));
    let sink = |n: usize| format!("nowhere-{n}");
    (0..sinks)
        .fold(AxonPush::builder().without_server(), |builder, n| {
            builder.sink_with(sink(n), Nowhere::default(), policy())
        })
        .sink_with("elsewhere", Nowhere::default(), policy().targets(["another::module"]))
        .build()
        .expect("valid settings")
}

/// The mean of whole bursts, and percentiles of single calls, which hold two looks at the clock.
fn turn(client: &AxonPush, threads: usize) -> [f64; 3] {
    let all = Mutex::new((Samples::with_capacity(0), Duration::ZERO));
    let ready = AtomicUsize::new(0);
    let start = Instant::now() + Duration::from_millis(20);
    std::thread::scope(|scope| {
        for core in 0..threads {
            let (all, ready) = (&all, &ready);
            scope.spawn(move || {
                process::stay_on_core(core);
                let (mut samples, mut whole) = (Samples::with_capacity(CALLS * BURSTS / 2), Duration::ZERO);
                let mut next = start;
                for burst in 0..BURSTS {
                    wait_until(next);
                    next += EVERY;
                    ready.fetch_add(1, Ordering::SeqCst);
                    while ready.load(Ordering::SeqCst) < threads * (burst + 1) {
                        std::hint::spin_loop();
                    }
                    if burst % 2 == 0 {
                        (0..CALLS).for_each(|n| samples.time(|| hand_over(client, n)));
                    } else {
                        let started = Instant::now();
                        (0..CALLS).for_each(|n| hand_over(client, n));
                        whole += started.elapsed();
                    }
                }
                let mut all = all.lock().expect("no panic");
                all.0.append(samples);
                all.1 += whole;
            });
        }
    });
    let (mut samples, whole) = all.into_inner().expect("no panic");
    let calls = (CALLS * BURSTS / 2 * threads) as f64;
    [whole.as_nanos() as f64 / calls, samples.percentile(50), samples.percentile(99)]
}

fn hand_over(client: &AxonPush, n: usize) {
    let record =
        LogPayload::new("payment captured").attribute("order.id", n).attribute("currency", "EUR").attribute("ok", true);
    client.events().enqueue(Event::log("shop::payments", record));
}

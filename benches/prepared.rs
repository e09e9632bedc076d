//! What handing over a record costs that is encoded already, beside a channel that takes 200 bytes.
//!
//! Ours is `enqueue_again` of a lost event of 200 bytes; theirs is `try_send` of a `[u8; 200]` on a bounded
//! `crossbeam-channel` with as much room. Both end with 200 bytes copied into a bounded queue; ours also looks at the
//! clock, keeps the books, and goes by bytes and severity.
//!
//! - **With room**: bursts of 250 on each thread every 50 ms, so that neither queue is ever full. Behind ours a worker
//!   delivers to a server that answers at once; behind theirs a thread receives. Both consumers are asleep when a burst
//!   begins. Theirs is woken by it; ours looks every 10 ms while events come, and is woken by more than come here.
//! - **Full**: nobody takes anything out, and what is new replaces what is oldest: that is our policy, and what `try_recv`
//!   and another `try_send` do on their side.
//!
//! One thread, and two at once, each on a core of its own. The sides take turns within a run, and of all turns the middle one counts. Percentiles are
//! of single calls and hold two looks at the clock on either side; the mean is of whole bursts and holds none.

use std::{
    hint::{self, black_box},
    net::TcpListener,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, LostEvent, LostEvents};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use support::{
    allocations, figure, median, process,
    samples::{Samples, wait_until},
    sink::{self, Sink},
};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// Events in either queue.
const CAPACITY: usize = 10_000;
const BYTES: usize = 200;
const TURNS: usize = 7;

/// How hand-overs come.
struct Load {
    name: &'static str,
    calls: usize,
    bursts: usize,
    every: Duration,
}

const LOADS: [Load; 2] = [
    Load { name: "room", calls: 250, bursts: 24, every: Duration::from_millis(50) },
    Load { name: "full", calls: 10_000, bursts: 6, every: Duration::ZERO },
];

/// One way of handing over 200 bytes.
trait Side: Sync {
    fn hand_over(&self);
}

struct Ours {
    client: AxonPush,
    record: LostEvent,
}

impl Side for Ours {
    fn hand_over(&self) {
        self.client.events().enqueue_again(black_box(&self.record));
    }
}

struct Theirs {
    sender: Sender<[u8; BYTES]>,
    /// For making room when it is full.
    receiver: Receiver<[u8; BYTES]>,
    record: [u8; BYTES],
}

impl Side for Theirs {
    fn hand_over(&self) {
        let mut record = *black_box(&self.record);
        while let Err(TrySendError::Full(back)) = self.sender.try_send(record) {
            record = back;
            black_box(self.receiver.try_recv().ok());
        }
    }
}

fn main() {
    if process::role().is_some() {
        return sink::serve();
    }
    let sink = Sink::start();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("bound"));
    for load in &LOADS {
        let full = load.name == "full";
        let url = if full { silent.clone() } else { sink.url() };
        let ours = Ours { client: client(&url), record: record() };
        let (sender, receiver) = crossbeam_channel::bounded(CAPACITY);
        let theirs = Theirs { sender, receiver: receiver.clone(), record: [b'x'; BYTES] };
        std::thread::scope(|scope| {
            if !full {
                scope.spawn(move || receiver.iter().map(black_box).count());
            }
            // Moved in, so that the channel closes, and its receiver ends, with the last measurement.
            compare(load, &ours, theirs);
        });
        let stats = ours.client.stats();
        assert!(stats.is_balanced() && stats.refused() == 0 && (full || stats.lost().total() == 0), "{stats}");
    }
}

fn compare(load: &Load, ours: &Ours, theirs: Theirs) {
    for side in [ours as &dyn Side, &theirs] {
        // Until it is full where it is to be, and has grown what it will ever need where not.
        let warm = if load.every.is_zero() { 2 * CAPACITY } else { 1_000 };
        (0..warm).for_each(|_| side.hand_over());
        std::thread::sleep(Duration::from_millis(300));
    }
    for threads in [1, 2] {
        let (mut turns_of_ours, mut turns_of_theirs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            turns_of_ours.push(turn(load, ours, threads));
            turns_of_theirs.push(turn(load, &theirs, threads));
        }
        let allocations: u64 = turns_of_ours.iter().skip(1).map(|turn| turn.allocations).sum();
        figure(&format!("prepared.{}.{threads}.allocations", load.name), allocations as f64);
        for (side, turns) in [("ours", &turns_of_ours), ("channel", &turns_of_theirs)] {
            for (what, of) in
                [("mean", Turn::mean as fn(&Turn) -> f64), ("p50", |turn| turn.p50), ("p99", |turn| turn.p99)]
            {
                let name = format!("prepared.{}.{threads}.{what}.{side}", load.name);
                figure(&name, median(turns.iter().map(of).collect()));
            }
        }
    }
}

struct Turn {
    mean: f64,
    p50: f64,
    p99: f64,
    allocations: u64,
}

impl Turn {
    fn mean(&self) -> f64 {
        self.mean
    }
}

/// Bursts of single calls that are timed one by one, and bursts that are timed as a whole, by turns.
fn turn(load: &Load, side: &(impl Side + ?Sized), threads: usize) -> Turn {
    let all = Mutex::new((Samples::with_capacity(0), Duration::ZERO, 0));
    let ready = AtomicUsize::new(0);
    let start = Instant::now() + Duration::from_millis(20);
    std::thread::scope(|scope| {
        for core in 0..threads {
            let (all, ready) = (&all, &ready);
            scope.spawn(move || {
                process::stay_on_core(core);
                let mut samples = Samples::with_capacity(load.calls * load.bursts / 2);
                let (mut whole, mut allocated) = (Duration::ZERO, 0);
                let mut next = start;
                for burst in 0..load.bursts {
                    wait_until(next);
                    next += load.every;
                    // Awake, so that the threads set out together however soon that is.
                    ready.fetch_add(1, Ordering::SeqCst);
                    while ready.load(Ordering::SeqCst) < threads * (burst + 1) {
                        hint::spin_loop();
                    }
                    let before = allocations::of_this_thread();
                    if burst % 2 == 0 {
                        (0..load.calls).for_each(|_| samples.time(|| side.hand_over()));
                    } else {
                        let started = Instant::now();
                        (0..load.calls).for_each(|_| side.hand_over());
                        whole += started.elapsed();
                    }
                    allocated += allocations::of_this_thread() - before;
                }
                let mut all = all.lock().expect("no panic");
                all.0.append(samples);
                all.1 += whole;
                all.2 += allocated;
            });
        }
    });
    let (mut samples, whole, allocations) = all.into_inner().expect("no panic");
    let calls = load.calls * (load.bursts / 2) * threads;
    Turn {
        mean: whole.as_nanos() as f64 / calls as f64,
        p50: samples.percentile(50),
        p99: samples.percentile(99),
        allocations,
    }
}

fn client(url: &str) -> AxonPush {
    let settings = AxonPush::builder().api_key("ak_bench").base_url(url).shutdown_timeout(Duration::ZERO);
    settings.report_losses(false).build().expect("complete settings")
}

/// A record of exactly 200 bytes, as a loss hook gets it.
fn record() -> LostEvent {
    let measure = lose(Event::new("order.placed").attribute("note", ""));
    let note = "n".repeat(BYTES - measure.as_json().len());
    let record = lose(Event::new("order.placed").attribute("note", note));
    assert_eq!(record.as_json().len(), BYTES);
    record
}

fn lose(event: Event) -> LostEvent {
    let (tell, lost) = mpsc::channel();
    let hook = move |events: &LostEvents| drop(tell.send(events.events().to_vec()));
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = AxonPush::builder().api_key("ak_bench").shutdown_timeout(Duration::ZERO);
    let client = settings.base_url(format!("http://{}", silent.local_addr().expect("bound"))).on_loss(hook).build();
    let client = client.expect("complete settings");
    client.events().enqueue(event);
    drop(client);
    lost.recv().expect("a lost event").remove(0)
}

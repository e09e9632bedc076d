mod routes;

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use proptest::prelude::*;

use super::{state::Thread, *};
use crate::{
    clock,
    context::suppress,
    loss::LossReason,
    publisher::block_on,
    queue::{OverflowPolicy, QueuePolicy},
    retry::BreakerState,
    sink::{BatchPolicy, SinkBatch, SinkWriter},
};

/// What a scripted sink does with the next batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Do {
    Write,
    /// Says that the first few are written, and fails.
    Fail(usize),
    Reject,
    /// Says of each record what became of it, the even ones well and the odd ones not, and complains.
    Tell,
    Panic,
    /// Stays in there until the test lets go.
    Hang,
}

/// A sink that does what it is told, and then writes.
struct Scripted {
    script: Arc<Mutex<Vec<Do>>>,
    seen: Mutex<Sender<Vec<u64>>>,
    gate: Arc<Mutex<()>>,
    opened: Mutex<Sender<()>>,
}

struct Writer {
    script: Arc<Mutex<Vec<Do>>>,
    seen: Sender<Vec<u64>>,
    gate: Arc<Mutex<()>>,
}

impl Sink for Scripted {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        let _ignored = lock(&self.opened).send(());
        let (script, gate, seen) = (Arc::clone(&self.script), Arc::clone(&self.gate), lock(&self.seen).clone());
        Ok(Box::new(Writer { script, seen, gate }))
    }
}

impl SinkWriter for Writer {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let is_own = thread::current().name().is_some_and(|name| name.starts_with("axonpush-"));
        assert!(suppress::is_marked() && is_own);
        let numbers: Vec<_> = batch.iter().map(|record| record.identifier().parse().unwrap()).collect();
        let next = {
            let mut script = lock(&self.script);
            if script.is_empty() { Do::Write } else { script.remove(0) }
        };
        let kept = |count: usize| numbers.iter().take(count).copied().collect::<Vec<_>>();
        match next {
            Do::Write => self.seen.send(numbers).unwrap(),
            Do::Fail(count) => {
                batch.written(0..count.min(batch.len()));
                self.seen.send(kept(count)).unwrap();
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Do::Tell => {
                for (place, number) in numbers.iter().enumerate() {
                    let told = [SinkBatch::written, SinkBatch::rejected][usize::from(number % 2 == 1)];
                    told(batch, place..place + 1);
                }
                self.seen.send(numbers.into_iter().filter(|number| number % 2 == 0).collect()).unwrap();
                return Err(io::ErrorKind::Unsupported.into());
            }
            Do::Reject => return Err(io::ErrorKind::InvalidData.into()),
            Do::Panic => panic!("a writer that panics"),
            Do::Hang => {
                self.seen.send(Vec::new()).unwrap();
                drop(lock(&self.gate));
            }
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Rig {
    outlets: Outlets,
    policies: Vec<OutletPolicy>,
    /// The numbers of each batch.
    seen: Receiver<Vec<u64>>,
    gate: Arc<Mutex<()>>,
    opened: Receiver<()>,
}

const LONG: Duration = Duration::from_secs(60);

impl Rig {
    fn new(script: &[Do], policy: SinkPolicy) -> Self {
        let ((seen_by, seen), (opened_by, opened)) = (channel(), channel());
        let gate = Arc::new(Mutex::new(()));
        let sink = Scripted {
            script: Arc::new(Mutex::new(script.to_vec())),
            seen: Mutex::new(seen_by),
            gate: Arc::clone(&gate),
            opened: Mutex::new(opened_by),
        };
        let policies = vec![OutletPolicy { name: "test".into(), policy, sink: Arc::new(sink) }];
        OutletPolicy::validate(&policies).unwrap();
        Self { outlets: Outlets::new(&policies, b""), policies, seen, gate, opened }
    }

    fn offer(&self, severity: Severity, numbers: std::ops::Range<u64>) {
        numbers.for_each(|number| offer(&self.outlets, severity, number));
    }

    /// Whatever was seen so far.
    fn all_seen(&self) -> Vec<u64> {
        self.seen.try_iter().flatten().collect()
    }

    /// The books, which must be right.
    fn stats(&self) -> SinkStats {
        let stats = self.outlets.stats().remove(0);
        assert_eq!(stats.accepted(), stats.written() + stats.lost().total() + stats.queued(), "{stats}");
        stats
    }
}

impl OutletPolicy {
    fn named(&self, name: &str) -> Self {
        Self { name: name.into(), ..self.clone() }
    }
}

fn offer(outlets: &Outlets, severity: Severity, number: u64) {
    let event = format!(r#"{{"identifier":"{number}","payload":{{}}}}"#);
    outlets.offer(severity, clock::now(), event.as_bytes());
}

fn flush(rig: &Rig, timeout: Duration) -> Seen {
    block_on(rig.outlets.flush(timeout)).unwrap()
}

fn shutdown(rig: &Rig, timeout: Duration) -> Seen {
    block_on(rig.outlets.shutdown(timeout)).unwrap()
}

#[test]
fn records_are_written_in_order_and_a_flush_waits_for_all_of_them() {
    let rig = Rig::new(&[], SinkPolicy::new());
    assert_eq!(flush(&rig, LONG), Seen::default(), "nothing to wait for, and no thread to do it");
    rig.offer(Severity::Info, 0..1000);
    assert_eq!(flush(&rig, LONG).left, 0);
    assert_eq!(rig.all_seen(), (0..1000).collect::<Vec<_>>());
    assert_eq!((rig.stats().written(), rig.opened.try_iter().count()), (1000, 1));
}

#[test]
fn the_first_record_after_a_silence_needs_no_flush() {
    let rig = Rig::new(&[], SinkPolicy::new());
    for number in 0..3 {
        rig.offer(Severity::Info, number..number + 1);
        assert_eq!(rig.seen.recv_timeout(LONG).unwrap(), [number]);
    }
}

#[test]
fn what_is_below_the_least_severity_never_waits() {
    let rig = Rig::new(&[], SinkPolicy::new().severities(Severity::Warn..));
    rig.offer(Severity::Info, 0..1);
    rig.offer(Severity::Warn, 1..2);
    flush(&rig, LONG);
    assert_eq!((rig.all_seen(), rig.stats().accepted()), (vec![1], 1));
}

#[test]
fn a_failure_costs_nothing_and_nothing_is_written_twice() {
    let rig = Rig::new(&[Do::Fail(0), Do::Fail(1)], SinkPolicy::new());
    rig.offer(Severity::Info, 0..3);
    assert_eq!(flush(&rig, LONG).lost.total(), 0);
    assert_eq!(rig.all_seen(), [0, 1, 2]);
    let stats = rig.stats();
    assert_eq!((stats.written(), rig.opened.try_iter().count()), (3, 3));
    assert_eq!(stats.last_error().unwrap().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn what_a_sink_will_never_take_is_lost_and_told_so() {
    let rig = Rig::new(&[Do::Reject], SinkPolicy::new());
    rig.offer(Severity::Info, 0..1);
    assert_eq!(flush(&rig, LONG).lost.of(LossReason::Rejected), 1);
    rig.offer(Severity::Info, 1..2);
    flush(&rig, LONG);
    assert_eq!(rig.all_seen(), [1]);
}

#[test]
fn a_writer_that_tells_of_each_record_may_complain_and_goes_on() {
    let rig = Rig::new(&[Do::Tell], SinkPolicy::new().batch(BatchPolicy::new().max_events(4).max_age(LONG)));
    rig.offer(Severity::Info, 0..4);
    assert_eq!(rig.seen.recv_timeout(LONG).unwrap(), [0, 2]);
    rig.offer(Severity::Info, 4..8);
    assert_eq!(rig.seen.recv_timeout(LONG).unwrap(), [4, 5, 6, 7]);
    let report = flush(&rig, LONG);
    let stats = rig.stats();
    assert_eq!((report.left, stats.written(), stats.lost().of(LossReason::Rejected)), (0, 6, 2));
    assert_eq!(stats.last_error().unwrap().kind(), io::ErrorKind::Unsupported);
    assert_eq!((rig.opened.try_iter().count(), stats.breaker()), (1, BreakerState::Closed));
}

#[test]
fn a_failed_sink_with_nothing_to_do_rests() {
    let rig = Rig::new(&[Do::Reject], SinkPolicy::new());
    rig.offer(Severity::Info, 0..1);
    flush(&rig, LONG);
    rig.opened.recv_timeout(LONG).unwrap();
    // The next record is written after the pause, which nobody cuts short.
    rig.offer(Severity::Info, 1..2);
    assert_eq!(rig.seen.recv_timeout(LONG).unwrap(), [1]);
}

#[test]
fn a_panic_costs_its_batch_and_the_sink_is_opened_again() {
    let rig = Rig::new(&[Do::Panic], SinkPolicy::new());
    rig.offer(Severity::Info, 0..1);
    assert_eq!(flush(&rig, LONG).lost.of(LossReason::Internal), 1);
    rig.offer(Severity::Info, 1..3);
    flush(&rig, LONG);
    assert_eq!((rig.all_seen(), rig.opened.try_iter().count()), (vec![1, 2], 2));
    assert_eq!(rig.stats().lost().total(), 1);
}

#[test]
fn a_sink_that_hangs_holds_nobody_up() {
    let rig = Rig::new(&[Do::Hang], SinkPolicy::new().queue(QueuePolicy::new().max_events(100)));
    let gate = Arc::clone(&rig.gate);
    let closed = lock(&gate);
    rig.offer(Severity::Info, 0..1);
    rig.seen.recv_timeout(LONG).unwrap();
    // As much as finds room waits, the worst of it at that.
    rig.offer(Severity::Info, 1..1000);
    rig.offer(Severity::Error, 1000..1100);
    let stats = rig.stats();
    assert_eq!((stats.accepted(), stats.queued(), stats.lost().of(LossReason::QueueFull)), (1100, 101, 999));
    let brief = Duration::from_millis(20);
    assert_eq!(flush(&rig, brief).left, 101);
    let report = shutdown(&rig, brief);
    assert_eq!((report.left, report.lost.of(LossReason::Shutdown)), (0, 101));
    let stats = rig.stats();
    assert_eq!((stats.written(), stats.queued(), stats.lost().total()), (0, 0, 1100));
    // Nobody waits for it once more.
    assert_eq!(shutdown(&rig, LONG), Seen::default());
    // Let go too late, it changes nothing in the books, and ends.
    drop(closed);
    let shared = Arc::clone(&rig.outlets.passing.fan().outlets[0].shared);
    assert!(shared.wait_until(clock::now() + LONG, |control| control.thread == Thread::Ended));
    assert_eq!((rig.stats().written(), rig.stats().lost().total()), (0, 1100));
}

#[test]
fn a_shutdown_writes_what_waits_and_then_takes_nothing() {
    let rig = Rig::new(&[Do::Fail(2)], SinkPolicy::new());
    rig.offer(Severity::Info, 0..300);
    let report = shutdown(&rig, LONG);
    assert_eq!((report.left, report.lost.total()), (0, 0));
    rig.offer(Severity::Info, 300..301);
    assert_eq!((rig.all_seen(), rig.stats().accepted()), ((0..300).collect(), 300));
    assert_eq!(rig.outlets.passing.fan().outlets[0].shared.control().thread, Thread::Ended);
    assert_eq!(shutdown(&rig, LONG), Seen::default());
}

#[test]
fn a_sink_that_goes_on_failing_is_given_up_with_the_shutdown() {
    let rig = Rig::new(&[Do::Fail(0); 100], SinkPolicy::new());
    rig.offer(Severity::Info, 0..300);
    let report = shutdown(&rig, Duration::from_millis(30));
    assert_eq!((report.left, rig.stats().lost().of(LossReason::Shutdown)), (0, 300));
}

#[test]
fn sinks_fail_one_by_one() {
    let (bad, good) = (Rig::new(&[Do::Fail(0); 100], SinkPolicy::new()), Rig::new(&[], SinkPolicy::new()));
    let both = Outlets::new(&[good.policies[0].named("good"), bad.policies[0].named("bad")], b"");
    both.offer(Severity::Info, clock::now(), br#"{"identifier":"7"}"#);
    assert_eq!(good.seen.recv_timeout(LONG).unwrap(), [7]);
    let breaker = || both.stats().iter().map(SinkStats::breaker).collect::<Vec<_>>();
    while breaker()[1] == BreakerState::Closed {
        bad.seen.recv_timeout(LONG).unwrap();
    }
    assert_eq!(breaker()[0], BreakerState::Closed);
    block_on(both.shutdown(Duration::from_millis(30))).unwrap();
    let books: Vec<_> = both.stats().iter().map(|stats| (stats.written(), stats.lost().total())).collect();
    assert_eq!(books, [(1, 0), (0, 1)]);
}

#[test]
fn a_sink_that_is_replaced_while_records_flow_writes_what_it_took_and_the_other_one_the_rest() {
    const THREADS: u64 = 3;
    const RECORDS: u64 = 20_000;

    let policy = SinkPolicy::new().queue(QueuePolicy::new().max_events(1_000_000).max_bytes(1 << 30));
    let (one, another) = (Rig::new(&[], policy.clone()), Rig::new(&[], policy));
    let outlets = &one.outlets;
    thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || (0..RECORDS).for_each(|n| offer(outlets, Severity::Info, thread * RECORDS + n)))
            })
            .collect();
        let mut turns = 0;
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            outlets.replace(if turns % 2 == 0 { &another.policies } else { &one.policies }, b"{}", LONG);
            turns += 1;
        }
        outlets.replace(&[], b"", LONG);
    });
    let mut seen = Vec::new();
    while seen.len() as u64 != THREADS * RECORDS {
        seen.extend(one.seen.try_iter().chain(another.seen.try_iter()).flatten());
        thread::yield_now();
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..THREADS * RECORDS).collect::<Vec<_>>());
}

#[test]
fn a_sink_that_is_the_same_stays_at_work() {
    let rig = Rig::new(&[], SinkPolicy::new());
    rig.offer(Severity::Info, 0..1);
    let before = Arc::clone(&rig.outlets.passing.fan().outlets[0]);
    rig.outlets.replace(&rig.policies, b"{\"service.name\":\"new\"}", LONG);
    assert!(Arc::ptr_eq(&before, &rig.outlets.passing.fan().outlets[0]));
    rig.offer(Severity::Info, 1..2);
    flush(&rig, LONG);
    assert_eq!((rig.all_seen(), rig.opened.try_iter().count()), (vec![0, 1], 1));
}

#[test]
fn a_child_begins_with_nothing_and_the_same_sinks() {
    let rig = Rig::new(&[], SinkPolicy::new().severities(Severity::Warn..));
    rig.offer(Severity::Warn, 0..1);
    let child = Rig { outlets: rig.outlets.for_child(), ..rig };
    assert_eq!(child.stats().accepted(), 0);
    child.seen.recv_timeout(LONG).ok();
    child.offer(Severity::Info, 1..2);
    child.offer(Severity::Warn, 2..3);
    flush(&child, LONG);
    assert_eq!(child.all_seen(), [2]);
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let refused = |names: &[&str], policy: SinkPolicy| {
        let of = |name: &&str| {
            let sink = Arc::new(crate::Stdout::json());
            OutletPolicy { name: (*name).into(), policy: policy.clone(), sink }
        };
        let error = OutletPolicy::validate(&names.iter().map(of).collect::<Vec<_>>()).unwrap_err();
        error.to_string()
    };
    for name in ["", "a b", "a\0b", "é", &"a".repeat(65)] {
        let error = refused(&["fine", name], SinkPolicy::new());
        assert!(error.contains("sink number 2") && error.contains("letters"), "{error}");
    }
    assert!(refused(&["a", "a"], SinkPolicy::new()).contains("`a`"));
    let block = QueuePolicy::new().overflow(OverflowPolicy::Block { timeout: LONG });
    let error = refused(&["a"], SinkPolicy::new().queue(block));
    assert!(error.contains("`a`") && error.contains("DropOldest"), "{error}");
    assert!(refused(&["a"], SinkPolicy::new().queue(QueuePolicy::new().max_events(0))).contains("max_events"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_every_record_is_written_once_or_lost(
        script in prop::collection::vec(prop_oneof![
            Just(Do::Write), (0..4_usize).prop_map(Do::Fail),
            Just(Do::Reject), Just(Do::Tell), Just(Do::Panic),
        ], 0..4),
        bursts in prop::collection::vec(1..200_u64, 1..6),
    ) {
        let rig = Rig::new(&script, SinkPolicy::new().queue(QueuePolicy::new().max_events(150)));
        let mut next = 0;
        for burst in bursts {
            rig.offer(Severity::Info, next..next + burst);
            next += burst;
            flush(&rig, Duration::ZERO);
            rig.stats();
        }
        shutdown(&rig, LONG);
        let stats = rig.stats();
        let seen = rig.all_seen();
        prop_assert_eq!((stats.accepted(), stats.queued()), (next, 0));
        prop_assert_eq!(stats.written(), seen.len() as u64);
        prop_assert!(seen.is_sorted_by(|one, other| one < other));
    }
}

#[test]
fn a_sink_that_takes_anothers_place_waits_until_that_has_written() {
    let (old, new) = (Rig::new(&[Do::Hang], SinkPolicy::new()), Rig::new(&[], SinkPolicy::new()));
    let closed = lock(&old.gate);
    old.offer(Severity::Info, 0..1);
    assert!(old.seen.recv_timeout(LONG).unwrap().is_empty(), "it hangs");
    old.outlets.replace(&new.policies, b"", LONG);
    old.offer(Severity::Info, 1..2);
    assert_eq!(flush(&old, Duration::from_millis(20)).left, 1);
    assert_eq!(new.opened.try_iter().count(), 0);
    drop(closed);
    assert_eq!((flush(&old, LONG).left, new.all_seen()), (0, vec![1]));
}

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{
    inbox::{BATCH_BYTES, BATCH_RECORDS},
    *,
};
use crate::event::{Severity, record::Lane};

const FULL: usize = usize::MAX;

fn queue(max_events: usize, max_bytes: usize, overflow: OverflowPolicy) -> Queue {
    Queue::new(QueuePolicy::new().max_events(max_events).max_bytes(max_bytes).overflow(overflow), false)
}

fn offer(queue: &Queue, severity: Severity, body: &str) -> Offer {
    queue.offer(severity, Lane::Event, Instant::now(), body.as_bytes(), WhenFull::ApplyPolicy)
}

fn drain(queue: &Queue) -> Vec<String> {
    queue.take(FULL).into_iter().map(|ticket| String::from_utf8(ticket.record.body).unwrap()).collect()
}

#[test]
fn events_leave_in_the_order_of_acceptance_whatever_their_severity() {
    let queue = queue(10, 100, OverflowPolicy::DropOldest);
    for (severity, body) in
        [(Severity::Error, "a"), (Severity::Debug, "b"), (Severity::Info, "c"), (Severity::Error, "d")]
    {
        offer(&queue, severity, body);
    }
    assert_eq!(drain(&queue), ["a", "b", "c", "d"]);
}

#[test]
fn drop_oldest_keeps_the_newest() {
    let queue = queue(2, 100, OverflowPolicy::DropOldest);
    for body in ["a", "b", "c", "d"] {
        offer(&queue, Severity::Info, body);
    }
    assert_eq!(drain(&queue), ["c", "d"]);
    assert_eq!(queue.tally().lost.of(LossReason::QueueFull), 2);
}

#[test]
fn drop_newest_keeps_the_oldest() {
    let queue = queue(2, 100, OverflowPolicy::DropNewest);
    let last = ["a", "b", "c"].map(|body| offer(&queue, Severity::Fatal, body))[2];
    assert_eq!(last, Offer::Lost);
    assert_eq!(drain(&queue), ["a", "b"]);
}

#[test]
fn shedding_never_gives_up_an_error_while_something_lower_waits() {
    let queue = queue(3, 100, OverflowPolicy::ShedLowestSeverity);
    for (severity, body) in [
        (Severity::Error, "e1"),
        (Severity::Info, "i1"),
        (Severity::Debug, "d1"),
        (Severity::Error, "e2"), // sheds d1
        (Severity::Debug, "d2"), // gives way itself
        (Severity::Error, "e3"), // sheds i1
        (Severity::Error, "e4"), // sheds e1, the oldest of its kind
    ] {
        offer(&queue, severity, body);
    }
    assert_eq!(drain(&queue), ["e2", "e3", "e4"]);
    assert_eq!(queue.tally().lost.total(), 4);
}

#[test]
fn the_byte_bound_evicts_as_many_as_it_takes() {
    let queue = queue(10, 10, OverflowPolicy::DropOldest);
    for body in ["aaaa", "bbbb", "cc", "dddddddd"] {
        offer(&queue, Severity::Info, body);
    }
    assert_eq!(queue.tally().queued_bytes, 10);
    assert_eq!(drain(&queue), ["cc", "dddddddd"]);
}

#[test]
fn an_event_asked_back_is_neither_accepted_nor_lost() {
    let queue = queue(1, 100, OverflowPolicy::DropOldest);
    offer(&queue, Severity::Info, "a");
    assert_eq!(queue.offer(Severity::Info, Lane::Event, Instant::now(), b"b", WhenFull::GiveBack), Offer::Full);
    queue.close();
    assert_eq!(offer(&queue, Severity::Info, "c"), Offer::Closed);
    let tally = queue.tally();
    assert_eq!((tally.accepted, tally.lost.total(), tally.queued), (1, 0, 1));
}

#[test]
fn the_worker_is_woken_once_and_only_when_it_asked() {
    let queue = queue(1000, 1000, OverflowPolicy::DropOldest);
    let wakes =
        |count| (0..count).filter(|_| offer(&queue, Severity::Info, "a") == Offer::Accepted { wake: true }).count();
    assert_eq!(wakes(3), 1, "a new queue wakes for its first event");
    assert!(!queue.arm(2), "three already wait");
    queue.take(FULL);
    // Whoever comes by one inbox takes the others to hold as much.
    assert!(queue.arm(3 * INBOXES));
    assert_eq!((wakes(2), wakes(1), wakes(4)), (0, 1, 0));
}

#[test]
fn a_watch_counts_what_was_here_when_it_began() {
    let queue = queue(3, 100, OverflowPolicy::DropOldest);
    offer(&queue, Severity::Error, "a");
    offer(&queue, Severity::Info, "b");
    offer(&queue, Severity::Info, "c");
    let first = queue.take(1).remove(0);
    let watch = queue.watch();
    for _ in 0..2 {
        offer(&queue, Severity::Error, "later"); // The second one pushes out "b".
    }
    queue.delivered(Instant::now(), &mut [(first.seq, Vec::new())].into_iter());
    queue.delivered(Instant::now(), &mut [(first.seq, Vec::new())].into_iter()); // Settling twice counts once.
    let seen = queue.seen(watch);
    assert_eq!((seen.delivered, seen.lost.of(LossReason::QueueFull), seen.left), (1, 1, 1));
    queue.abandon(LossReason::Shutdown, Vec::new());
    let seen = queue.unwatch(watch);
    assert_eq!((seen.delivered, seen.lost.total(), seen.left), (1, 2, 0));
    assert_eq!(queue.seen(watch), Seen::default());
    let tally = queue.tally();
    assert_eq!((tally.accepted, tally.delivered, tally.lost.of(LossReason::Shutdown)), (5, 1, 3));
}

#[test]
fn a_newcomer_that_would_not_fit_anyway_costs_nobody_else() {
    let queue = queue(20, 100, OverflowPolicy::ShedLowestSeverity);
    for _ in 0..5 {
        offer(&queue, Severity::Debug, "dddddddddd");
    }
    offer(&queue, Severity::Error, &"e".repeat(50));
    assert_eq!(offer(&queue, Severity::Info, &"i".repeat(60)), Offer::Lost);
    assert_eq!((queue.tally().queued, queue.tally().lost.total()), (6, 1));
}

#[test]
fn a_small_queue_wakes_the_worker_before_it_is_full() {
    let queue = queue(10, 100, OverflowPolicy::DropOldest);
    assert!(queue.arm(64));
    let woken = (0..10).position(|_| offer(&queue, Severity::Info, "a") == Offer::Accepted { wake: true });
    assert!(woken.is_some_and(|woken| woken <= 4), "{woken:?}");
    queue.take(FULL);
    assert!(queue.arm(64));
    assert_eq!(offer(&queue, Severity::Info, &"b".repeat(60)), Offer::Accepted { wake: true });
    queue.take(FULL);
    queue.wake_again();
    assert_eq!(offer(&queue, Severity::Info, "c"), Offer::Accepted { wake: true });
}

#[test]
fn inboxes_hold_no_more_memory_than_they_may_however_often_they_fill_up() {
    let queue = queue(100_000, 64 << 20, OverflowPolicy::DropNewest);
    let within = |queue: &Queue| {
        for inbox in &queue.inboxes() {
            let Amount { count, bytes } = inbox.batch.room();
            assert!(count <= BATCH_RECORDS && bytes <= BATCH_BYTES, "{count}, {bytes}");
        }
    };
    for len in [1, 37, 777, 5_001, 8_192, 8_193, 3, 100_000].into_iter().cycle().take(24) {
        for _ in 0..(2 * BATCH_RECORDS).min(4 * BATCH_BYTES / len) {
            assert!(matches!(offer(&queue, Severity::Info, &"x".repeat(len)), Offer::Accepted { .. }));
        }
        within(&queue);
        queue.abandon(LossReason::Shutdown, queue.take(FULL).into_iter().map(|t| (t.seq, t.record.body)).collect());
        within(&queue);
    }
}

#[test]
fn callers_that_come_at_once_each_keep_their_order() {
    const EACH: usize = 5_000;

    let queue = queue(4 * EACH, 1 << 20, OverflowPolicy::DropNewest);
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        for caller in 0..3 {
            let queue = &queue;
            scope.spawn(move || {
                for n in 0..EACH {
                    offer(queue, Severity::ALL[n % 6], &format!("{caller} {n}"));
                }
            });
        }
        while taken.len() < 3 * EACH {
            taken.extend(queue.take(FULL));
        }
    });
    assert!(taken.is_sorted_by_key(|ticket| ticket.seq));
    for caller in 0..3 {
        let of = |ticket: &Ticket| {
            let text = String::from_utf8(ticket.record.body.clone()).unwrap();
            text.strip_prefix(&format!("{caller} ")).map(|n| n.parse::<usize>().unwrap())
        };
        assert!(taken.iter().filter_map(of).eq(0..EACH), "caller {caller}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Offer(usize, usize, bool),
    Take(usize),
    Settle(bool),
    Abandon,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6_usize, 1..40_usize, any::<bool>()).prop_map(|(severity, len, back)| Step::Offer(severity, len, back)),
        2 => (0..4_usize).prop_map(Step::Take),
        3 => any::<bool>().prop_map(Step::Settle),
        1 => Just(Step::Abandon),
    ]
}

fn any_policy() -> impl Strategy<Value = OverflowPolicy> {
    prop_oneof![
        Just(OverflowPolicy::DropOldest),
        Just(OverflowPolicy::DropNewest),
        Just(OverflowPolicy::ShedLowestSeverity)
    ]
}

proptest! {
    #[test]
    fn after_any_history_every_accepted_event_is_in_exactly_one_place(
        steps in prop::collection::vec(step(), 0..200),
        policy in any_policy(),
        max_events in 1..8_usize,
        max_bytes in 40..120_usize,
    ) {
        let queue = queue(max_events, max_bytes, policy);
        let mut flying = Vec::new();
        let mut accepted = 0;
        for step in steps {
            match step {
                Step::Offer(severity, len, back) => {
                    let when = if back { WhenFull::GiveBack } else { WhenFull::ApplyPolicy };
                    let offer = queue.offer(Severity::ALL[severity], Lane::Event, Instant::now(), "x".repeat(len).as_bytes(), when);
                    accepted += u64::from(matches!(offer, Offer::Accepted { .. } | Offer::Lost));
                }
                Step::Take(most) => flying.extend(queue.take(most)),
                Step::Settle(delivered) => {
                    if let Some(ticket) = flying.pop() {
                        if delivered {
                            queue.delivered(Instant::now(), &mut [(ticket.seq, ticket.record.body)].into_iter());
                        } else {
                            queue.lost(ticket.seq, LossReason::Rejected, ticket.record.body);
                        }
                    }
                }
                Step::Abandon => {
                    let known = flying.drain(..).skip(1).map(|ticket: Ticket| (ticket.seq, ticket.record.body)).collect();
                    queue.abandon(LossReason::Shutdown, known);
                }
            }
            let tally = queue.tally();
            prop_assert_eq!(tally.accepted, accepted);
            prop_assert_eq!(tally.in_flight, flying.len() as u64);
            prop_assert_eq!(tally.accepted, tally.delivered + tally.lost.total() + tally.queued + tally.in_flight);
            prop_assert!(tally.queued <= max_events as u64 && tally.queued_bytes <= max_bytes as u64);
        }
    }
}

#[test]
fn a_blocked_caller_gets_room_or_gives_up_in_time() {
    let queue = queue(1, 100, OverflowPolicy::Block { timeout: Duration::from_secs(20) });
    offer(&queue, Severity::Info, "a");
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| offer(&queue, Severity::Info, "b"));
        // Whether it waits already or not, the room is there when it looks.
        while queue.take(1).is_empty() {}
        assert!(matches!(blocked.join().unwrap(), Offer::Accepted { .. }));
        // Closing lets nobody wait for ever.
        let blocked = scope.spawn(|| offer(&queue, Severity::Info, "c"));
        queue.close();
        assert_eq!(blocked.join().unwrap(), Offer::Closed);
    });
    let impatient = super::Queue::new(
        QueuePolicy::new().max_events(1).overflow(OverflowPolicy::Block { timeout: Duration::from_millis(1) }),
        false,
    );
    offer(&impatient, Severity::Info, "a");
    assert_eq!(offer(&impatient, Severity::Info, "b"), Offer::Lost);
}

#[test]
fn lost_events_are_handed_back_by_reason_and_counted_beyond_what_is_kept() {
    let queue = Queue::new(QueuePolicy::new().max_events(1), true);
    for i in 0..2001 {
        offer(&queue, Severity::Info, &i.to_string());
    }
    let lost = queue.take_lost();
    assert_eq!((lost.len(), lost[0].reason(), lost[0].len()), (1, LossReason::QueueFull, 2000));
    assert_eq!((lost[0].events().len(), lost[0].events()[0].as_json()), (1000, "0"));
    assert!(queue.take_lost().is_empty());
    queue.abandon(LossReason::Shutdown, Vec::new());
    assert_eq!(queue.take_lost()[0].events()[0].as_json(), "2000");
}

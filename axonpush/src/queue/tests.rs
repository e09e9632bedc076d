use std::time::Instant;

use proptest::prelude::*;

use super::*;

const FULL: usize = usize::MAX;

fn queue(max_events: usize, max_bytes: usize, overflow: OverflowPolicy) -> Queue {
    Queue::new(QueuePolicy { max_events, max_bytes, overflow })
}

fn offer(queue: &Queue, severity: Severity, body: &str) -> Offer {
    queue.offer(severity, Instant::now(), body.as_bytes(), WhenFull::ApplyPolicy)
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
    assert_eq!(queue.offer(Severity::Info, Instant::now(), b"b", WhenFull::GiveBack), Offer::Full);
    queue.close();
    assert_eq!(offer(&queue, Severity::Info, "c"), Offer::Closed);
    let tally = queue.tally();
    assert_eq!((tally.accepted, tally.lost.total(), tally.queued), (1, 0, 1));
}

#[test]
fn the_worker_is_woken_once_and_only_when_it_asked() {
    let queue = queue(10, 100, OverflowPolicy::DropOldest);
    let wakes =
        |count| (0..count).filter(|_| offer(&queue, Severity::Info, "a") == Offer::Accepted { wake: true }).count();
    assert_eq!(wakes(3), 1, "a new queue wakes for its first event");
    assert!(!queue.arm(2), "three already wait");
    queue.take(FULL);
    assert!(queue.arm(3));
    assert_eq!((wakes(2), wakes(1), wakes(4)), (0, 1, 0));
}

#[test]
fn a_mark_covers_what_was_accepted_before_it() {
    let queue = queue(10, 100, OverflowPolicy::DropOldest);
    offer(&queue, Severity::Error, "a");
    offer(&queue, Severity::Info, "b");
    let first = queue.take(1).remove(0);
    let mark = queue.mark();
    offer(&queue, Severity::Error, "later");
    assert_eq!((mark.pending, queue.outstanding(mark)), (2, 2));
    queue.settle(first.seq, Outcome::Delivered, None);
    queue.settle(first.seq, Outcome::Delivered, None); // Settling twice counts once.
    assert_eq!(queue.outstanding(mark), 1);
    assert_eq!(queue.abandon(LossReason::Shutdown), 2);
    assert_eq!(queue.outstanding(mark), 0);
    let tally = queue.tally();
    assert_eq!((tally.accepted, tally.delivered, tally.lost.of(LossReason::Shutdown)), (3, 1, 2));
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
                    let offer = queue.offer(Severity::ALL[severity], Instant::now(), "x".repeat(len).as_bytes(), when);
                    accepted += u64::from(matches!(offer, Offer::Accepted { .. } | Offer::Lost));
                }
                Step::Take(most) => flying.extend(queue.take(most)),
                Step::Settle(delivered) => {
                    if let Some(ticket) = flying.pop() {
                        let outcome = if delivered { Outcome::Delivered } else { Outcome::Lost(LossReason::Rejected) };
                        queue.settle(ticket.seq, outcome, Some(ticket.record.body));
                    }
                }
                Step::Abandon => {
                    flying.clear();
                    queue.abandon(LossReason::Shutdown);
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

//! Every order in which producers, the worker and an observer may reach the queue, tried by a model checker.
//!
//! A thread that nobody wakes any more is a deadlock, which the checker reports; so "is woken" needs no assertion.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use loom::thread::{self, JoinHandle};

use super::*;
use crate::{
    clock,
    event::{Severity, record::Lane},
    sync::Bell,
};

const ANY_TIME: Duration = Duration::from_secs(1);

/// Tries every order in which threads are interrupted at most so often where they need not wait. Three show more than two,
/// and take minutes where much is handed over.
fn model(interruptions: usize, check: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.check(check);
}

fn queue(max_events: usize, overflow: OverflowPolicy) -> Arc<Queue> {
    Arc::new(Queue::new(QueuePolicy::new().max_events(max_events).max_bytes(100).overflow(overflow), false))
}

fn offer(queue: &Queue, severity: Severity, body: &str) -> Offer {
    queue.offer(severity, Lane::Event, clock::now(), body.as_bytes(), WhenFull::ApplyPolicy)
}

fn with<T: 'static>(queue: &Arc<Queue>, work: impl FnOnce(&Queue) -> T + 'static) -> JoinHandle<T> {
    let queue = Arc::clone(queue);
    thread::spawn(move || work(&queue))
}

/// The lines, with nobody left in an inbox.
fn sorted(queue: &Queue) -> MutexGuard<'_, State> {
    let mut state = queue.lock();
    queue.collect(&mut state);
    state
}

#[track_caller]
fn balanced(queue: &Queue) -> Tally {
    let tally = queue.tally();
    assert_eq!(tally.accepted, tally.delivered + tally.lost.total() + tally.queued + tally.in_flight, "{tally:?}");
    tally
}

/// Takes what is there, delivers the first and loses the others; says which.
fn settle(queue: &Queue, most: usize) -> Vec<u64> {
    let taken = queue.take(most);
    let seqs = taken.iter().map(|ticket| ticket.seq).collect();
    for (n, ticket) in taken.into_iter().enumerate() {
        if n == 0 {
            queue.delivered(clock::now(), &mut std::iter::once((ticket.seq, ticket.record.body)));
        } else {
            queue.lost(ticket.seq, LossReason::Rejected, ticket.record.body);
        }
    }
    seqs
}

/// The books while two producers crowd a queue with room for one, the worker settles and somebody looks.
fn books_balance(overflow: OverflowPolicy) {
    model(2, move || {
        let queue = queue(1, overflow);
        let first = with(&queue, |queue| offer(queue, Severity::Info, "a"));
        let second = with(&queue, |queue| offer(queue, Severity::Error, "bb"));
        let worker = with(&queue, |queue| [settle(queue, 1), settle(queue, 1)].concat());
        let seen = balanced(&queue);
        assert!(seen.queued <= 1 && [0, 1, 2].contains(&seen.queued_bytes), "{seen:?}");
        let offers = [first.join().unwrap(), second.join().unwrap()];
        let refused = offers.iter().filter(|offer| **offer == Offer::Lost).count() as u64;
        let mut settled = worker.join().unwrap();
        let before = balanced(&queue);
        let left: usize = sorted(&queue).lines.iter().flatten().map(|t| t.record.body.len()).sum();
        assert_eq!(before.queued_bytes, left as u64);
        while balanced(&queue).queued > 0 {
            settled.extend(settle(&queue, 1));
        }
        let end = balanced(&queue);
        assert_eq!((end.accepted, end.queued_bytes, end.in_flight), (2, 0, 0));
        // Whoever was refused has no number; whoever has one was settled once or pushed out.
        let once: BTreeSet<u64> = settled.iter().copied().collect();
        assert_eq!((once.len(), end.delivered), (settled.len(), settled.len() as u64));
        assert!(refused <= end.lost.of(LossReason::QueueFull));
        assert_eq!(end.delivered + end.lost.of(LossReason::QueueFull), 2);
    });
}

#[test]
fn the_books_balance_at_every_instant_when_the_oldest_goes() {
    books_balance(OverflowPolicy::DropOldest);
}

#[test]
fn the_books_balance_at_every_instant_when_the_newest_goes() {
    books_balance(OverflowPolicy::DropNewest);
}

#[test]
fn the_books_balance_at_every_instant_when_the_least_severe_goes() {
    books_balance(OverflowPolicy::ShedLowestSeverity);
}

/// Callers know of one inbox, and of the lines what was last written on the board. The queue is full by count first, where
/// the bytes grow without a look into the inboxes.
#[test]
fn the_bounds_hold_at_every_instant_though_no_caller_sees_the_whole() {
    model(2, || {
        let policy = QueuePolicy::new().max_events(4).max_bytes(12).overflow(OverflowPolicy::DropOldest);
        let queue = Arc::new(Queue::new(policy, false));
        for body in ["a", "a", "a", "a"] {
            offer(&queue, Severity::Info, body);
        }
        let large = with(&queue, |queue| offer(queue, Severity::Info, "bbbbbbbb"));
        let worker = with(&queue, |queue| queue.take(2).len());
        offer(&queue, Severity::Info, "cc");
        let within = |seen: Tally| assert!(seen.queued <= 4 && seen.queued_bytes <= 12, "{seen:?}");
        within(balanced(&queue));
        large.join().unwrap();
        within(balanced(&queue));
        worker.join().unwrap();
        within(balanced(&queue));
        assert_eq!(balanced(&queue).accepted, 6);
    });
}

/// The worker's loop until it has settled `all` events: take, and sleep when [`Queue::arm`] says so.
fn work(queue: &Queue, bell: &Bell, threshold: usize, all: usize) {
    let mut settled = 0;
    loop {
        settled += settle(queue, usize::MAX).len();
        if settled == all {
            return;
        }
        if queue.arm(threshold) {
            bell.sleep();
        }
    }
}

#[test]
fn an_event_is_taken_though_it_came_while_the_worker_went_to_sleep() {
    model(2, || {
        let (queue, bell) = (queue(10, OverflowPolicy::DropNewest), Arc::new(Bell::default()));
        let producers = [1, 2].map(|events| {
            let bell = Arc::clone(&bell);
            with(&queue, move |queue| {
                for _ in 0..events {
                    if offer(queue, Severity::Info, "a") == (Offer::Accepted { wake: true }) {
                        bell.ring();
                    }
                }
            })
        });
        work(&queue, &bell, 1, 3);
        for producer in producers {
            producer.join().unwrap();
        }
        assert_eq!(balanced(&queue).queued, 0);
    });
}

#[test]
fn a_worker_that_waits_for_several_is_woken_when_they_are_there() {
    model(2, || {
        let (queue, bell) = (queue(10, OverflowPolicy::DropNewest), Arc::new(Bell::default()));
        let producers = [(); 2].map(|()| {
            let bell = Arc::clone(&bell);
            with(&queue, move |queue| {
                if offer(queue, Severity::Info, "a") == (Offer::Accepted { wake: true }) {
                    bell.ring();
                }
            })
        });
        while queue.arm(2) {
            bell.sleep();
        }
        assert_eq!(settle(&queue, usize::MAX).len(), 2);
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn the_next_event_wakes_when_the_last_one_found_nobody_to_wake() {
    model(2, || {
        let (queue, bell) = (queue(10, OverflowPolicy::DropNewest), Arc::new(Bell::default()));
        // The worker can't be started at first: whoever is told to wake it has to leave that to a later one.
        let later = {
            let bell = Arc::clone(&bell);
            with(&queue, move |queue| {
                if offer(queue, Severity::Info, "a") == (Offer::Accepted { wake: true }) {
                    queue.wake_again();
                }
                if offer(queue, Severity::Info, "b") == (Offer::Accepted { wake: true }) {
                    bell.ring();
                }
            })
        };
        let another = {
            let bell = Arc::clone(&bell);
            with(&queue, move |queue| {
                if offer(queue, Severity::Info, "c") == (Offer::Accepted { wake: true }) {
                    bell.ring();
                }
            })
        };
        bell.sleep();
        work(&queue, &bell, 1, 3);
        later.join().unwrap();
        another.join().unwrap();
    });
}

#[test]
fn a_flush_covers_what_came_before_it_and_nothing_later() {
    model(2, || {
        let queue = queue(2, OverflowPolicy::DropOldest);
        let other = with(&queue, |queue| {
            offer(queue, Severity::Info, "b");
            offer(queue, Severity::Info, "c");
        });
        let worker = with(&queue, |queue| settle(queue, 2));
        offer(&queue, Severity::Info, "a");
        // Nobody else watches, so what the watch begins with is what it found.
        let watch = queue.watch();
        let (here, before) = {
            let state = queue.lock();
            let watch = &state.watches[0];
            (watch.seen.delivered + watch.seen.lost.total() + watch.seen.left, watch.before)
        };
        let midway = queue.seen(watch);
        assert_eq!(midway.delivered + midway.lost.total() + midway.left, here);
        other.join().unwrap();
        worker.join().unwrap();
        let unsettled_before = {
            let state = sorted(&queue);
            let waiting = state.lines.iter().flatten().map(|ticket| ticket.seq);
            waiting.chain(state.in_flight.iter().map(|flying| flying.seq)).filter(|seq| *seq < before).count()
        };
        let seen = queue.unwatch(watch);
        assert_eq!(seen.left, unsettled_before as u64);
        assert_eq!(seen.delivered + seen.lost.total() + seen.left, here);
        balanced(&queue);
    });
}

#[test]
fn a_flush_is_over_once_the_worker_has_settled_what_came_before() {
    model(3, || {
        let (queue, bell) = (queue(10, OverflowPolicy::DropNewest), Arc::new(Bell::default()));
        let producer = {
            let bell = Arc::clone(&bell);
            with(&queue, move |queue| {
                let wake = |offer| {
                    if offer == (Offer::Accepted { wake: true }) {
                        bell.ring();
                    }
                };
                wake(offer(queue, Severity::Info, "a"));
                let watch = queue.watch();
                wake(offer(queue, Severity::Info, "b"));
                watch
            })
        };
        work(&queue, &bell, 1, 2);
        let seen = queue.unwatch(producer.join().unwrap());
        assert!(seen.left == 0 && seen.delivered + seen.lost.total() <= 1, "{seen:?}");
    });
}

#[test]
fn an_event_that_races_with_the_end_is_refused_or_accounted_for() {
    model(3, || {
        let queue = queue(10, OverflowPolicy::DropNewest);
        let producers = [(); 2].map(|()| with(&queue, |queue| offer(queue, Severity::Info, "a")));
        queue.close();
        queue.abandon(LossReason::Shutdown, Vec::new());
        // From here on nothing can come any more, whatever the producers still do.
        let end = balanced(&queue);
        assert_eq!((end.queued, end.queued_bytes, end.in_flight), (0, 0, 0));
        let accepted =
            producers.map(|producer| producer.join().unwrap()).iter().filter(|o| **o != Offer::Closed).count();
        assert_eq!(balanced(&queue), end);
        assert_eq!((end.accepted, end.lost.of(LossReason::Shutdown)), (accepted as u64, accepted as u64));
    });
}

#[test]
fn a_settlement_that_races_with_the_end_counts_once() {
    model(3, || {
        let queue = queue(10, OverflowPolicy::DropNewest);
        offer(&queue, Severity::Info, "a");
        offer(&queue, Severity::Info, "b");
        let watch = queue.watch();
        let worker = with(&queue, |queue| settle(queue, 2));
        let supervisor = with(&queue, |queue| queue.abandon_in_flight(LossReason::Internal));
        queue.abandon(LossReason::Shutdown, vec![(0, b"a".to_vec())]);
        let left = balanced(&queue);
        assert_eq!((left.queued, left.in_flight), (0, 0));
        worker.join().unwrap();
        supervisor.join().unwrap();
        let end = balanced(&queue);
        assert_eq!((end.accepted, end.queued, end.in_flight), (2, 0, 0));
        let seen = queue.unwatch(watch);
        assert_eq!((seen.delivered, seen.lost, seen.left), (end.delivered, end.lost, 0));
    });
}

fn blocked(queue: &Arc<Queue>) -> JoinHandle<Offer> {
    with(queue, |queue| offer(queue, Severity::Info, "b"))
}

fn full() -> Arc<Queue> {
    let queue = queue(1, OverflowPolicy::Block { timeout: ANY_TIME });
    offer(&queue, Severity::Info, "a");
    queue
}

#[test]
fn callers_that_wait_for_room_are_let_in_when_the_worker_takes() {
    model(2, || {
        let queue = full();
        let callers = [blocked(&queue), blocked(&queue)];
        let mut settled = 0;
        while settled < 3 {
            settled += settle(&queue, 1).len();
            thread::yield_now();
        }
        for caller in callers {
            assert!(matches!(caller.join().unwrap(), Offer::Accepted { .. }));
        }
        assert_eq!(balanced(&queue).delivered, 3);
    });
}

#[test]
fn callers_that_wait_for_room_are_turned_away_when_the_queue_closes() {
    model(3, || {
        let queue = full();
        let callers = [blocked(&queue), blocked(&queue)];
        queue.close();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), Offer::Closed);
        }
        assert_eq!(balanced(&queue).queued, 1);
    });
}

#[test]
fn a_caller_that_waits_for_room_is_let_in_when_the_rest_is_given_up() {
    model(3, || {
        let queue = full();
        let caller = blocked(&queue);
        queue.abandon(LossReason::Shutdown, Vec::new());
        assert!(matches!(caller.join().unwrap(), Offer::Accepted { .. }));
        assert_eq!(balanced(&queue).queued, 1);
    });
}

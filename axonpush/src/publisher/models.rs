//! Every order in which those who hand over, flush and shut down may meet the worker, tried by a model checker.
//!
//! The worker is the real one, with one exception: nothing is sent, as every event is too old to be tried when the worker
//! takes it. So one that expired was taken, and one that was lost to the shutdown was not.

use std::sync::LazyLock;

use loom::thread::{self, JoinHandle};

use super::*;
use crate::{
    event::record::Lane,
    queue::OverflowPolicy,
    sync::{STACK_WORDS, block_on},
    transport::{ApiKey, BaseUrl, TransportPolicy},
};

const ANY_TIME: Duration = Duration::from_secs(1);

/// Tries every order in which threads are interrupted at most so often where they need not wait. Three show more than two,
/// and take minutes where much is handed over.
fn model(interruptions: usize, check: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.max_branches = 10_000;
    let check = Arc::new(check);
    model.check(move || {
        let check = Arc::clone(&check);
        large(move || check()).join().unwrap();
    });
}

/// A thread with more stack than the few kilobytes of loom's own.
fn large<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().stack_size(STACK_WORDS).spawn(work).unwrap()
}

/// Costs more to make than a run of a model, and is never used.
static NOBODY: LazyLock<Transport> = LazyLock::new(|| {
    let policy = TransportPolicy {
        base_url: BaseUrl::parse("http://127.0.0.1:9", false).unwrap(),
        api_key: ApiKey::new("ak_test").unwrap(),
        tenant_id: None,
        environment: None,
        connect_timeout: ANY_TIME,
        attempt_timeout: ANY_TIME,
        memory: None,
    };
    Transport::new(&policy).unwrap()
});

fn publisher(queue: QueuePolicy) -> Arc<Publisher> {
    let settings = Settings {
        queue,
        retry: RetryPolicy::new().delivery_deadline(Duration::ZERO),
        delivery: DeliveryPolicy::new(),
        losses: LossPolicy::default(),
        chores: Chores::default(),
        timeout: ANY_TIME,
    };
    Arc::new(Publisher::new(NOBODY.clone(), settings))
}

fn enqueue(publisher: &Publisher) -> bool {
    publisher.enqueue(Severity::Info, Lane::Event, b"{}", WhenFull::ApplyPolicy).is_ok()
}

fn with<T: Send + 'static>(
    publisher: &Arc<Publisher>,
    work: impl FnOnce(&Publisher) -> T + Send + 'static,
) -> JoinHandle<T> {
    let publisher = Arc::clone(publisher);
    large(move || work(&publisher))
}

/// Ends the worker, and says how many events it took.
fn end(publisher: &Publisher) -> u64 {
    let report = block_on(publisher.shutdown(ANY_TIME));
    assert!(report.left() == 0, "{report}");
    let stats = publisher.stats();
    assert!(stats.is_balanced() && stats.queued() + stats.in_flight() == 0, "{stats}");
    stats.lost().of(LossReason::Expired)
}

#[test]
fn a_caller_that_waits_for_room_is_let_in_by_the_worker_that_others_woke() {
    model(1, || {
        let overflow = OverflowPolicy::Block { timeout: ANY_TIME };
        let publisher = publisher(QueuePolicy::new().max_events(1).overflow(overflow));
        let other = with(&publisher, enqueue);
        // No question reaches the worker before all are in, so that only wake-ups do.
        assert!(enqueue(&publisher) && enqueue(&publisher));
        assert!(other.join().unwrap());
        assert_eq!(end(&publisher), 3);
    });
}

#[test]
fn a_flush_that_races_with_a_shutdown_is_answered() {
    for timeout in [ANY_TIME, Duration::ZERO] {
        model(2, move || {
            let publisher = publisher(QueuePolicy::new());
            enqueue(&publisher);
            let flush = with(&publisher, |publisher| block_on(publisher.flush(ANY_TIME)));
            let shutdown = block_on(publisher.shutdown(timeout));
            let flush = flush.join().unwrap();
            for report in [&flush, &shutdown] {
                assert!(report.delivered() + report.lost().total() + report.left() <= 1, "{report}");
                assert!(report.left() == 0 || timeout.is_zero(), "{report}");
            }
            let stats = publisher.stats();
            assert!(stats.is_balanced() && stats.lost().total() == 1, "{stats}");
        });
    }
}

#[test]
fn a_flush_settles_what_came_before_it_while_others_hand_over() {
    model(2, || {
        let publisher = publisher(QueuePolicy::new());
        let other = with(&publisher, enqueue);
        assert!(enqueue(&publisher));
        let report = block_on(publisher.flush(ANY_TIME));
        assert!(report.left() == 0, "{report}");
        assert!(publisher.stats().lost().of(LossReason::Expired) >= 1);
        assert!(other.join().unwrap());
        assert_eq!(end(&publisher), 2);
    });
}

#[test]
fn an_event_that_races_with_a_shutdown_is_refused_or_taken() {
    model(2, || {
        let publisher = publisher(QueuePolicy::new());
        let producers = [(); 2].map(|()| with(&publisher, enqueue));
        let taken = end(&publisher);
        let accepted = producers.map(|producer| producer.join().unwrap()).into_iter().filter(|kept| *kept).count();
        assert_eq!(taken, accepted as u64);
        assert_eq!(end(&publisher), taken);
    });
}

#[test]
fn a_worker_that_a_call_starts_ends_with_the_shutdown_it_races_with() {
    model(3, || {
        let publisher = publisher(QueuePolicy::new());
        let call = with(&publisher, |publisher| publisher.is_closed() || publisher.thread().is_ok());
        end(&publisher);
        // Were the worker still there, it would wait for ever.
        assert!(call.join().unwrap());
    });
}

#[test]
fn shutdowns_that_race_are_all_answered() {
    model(2, || {
        let publisher = publisher(QueuePolicy::new());
        enqueue(&publisher);
        let other = with(&publisher, |publisher| block_on(publisher.shutdown(Duration::ZERO)));
        let report = block_on(publisher.shutdown(ANY_TIME));
        let other = other.join().unwrap();
        assert!(report.left() == 0 && other.left() <= 1, "{report}; {other}");
        assert_eq!(end(&publisher), publisher.stats().lost().total());
    });
}

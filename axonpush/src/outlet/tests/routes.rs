//! Which records reach which sink, and what is told of those that are lost.

use std::sync::atomic::{AtomicU64, AtomicUsize};

use super::{super::intake::Left, *};

/// Sinks that keep what they are given, by name.
struct Many {
    outlets: Outlets,
    rigs: Vec<Rig>,
}

impl Many {
    fn new(policies: impl IntoIterator<Item = SinkPolicy>) -> Self {
        let rigs: Vec<_> = policies.into_iter().map(|policy| Rig::new(&[], policy)).collect();
        let named: Vec<_> = rigs.iter().enumerate().map(|(n, rig)| rig.policies[0].named(&n.to_string())).collect();
        OutletPolicy::validate(&named).unwrap();
        Self { outlets: Outlets::new(&named, b""), rigs }
    }

    fn seen(&self) -> Vec<Vec<u64>> {
        assert_eq!(block_on(self.outlets.flush(LONG)).unwrap().left, 0);
        self.rigs.iter().map(Rig::all_seen).collect()
    }
}

#[test]
fn an_application_routes_errors_to_two_places_the_normal_course_to_one_and_detail_to_a_file() {
    let many = Many::new([
        SinkPolicy::new().severities(Severity::Error..),
        SinkPolicy::new().severities(Severity::Info..),
        SinkPolicy::new().severities(Severity::Debug..=Severity::Debug),
    ]);
    for (number, severity) in (0..).zip(Severity::ALL) {
        offer(&many.outlets, severity, number);
    }
    let (debug, info, error, fatal) = (1, 2, 4, 5);
    assert_eq!(many.seen(), [vec![error, fatal], vec![info, 3, error, fatal], vec![debug]]);
    assert!(many.outlets.stats().iter().all(|stats| stats.accepted() == stats.written()));
}

#[test]
fn a_sink_chooses_by_target_type_and_a_function_and_all_must_agree() {
    let many = Many::new([
        SinkPolicy::new().targets(["1", "2*"]),
        SinkPolicy::new().event_types(["app.*"]),
        SinkPolicy::new().event_types(["custom"]),
        SinkPolicy::new().targets(["2*"]).filter(|record| record.identifier() == "22").severities(Severity::Warn..),
        SinkPolicy::new().filter(|_| panic!("a filter that panics")),
    ]);
    for (severity, number) in [(Severity::Info, 1), (Severity::Info, 22), (Severity::Error, 22), (Severity::Warn, 23)] {
        offer(&many.outlets, severity, number);
    }
    let log = br#"{"identifier":"30","eventType":"app.log","payload":{"body":"x"}}"#;
    many.outlets.offer(Severity::Info, clock::now(), log);
    let events = vec![1, 22, 22, 23];
    assert_eq!(many.seen(), [events.clone(), vec![30], events, vec![22], vec![1, 22, 22, 23, 30]]);
}

#[test]
fn so_many_sinks_as_there_may_be_get_everything_in_order_from_callers_who_pass_on_themselves() {
    let policy = SinkPolicy::new().queue(QueuePolicy::new().max_events(100_000));
    let many = Many::new(std::iter::repeat_n(policy, MAX_SINKS));
    // Nobody passes on meanwhile.
    let fan = many.outlets.passing.fan();
    (0..10_000).for_each(|number| offer(&many.outlets, Severity::Info, number));
    assert_eq!(fan.outlets.len(), MAX_SINKS);
    assert!(many.seen().into_iter().all(|seen| seen == (0..10_000).collect::<Vec<_>>()));

    let one_more = many.rigs.iter().chain(&many.rigs).take(MAX_SINKS + 1);
    let one_more: Vec<_> = one_more.enumerate().map(|(n, rig)| rig.policies[0].named(&n.to_string())).collect();
    let error = OutletPolicy::validate(&one_more).unwrap_err().to_string();
    assert!(error.contains("65") && error.contains("64"), "{error}");
}

#[test]
fn a_batch_waits_to_be_complete_by_count_bytes_or_age() {
    let hour = Duration::from_secs(3600);
    let batch = |batch: BatchPolicy| SinkPolicy::new().batch(batch.max_age(hour));
    let rig = Rig::new(&[], batch(BatchPolicy::new().max_events(3)));
    rig.offer(Severity::Info, 0..7);
    assert_eq!([(); 2].map(|()| rig.seen.recv_timeout(LONG).unwrap()), [vec![0, 1, 2], vec![3, 4, 5]]);
    assert_eq!(flush(&rig, LONG).left, 0);
    assert_eq!(rig.all_seen(), [6]);

    let bytes = r#"{"identifier":"0","payload":{}}"#.len();
    let rig = Rig::new(&[], batch(BatchPolicy::new().max_bytes(2 * bytes)));
    rig.offer(Severity::Info, 0..4);
    assert_eq!([(); 2].map(|()| rig.seen.recv_timeout(LONG).unwrap()), [vec![0, 1], vec![2, 3]]);

    let rig = Rig::new(&[], SinkPolicy::new().batch(BatchPolicy::new().max_age(Duration::from_millis(20))));
    rig.offer(Severity::Info, 0..1);
    assert_eq!(rig.seen.recv_timeout(LONG).unwrap(), [0]);
}

/// What a loss hook was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(LossReason, String)>>>, Arc<AtomicU64>);

impl Told {
    fn policy(&self) -> SinkPolicy {
        let told = self.clone();
        SinkPolicy::new().on_loss(move |lost| {
            told.1.fetch_add(lost.len(), Ordering::Relaxed);
            lock(&told.0).extend(lost.events().iter().map(|event| (lost.reason(), event.as_json().to_owned())));
            panic!("a hook that panics");
        })
    }

    fn of(&self, reason: LossReason) -> usize {
        lock(&self.0).iter().filter(|(why, _)| *why == reason).count()
    }
}

#[test]
fn whatever_a_sink_loses_is_handed_to_its_hook() {
    let told = Told::default();
    let policy = told.policy().queue(QueuePolicy::new().max_events(200).overflow(OverflowPolicy::DropOldest));
    let rig = Rig::new(&[Do::Reject, Do::Hang], policy);
    let gate = Arc::clone(&rig.gate);
    rig.offer(Severity::Info, 0..1);
    assert_eq!(flush(&rig, LONG).lost.total(), 1);
    let closed = lock(&gate);
    rig.offer(Severity::Info, 1..2);
    rig.seen.recv_timeout(LONG).unwrap();
    rig.offer(Severity::Info, 2..302);
    rig.stats();
    // Even what a writer holds that never comes back.
    assert_eq!(shutdown(&rig, Duration::from_millis(20)).left, 0);
    let by_reason = [LossReason::Rejected, LossReason::QueueFull, LossReason::Shutdown].map(|why| told.of(why));
    assert_eq!((by_reason, told.1.load(Ordering::Relaxed)), ([1, 100, 201], 302));
    assert!(lock(&told.0).iter().any(|(_, event)| event == r#"{"identifier":"1","payload":{}}"#));
    drop(closed);
}

#[test]
fn a_sink_that_rests_tells_its_losses_at_once() {
    let told = Told::default();
    let rig = Rig::new(&[Do::Fail(0); 1000], told.policy().queue(QueuePolicy::new().max_events(10)));
    let mut next = 0;
    while told.of(LossReason::QueueFull) == 0 {
        rig.offer(Severity::Info, next..next + 100);
        next += 100;
        rig.stats();
        thread::yield_now();
    }
}

#[test]
fn pending_records_are_handed_to_the_hook_when_a_failing_sink_is_given_up() {
    let told = Told::default();
    let rig = Rig::new(&[Do::Fail(0); 1000], told.policy());
    rig.offer(Severity::Info, 0..500);
    assert_eq!(shutdown(&rig, Duration::from_millis(20)).left, 0);
    assert_eq!((told.of(LossReason::Shutdown), rig.stats().lost().total()), (500, 500));
}

#[test]
fn what_is_left_while_sinks_are_replaced_reaches_the_old_ones_or_the_new_ones_and_in_order() {
    let (stays, one, another) = (
        Rig::new(&[], SinkPolicy::new().queue(QueuePolicy::new().max_events(1_000_000))),
        Rig::new(&[], SinkPolicy::new().queue(QueuePolicy::new().max_events(1_000_000))),
        Rig::new(&[], SinkPolicy::new().queue(QueuePolicy::new().max_events(1_000_000))),
    );
    let with = |rig: &Rig| [stays.policies[0].named("stays"), rig.policies[0].named("other")];
    let outlets = Outlets::new(&with(&one), b"");
    let turns = AtomicUsize::new(0);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..50_000 {
                offer(&outlets, Severity::Info, number);
            }
        });
        while !writer.is_finished() {
            let turn = turns.fetch_add(1, Ordering::Relaxed);
            outlets.replace(&with(if turn.is_multiple_of(2) { &another } else { &one }), b"", LONG);
        }
    });
    assert_eq!(block_on(outlets.flush(LONG)).unwrap().left, 0);
    assert_eq!(stays.all_seen(), (0..50_000).collect::<Vec<_>>());
    let mut others: Vec<_> = one.all_seen();
    while others.len() < 50_000 {
        others.extend(another.all_seen().into_iter().chain(one.all_seen()));
        thread::yield_now();
    }
    others.sort_unstable();
    assert_eq!(others, (0..50_000).collect::<Vec<_>>());
}

#[test]
fn after_the_end_nothing_is_left_anywhere() {
    let many = Many::new([SinkPolicy::new()]);
    offer(&many.outlets, Severity::Info, 1);
    block_on(many.outlets.shutdown(LONG)).unwrap();
    offer(&many.outlets, Severity::Info, 2);
    let left = many.outlets.passing.fan().intake().push(Severity::Info, 1, clock::now(), b"{}");
    assert_eq!((left, many.rigs[0].all_seen()), (Left::Closed, vec![1]));
}

use proptest::prelude::*;

use super::*;
use crate::{
    event::{Event, LogPayload},
    pipeline::{
        Outcome, Pipeline, Run,
        tests::{body, draft_of, passed, policy},
    },
};

const WINDOW: Duration = Duration::from_secs(5);

fn record(body: &str) -> Vec<u8> {
    draft_of(&Event::log("shop", LogPayload::new(body).severity(Severity::Warn)).dedup_key("k"), None)
}

fn offer(pipeline: &Pipeline, draft: &[u8], now: Instant) -> Outcome<Vec<u8>> {
    pipeline.run(draft, &Run { severity: Severity::Warn, guard: &policy(), now, thin: true }, <[u8]>::to_vec)
}

/// How many records one stands for besides itself.
fn duplicates(draft: &[u8]) -> u64 {
    body(draft)["payload"]["attributes"]["log.duplicates"].as_u64().unwrap_or(0)
}

fn summaries(pipeline: &Pipeline, now: Instant, all: bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    pipeline.settle(now, all, &policy(), &mut |record, severity| {
        assert_eq!(severity, Severity::Warn);
        found.push(record.to_vec());
    });
    found
}

#[test]
fn the_next_one_that_passes_says_how_many_were_left_out() {
    let pipeline = Pipeline::new().dedup(Dedup::within(WINDOW));
    let (start, draft) = (Instant::now(), record("card declined"));
    assert_eq!(passed(offer(&pipeline, &draft, start)).map(|draft| duplicates(&draft)), Some(0));
    for second in 1..5 {
        assert!(passed(offer(&pipeline, &draft, start + Duration::from_secs(second))).is_none());
    }
    assert!(!pipeline.is_due(start + Duration::from_secs(4)));
    let next = passed(offer(&pipeline, &draft, start + WINDOW)).unwrap();
    assert_eq!(duplicates(&next), 4);
    // It has opened a window of its own.
    assert!(passed(offer(&pipeline, &draft, start + WINDOW + Duration::from_secs(4))).is_none());
}

#[test]
fn what_no_other_record_tells_a_summary_does() {
    let pipeline = Pipeline::new().dedup(Dedup::within(WINDOW));
    let (start, draft) = (Instant::now(), record("card declined"));
    for _ in 0..4 {
        offer(&pipeline, &draft, start);
    }
    assert!(summaries(&pipeline, start, false).is_empty());
    let later = start + WINDOW + Duration::from_millis(2);
    assert!(pipeline.is_due(later));
    let [summary] = &summaries(&pipeline, later, false)[..] else { panic!("there is one") };
    let (told, first) = (body(summary), body(&draft));
    assert_eq!(duplicates(summary), 3);
    assert_eq!((&told["payload"]["body"], &told["identifier"]), (&first["payload"]["body"], &first["identifier"]));
    assert_ne!(told["dedupKey"], first["dedupKey"]);
    assert_ne!(told["payload"]["timeUnixNano"], first["payload"]["timeUnixNano"]);
    assert!(summaries(&pipeline, later, true).is_empty() && !pipeline.is_due(later));
}

#[test]
fn a_count_whose_record_goes_nowhere_is_told_by_another() {
    let pipeline = Pipeline::new().dedup(Dedup::within(WINDOW)).step(|record| {
        if record.get("log.duplicates").is_some() {
            record.discard();
        }
    });
    let (start, draft) = (Instant::now(), record("card declined"));
    for _ in 0..3 {
        offer(&pipeline, &draft, start);
    }
    assert!(passed(offer(&pipeline, &draft, start + WINDOW)).is_none());
    let [summary] = &summaries(&pipeline, start, true)[..] else { panic!("there is one") };
    assert_eq!(duplicates(summary), 2);
}

#[test]
fn attributes_tell_records_apart_when_asked_to() {
    let with = |order: u32, thread: &str| {
        let record = LogPayload::new("declined").attribute("order", order).attribute("thread.name", thread);
        draft_of(&Event::log("shop", record), None)
    };
    let now = Instant::now();
    let passing = |pipeline: &Pipeline| {
        let records = [with(1, "a"), with(2, "a"), with(1, "b")];
        records.map(|record| passed(offer(pipeline, &record, now)).is_some())
    };
    assert_eq!(passing(&Pipeline::new().dedup(Dedup::within(WINDOW))), [true, false, false]);
    assert_eq!(passing(&Pipeline::new().dedup(Dedup::within(WINDOW).with_attributes())), [true, true, false]);
}

#[test]
fn more_kinds_than_there_is_room_for_pass() {
    let pipeline = Pipeline::new().dedup(Dedup::within(WINDOW));
    let now = Instant::now();
    let all: Vec<_> = (0..3 * KINDS).map(|kind| record(&format!("kind {kind}"))).collect();
    assert!(all.iter().all(|record| passed(offer(&pipeline, record, now)).is_some()));
    let again = all.iter().filter(|record| passed(offer(&pipeline, record, now)).is_none()).count();
    assert!((KINDS / 2..=KINDS).contains(&again), "{again}");
    let large = record(&"x".repeat(MAX_RECORD_BYTES - 100));
    assert!((0..2).all(|_| passed(offer(&pipeline, &large, now)).is_some()));
    // Places are free again once their windows have ended and their counts are told.
    let later = now + WINDOW;
    assert_eq!(summaries(&pipeline, later, false).len(), again);
    assert!(passed(offer(&pipeline, &record("new"), later)).is_some());
    assert!(passed(offer(&pipeline, &record("new"), later)).is_none());
}

#[test]
fn counts_are_exact_when_many_threads_say_the_same() {
    let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_millis(1)));
    let told = Mutex::new(0);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for round in 0..2000 {
                    let draft = record(&format!("kind {}", round % 3));
                    if let Some(draft) = passed(offer(&pipeline, &draft, Instant::now())) {
                        *told.lock().unwrap() += 1 + duplicates(&draft);
                    }
                    if round % 100 == 0 {
                        let counted: u64 =
                            summaries(&pipeline, Instant::now(), false).iter().map(|draft| duplicates(draft)).sum();
                        *told.lock().unwrap() += counted;
                    }
                }
            });
        }
    });
    let rest: u64 = summaries(&pipeline, Instant::now(), true).iter().map(|draft| duplicates(draft)).sum();
    assert_eq!(told.into_inner().unwrap() + rest, 4 * 2000);
}

proptest! {
    #[test]
    fn every_record_is_told_once(
        moments in prop::collection::vec((0..4_000_u64, 0..3_usize, prop::bool::weighted(0.1)), 0..60),
    ) {
        let records = ["a", "b", "c"].map(record);
        let pipeline = Pipeline::new().dedup(Dedup::within(WINDOW));
        let (mut now, mut told, mut passed_at) = (Instant::now(), 0, [None; 3]);
        for (millis, kind, settle) in &moments {
            now += Duration::from_millis(*millis);
            if *settle {
                told += summaries(&pipeline, now, false).iter().map(|draft| duplicates(draft)).sum::<u64>();
            }
            let passes = passed(offer(&pipeline, &records[*kind], now));
            // The model: one passes when the window of the one that passed before is over.
            prop_assert_eq!(passes.is_some(), passed_at[*kind].is_none_or(|before| now >= before + WINDOW));
            if let Some(draft) = passes {
                passed_at[*kind] = Some(now);
                told += 1 + duplicates(&draft);
            }
        }
        let rest: u64 = summaries(&pipeline, now, true).iter().map(|draft| duplicates(draft)).sum();
        prop_assert_eq!(told + rest, moments.len() as u64);
    }
}

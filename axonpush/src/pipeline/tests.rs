use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    clock,
    event::{Attributes, Event, LogPayload, draft, wire::Surroundings},
    redact::{ContentCapture, RedactionPolicy},
};

/// A finished draft of a record in a trace, or in none.
pub(super) fn draft_of(event: &Event, trace: Option<&str>) -> Vec<u8> {
    let around = Surroundings { trace_id: trace, ..Surroundings::default() };
    let mut out = Vec::new();
    draft::write_log(event, event.as_log().unwrap(), &around, |_| {}, &policy(), &mut out).unwrap();
    out
}

pub(super) fn policy() -> RedactionPolicy {
    RedactionPolicy::new().content_capture(ContentCapture::Full)
}

fn payload(attributes: impl IntoIterator<Item = (String, Value)>) -> LogPayload {
    LogPayload::new("said")
        .severity(Severity::Info)
        .attributes(Attributes::from_iter(attributes))
        .resource(Attributes::from_iter([("service.name", "shop")]))
}

fn run_at(pipeline: &Pipeline, draft: &[u8], severity: Severity) -> Outcome<Vec<u8>> {
    let policy = policy();
    let run = Run { severity, guard: &policy, now: clock::now(), thin: true };
    pipeline.run(draft, &run, <[u8]>::to_vec)
}

pub(super) fn passed(outcome: Outcome<Vec<u8>>) -> Option<Vec<u8>> {
    match outcome {
        Outcome::Passed(draft) => Some(draft),
        Outcome::Filtered => None,
        Outcome::Refused(error) => panic!("{error}"),
    }
}

fn run(pipeline: &Pipeline, draft: &[u8]) -> Vec<u8> {
    passed(run_at(pipeline, draft, Severity::Info)).unwrap()
}

pub(super) fn body(draft: &[u8]) -> Value {
    assert!(draft::is_draft(draft));
    serde_json::from_slice(&draft::to_body(draft)).unwrap()
}

/// The attributes in their order.
fn attributes(draft: &[u8]) -> Vec<(String, Value)> {
    let policy = policy();
    let view = LogView::new(draft, Severity::Info, &policy);
    view.attributes().map(|(key, value)| (key.into_owned(), value.to_value())).collect()
}

/// The event but for its attributes.
fn rest(draft: &[u8]) -> Value {
    let mut body = body(draft);
    body["payload"].as_object_mut().unwrap().remove("attributes");
    body
}

/// A step, to be taken by a pipeline and by a model of one.
#[derive(Debug, Clone)]
enum Change {
    Add(String, Value),
    Set(String, Value),
    Rename(String, String),
    Drop(String),
    Map(String),
    Closure(String, String, Value),
}

impl Change {
    fn add_to(self, pipeline: Pipeline) -> Pipeline {
        match self {
            Self::Add(key, value) => pipeline.add(key, value),
            Self::Set(key, value) => pipeline.set(key, value),
            Self::Rename(from, to) => pipeline.rename(from, to),
            Self::Drop(key) => pipeline.drop(key),
            Self::Map(key) => pipeline.map(key, |value| json!([value.to_value()])),
            Self::Closure(old, new, value) => pipeline.step(move |record| {
                if record.get(&new).is_none() && record.remove(&old) {
                    record.set(&new, value.clone());
                    record.rename(&new, &old);
                }
            }),
        }
    }

    fn change(self, model: &mut Vec<(String, Value)>) {
        let at = |model: &Vec<(String, Value)>, key: &str| model.iter().position(|(known, _)| known == key);
        let set = |model: &mut Vec<(String, Value)>, key: String, value| match at(model, &key) {
            Some(at) => model[at].1 = value,
            None => model.push((key, value)),
        };
        match self {
            Self::Add(key, value) => {
                if at(model, &key).is_none() {
                    model.push((key, value));
                }
            }
            Self::Set(key, value) => set(model, key, value),
            Self::Rename(from, to) => {
                if from != to && at(model, &from).is_some() {
                    model.retain(|(key, _)| *key != to);
                    let from = at(model, &from).unwrap();
                    model[from].0 = to;
                }
            }
            Self::Drop(pattern) => match pattern.strip_suffix(".*") {
                Some(prefix) => model.retain(|(key, _)| !key.starts_with(&format!("{prefix}."))),
                None => model.retain(|(key, _)| *key != pattern),
            },
            Self::Map(key) => {
                if let Some(at) = at(model, &key) {
                    model[at].1 = json!([model[at].1]);
                }
            }
            Self::Closure(old, new, value) => {
                if at(model, &new).is_none() && at(model, &old).is_some() {
                    model.retain(|(key, _)| *key != old);
                    model.push((old, value));
                }
            }
        }
    }
}

fn any_change(
    key: impl Strategy<Value = String> + Clone + 'static,
    value: impl Strategy<Value = Value> + Clone + 'static,
) -> impl Strategy<Value = Change> {
    let pattern = prop_oneof![key.clone(), key.clone().prop_map(|key| format!("{key}.*"))];
    prop_oneof![
        (key.clone(), value.clone()).prop_map(|(key, value)| Change::Add(key, value)),
        (key.clone(), value.clone()).prop_map(|(key, value)| Change::Set(key, value)),
        (key.clone(), key.clone()).prop_map(|(from, to)| Change::Rename(from, to)),
        pattern.prop_map(Change::Drop),
        key.clone().prop_map(Change::Map),
        (key.clone(), key, value).prop_map(|(old, new, value)| Change::Closure(old, new, value)),
    ]
}

fn plain_value() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Value::from),
        "[a-z \"é]{0,9}".prop_map(Value::from),
        "[a-z]{0,3}".prop_map(|text| json!({ "list": [text, true] })),
    ]
}

/// Holds the canary where a secret stands, and nowhere else.
fn secret_value() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(json!("password=c4nary71")),
        Just(json!({ "list": [{ "token": "c4nary71" }] })),
        Just(json!("{\"api_key\": \"c4nary71\"}")),
        Just(json!("https://u:c4nary71@host/")),
        Just(json!(1)),
    ]
}

proptest! {
    #[test]
    fn steps_do_what_they_would_do_to_a_list_of_attributes(
        before in prop::collection::btree_map("[ab](\\.[ab])?|a\"b", plain_value(), 0..5),
        changes in prop::collection::vec(any_change("[ab](\\.[ab])?|a\"b", plain_value()), 0..6),
    ) {
        let draft = draft_of(&Event::log("shop", payload(before)), None);
        let mut model = attributes(&draft);
        let mut pipeline = Pipeline::new();
        for change in changes {
            pipeline = change.clone().add_to(pipeline);
            change.change(&mut model);
        }
        let after = run(&pipeline, &draft);
        prop_assert_eq!(attributes(&after), model, "{:?}", pipeline);
        prop_assert_eq!(rest(&after), rest(&draft));
    }

    #[test]
    fn no_step_leaks(
        before in prop::collection::btree_map("[ab]|name", plain_value(), 0..5),
        changes in prop::collection::vec(any_change("[ab]|password|name|value|x\"y", secret_value()), 0..6),
        hidden in "a|attributes|z",
    ) {
        let policy = policy().redact_keys([&*hidden]);
        let draft = draft_of(&Event::log("shop", payload(before)), None);
        let mut pipeline = Pipeline::new();
        for change in changes {
            pipeline = change.add_to(pipeline);
        }
        let run = Run { severity: Severity::Info, guard: &policy, now: clock::now(), thin: true };
        let after = passed(pipeline.run(&draft, &run, <[u8]>::to_vec)).unwrap();
        let text = body(&after).to_string();
        prop_assert!(!text.contains("c4nary71"), "{} {:?}", text, pipeline);
    }
}

#[test]
fn a_new_name_is_judged_like_any_other() {
    let draft = draft_of(&Event::log("shop", payload([("note".to_owned(), json!("hunter2"))])), None);
    for pipeline in [
        Pipeline::new().rename("note", "password"),
        Pipeline::new().add("name", "password").rename("note", "value"),
        Pipeline::new().rename("note", "value").set("name", "password"),
        Pipeline::new().step(|record| {
            record.rename("note", "db.password");
        }),
    ] {
        let after = run(&pipeline, &draft);
        assert!(!body(&after).to_string().contains("hunter2"), "{pipeline:?}");
        assert_eq!(rest(&after), rest(&draft));
    }
}

#[test]
fn steps_see_what_is_redacted() {
    let record = payload([("token".to_owned(), json!("hunter2")), ("note".to_owned(), json!("password=hunter2"))]);
    let draft = draft_of(&Event::log("shop", record), None);
    let pipeline = Pipeline::new().step(|record| {
        let seen = format!("{record:?} {:?}", record.attributes().collect::<Vec<_>>());
        assert!(!seen.contains("hunter2"), "{seen}");
    });
    run(&pipeline, &draft);
}

#[test]
fn steps_that_change_nothing_copy_nothing() {
    let draft = draft_of(&Event::log("shop", payload([("a".to_owned(), json!(1))])), None);
    let pipeline = Pipeline::new()
        .add("a", 2)
        .set("a", 1)
        .rename("b", "c")
        .drop("b")
        .drop("b.*")
        .map("b", |_| 3)
        .sample(Sampling::one_in(10).below(Severity::Info))
        .step(|record| assert_eq!(record.get("a").and_then(LogValue::as_i64), Some(1)));
    let policy = policy();
    let run = Run { severity: Severity::Info, guard: &policy, now: clock::now(), thin: true };
    let lent = pipeline.run(&draft, &run, |record| std::ptr::eq(record, &raw const draft[..]));
    assert!(matches!(lent, Outcome::Passed(true)));
}

#[test]
fn a_closure_that_panics_costs_one_record() {
    let pipeline = Pipeline::new().step(|record| {
        record.set("half", "done");
        assert!(record.severity() != Severity::Warn, "on purpose");
    });
    let draft = draft_of(&Event::log("shop", payload([])), None);
    let outcome = run_at(&pipeline, &draft, Severity::Warn);
    let Outcome::Refused(error) = outcome else { panic!("{outcome:?}") };
    assert!(error.is_invalid() && error.to_string().contains("step 1 of the pipeline panicked"), "{error}");
    assert_eq!(attributes(&run(&pipeline, &draft)), [("half".to_owned(), json!("done"))]);
}

#[test]
fn what_a_closure_logs_is_not_led_through_it_again() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    let draft = draft_of(&Event::log("shop", payload([])), None);
    let inner = draft.clone();
    let again = Pipeline::new().step(|_| {
        CALLS.fetch_add(1, Ordering::Relaxed);
    });
    let pipeline = again.clone().step(move |_| {
        assert!(matches!(run_at(&again, &inner, Severity::Info), Outcome::Filtered));
    });
    run(&pipeline, &draft);
    run(&pipeline, &draft);
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_record_that_steps_have_made_too_large_is_refused() {
    let draft = draft_of(&Event::log("shop", payload([])), None);
    let pipeline = (0..100).fold(Pipeline::new(), |pipeline, at| pipeline.add(format!("k{at}"), "x".repeat(4000)));
    let Outcome::Refused(error) = run_at(&pipeline, &draft, Severity::Info) else { panic!("it passed") };
    assert!(error.is_invalid() && error.to_string().contains("`shop`"), "{error}");
}

#[test]
fn what_cannot_be_sent_is_null_and_does_not_leave_the_old_value() {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let draft = draft_of(&Event::log("shop", payload([("a".to_owned(), json!("old"))])), None);
    for pipeline in [Pipeline::new().set("a", deep.clone()), Pipeline::new().map("a", move |_| deep.clone())] {
        assert_eq!(attributes(&run(&pipeline, &draft)), [("a".to_owned(), json!(null))]);
    }
}

#[test]
fn a_record_that_is_discarded_goes_no_further() {
    let draft = draft_of(&Event::log("healthcheck::http", payload([])), None);
    let pipeline = Pipeline::new()
        .step(|record| {
            if record.target().starts_with("healthcheck") && record.body().as_str().as_deref() == Some("said") {
                record.discard();
            }
        })
        .step(|_| panic!("it went on"));
    assert!(matches!(run_at(&pipeline, &draft, Severity::Info), Outcome::Filtered));
}

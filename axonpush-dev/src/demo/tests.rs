use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::*;
use crate::event::Facts;

fn now() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().unwrap()
}

fn told() -> Vec<(EventBody, Facts)> {
    let read = |(at, body): (Timestamp, Value)| {
        let body = EventBody::parse(body.to_string().as_bytes(), true).unwrap();
        let facts = Facts::new(&body, &[], at);
        (body, facts)
    };
    story(now()).into_iter().map(read).collect()
}

#[test]
fn the_story_is_the_same_each_time() {
    assert_eq!(story(now()), story(now()));
    let later = now() + SignedDuration::from_hours(30);
    let ids = |now| story(now).into_iter().map(|(_, body)| body["traceId"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(now()), ids(later));
}

#[test]
fn everything_happens_in_the_last_hour_and_arrives_in_order() {
    let story = story(now());
    assert!(story.len() > 2_000, "{}", story.len());
    assert!(story.is_sorted_by_key(|(at, _)| *at));
    let hour = now() - SignedDuration::from_hours(1)..=now();
    assert!(story.iter().all(|(at, _)| hour.contains(at)));
    let (body, facts) = told().into_iter().max_by_key(|(_, facts)| facts.ended_at).unwrap();
    assert!(facts.ended_at <= now(), "{}", body.identifier);
    assert!(now() - SignedDuration::from_mins(1) < facts.ended_at, "the story ends before now");
}

#[test]
fn every_span_has_its_parent_in_the_same_trace() {
    let told = told();
    let mut spans: HashMap<_, HashSet<_>> = HashMap::new();
    for (body, _) in told.iter().filter(|(body, _)| body.event_type == "app.span") {
        assert!(spans.entry(body.trace_id.clone()).or_default().insert(body.span_id.clone()), "{}", body.identifier);
    }
    // What has not ended yet has not been told; its inner spans may have been.
    let last = now() - SignedDuration::from_mins(2);
    for (body, _) in told.iter().filter(|(body, facts)| body.parent_span_id.is_some() && facts.ended_at < last) {
        assert!(spans[&body.trace_id].contains(&body.parent_span_id), "{}", body.identifier);
    }
}

#[test]
fn trouble_is_where_the_story_says_and_nowhere_else() {
    let failed = |from: i64, to: i64| {
        let minutes = |time: Timestamp| time.duration_since(now()).as_mins() + 60;
        let orders = told().into_iter().filter(|(body, facts)| {
            body.identifier == "POST /orders" && (from..to).contains(&minutes(facts.occurred_at))
        });
        let all: Vec<_> = orders.map(|(_, facts)| facts.is_failure()).collect();
        (all.iter().filter(|failed| **failed).count(), all.len())
    };
    assert_eq!(failed(0, 30).0, 0);
    let (refused, all) = failed(33, 38);
    assert!(all >= 5 && refused * 4 >= all, "{refused} of {all}");
    assert_eq!(failed(41, 60).0, 0);
}

#[test]
fn there_is_something_for_every_view() {
    let told = told();
    let some = |what: &str, is: &dyn Fn(&(EventBody, Facts)) -> bool| {
        assert!(told.iter().any(is), "{what}");
    };
    for event_type in
        ["agent.start", "agent.end", "agent.error", "agent.handoff", "agent.message", "agent.tool_call.end", "app.log"]
    {
        some(event_type, &|(body, _)| body.event_type == event_type);
    }
    for severity in [5, 9, 13, 17, 21] {
        some("severity", &|(body, _)| body.payload.get("severityNumber") == Some(&severity.into()));
    }
    some("tokens", &|(_, facts)| facts.total_tokens.is_some() && facts.cost_usd.is_some());
    some("a request id", &|(body, _)| body.attribute("request.id").is_some());
    some("what was lost", &|(body, _)| body.identifier == "axonpush.events_lost");
    for service in ["shop", "payments", "assistant"] {
        some(service, &|(_, facts)| facts.service_name.as_deref() == Some(service));
    }
}

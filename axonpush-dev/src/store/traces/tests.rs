//! A search held against looking at each trace.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use jiff::SignedDuration;

use super::*;
use crate::event::EventBody;
use crate::requests::ReceivedRequest;
use crate::store::{NewEvent, StorePolicy};

const EVENTS: i64 = 6_000;

/// The place of an event in time, which is not its place in the order of arrival: clocks are moved.
fn time(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(n * 37 % EVENTS)
}

fn trace(n: i64) -> Option<String> {
    (n % 4 != 0).then(|| format!("T{:03}", n * 7 % 211))
}

fn words(n: i64) -> String {
    format!("common {} {}", if n % 997 == 0 { "rare" } else { "" }, if n % 3 == 0 { "third" } else { "" })
}

fn event(n: i64) -> NewEvent {
    let mut body = serde_json::json!({"identifier": words(n), "payload": {}});
    if let Some(trace) = trace(n) {
        body["traceId"] = trace.into();
    }
    let request = ReceivedRequest::new(&Request::new(()).into_parts().0, Bytes::from(body.to_string()));
    NewEvent::sent(&EventBody::parse(&request.body, true).unwrap(), &request, time(n))
}

async fn store() -> Store {
    let store = Store::open(&StorePolicy { file: None, max_events: 10_000, max_bytes: 1 << 30 }).unwrap();
    store.insert_all((0..EVENTS).map(event).collect()).await.unwrap();
    store
}

#[tokio::test]
async fn a_search_finds_what_looking_at_each_trace_finds() {
    let store = store().await;
    let mut traces = BTreeMap::<String, Vec<i64>>::new();
    for n in 0..EVENTS {
        if let Some(trace) = trace(n) {
            traces.entry(trace).or_default().push(n);
        }
    }
    let second = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
    for text in [None, Some("RARE"), Some("third"), Some("Common"), Some("t01"), Some("neither")] {
        for (since, until) in [(second(0), None), (second(5_990), None), (second(2_000), Some(second(2_020)))] {
            let window = |n: &i64| time(*n) >= since && until.is_none_or(|until| time(*n) < until);
            let text_in = |trace: &str, n: &i64| {
                let text = text.unwrap_or_default().to_lowercase();
                words(*n).contains(&text) || trace.to_lowercase().contains(&text)
            };
            let mut found: Vec<_> = traces
                .iter()
                .filter(|(trace, events)| events.iter().any(window) && events.iter().any(|n| text_in(trace, n)))
                .collect();
            found.sort_by_key(|(_, events)| events.last());
            let ascending: Vec<_> = found.into_iter().map(|(trace, _)| trace.clone()).collect();
            let descending = ascending.iter().rev().cloned().collect();
            for (sort, expected) in [(TraceSort::LastSeenAsc, ascending), (TraceSort::LastSeenDesc, descending)] {
                for (limit, offset) in [(500, 0), (5, 0), (5, 7)] {
                    let page = if offset == 0 { PAGE } else { 100 };
                    let search = TraceSearch::new(since, until, limit, offset);
                    let mut search = TraceSearch { sort, page, ..search };
                    if let Some(text) = text {
                        search.contains(text);
                    }
                    let page = expected.iter().skip(offset as usize).take(limit as usize);
                    let found = search.run(&store).await.unwrap();
                    assert!(page.eq(&found), "{text:?} {since} {until:?} {sort:?} {limit} {offset}: {found:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_event_is_stored_while_a_long_search_goes_on() {
    let store = store().await;
    for text in ["rare", "third", "common"] {
        let mut search = TraceSearch { page: 10, ..TraceSearch::new(Timestamp::MIN, None, 500, 0) };
        search.contains(text);
        tokio::select! {
            biased;
            // Asked first, and with hundreds of pages to go through.
            _ = search.run(&store) => panic!("the publisher waited for the search for {text}"),
            receipt = store.insert(event(EVENTS)) => assert!(receipt.is_ok()),
        }
    }
}

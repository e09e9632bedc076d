use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::*;
use crate::{
    client::AxonPush,
    event::{Event, EventType},
    loss::LossReason,
    publisher::{DeliveryLane, DeliveryMode, DeliveryPolicy},
    resources::query::EventQuery,
    sink::BatchPolicy,
};

const PATIENCE: Duration = Duration::from_secs(10);

fn message(failing: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(failing)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test]
async fn an_expectation_that_does_not_hold_shows_what_arrived() {
    let sink = MemorySink::new();
    let client = sink.client();
    let nothing = message(|| drop(sink.expect("order.placed").once()));
    assert!(nothing.contains("expected 1") && nothing.contains("was the client flushed?"), "{nothing}");

    client.events().enqueue(Event::new("order.placed").attribute("total", 129.95).agent_id("a"));
    let _ = client.flush(PATIENCE).await;
    sink.expect("order.placed").agent("a").attribute("total", 129.95).once();
    let wrong = message(|| drop(sink.expect("order.placed").attribute("total", 7).at_least_once()));
    assert!(wrong.contains("with attribute `total` = 7, found 0") && wrong.contains("129.95"), "{wrong}");
    let unwanted = message(|| sink.expect("order.placed").never());
    assert!(unwanted.contains("expected no") && unwanted.contains("found 1"), "{unwanted}");
}

#[tokio::test]
async fn what_comes_again_is_kept_once() {
    let sink = MemorySink::new();
    sink.answer(Answer::accept().then_disconnect());
    let client = sink.client();
    client.events().enqueue(Event::new("x"));
    assert!(client.flush(PATIENCE).await.is_complete());
    sink.expect("x").once();
    assert_eq!((sink.attempts(), sink.duplicates()), (2, 1));
    sink.clear();
    assert_eq!((sink.attempts(), sink.events().len()), (0, 0));
}

#[tokio::test]
async fn batches_arrive_as_events() {
    let sink = MemorySink::new();
    let delivery = DeliveryPolicy::new().logs(DeliveryLane::Otlp).batch(BatchPolicy::new().max_events(2));
    let client = sink.builder().channel_id("c").delivery(delivery).build().unwrap();
    for n in 0..4 {
        client.events().enqueue(Event::new("line").event_type(EventType::AppLog).attribute("n", n));
    }
    assert!(client.flush(PATIENCE).await.is_complete());
    let lines = sink.expect("line").event_type(EventType::AppLog).times(4);
    assert_eq!(lines[3].attribute("n").unwrap(), 3);
}

#[tokio::test]
async fn awaited_publishes_get_receipts_and_refusals() {
    let sink = MemorySink::new();
    let client = sink.client();
    assert!(client.events().publish(Event::new("x")).await.unwrap().event_id().is_some());
    sink.answer(Answer::status(422).body(r#"{"detail":"no"}"#));
    let error = client.events().publish(Event::new("x")).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("no"), "{error}");
    let error = client.events().search(EventQuery::new()).await.unwrap_err();
    assert!(error.to_string().contains("MemorySink::events"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_passes_at_once() {
    let sink = MemorySink::new();
    let began = tokio::time::Instant::now();
    sink.always(Answer::status(503));
    let client = sink.client();
    client.events().enqueue(Event::new("x"));
    assert_eq!(client.flush(Duration::from_secs(2 * 3600)).await.left(), 0);
    assert!(client.stats().lost().total() == 1 && began.elapsed() < Duration::from_secs(3600), "{}", client.stats());
}

#[tokio::test]
async fn nothing_blocks_the_runtime_that_hosts_the_worker() {
    let sink = MemorySink::new();
    let client = sink.builder().delivery(DeliveryPolicy::new().mode(DeliveryMode::Sync)).build().unwrap();
    client.events().enqueue(Event::new("x"));
    assert_eq!(client.blocking().flush(PATIENCE).left(), 1);
    assert!(client.flush(PATIENCE).await.is_complete());
    client.events().enqueue(Event::new("y"));
    drop(client);
    // The worker goes on by itself.
    while sink.events().len() < 2 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn outside_a_runtime_the_client_is_like_any_other() {
    let sink = MemorySink::new();
    let client = sink.builder().delivery(DeliveryPolicy::new().mode(DeliveryMode::Sync)).build().unwrap();
    client.events().enqueue(Event::new("at once"));
    sink.expect("at once").once();
    let client: AxonPush = sink.client();
    client.events().enqueue(Event::new("on drop"));
    drop(client);
    sink.expect("on drop").once();
}

#[test]
fn a_runtime_that_ends_first_leaves_its_events_behind() {
    let sink = MemorySink::new();
    sink.always(Answer::never());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let client = runtime.block_on(async {
        let client = sink.client();
        client.events().enqueue(Event::new("x"));
        let _ = client.flush(Duration::from_millis(1)).await;
        client
    });
    drop(runtime);
    let report = client.blocking().shutdown(PATIENCE);
    assert!(!report.is_complete() && report.delivered() == 0, "{report}");
    assert_eq!(client.stats().lost().of(LossReason::Shutdown), 1);
}

#[cfg(feature = "sinks")]
#[test]
fn beside_others_a_sink_answers_as_it_is_told() {
    let sink = MemorySink::new();
    for answer in [Answer::status(503), Answer::no_connection(), Answer::never(), Answer::accept().then_disconnect()] {
        sink.answer(answer);
    }
    let client = AxonPush::builder().without_server().sink("memory", sink.clone()).build().unwrap();
    client.events().enqueue(Event::new("order.placed"));
    let stats = || client.sink_stats().remove(0);
    while stats().written() == 0 {
        // Each flush tries what failed once more.
        let _report = client.blocking().flush(PATIENCE);
    }
    sink.expect("order.placed").once();
    assert_eq!((sink.attempts(), sink.duplicates(), stats().lost().total()), (5, 1, 0));
    sink.answer(Answer::status(422));
    client.events().enqueue(Event::new("order.odd"));
    let _report = client.blocking().shutdown(PATIENCE);
    assert_eq!(stats().lost().of(LossReason::Rejected), 1);
    sink.expect("order.odd").never();
}

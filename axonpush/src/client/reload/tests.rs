use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;

use crate::{
    AxonPush, AxonPushBuilder, Event, LogPayload, QueuePolicy, RedactionPolicy,
    exchange::{ExchangePolicy, RequestFacts},
    testing::MemorySink,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a record shows of the settings it was written by.
const CANARY: &str = "canary 31337";

/// Settings of which each has the number in it.
fn numbered(settings: AxonPushBuilder, number: usize) -> AxonPushBuilder {
    settings
        .service(format!("service-{number}"), number.to_string())
        .environment(format!("environment-{number}"))
        .channel_id(format!("channel-{number}"))
        .redaction(RedactionPolicy::new().redact_keys([format!("field_{}", number % 4)]))
}

fn masked(attributes: &Value, prefix: &str) -> Vec<usize> {
    (0..4).filter(|number| attributes[format!("{prefix}{number}")] == "[REDACTED]").collect()
}

#[test]
fn a_hundred_swaps_under_a_hundred_thousand_records_lose_none_and_mix_none() {
    const THREADS: usize = 4;
    const RECORDS: usize = 25_000;
    const SWAPS: usize = 100;

    let sink = MemorySink::new();
    let queue = QueuePolicy::new().max_events(THREADS * RECORDS).max_bytes(512 << 20);
    let client = numbered(sink.builder().queue(queue), 0).build().unwrap();
    let subscriber = Arc::new(tracing_subscriber::registry().with(client.tracing_layer()));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (client, subscriber) = (&client, Arc::clone(&subscriber));
                scope.spawn(move || {
                    let _default = tracing::subscriber::set_default(subscriber);
                    let outer = tracing::info_span!("outer", span_0 = 1);
                    let _outer = outer.enter();
                    for at in 0..RECORDS {
                        if at % 2 == 0 {
                            tracing::info!(
                                field_0 = CANARY,
                                field_1 = CANARY,
                                field_2 = CANARY,
                                field_3 = CANARY,
                                thread,
                                at,
                                "heard"
                            );
                        } else {
                            let log = LogPayload::new("said").attribute("at", at).attribute("thread", thread);
                            let log = (0..4).fold(log, |log, n| log.attribute(format!("field_{n}"), CANARY));
                            client.events().enqueue(Event::log("said", log));
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for number in 1..=SWAPS {
                client.reload(|settings| numbered(settings, number)).unwrap();
                // As many swaps as fit while records flow, and none after them.
                let before = client.stats().accepted();
                while client.stats().accepted() < before + 500 && !done.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let report = client.blocking().shutdown(PATIENCE);
    let stats = client.stats();
    assert!(report.is_complete(), "{report}");
    assert_eq!((stats.accepted(), stats.delivered()), ((THREADS * RECORDS) as u64, (THREADS * RECORDS) as u64));

    let events = sink.events();
    assert_eq!(events.len(), THREADS * RECORDS);
    let mut numbers = BTreeSet::new();
    for event in &events {
        let event: &Value = event.as_json();
        let number: usize = event["channel_id"].as_str().unwrap().strip_prefix("channel-").unwrap().parse().unwrap();
        let payload = &event["payload"];
        let resource = json!({
            "service.name": format!("service-{number}"),
            "service.version": number.to_string(),
            "deployment.environment": format!("environment-{number}"),
        });
        assert_eq!(payload["resource"], resource, "{event}");
        assert_eq!(masked(&payload["attributes"], "field_"), [number % 4], "{event}");
        numbers.insert(number);
    }
    assert!(numbers.len() > SWAPS / 2, "records flowed through {} of {SWAPS} settings", numbers.len());
}

#[test]
fn fields_of_a_span_are_hidden_by_the_settings_they_were_recorded_by_and_by_those_of_the_record() {
    let sink = MemorySink::new();
    let client = sink.builder().redaction(RedactionPolicy::new().redact_keys(["first"])).build().unwrap();
    let subscriber = tracing_subscriber::registry().with(client.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("work", first = CANARY, second = CANARY, "qu\"ote" = CANARY, late = 1);
        let _entered = span.enter();
        tracing::info!("before");
        client.reload(|settings| settings.redaction(RedactionPolicy::new().redact_keys(["second", "late"]))).unwrap();
        tracing::info!("after");
        span.record("late", CANARY);
        tracing::info!(second = CANARY, "later");
    });
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    let shown = |at: usize| {
        let event = sink.events()[at].as_json().clone();
        ["first", "second", "qu\"ote", "late"].map(|key| event["payload"]["attributes"][key] != "[REDACTED]")
    };
    assert_eq!(shown(0), [false, true, true, true]);
    assert_eq!(shown(1), [false, false, true, false]);
    assert_eq!(shown(2), [false, false, true, false]);
    assert_eq!(sink.events()[1].as_json()["payload"]["attributes"]["qu\"ote"], CANARY);
}

#[test]
fn an_exchange_is_told_to_its_end_by_the_settings_it_began_with() {
    let sink = MemorySink::new();
    let client = numbered(sink.builder(), 1).build().unwrap();
    let policy = ExchangePolicy::new();
    let facts = RequestFacts::new("axum", "GET", "/orders/1042");
    let mut open = policy.begin(&client, &facts, &|_, _| {});
    client.reload(|settings| numbered(settings, 2)).unwrap();
    let mut next = policy.begin(&client, &facts, &|_, _| {});
    for recorder in [&mut open, &mut next] {
        recorder.headers_sent(200, &|_, _| {});
        recorder.complete();
    }
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    for event in sink.events() {
        let (event, is_first) =
            (event.as_json(), event.attribute("request.id") == Some(&json!(open.request_id().as_str())));
        let number = if is_first { 1 } else { 2 };
        assert_eq!(event["channel_id"], format!("channel-{number}"));
        assert_eq!(event["payload"]["resource"]["service.name"], format!("service-{number}"));
    }
    assert!(sink.events().len() >= 2);
}

#[test]
fn a_bad_setting_is_refused_and_everything_stays_as_it_was() {
    let sink = MemorySink::new();
    let client = numbered(sink.builder(), 7).build().unwrap();
    let refused = [
        (client.reload(|settings| numbered(settings, 8).base_url("ftp://x")), "base"),
        (client.reload(|settings| numbered(settings, 8).api_key(" ")), "key"),
        (client.reload(|settings| numbered(settings, 8).queue(QueuePolicy::new().max_events(5))), "queue policy"),
        (client.reload(|settings| numbered(settings, 8).timeout(Duration::from_secs(1))), "timeout"),
        (client.reload(|settings| numbered(settings, 8).on_loss(|_| {})), "loss hook"),
    ];
    for (result, named) in refused {
        let error = result.unwrap_err();
        assert!(error.is_config() && error.to_string().contains(named), "{error}");
    }
    client.events().enqueue(Event::log("x", LogPayload::new("after")));
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    assert_eq!(sink.events()[0].as_json()["channel_id"], "channel-7");
    assert!(AxonPush::disabled().reload(|settings| settings.base_url("ftp://x")).is_ok());
}

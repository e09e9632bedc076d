use std::time::{Duration, Instant};

use crate::{
    AxonPush, AxonPushBuilder, Dedup, DeliveryLane, DeliveryMode, DeliveryPolicy, Event, KeepOnError, Levels,
    LogPayload, LossReason, OverflowPolicy, Pipeline, QueuePolicy, RedactionPolicy, RequestContext, Severity,
    exchange::{ExchangePolicy, ExchangeRecorder, RequestFacts},
    testing::MemorySink,
};

fn log(client: &AxonPush, severity: Severity, text: &str) {
    client.events().enqueue(Event::log("shop::cart", LogPayload::new(text.to_owned()).severity(severity)));
}

/// What the log records say that arrive by the time the client is shut down, apart from those of exchanges.
fn said(client: &AxonPush, sink: &MemorySink) -> Vec<String> {
    let report = client.block_on(client.shutdown(Duration::from_secs(5))).unwrap();
    assert!(report.is_complete() && client.stats().is_balanced(), "{report}");
    let events = sink.events();
    let own = events.iter().filter(|event| event.identifier() == "shop::cart");
    own.map(|event| event.payload()["body"].as_str().unwrap_or_default().to_owned()).collect()
}

fn check(
    settings: impl FnOnce(AxonPushBuilder) -> AxonPushBuilder,
    work: impl FnOnce(&AxonPush),
) -> (Vec<String>, u64) {
    let sink = MemorySink::new();
    let client = settings(sink.builder()).build().unwrap();
    work(&client);
    let said = said(&client, &sink);
    let stats = client.stats();
    assert_eq!(stats.refused(), 0, "{:?}", client.last_error());
    (said, stats.filtered())
}

fn keep(builder: AxonPushBuilder) -> AxonPushBuilder {
    builder.keep_on_error(KeepOnError::below(Severity::Info))
}

#[test]
fn levels_leave_out_what_is_not_wanted_and_count_it() {
    let levels = Levels::new(Severity::Warn).target("shop", Severity::Info);
    let (said, filtered) = check(
        |builder| builder.levels(levels),
        |client| {
            log(client, Severity::Debug, "detail");
            log(client, Severity::Info, "news");
            client.events().enqueue(Event::log("hyper", LogPayload::new("other")));
        },
    );
    assert_eq!((said, filtered), (vec!["news".to_owned()], 2));
}

#[test]
fn repetitions_are_counted_and_told_before_the_client_ends() {
    let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_secs(3600)));
    let (said, filtered) = check(
        |builder| builder.pipeline(pipeline),
        |client| (0..10).for_each(|_| log(client, Severity::Info, "again")),
    );
    assert_eq!((said, filtered), (vec!["again".to_owned(), "again".to_owned()], 9));
}

#[test]
fn detail_is_sent_before_the_error_it_led_to_and_after_it() {
    let (said, filtered) = check(keep, |client| {
        log(client, Severity::Debug, "outside");
        RequestContext::new().sync_scope(|| {
            log(client, Severity::Debug, "1");
            log(client, Severity::Info, "2");
            log(client, Severity::Debug, "3");
            log(client, Severity::Error, "4");
            log(client, Severity::Debug, "5");
        });
        RequestContext::new().sync_scope(|| log(client, Severity::Debug, "of another request"));
    });
    assert_eq!(said, ["outside", "2", "1", "3", "4", "5"]);
    assert_eq!(filtered, 1);
}

fn exchange(client: &AxonPush, work: impl FnOnce(&mut ExchangeRecorder)) {
    let facts = RequestFacts::new("test", "GET", "/");
    let mut recorder = ExchangePolicy::new().begin(client, &facts, &|_, _| {});
    recorder.run(|| log(client, Severity::Debug, "detail"));
    work(&mut recorder);
}

#[test]
fn an_exchange_that_fails_sends_its_detail() {
    let failures: [fn(&mut ExchangeRecorder); 3] = [
        |recorder| {
            recorder.headers_sent(503, &|_, _| {});
            recorder.complete();
        },
        |recorder| recorder.body_failed(&"broken"),
        |recorder| recorder.failed(&"no response"),
    ];
    for failure in failures {
        assert_eq!(check(keep, |client| exchange(client, failure)), (vec!["detail".to_owned()], 0));
    }
}

#[test]
fn an_exchange_that_ends_well_takes_its_detail_along() {
    let ends: [fn(&mut ExchangeRecorder); 2] = [
        |recorder| {
            recorder.headers_sent(404, &|_, _| {});
            recorder.complete();
        },
        |_gone_away| {},
    ];
    for end in ends {
        assert_eq!(check(keep, |client| exchange(client, end)), (vec![], 1));
    }
}

#[test]
fn what_is_held_is_bounded_and_the_oldest_goes_first() {
    let few = |builder: AxonPushBuilder| builder.keep_on_error(KeepOnError::below(Severity::Info).max_records(2));
    let work = |client: &AxonPush| {
        RequestContext::new().sync_scope(|| {
            for text in ["1", "2", "3", "4"] {
                log(client, Severity::Debug, text);
            }
            log(client, Severity::Fatal, "5");
        });
    };
    assert_eq!(check(few, work), (["3", "4", "5"].map(str::to_owned).to_vec(), 2));
    let small = |builder: AxonPushBuilder| builder.keep_on_error(KeepOnError::below(Severity::Info).max_bytes(10));
    assert_eq!(check(small, work), (vec!["5".to_owned()], 4));
    let none =
        |builder: AxonPushBuilder| builder.keep_on_error(KeepOnError::below(Severity::Info).max_bytes_of_all(10));
    assert_eq!(check(none, work), (vec!["5".to_owned()], 4));
}

#[test]
fn the_room_of_all_requests_is_free_again_when_they_have_ended() {
    let keep = KeepOnError::below(Severity::Info).max_bytes_of_all(2000);
    let (said, filtered) = check(
        |builder| builder.keep_on_error(keep),
        |client| {
            for _ in 0..50 {
                RequestContext::new().sync_scope(|| log(client, Severity::Debug, "forgotten"));
            }
            RequestContext::new().sync_scope(|| {
                log(client, Severity::Debug, "kept");
                log(client, Severity::Error, "failed");
            });
        },
    );
    assert_eq!((said, filtered), (vec!["kept".to_owned(), "failed".to_owned()], 50));
}

#[test]
fn detail_is_neither_sampled_nor_taken_for_a_repetition() {
    let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_secs(3600))).set("step", 1);
    let (said, _) = check(
        |builder| keep(builder).pipeline(pipeline),
        |client| {
            for _ in 0..2 {
                RequestContext::new().sync_scope(|| {
                    log(client, Severity::Debug, "detail");
                    log(client, Severity::Error, "failed");
                });
            }
        },
    );
    // The second failure is told by a summary.
    assert_eq!(said, ["detail", "failed", "detail", "failed"]);
}

#[test]
fn two_clients_hold_for_one_request_each_their_own() {
    let (one, other) = (MemorySink::new(), MemorySink::new());
    let [first, second] = [&one, &other].map(|sink| keep(sink.builder()).build().unwrap());
    RequestContext::new().sync_scope(|| {
        log(&first, Severity::Debug, "of the first");
        log(&second, Severity::Debug, "of the second");
        log(&first, Severity::Error, "failed");
    });
    assert_eq!(said(&first, &one), ["of the first", "failed"]);
    assert_eq!(said(&second, &other), ["of the second"]);
}

#[test]
fn what_could_not_be_sent_is_refused_and_not_left_out_as_well() {
    let client = MemorySink::new().builder().levels(Levels::new(Severity::Warn)).build().unwrap();
    client.events().enqueue(Event::log("  ", LogPayload::new("news")));
    assert_eq!((client.stats().refused(), client.stats().filtered()), (1, 0));
}

/// A record with something in it that other settings hide.
fn log_secret(client: &AxonPush, severity: Severity) {
    let payload = LogPayload::new("said").severity(severity).attribute("iban", "canary").attribute("n", 1);
    client.events().enqueue(Event::log("shop::cart", payload));
}

#[test]
fn what_was_held_back_before_a_reload_is_hidden_by_the_settings_it_leaves_under() {
    let sink = MemorySink::new();
    let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_secs(3600)));
    let client = keep(sink.builder()).pipeline(pipeline).service("shop", "1").build().unwrap();
    RequestContext::new().sync_scope(|| {
        log_secret(&client, Severity::Debug);
        (0..2).for_each(|_| log_secret(&client, Severity::Warn));
        assert!(client.block_on(client.flush(Duration::from_secs(5))).unwrap().is_complete());
        log_secret(&client, Severity::Warn);
        client.reload(|settings| settings.redaction(RedactionPolicy::new().redact_keys(["iban"]))).unwrap();
        log(&client, Severity::Error, "failed");
    });
    assert_eq!(said(&client, &sink), ["said", "said", "said", "said", "failed"]);
    let seen: Vec<_> = sink.events().into_iter().map(|event| event.as_json()["payload"].clone()).collect();
    let hidden: Vec<_> = seen.iter().map(|payload| payload["attributes"]["iban"] == "[REDACTED]").collect();
    // The first one and its summary had left by then.
    assert_eq!(hidden, [false, false, true, true, false], "{seen:?}");
    let kept = |payload: &serde_json::Value| payload["attributes"]["n"] == 1 && payload["timeUnixNano"].is_string();
    assert!(seen[..4].iter().all(kept) && seen.iter().all(|one| one["resource"] == seen[4]["resource"]), "{seen:?}");
}

#[tokio::test]
async fn nobody_waits_for_room_to_tell_what_was_counted() {
    const LONG: Duration = Duration::from_secs(20);
    let queue = QueuePolicy::new().max_events(1).overflow(OverflowPolicy::Block { timeout: LONG });
    let pipeline = Pipeline::new().dedup(Dedup::within(LONG));
    // Its worker has this very thread, and so makes no room.
    let client = MemorySink::new().builder().queue(queue).pipeline(pipeline).build().unwrap();
    (0..5).for_each(|_| log(&client, Severity::Info, "again"));
    let begun = Instant::now();
    let flush = client.begin_flush(LONG);
    assert!(begun.elapsed() < LONG / 2);
    assert!(flush.await.is_complete());
    assert_eq!((client.stats().delivered(), client.stats().lost().of(LossReason::QueueFull)), (1, 1));
}

#[test]
fn detail_of_a_failure_is_not_waited_for_record_by_record() {
    let sink = MemorySink::new();
    let delivery = DeliveryPolicy::new().mode(DeliveryMode::Sync).logs(DeliveryLane::Otlp);
    let client = keep(sink.builder()).channel_id("c").delivery(delivery).build().unwrap();
    RequestContext::new().sync_scope(|| {
        (0..20).for_each(|_| log(&client, Severity::Debug, "detail"));
        log(&client, Severity::Error, "failed");
    });
    // The one that is waited for takes the others along.
    assert_eq!((client.stats().delivered(), sink.attempts()), (21, 1));
}

#[cfg(feature = "tracing-layer")]
#[test]
fn what_the_tracing_layer_hears_takes_the_same_way() {
    use tracing_subscriber::layer::SubscriberExt;

    let sink = MemorySink::new();
    let client = keep(sink.builder())
        .levels(Levels::new(Severity::Debug).off("noisy"))
        .pipeline(Pipeline::new().rename("uid", "user.id"))
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(client.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        RequestContext::new().sync_scope(|| {
            tracing::debug!(target: "shop::cart", uid = 7, "detail");
            tracing::error!(target: "noisy", "not asked for");
            tracing::trace!(target: "shop::cart", "finest");
            tracing::error!(target: "shop::cart", "failed");
        });
    });
    assert_eq!(said(&client, &sink), ["detail", "failed"]);
    assert_eq!(client.stats().filtered(), 2);
    assert_eq!(sink.events()[0].attribute("user.id"), Some(&7.into()));
}

#[tokio::test(start_paused = true)]
async fn a_count_is_told_though_nobody_logs_any_more() {
    let sink = MemorySink::new();
    let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_secs(5)));
    let client = sink.builder().pipeline(pipeline).build().unwrap();
    let say = || client.events().enqueue(Event::log("x", LogPayload::new("same")));
    say();
    // Long after the worker has gone to sleep, and within the window.
    advance(Duration::from_secs(4)).await;
    (0..9).for_each(|_| say());
    advance(Duration::from_millis(900)).await;
    assert_eq!(sink.events().len(), 1);
    advance(Duration::from_millis(200)).await;
    let [_, summary] = &sink.events()[..] else { panic!("{:?}", sink.events()) };
    assert_eq!(summary.attribute("log.duplicates"), Some(&9.into()));
    advance(Duration::from_secs(60)).await;
    assert_eq!((sink.events().len(), client.stats().filtered()), (2, 9));
}

/// Lets so much of the runtime's time pass, in steps, so that whoever waits for a moment has his turn at it.
async fn advance(time: Duration) {
    const STEP: Duration = Duration::from_millis(20);

    for _ in 0..time.as_millis() / STEP.as_millis() {
        tokio::time::advance(STEP).await;
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
}

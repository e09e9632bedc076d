//! What becomes of events when the server is unwell: held, tried again, or lost for a reason that is told.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axonpush::{
    AxonPush, BreakerState, DeliveryLane, DeliveryMode, DeliveryPolicy, Event, Health, LogPayload, LossReason,
    OverflowPolicy, QueuePolicy, Severity,
};
use axonpush_dev::Answer;
use rig::{PATIENCE, client, server, settings};

/// Waits until `condition`, without sleeping.
async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "it never came to be");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pause_the_server_asks_for_stops_everything_until_one_probe_succeeds() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(429).header("retry-after", "3"));
    client.events().enqueue(Event::new("first"));
    until(|| client.stats().breaker() == BreakerState::Open).await;
    let paused = Instant::now();
    let before = server.request_count("POST", "/event");
    for _ in 0..200 {
        client.events().enqueue(Event::new("later"));
    }
    assert_eq!(client.stats().health(), Health::Unreachable);
    until(|| server.request_count("POST", "/event") > before).await;
    assert!(paused.elapsed() >= Duration::from_millis(2500), "{:?}", paused.elapsed());
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!((server.len(), client.stats().breaker()), (201, BreakerState::Closed));
}

#[tokio::test]
async fn an_outage_opens_the_breaker_costs_few_requests_and_no_event() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(503).always());
    for _ in 0..1000 {
        client.events().enqueue(Event::new("x"));
    }
    until(|| client.stats().breaker() == BreakerState::Open).await;
    let report = client.flush(Duration::from_millis(800)).await;
    assert_eq!((report.left(), report.lost().total()), (1000, 0));
    let during = server.request_count("POST", "/event");
    assert!(during <= 20, "16 at first, then one probe at a time: {during}");
    server.clear_script();
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!(server.len(), 1000);
    assert!(client.stats().retried() > 0 && client.stats().is_balanced());
}

#[tokio::test]
async fn a_refused_key_holds_the_queue_instead_of_losing_it() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(401).always());
    for _ in 0..50 {
        client.events().enqueue(Event::new("x"));
    }
    let report = client.flush(Duration::from_millis(300)).await;
    assert_eq!((report.left(), report.lost().total()), (50, 0));
    let stats = client.stats();
    assert_eq!((stats.breaker(), stats.health()), (BreakerState::Held, Health::Unauthorized));
    assert!(client.last_error().unwrap().is_unauthorized());
    assert!(server.request_count("POST", "/event") <= 16);
    // The key is fixed; shutting down tries it at once.
    server.clear_script();
    assert!(client.shutdown(PATIENCE).await.is_complete());
    assert_eq!(server.len(), 50);
}

#[tokio::test]
async fn a_malformed_event_is_lost_alone_and_handed_back() {
    let server = server();
    let lost = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&lost);
    let client = settings(&server)
        .on_loss(move |events| {
            let bodies = events.events().iter().map(|event| event.as_json().to_owned());
            keep.lock().unwrap().extend(bodies.map(|body| (events.reason(), body)));
        })
        .build()
        .unwrap();
    server.script(Answer::status(422));
    client.events().enqueue(Event::new("bad").dedup_key("k-bad"));
    assert_eq!(client.flush(PATIENCE).await.left(), 0);
    assert_eq!(client.stats().lost().of(LossReason::Rejected), 1);
    for i in 0..100 {
        client.events().enqueue(Event::new(format!("good {i}")));
    }
    assert!(client.shutdown(PATIENCE).await.is_complete());
    let lost = lost.lock().unwrap();
    assert_eq!((lost.len(), lost[0].0), (1, LossReason::Rejected));
    assert!(lost[0].1.contains(r#""dedupKey":"k-bad""#), "{}", lost[0].1);
}

#[tokio::test]
async fn a_loss_hook_that_panics_costs_nothing_else() {
    let server = server();
    // News of losses would be one more event, delivered now or later.
    let settings = settings(&server).report_losses(false);
    let client = settings.on_loss(|_| std::panic::resume_unwind(Box::new("hook"))).build().unwrap();
    server.script(Answer::status(400).times(3));
    for _ in 0..10 {
        client.events().enqueue(Event::new("x"));
    }
    assert_eq!(client.flush(PATIENCE).await.left(), 0);
    assert_eq!((client.stats().delivered(), client.stats().lost().total()), (7, 3));
    client.events().enqueue(Event::new("after"));
    assert!(client.shutdown(PATIENCE).await.is_complete());
    assert_eq!(client.stats().worker_restarts(), 0);
}

#[tokio::test]
async fn events_left_at_shutdown_are_handed_back() {
    let server = server();
    server.script(Answer::hang().always());
    let lost = Arc::new(Mutex::new((0, 0)));
    let keep = Arc::clone(&lost);
    let client = settings(&server)
        .on_loss(move |events| {
            let mut lost = keep.lock().unwrap();
            *lost = (lost.0 + events.len(), lost.1 + events.events().len());
        })
        .build()
        .unwrap();
    for _ in 0..100 {
        client.events().enqueue(Event::new("x"));
    }
    let report = client.shutdown(Duration::from_millis(200)).await;
    assert_eq!((report.left(), *lost.lock().unwrap()), (100, (100, 100)));
}

#[tokio::test]
async fn a_lost_event_offered_again_arrives_once_on_its_own_way() {
    let server = server();
    let (tell, lost) = std::sync::mpsc::channel();
    let client = settings(&server)
        .channel_id("orders")
        .report_losses(false)
        .delivery(DeliveryPolicy::new().logs(DeliveryLane::Otlp))
        .on_loss(move |events| tell.send(events.events().to_vec()).unwrap())
        .build()
        .unwrap();
    server.script(Answer::status(422));
    server.script_otlp(Answer::status(400));
    client.events().enqueue(Event::new("order").severity(Severity::Error));
    client.events().enqueue(Event::log("log", LogPayload::new("x")));
    assert!(client.flush(PATIENCE).await.left() == 0 && server.is_empty());
    let lost: Vec<_> = lost.iter().flatten().take(2).collect();
    assert_eq!(lost.iter().filter(|event| event.severity() == Severity::Error).count(), 1);
    for event in lost.iter().chain(&lost) {
        client.events().enqueue_again(event);
    }
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!((server.len(), server.request_count("POST", "/v1/logs")), (2, 2));
    assert!(client.shutdown(PATIENCE).await.is_complete());
    client.events().enqueue_again(&lost[0]);
    assert!(client.stats().refused() == 1 && client.last_error().unwrap().is_closed());
    AxonPush::disabled().events().enqueue_again(&lost[0]);
}

#[tokio::test]
async fn what_the_loss_hook_itself_offers_again_is_suppressed() {
    let server = server();
    let own = Arc::new(Mutex::new(None::<AxonPush>));
    let itself = Arc::clone(&own);
    let client = settings(&server)
        .report_losses(false)
        .on_loss(move |events| {
            let client = itself.lock().unwrap().clone().unwrap();
            events.events().iter().for_each(|event| client.events().enqueue_again(event));
        })
        .build()
        .unwrap();
    *own.lock().unwrap() = Some(client.clone());
    server.script(Answer::status(422));
    client.events().enqueue(Event::new("x"));
    until(|| client.stats().suppressed() == 1).await;
    assert!(client.shutdown(PATIENCE).await.is_complete());
    own.lock().unwrap().take();
    assert_eq!((client.stats().accepted(), server.len()), (1, 0));
}

#[tokio::test]
async fn the_server_is_told_how_many_events_it_will_never_see() {
    let server = server();
    server.script(Answer::status(503).header("retry-after", "3"));
    let client = settings(&server).queue(QueuePolicy::new().max_events(100)).build().unwrap();
    client.events().enqueue(Event::new("x"));
    until(|| client.stats().breaker() == BreakerState::Open).await;
    for _ in 0..500 {
        client.events().enqueue(Event::new("x"));
    }
    let lost = client.stats().lost().total();
    assert!(lost > 0);
    let count = usize::try_from(501 - lost + 1).unwrap();
    let events = server.wait_for_events(count, PATIENCE).await;
    let event = events.into_iter().find(|event| event.identifier == "axonpush.events_lost").unwrap();
    assert_eq!(event.attribute("axonpush.lost.queue_full").unwrap(), lost);
    assert_eq!(event.payload["severityText"], "WARN");
    assert!(client.shutdown(PATIENCE).await.left() == 0 && client.stats().is_balanced());
}

#[tokio::test]
async fn errors_survive_a_flood_of_debug_events_at_a_server_that_is_down() {
    let server = server();
    server.script(Answer::status(503).always());
    let queue = QueuePolicy::new().max_events(2000).overflow(OverflowPolicy::ShedLowestSeverity);
    let client = settings(&server).queue(queue).report_losses(false).build().unwrap();
    for i in 0..20_000 {
        let severity = if i % 20 == 0 { Severity::Error } else { Severity::Debug };
        client.events().enqueue(Event::new(severity.text()).severity(severity));
    }
    server.clear_script();
    assert_eq!(client.shutdown(PATIENCE).await.left(), 0);
    let errors = server.events().iter().filter(|event| event.identifier == "ERROR").count();
    assert_eq!(errors, 1000);
    let stats = client.stats();
    assert_eq!(stats.delivered() + stats.lost().of(LossReason::QueueFull), 20_000);
}

#[test]
fn in_sync_mode_handing_over_returns_when_the_event_has_arrived() {
    let server = server();
    let client = settings(&server).delivery(DeliveryPolicy::new().mode(DeliveryMode::Sync)).build().unwrap();
    for i in 1..=5 {
        client.events().enqueue(Event::new("x"));
        assert_eq!(server.len(), i);
    }
    server.script(Answer::status(400));
    client.events().enqueue(Event::new("x"));
    assert_eq!(client.stats().lost().of(LossReason::Rejected), 1);
}

#[tokio::test]
async fn an_invocation_is_flushed_even_when_it_panics() {
    let (server, other) = (server(), rig::server());
    let (client, second) = (client(&server), rig::client(&other));
    let handler = async {
        client.events().enqueue(Event::new("one"));
        second.events().enqueue(Event::new("two"));
        std::panic::resume_unwind(Box::new("handler"))
    };
    let invocation = axonpush::flush_after_invocation([&client, &second], PATIENCE, handler);
    let panicked = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(invocation)).await;
    let panicked: Result<(), _> = panicked;
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"handler"));
    assert_eq!((server.len(), other.len()), (1, 1));
}

#[tokio::test]
async fn a_deadline_beyond_all_reason_is_no_problem() {
    let server = server();
    let client = settings(&server).shutdown_timeout(Duration::MAX).build().unwrap();
    client.events().enqueue(Event::new("x"));
    assert!(client.flush(Duration::MAX).await.is_complete());
    client.events().enqueue(Event::new("x"));
    drop(client);
    assert_eq!(server.len(), 2);
}

#[tokio::test]
async fn a_short_shutdown_does_not_cut_a_long_one() {
    let server = server();
    server.script(Answer::accept().delay(Duration::from_millis(300)).always());
    let client = client(&server);
    for _ in 0..5 {
        client.events().enqueue(Event::new("x"));
    }
    let (long, short) = tokio::join!(client.shutdown(PATIENCE), client.shutdown(Duration::from_millis(20)));
    assert!(long.is_complete(), "{long}");
    assert_eq!((short.delivered(), short.left()), (0, 5));
}

#[tokio::test]
async fn a_deferred_receipt_is_given_only_for_events_that_wait() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = axonpush::AxonPush::builder()
        .api_key("ak_test")
        .base_url(format!("http://{nobody}"))
        .retry(axonpush::RetryPolicy::new().max_retries(0))
        .queue(QueuePolicy::new().max_events(3).overflow(OverflowPolicy::DropNewest))
        .shutdown_timeout(Duration::ZERO)
        .build()
        .unwrap();
    let mut deferred = 0;
    for _ in 0..200 {
        match client.events().publish(Event::new("x")).await {
            Ok(receipt) => deferred += u64::from(receipt.is_deferred()),
            Err(error) => assert!(error.is_connect()),
        }
    }
    let stats = client.stats();
    assert_eq!(deferred, stats.queued() + stats.in_flight(), "{stats}");
}

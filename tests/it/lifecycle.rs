//! Flush, shutdown and drop: from everywhere a program may call them, within their deadline, with exact books.

use std::{
    thread,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, LossReason, QueuePolicy};
use axonpush_dev::{Answer, DevServer};
use rig::{PATIENCE, client, server, settings};

/// What a deadline may be overrun by on a loaded machine.
const GRACE: Duration = Duration::from_millis(100);

fn enqueue(client: &AxonPush, count: usize) {
    for _ in 0..count {
        client.events().enqueue(Event::new("tick"));
    }
}

fn hanging_server() -> DevServer {
    let server = server();
    server.script(Answer::hang().always());
    server
}

#[tokio::test]
async fn shutdown_keeps_its_deadline_and_counts_what_it_left() {
    let server = hanging_server();
    let client = client(&server);
    enqueue(&client, 20_000);
    let started = Instant::now();
    let report = client.shutdown(Duration::from_millis(500)).await;
    let took = started.elapsed();
    assert!(took < Duration::from_millis(500) + GRACE, "{took:?}");
    let stats = client.stats();
    assert!(stats.is_balanced(), "{stats}");
    assert_eq!((stats.accepted(), stats.delivered(), stats.queued(), stats.in_flight()), (20_000, 0, 0, 0));
    assert_eq!(stats.lost().of(LossReason::Shutdown), report.left());
    assert_eq!(stats.lost().of(LossReason::QueueFull) + report.left(), 20_000);
}

#[test]
fn flush_and_shutdown_work_from_every_place() {
    type Place = (&'static str, fn(AxonPush));
    let places: [Place; 6] = [
        ("no runtime", |client| {
            assert!(client.blocking().flush(PATIENCE).is_complete());
            assert!(client.blocking().shutdown(PATIENCE).is_complete());
        }),
        ("blocking on a current_thread runtime", |client| {
            runtime_1().block_on(async { assert!(client.blocking().flush(PATIENCE).is_complete()) });
        }),
        ("awaited on a current_thread runtime", |client| {
            runtime_1().block_on(async { assert!(client.flush(PATIENCE).await.is_complete()) });
        }),
        ("blocking in a task of a runtime with one worker", |client| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let task = runtime.spawn(async move { client.blocking().flush(PATIENCE).is_complete() });
            assert!(runtime.block_on(task).unwrap());
        }),
        ("spawn_blocking", |client| {
            let task = runtime_1().block_on(async {
                tokio::task::spawn_blocking(move || client.blocking().shutdown(PATIENCE).is_complete()).await
            });
            assert!(task.unwrap());
        }),
        ("drop", drop),
    ];
    for (place, run) in places {
        let server = server();
        let client = client(&server);
        enqueue(&client, 100);
        let started = Instant::now();
        run(client.clone());
        drop(client);
        assert!(started.elapsed() < PATIENCE, "{place}");
        assert_eq!(server.len(), 100, "{place}");
    }
}

fn runtime_1() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn events_outlive_the_runtime_they_were_enqueued_on() {
    let server = server();
    let client = client(&server);
    let runtime = runtime_1();
    runtime.block_on(async { enqueue(&client, 1000) });
    drop(runtime);
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    assert_eq!(server.len(), 1000);
}

#[test]
fn dropping_the_last_handle_is_bounded_too() {
    let server = hanging_server();
    let client = settings(&server).shutdown_timeout(Duration::from_millis(200)).build().unwrap();
    let clone = client.clone();
    enqueue(&client, 10);
    let started = Instant::now();
    drop(client);
    assert!(started.elapsed() < GRACE, "another handle still lives");
    drop(clone);
    assert!(started.elapsed() < Duration::from_millis(200) + GRACE, "{:?}", started.elapsed());
}

#[tokio::test]
async fn other_tasks_go_on_while_a_shutdown_is_awaited() {
    let server = hanging_server();
    let client = client(&server);
    enqueue(&client, 10);
    let ticks = async {
        let mut ticks = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await; // tidy: the ticking is what is tested
            ticks += 1;
            if ticks == 10 {
                return;
            }
        }
    };
    tokio::select! {
        () = ticks => {}
        _ = client.shutdown(Duration::from_secs(5)) => panic!("the timer stood still"),
    }
}

#[tokio::test]
async fn every_event_accepted_before_a_flush_is_covered_by_it() {
    let server = server();
    let client = settings(&server).queue(QueuePolicy::new().max_events(100_000)).build().unwrap();
    let producers: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            thread::spawn(move || enqueue(&client, 1000))
        })
        .collect();
    for producer in producers {
        producer.join().unwrap();
    }
    let report = client.flush(PATIENCE).await;
    assert_eq!((client.stats().delivered(), report.left()), (4000, 0));
    assert_eq!(server.len(), 4000);
}

#[tokio::test]
async fn a_flush_that_runs_out_of_time_says_what_is_left_and_the_worker_goes_on() {
    let server = hanging_server();
    let client = settings(&server).attempt_timeout(Duration::from_millis(300)).build().unwrap();
    enqueue(&client, 10);
    let report = client.flush(Duration::from_millis(50)).await;
    assert_eq!((report.delivered(), report.left()), (0, 10));
    server.clear_script();
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!(server.len(), 10);
}

#[tokio::test]
async fn concurrent_flushes_are_all_answered() {
    let server = server();
    let client = client(&server);
    enqueue(&client, 200);
    let flushes: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.flush(PATIENCE).await })
        })
        .collect();
    for flush in flushes {
        assert!(flush.await.unwrap().is_complete());
    }
}

#[tokio::test]
async fn shutting_down_twice_is_harmless_and_later_events_are_refused() {
    let server = server();
    let client = client(&server);
    enqueue(&client, 5);
    assert!(client.shutdown(PATIENCE).await.is_complete());
    assert!(client.shutdown(PATIENCE).await.is_complete());
    assert!(client.flush(PATIENCE).await.is_complete());
    enqueue(&client, 3);
    assert!(client.events().publish(Event::new("x")).await.unwrap_err().is_closed());
    let back = client.events().try_enqueue(Event::new("back")).unwrap_err();
    assert!(back.error().is_closed());
    let stats = client.stats();
    assert_eq!((stats.accepted(), stats.refused(), server.len()), (5, 3, 5));
    assert!(client.last_error().unwrap().is_closed());
}

#[tokio::test]
async fn a_shutdown_waits_for_awaited_publishes() {
    let server = server();
    server.script(Answer::accept().delay(Duration::from_millis(200)));
    let client = client(&server);
    let publishing = {
        let client = client.clone();
        tokio::spawn(async move { client.events().publish(Event::new("slow")).await })
    };
    while server.request_count("POST", "/event") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(client.shutdown(PATIENCE).await.is_complete());
    assert_eq!(publishing.await.unwrap().unwrap().status(), "queued");
}

#[tokio::test]
async fn a_shutdown_during_back_off_makes_one_last_attempt() {
    let server = server();
    server.script(Answer::status(503).header("retry-after", "60"));
    let client = client(&server);
    client.events().enqueue(Event::new("x"));
    while server.request_count("POST", "/event") == 0 {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    let report = client.shutdown(PATIENCE).await;
    assert!(report.is_complete() && server.len() == 1, "{report}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn fifty_clients_in_one_process_come_and_go() {
    let server = server();
    let threads: Vec<_> = (0..50)
        .map(|_| {
            let client = client(&server);
            thread::spawn(move || {
                enqueue(&client, 10);
                drop(client);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(server.len(), 500);
}

#[test]
fn a_client_that_was_never_used_starts_no_thread_and_ends_at_once() {
    let client = AxonPush::builder().api_key("ak_test").base_url("http://127.0.0.1:9").build().unwrap();
    let started = Instant::now();
    assert!(client.blocking().flush(PATIENCE).is_complete());
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    drop(client);
    assert!(started.elapsed() < GRACE);
}

#[tokio::test]
async fn the_books_balance_at_every_instant_of_a_flood() {
    let server = server();
    let client = settings(&server).queue(QueuePolicy::new().max_events(100)).report_losses(false).build().unwrap();
    let flood = {
        let client = client.clone();
        thread::spawn(move || enqueue(&client, 20_000))
    };
    while !flood.is_finished() {
        let stats = client.stats();
        assert!(stats.is_balanced(), "{stats}");
    }
    flood.join().unwrap();
    assert_eq!(client.flush(PATIENCE).await.left(), 0);
    let stats = client.stats();
    assert_eq!(stats.accepted(), 20_000);
    assert_eq!(stats.delivered() + stats.lost().of(LossReason::QueueFull), 20_000);
    assert_eq!(stats.delivered(), server.len() as u64);
}

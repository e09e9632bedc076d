//! Stopping under load, and stopping what won't stop by itself.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use axonpush_axum::AxonPushLayer;
use axonpush_dev::{Answer, StoredEvent};
use futures_util::{FutureExt as _, future::join_all};
use rig::PATIENCE;
use serde_json::Value;
use tokio::{net::TcpListener, time::timeout};

use super::{apps::Framework, bodies, wire::Connection};

/// How often each identifier was told, by request id.
fn told(events: &[StoredEvent]) -> BTreeMap<String, Vec<&str>> {
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for event in events {
        let id = event.attribute("request.id").and_then(Value::as_str).unwrap_or_default();
        told.entry(id.to_owned()).or_default().push(event.identifier.as_str());
    }
    for identifiers in told.values_mut() {
        identifiers.sort_unstable();
    }
    told
}

#[tokio::test]
async fn a_stop_under_load_loses_no_request_and_no_event() {
    const CALLERS: usize = 16;
    const BEFORE_STOP: usize = 200;
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let (stopped, answered) = framework
            .serve(&client, PATIENCE, async |address, stop| {
                let answered = RefCell::new(Vec::new());
                let stop = Cell::new(Some(stop));
                let caller = async |caller: usize| {
                    for call in 0.. {
                        let id = format!("r-{caller}-{call}");
                        let Some(200) = get(address, "/hello", &id).await else { break };
                        answered.borrow_mut().push(id);
                        if answered.borrow().len() == BEFORE_STOP {
                            drop(stop.take());
                        }
                    }
                };
                join_all((0..CALLERS).map(caller)).await;
                answered.into_inner()
            })
            .await;
        assert!(stopped.is_complete(), "{framework:?}: {stopped:?}");
        assert!(answered.len() >= BEFORE_STOP);
        let (stats, events) = (client.stats(), server.events());
        assert_eq!((stats.refused(), stats.lost().total()), (0, 0), "{framework:?}: {stats}");
        let mut told = told(&events);
        for id in &answered {
            let ends = told.remove(id);
            assert_eq!(ends.as_deref(), Some(["http.request.completed", "http.request.started"].as_slice()), "{id}");
        }
        for (id, identifiers) in told {
            assert_eq!(identifiers.len(), 2, "{framework:?}: {id}, which got no answer: {identifiers:?}");
        }
    }
}

#[tokio::test]
async fn requests_that_never_end_are_cut_at_the_deadline_and_reported() {
    const DRAIN: Duration = Duration::from_millis(300);
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let (stopped, (signalled, connections)) = framework
            .serve(&client, DRAIN, async |address, stop| {
                let hanging = Connection::open(address, &request("/hangs", "hangs")).await;
                let mut dripping = Connection::open(address, &request("/drips", "drips")).await;
                dripping.read_until("drop").await;
                server.wait_for_events(2, PATIENCE).await;
                drop(stop);
                (Instant::now(), [hanging, dripping])
            })
            .await;
        let took = signalled.elapsed();
        assert!(!stopped.drained() && stopped.flush().is_complete(), "{framework:?}: {stopped:?}");
        assert!(took <= framework.ends_by(DRAIN), "{framework:?}: {took:?}");
        let events = server.events();
        let expected = ["http.request.cancelled", "http.request.started"];
        let all = BTreeMap::from(["drips", "hangs"].map(|id| (id.to_owned(), expected.to_vec())));
        assert_eq!(told(&events), all, "{framework:?}");
        assert_eq!((client.stats().refused(), client.open_exchanges()), (0, 0), "{framework:?}");
        for mut connection in connections {
            connection.read().await;
        }
    }
}

#[tokio::test]
async fn a_silent_server_does_not_prolong_a_stop_that_has_to_cut() {
    const DRAIN: Duration = Duration::from_secs(1);
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let (stopped, (signalled, _hanging)) = framework
            .serve(&client, DRAIN, async |address, stop| {
                let hanging = Connection::open(address, &request("/hangs", "hangs")).await;
                server.wait_for_events(1, PATIENCE).await;
                server.script(Answer::hang().always());
                drop(stop);
                (Instant::now(), hanging)
            })
            .await;
        let took = signalled.elapsed();
        assert!(took <= framework.ends_by(DRAIN), "{framework:?}: {took:?}");
        assert_eq!((stopped.drained(), stopped.unfinished(), stopped.flush().left()), (false, 0, 1), "{framework:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_blocks_its_thread_is_left_behind_and_said_to_be() {
    const DRAIN: Duration = Duration::from_secs(1);
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let _blocked = bodies::block();
        let (stopped, (signalled, _connection)) = framework
            .serve(&client, DRAIN, async |address, stop| {
                let connection = Connection::open(address, &request("/blocks", "blocks")).await;
                server.wait_for_events(1, PATIENCE).await;
                drop(stop);
                (Instant::now(), connection)
            })
            .await;
        let took = signalled.elapsed();
        assert!(took <= framework.ends_by(DRAIN), "{framework:?}: {took:?}");
        assert_eq!((stopped.drained(), stopped.unfinished()), (false, 1), "{framework:?}: {stopped}");
        assert!(!stopped.is_complete());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_stays_cut_when_its_handler_wakes_after_the_server_is_gone() {
    let server = rig::server();
    let client = rig::client(&server);
    let blocked = bodies::block();
    let (stopped, mut connection) = Framework::Axum
        .serve(&client, Duration::from_millis(200), async |address, stop| {
            let connection = Connection::open(address, &request("/blocks", "blocks")).await;
            server.wait_for_events(1, PATIENCE).await;
            drop(stop);
            connection
        })
        .await;
    assert_eq!(stopped.unfinished(), 1);
    drop(blocked);
    assert_eq!(connection.read().await.status, None);
}

#[tokio::test]
async fn a_server_waits_for_the_requests_of_another_with_the_same_client() {
    for other in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let (stopped, first) = other
            .serve(&client, PATIENCE, async |address, stop| {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let app = super::axum::app(&client, AxonPushLayer::new(&client));
                let first = axonpush_axum::serve(listener, app, &client).with_shutdown(std::future::ready(()));
                let mut first = first.drain_timeout(PATIENCE).into_future();
                let hanging = Connection::open(address, &request("/hangs", "hangs")).await;
                server.wait_for_events(1, PATIENCE).await;
                // Longer than cut requests get to be gone.
                assert!(timeout(Duration::from_millis(500), &mut first).await.is_err(), "{other:?}");
                drop(hanging);
                let first = first.await.unwrap();
                drop(stop);
                first
            })
            .await;
        assert!(first.is_complete() && stopped.is_complete(), "{other:?}: {first}, then {stopped}");
        assert_eq!((client.stats().refused(), server.events().len()), (0, 2), "{other:?}");
    }
}

#[tokio::test]
async fn what_another_server_does_not_finish_in_time_is_in_the_report() {
    let server = rig::server();
    let client = rig::client(&server);
    let script = async |address, stop| {
        let hanging = Connection::open(address, &request("/hangs", "hangs")).await;
        server.wait_for_events(1, PATIENCE).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let first = axonpush_axum::serve(listener, super::axum::app(&client, AxonPushLayer::new(&client)), &client);
        let first = first.with_shutdown(std::future::ready(())).drain_timeout(Duration::from_millis(200)).await;
        drop((hanging, stop));
        first.unwrap()
    };
    let (_, first) = Framework::Axum.serve(&client, PATIENCE, script).await;
    assert_eq!((first.drained(), first.unfinished(), first.flush().lost().total()), (true, 1, 0), "{first}");
    assert!(!first.is_complete());
}

#[tokio::test]
async fn half_a_request_head_is_cut_and_no_request_with_it() {
    let server = rig::server();
    let client = rig::client(&server);
    let (stopped, _half) = Framework::Axum
        .serve(&client, Duration::from_millis(200), async |address, stop| {
            let half = Connection::open(address, b"GET /hello HT").await;
            // Connections are accepted in their order.
            assert_eq!(get(address, "/hello", "whole").await, Some(200));
            drop(stop);
            half
        })
        .await;
    assert!(stopped.is_complete(), "{stopped}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_cuts_at_once() {
    // From here on a signal no longer ends this process.
    let _listening = axonpush_axum::shutdown_signal().now_or_never();
    let terminate = || {
        let id = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    };
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let began = Instant::now();
        let (stopped, _hanging) = framework
            .serve_until_signalled(&client, PATIENCE, async |address| {
                let hanging = Connection::open(address, &request("/hangs", "hangs")).await;
                server.wait_for_events(1, PATIENCE).await;
                terminate();
                // It has heard when it takes no more connections.
                while Connection::try_open(address, b"").await.is_ok() {
                    tokio::task::yield_now().await;
                }
                terminate();
                hanging
            })
            .await;
        assert!(began.elapsed() < PATIENCE / 2, "{framework:?}: {:?}", began.elapsed());
        assert_eq!((stopped.drained(), stopped.unfinished()), (false, 0), "{framework:?}: {stopped}");
        assert_eq!(told(&server.events())["hangs"], ["http.request.cancelled", "http.request.started"]);
    }
}

fn request(path: &str, id: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n").into_bytes()
}

/// The status, if the server answered.
async fn get(address: SocketAddr, path: &str, id: &str) -> Option<u16> {
    Connection::try_open(address, &request(path, id)).await.ok()?.read().await.status
}

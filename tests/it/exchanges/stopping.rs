//! Stopping under load, and stopping what won't stop by itself.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use axonpush_dev::StoredEvent;
use futures_util::future::join_all;
use rig::PATIENCE;
use serde_json::Value;

use super::{apps::Framework, wire::Connection};

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
        assert!(stopped.drained && stopped.flush.is_complete(), "{framework:?}: {stopped:?}");
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
        assert!(!stopped.drained && stopped.flush.is_complete(), "{framework:?}: {stopped:?}");
        assert!((DRAIN..Duration::from_secs(5)).contains(&took), "{framework:?}: {took:?}");
        let events = server.events();
        let expected = ["http.request.cancelled", "http.request.started"];
        let all = BTreeMap::from(["drips", "hangs"].map(|id| (id.to_owned(), expected.to_vec())));
        assert_eq!(told(&events), all, "{framework:?}");
        assert_eq!((client.stats().refused(), client.open_exchanges()), (0, 0), "{framework:?}");
        for connection in connections {
            connection.read().await;
        }
    }
}

fn request(path: &str, id: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n").into_bytes()
}

/// The status, if the server answered.
async fn get(address: SocketAddr, path: &str, id: &str) -> Option<u16> {
    Connection::try_open(address, &request(path, id)).await.ok()?.read().await.status
}

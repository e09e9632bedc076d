//! Several requests on one connection.

use std::collections::BTreeMap;

use rig::PATIENCE;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    apps::Framework,
    wire::{Connection, Response},
};

fn request(target: &str, connection: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\r\n")
}

/// What `converse` heard, after the events of `exchanges` requests were checked: each has ids of its own.
async fn check(host: Framework, exchanges: usize, converse: impl AsyncFnOnce(Connection) -> Vec<Response>) {
    let server = rig::server();
    let client = rig::client(&server);
    let (stopped, heard) = host
        .serve(&client, PATIENCE, async |address, stop| {
            let connection = Connection::open(address, b"").await;
            let heard = timeout(PATIENCE, converse(connection)).await.unwrap();
            drop(stop);
            heard
        })
        .await;
    assert!(stopped.is_complete(), "{host:?}: {stopped:?}");
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for event in server.events() {
        let id = event.attribute("request.id").and_then(Value::as_str).unwrap().to_owned();
        told.entry((id, event.trace_id, event.span_id)).or_default().push(event.identifier);
    }
    let mut of_events: Vec<_> = told.keys().map(|(id, ..)| id.as_str()).collect();
    let mut of_responses: Vec<_> = heard.iter().flat_map(|response| &response.request_ids).collect();
    of_events.sort_unstable();
    of_responses.sort_unstable();
    assert_eq!((heard.len(), of_events.len()), (exchanges, exchanges), "{host:?}: {heard:?}");
    assert_eq!(of_events, of_responses, "{host:?}");
    for identifiers in told.values_mut() {
        identifiers.sort_unstable();
        assert_eq!(identifiers, &["http.request.completed", "http.request.started"], "{host:?}");
    }
    let bodies: Vec<_> = heard.iter().map(|response| response.body.as_str()).collect();
    assert_eq!(bodies, ["1", "onetwothree", "3"], "{host:?}");
}

#[tokio::test]
async fn requests_on_one_connection_have_ids_of_their_own() {
    for host in Framework::ALL {
        check(host, 3, async |mut connection| {
            let mut heard = Vec::new();
            for (target, until, keep) in [
                ("/users/1", "\r\n\r\n1", "keep-alive"),
                ("/stream", "\r\n0\r\n\r\n", "keep-alive"),
                ("/users/3", "", "close"),
            ] {
                connection.write(request(target, keep).as_bytes()).await;
                heard.push(match until {
                    "" => connection.read().await,
                    until => connection.read_until(until).await,
                });
            }
            heard
        })
        .await;
    }
}

#[tokio::test]
async fn requests_that_do_not_wait_for_each_other_have_ids_of_their_own() {
    for host in Framework::ALL {
        check(host, 3, async |mut connection| {
            let all = [("/users/1", "keep-alive"), ("/stream", "keep-alive"), ("/users/3", "close")];
            connection.write(all.map(|(target, keep)| request(target, keep)).concat().as_bytes()).await;
            connection.read_all().await
        })
        .await;
    }
}

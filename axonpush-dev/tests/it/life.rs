//! Starting and stopping.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axonpush_dev::{Answer, DevServer};

use crate::rig::{PATIENCE, Rig, event};

#[test]
fn a_server_starts_and_is_used_without_a_runtime() {
    let server = DevServer::start_blocking().unwrap();
    assert_eq!(server.url(), format!("http://{}", server.addr()));
    assert!(server.addr().ip().is_loopback());
    assert!(publish(server.addr(), "plain").starts_with("HTTP/1.1 200"));
    let events = server.wait_for_events_blocking(1, PATIENCE);
    assert_eq!(events[0].identifier, "plain");
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn a_server_answers_while_the_runtime_that_started_it_is_blocked() {
    let server = DevServer::start().await.unwrap();
    assert!(publish(server.addr(), "blocking").starts_with("HTTP/1.1 200"));
    assert_eq!(server.events()[0].identifier, "blocking");
}

#[test]
fn dropping_a_server_outside_a_runtime_frees_its_port() {
    let server = DevServer::start_blocking().unwrap();
    let port = server.addr().port();
    drop(server);
    drop(DevServer::builder().port(port).start_blocking().unwrap());
}

#[tokio::test]
async fn dropping_a_server_inside_a_runtime_frees_its_port() {
    let rig = Rig::start().await;
    rig.publish(event("a")).await;
    let port = rig.server.addr().port();
    drop(rig.server);
    drop(DevServer::builder().port(port).start().await.unwrap());
}

#[tokio::test]
async fn dropping_a_server_cuts_a_slow_request_at_once() {
    let rig = Rig::start().await;
    rig.server.script(Answer::store_then(Answer::accept()).delay(Duration::from_secs(3_600)));
    let slow = tokio::spawn(rig.request(reqwest::Method::POST, "/event").json(&event("a")).send());
    rig.server.wait_for_events(1, PATIENCE).await;
    let asked = Instant::now();
    drop(rig.server);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    slow.abort();
}

#[tokio::test]
async fn a_taken_port_is_named_in_the_error() {
    let first = DevServer::start().await.unwrap();
    let port = first.addr().port();
    let error = DevServer::builder().port(port).start().await.unwrap_err();
    assert!(error.is_port_taken());
    assert!(error.to_string().contains(&format!("port {port} is already taken")), "{error}");
}

#[tokio::test]
async fn stopping_is_bounded_even_while_a_client_dawdles() {
    let server = DevServer::builder().stop_timeout(Duration::from_millis(200)).start().await.unwrap();
    let mut dawdler = TcpStream::connect(server.addr()).unwrap();
    dawdler
        .write_all(b"POST /event HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n")
        .unwrap();
    // The interim answer shows that the request is being read.
    let mut interim = [0; 12];
    dawdler.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100");
    let asked = Instant::now();
    let report = server.stop().await;
    assert_eq!(report.cut(), 1);
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn stopping_lets_a_request_under_way_finish() {
    let rig = Rig::start().await;
    let mut client = TcpStream::connect(rig.server.addr()).unwrap();
    let body = event("late").to_string();
    let head = format!(
        "POST /event HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    client.read_exact(&mut [0; 25]).unwrap();
    let addr = rig.server.addr();
    let stopping = tokio::spawn(rig.server.stop());
    while TcpStream::connect(addr).is_ok() {
        tokio::task::yield_now().await;
    }
    client.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(stopping.await.unwrap().cut(), 0);
}

#[tokio::test]
async fn waiting_ends_when_the_time_is_up() {
    let rig = Rig::start().await;
    rig.publish(event("a")).await;
    assert_eq!(rig.server.wait_for_events(0, Duration::ZERO).await.len(), 1);
    assert_eq!(rig.server.wait_for_events(1, Duration::ZERO).await.len(), 1);
    let asked = Instant::now();
    assert_eq!(rig.server.wait_for_events(2, Duration::from_millis(50)).await.len(), 1);
    assert!(asked.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn servers_beside_each_other_share_nothing() {
    let (first, second) = (Rig::start().await, Rig::start().await);
    first.publish(event("a")).await;
    assert_eq!((first.server.len(), second.server.len()), (1, 0));
}

#[tokio::test]
async fn a_client_that_never_asked_does_not_hold_up_the_end() {
    let server = DevServer::start().await.unwrap();
    let _silent = TcpStream::connect(server.addr()).unwrap();
    assert!(publish(server.addr(), "a").starts_with("HTTP/1.1 200"));
    let asked = Instant::now();
    assert_eq!(server.stop().await.cut(), 0);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[test]
fn idle_connections_make_room_for_new_ones() {
    let server = DevServer::start_blocking().unwrap();
    let idle: Vec<_> = (0..300)
        .map(|index| {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).unwrap();
            assert_eq!(&status, b"HTTP/1.1 200", "connection {index}");
            stream
        })
        .collect();
    assert_eq!(server.request_count("GET", "/healthz"), 300);
    drop(idle);
}

#[test]
fn handles_and_what_they_return_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<DevServer>();
    shareable::<Answer>();
    shareable::<axonpush_dev::StoredEvent>();
    shareable::<axonpush_dev::ReceivedRequest>();
    shareable::<axonpush_dev::Error>();
}

/// Publishes with nothing but a socket and returns the answer.
fn publish(addr: SocketAddr, identifier: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let body = event(identifier).to_string();
    let request = format!(
        "POST /event HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak_test\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

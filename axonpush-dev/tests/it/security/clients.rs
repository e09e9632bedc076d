//! Clients that dawdle, crowd or send what grows.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::json;

use crate::rig::{PATIENCE, Rig, event, problem};

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(3_600);

fn server(head: Duration, body: Duration) -> DevServer {
    DevServer::builder().patience(head, body, LONG).start_blocking().unwrap()
}

fn connect(server: &DevServer) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What arrives until the connection is closed.
fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn whoever_sends_a_head_byte_by_byte_is_cut_in_time() {
    let server = server(SHORT, LONG);
    let mut slow = connect(&server);
    let began = Instant::now();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n").unwrap();
    // The time to wait for an answer is what paces it.
    slow.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    loop {
        match slow.read(&mut [0; 64]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let _ = slow.write_all(b"x-slow: 1\r\n");
            }
            Ok(0) | Err(_) => break,
            Ok(_) => panic!("half a request was answered"),
        }
        assert!(began.elapsed() < PATIENCE, "still connected");
    }
    assert!(began.elapsed() >= SHORT);
}

#[test]
fn a_connection_may_rest_longer_than_a_head_may_take() {
    let server = server(SHORT, LONG);
    let mut stream = connect(&server);
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(request).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        // Reads what is left of the answer, and then as long as nothing comes.
        stream.set_read_timeout(Some(SHORT * 2)).unwrap();
        let ended = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(matches!(ended.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{ended}");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}

#[test]
fn a_body_that_does_not_come_is_told_so() {
    let server = server(LONG, SHORT);
    let mut slow = connect(&server);
    slow.write_all(
        b"POST /event HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak\r\nconnection: close\r\n\
          content-type: application/json\r\ncontent-length: 100\r\n\r\n{\"identifier\":",
    )
    .unwrap();
    let began = Instant::now();
    let answer = rest(&mut slow);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(began.elapsed() >= SHORT / 2);
    assert!(server.is_empty());
}

#[test]
fn slow_heads_on_all_connections_keep_nobody_out_for_long() {
    let server = server(SHORT, LONG);
    let crowd: Vec<_> = (0..256)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    let mut late = connect(&server);
    late.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    assert!(rest(&mut late).starts_with("HTTP/1.1 200"));
    drop(crowd);
}

#[test]
fn the_257th_client_waits_until_one_of_those_before_has_its_answer() {
    let server = server(LONG, LONG);
    let half = b"POST /event HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak\r\nexpect: 100-continue\r\n\
                 connection: close\r\ncontent-type: application/json\r\ncontent-length: 31\r\n\r\n";
    let body = br#"{"identifier":"a","payload":{}}"#;
    let mut busy: Vec<_> = (0..256)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(half).unwrap();
            // The interim answer shows that its request is being read.
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).unwrap();
            assert!(interim.starts_with(b"HTTP/1.1 100"));
            stream
        })
        .collect();
    let mut late = connect(&server);
    late.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    late.set_read_timeout(Some(SHORT)).unwrap();
    let waits = late.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(waits.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waits}");
    let mut first = busy.pop().unwrap();
    first.write_all(body).unwrap();
    assert!(rest(&mut first).starts_with("HTTP/1.1 200"));
    late.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(rest(&mut late).starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_records_have_in_common_is_not_multiplied_without_end() {
    // It takes a while until it is too much, and longer on a busy machine.
    let rig = Rig { http: reqwest::Client::new(), ..Rig::start().await };
    let shared = "x".repeat(4 << 20);
    let resource = json!({"attributes": [{"key": "k", "value": {"stringValue": shared}}]});
    let records = vec![json!({}); 1_000];
    let logs = json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]});
    let logs = rig.request(Method::POST, "/v1/logs").header("x-axonpush-channel", "c").json(&logs);
    let detail = problem(logs.send().await.unwrap(), 413).await["detail"].to_string();
    assert!(detail.contains("128 MiB"), "{detail}");
    let spans = json!({"type": "transaction", "release": shared, "spans": records});
    let spans = rig.request(Method::POST, "/api/c/store/").json(&spans);
    problem(spans.send().await.unwrap(), 413).await;
    let many = json!({"type": "transaction", "spans": vec![json!({}); 70_000]});
    let many = rig.request(Method::POST, "/api/c/store/").json(&many);
    problem(many.send().await.unwrap(), 413).await;
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn heads_and_bodies_without_end_are_refused() {
    let rig = Rig::start().await;
    let mut stream = connect(&rig.server);
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n");
    let filler = format!("x-filler: {}\r\n", "x".repeat(8_000));
    let refused = (0..1_000).any(|_| stream.write_all(filler.as_bytes()).is_err());
    let answer = if refused { String::new() } else { rest(&mut stream) };
    assert!(refused || answer.starts_with("HTTP/1.1 431"), "{answer}");

    let endless = rig.request(Method::POST, "/event").header("content-type", "application/json");
    problem(endless.body(vec![b' '; 2 << 20]).send().await.unwrap(), 413).await;
    rig.publish(event("still here")).await;
}

//! Clients that do not read what they asked for, or take their time.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axonpush_dev::DevServer;
use reqwest::Method;

use crate::rig::{PATIENCE, Rig};

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(3_600);

/// More than the systems at both ends take while nobody reads.
const HUGE: usize = 6 << 20;

const EVENTS: &str = "/events";
const STREAM: &str = "/events/stream?lastEventId=0";

/// A server whose events are more than any connection holds.
async fn server(head: Duration, write: Duration) -> Rig {
    let server = DevServer::builder().patience(head, LONG, write).start().await.unwrap();
    let rig = Rig { server, http: reqwest::Client::new() };
    let body = format!(r#"{{"identifier":"a","payload":{{"text":"{}"}}}}"#, "x".repeat(1 << 19));
    for _ in 0..HUGE >> 19 {
        let request = rig.request(Method::POST, "/event").header("content-type", "application/json");
        assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200);
    }
    rig
}

fn ask(addr: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak\r\n\r\n").unwrap();
    stream
}

/// Until the server let go of `stream`: what is sent is refused then. The answers to others are what paces it.
fn cut(addr: SocketAddr, stream: &mut TcpStream) {
    let began = Instant::now();
    // What comes between two requests means nothing.
    while stream.write_all(b"\r\n").is_ok() {
        let mut other = ask(addr, "/healthz");
        other.read_exact(&mut [0; 12]).unwrap();
        assert!(began.elapsed() < PATIENCE, "still connected");
    }
}

async fn cut_while_nothing_is_read(path: &'static str) {
    let rig = server(LONG, SHORT).await;
    let addr = rig.server.addr();
    let began = Instant::now();
    let unread = tokio::task::spawn_blocking(move || cut(addr, &mut ask(addr, path)));
    unread.await.unwrap();
    assert!(began.elapsed() >= SHORT);
}

#[tokio::test]
async fn whoever_reads_nothing_of_an_answer_is_cut_in_time() {
    cut_while_nothing_is_read(EVENTS).await;
}

#[tokio::test]
async fn whoever_opens_the_stream_and_reads_nothing_is_cut_in_time() {
    cut_while_nothing_is_read(STREAM).await;
}

/// Reads until `enough` bytes came, a little at a time, and tells how long that took.
fn sip(stream: &mut TcpStream, enough: usize) -> Duration {
    let (began, mut read, mut buffer) = (Instant::now(), 0, vec![0; 32 << 10]);
    // Nothing comes here: the time to wait for it is the pause.
    let quiet = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    quiet.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    while read < enough {
        let count = stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "cut after {read} bytes");
        read += count;
        let pause = quiet.recv(&mut [0; 1]).unwrap_err();
        assert!(matches!(pause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{pause}");
    }
    began.elapsed()
}

#[tokio::test]
async fn whoever_reads_slowly_but_steadily_gets_it_all() {
    let limit = Duration::from_millis(500);
    let rig = server(LONG, limit).await;
    let addr = rig.server.addr();
    let reading = [EVENTS, STREAM].map(|path| tokio::task::spawn_blocking(move || sip(&mut ask(addr, path), HUGE)));
    for read in reading {
        let took = read.await.unwrap();
        assert!(took > limit * 2, "{took:?} is too fast to tell");
    }
}

#[tokio::test]
async fn a_stream_that_is_read_outlasts_every_limit_though_its_client_says_more() {
    let rig = server(SHORT, SHORT).await;
    let addr = rig.server.addr();
    let reading = tokio::task::spawn_blocking(move || {
        let mut stream = ask(addr, STREAM);
        let mut buffer = vec![0; 1 << 20];
        let began = Instant::now();
        stream.read_exact(&mut buffer).unwrap();
        // The beginning of another request, which is not served before this one ends.
        stream.write_all(b"GET / HTTP").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        while began.elapsed() < SHORT * 4 {
            match stream.read(&mut buffer) {
                Ok(0) => panic!("cut"),
                Ok(_) => {}
                Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
            }
        }
    });
    reading.await.unwrap();
}

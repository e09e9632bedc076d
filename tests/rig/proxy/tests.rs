use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::TcpStream,
};

use axonpush_dev::{Answer, DevServer};

use super::*;

const SOON: Duration = Duration::from_millis(80);

/// What the answer should be, beside a whole one, and how long it took.
type Check = fn(&str, &str, Duration) -> bool;

/// One request on a connection of its own, and everything that came back.
fn post(proxy: &Proxy, key: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(proxy.addr())?;
    write(&mut stream, key, "connection: close\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn write(stream: &mut TcpStream, key: &str, header: &str) -> io::Result<()> {
    let body = format!(r#"{{"identifier":"x","payload":{{}},"dedupKey":"{key}"}}"#);
    let length = body.len();
    write!(
        stream,
        "POST /event HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: k\r\ncontent-type: application/json\r\n\
         {header}content-length: {length}\r\n\r\n{body}"
    )
}

fn started() -> (DevServer, Proxy) {
    let server = crate::server();
    let proxy = Proxy::start(server.addr());
    (server, proxy)
}

#[test]
fn a_request_and_its_answer_pass_and_are_counted() {
    let (server, proxy) = started();
    assert!(post(&proxy, "a").unwrap().starts_with("HTTP/1.1 200 "));
    assert_eq!((proxy.connections(), proxy.requests(), proxy.answers(), server.len()), (1, 1, 1, 1));
    assert!(proxy.bytes_to_upstream() > 100 && proxy.bytes_to_client() > 100);
}

#[test]
fn a_refusing_proxy_cuts_what_is_open_and_listens_again_on_the_same_port() {
    let (server, proxy) = started();
    let mut open = TcpStream::connect(proxy.addr()).unwrap();
    write(&mut open, "a", "").unwrap();
    server.wait_for_events_blocking(1, crate::PATIENCE);
    proxy.set(Fault::Refuse);
    let ended = open.read_to_end(&mut Vec::new());
    assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert_eq!(post(&proxy, "b").unwrap_err().kind(), ErrorKind::ConnectionRefused);
    proxy.set(Fault::Refuse);
    proxy.set(Fault::Pass);
    assert!(post(&proxy, "c").is_ok_and(|answer| !answer.is_empty()));
    assert_eq!(server.len(), 2);
}

#[test]
fn a_black_hole_takes_the_request_and_says_nothing() {
    let (server, proxy) = started();
    proxy.set(Fault::BlackHole);
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write(&mut stream, "a", "").unwrap();
    assert!(matches!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!((proxy.requests(), proxy.bytes_to_upstream(), server.len()), (1, 0, 0));
}

#[test]
fn answers_can_be_late_slow_cut_or_missing_and_the_server_has_stored_the_event() {
    let (server, proxy) = started();
    let whole = post(&proxy, "0").unwrap();
    let cases: [(Fault, Check); 5] = [
        (Fault::Latency(SOON), |_, answer, took| answer.starts_with("HTTP") && took >= SOON),
        (Fault::Trickle(2000), |whole, answer, took| answer.len() == whole.len() && took >= SOON),
        (Fault::CutResponse(9), |_, answer, _| answer == "HTTP/1.1 "),
        (Fault::DropResponse, |_, answer, _| answer.is_empty()),
        (Fault::IdleClose(SOON), |whole, answer, _| answer.len() == whole.len()),
    ];
    for (fault, check) in cases {
        proxy.set(fault);
        let (stored, began) = (server.len(), Instant::now());
        let answer = post(&proxy, &format!("{fault:?}")).unwrap();
        assert!(check(&whole, &answer, began.elapsed()), "{fault:?}: {answer}");
        assert_eq!(server.len(), stored + 1, "{fault:?}");
    }
}

#[test]
fn a_reset_leaves_the_server_with_half_a_request() {
    let (server, proxy) = started();
    proxy.set(Fault::ResetMidRequest(120));
    assert!(post(&proxy, "a").is_err());
    assert_eq!((proxy.requests(), proxy.bytes_to_upstream(), server.len()), (1, 120, 0));
}

#[test]
fn an_idle_connection_is_closed_after_its_time() {
    let (server, proxy) = started();
    proxy.set(Fault::IdleClose(SOON));
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    let began = Instant::now();
    write(&mut stream, "a", "").unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).unwrap() > 100);
    assert!(began.elapsed() >= SOON && server.len() == 1);
}

#[test]
fn faults_are_planned_for_the_next_requests_and_end() {
    let (server, proxy) = started();
    proxy.next(2, Fault::DropResponse);
    proxy.next(1, Fault::ResetMidRequest(0));
    let answered: Vec<_> =
        (0..5).map(|n| post(&proxy, &n.to_string()).is_ok_and(|answer| !answer.is_empty())).collect();
    assert_eq!(answered, [false, false, false, true, true]);
    assert_eq!(server.len(), 4);
}

#[test]
fn chances_repeat_with_their_seed() {
    let server = crate::server();
    let run = |seed| {
        let proxy = Proxy::start_seeded(server.addr(), seed);
        proxy.sometimes(0.5, Fault::ResetMidRequest(0));
        (0..40).map(|_| post(&proxy, "same").is_ok_and(|answer| !answer.is_empty())).collect::<Vec<_>>()
    };
    let first = run(7);
    assert_eq!(run(7), first);
    let passed = first.iter().filter(|passed| **passed).count();
    assert!((8..=32).contains(&passed), "{passed}");
}

#[test]
fn a_server_that_hangs_up_is_passed_on_and_a_proxy_stops_with_requests_under_way() {
    let (server, proxy) = started();
    server.script(Answer::close_connection());
    assert_eq!(post(&proxy, "a").unwrap(), "");
    proxy.set(Fault::BlackHole);
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    write(&mut stream, "b", "").unwrap();
    drop(proxy);
    assert!(stream.read_to_end(&mut Vec::new()).is_ok_and(|read| read == 0) || server.is_empty());
}

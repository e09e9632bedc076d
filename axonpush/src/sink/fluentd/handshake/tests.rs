use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use rmpv::Value as Any;

use super::*;
use crate::sink::{Sink as _, fluentd::Fluentd};

fn send(stream: &mut TcpStream, message: &Any) {
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, message).unwrap();
    stream.write_all(&out).unwrap();
}

fn helo(nonce: Any, auth: Any, keepalive: bool) -> Any {
    let options = vec![("nonce".into(), nonce), ("auth".into(), auth), ("keepalive".into(), keepalive.into())];
    Any::Array(vec!["HELO".into(), Any::Map(options)])
}

fn bytes(of: &Any) -> Vec<u8> {
    of.as_str().unwrap().as_bytes().to_vec()
}

/// The answer to a PING of one who knows the key.
fn pong(ping: &Any, nonce: &[u8], key: &str, name: &str) -> Any {
    let proof = digest(&[&bytes(&ping[2]), name.as_bytes(), nonce, key.as_bytes()]);
    Any::Array(vec!["PONG".into(), true.into(), "".into(), name.into(), proof.into()])
}

/// Shakes hands as a server does that asks for no user.
pub(in crate::sink::fluentd) fn welcome(stream: &mut TcpStream, key: &str, name: &str, keepalive: bool) {
    send(stream, &helo(Any::Binary(b"\x00\xff once".to_vec()), "".into(), keepalive));
    let ping = rmpv::decode::read_value(stream).unwrap();
    send(stream, &pong(&ping, b"\x00\xff once", key, name));
}

/// What a sink with a key and a user makes of a server that does this.
fn check(serve: impl FnOnce(&mut TcpStream) + Send + 'static) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Fluentd::new(listener.local_addr().unwrap().to_string())
        .shared_key("hunter2")
        .user("ann", "swordfish")
        .hostname("client")
        .connect_timeout(Duration::from_millis(500));
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        serve(&mut stream);
        stream
    });
    let opened = sink.open().map(drop);
    drop(server.join().unwrap());
    opened
}

fn refused(serve: impl FnOnce(&mut TcpStream) + Send + 'static) -> String {
    let error = check(serve).unwrap_err();
    assert_ne!(error.kind(), io::ErrorKind::InvalidData);
    error.to_string()
}

#[test]
fn both_sides_prove_that_they_know_the_key() {
    // What these digests are is known from another implementation of SHA-512.
    assert_eq!(
        digest(&[b"a", b"bc"]),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    );
    let opened = check(|stream| {
        send(stream, &helo("nonce".into(), Any::Binary(b"salt".to_vec()), true));
        let ping = rmpv::decode::read_value(stream).unwrap();
        assert_eq!((ping.as_array().unwrap().len(), &ping[0], &ping[1]), (6, &"PING".into(), &"client".into()));
        assert_eq!(bytes(&ping[3]), digest(&[&bytes(&ping[2]), b"clientnoncehunter2"]).into_bytes());
        assert_eq!(bytes(&ping[4]), b"ann");
        assert_eq!(bytes(&ping[5]), digest(&[b"saltannswordfish"]).into_bytes());
        send(stream, &pong(&ping, b"nonce", "hunter2", "server"));
    });
    opened.unwrap();
}

#[test]
fn a_user_is_only_named_where_one_is_asked_for() {
    let opened = check(|stream| {
        send(stream, &helo("nonce".into(), "".into(), true));
        let ping = rmpv::decode::read_value(stream).unwrap();
        assert_eq!((&ping[4], &ping[5]), (&"".into(), &"".into()));
        send(stream, &pong(&ping, b"nonce", "hunter2", "server"));
    });
    opened.unwrap();
}

#[test]
fn a_greeting_that_is_none_is_refused() {
    for (greeting, says) in [
        (Any::Array(vec!["HELO".into(), Any::Map(Vec::new())]), "no `nonce`"),
        (helo("".into(), "".into(), true), "no `nonce`"),
        (helo(7.into(), "".into(), true), "no `nonce`"),
        (helo("nonce".into(), 7.5.into(), true), ""),
        (helo("nonce".into(), true.into(), true), "`auth`"),
        (Any::Array(vec!["HELO".into()]), "no HELO"),
        (Any::Array(Vec::new()), "no HELO"),
        (Any::Map(Vec::new()), "no HELO"),
        ("HELO".into(), "no HELO"),
    ] {
        let error = refused(move |stream| send(stream, &greeting));
        assert!(error.contains(says), "{error} does not say {says}");
    }
}

/// What is said to a PING.
type Answer = fn(&Any) -> Any;

#[test]
fn a_server_that_does_not_know_the_key_gets_nothing() {
    let wrong = "does not know the shared key";
    let no_pong = "no PONG";
    let answers: [(Answer, &str); 7] = [
        (|ping| pong(ping, b"nonce", "another", "server"), wrong),
        (|ping| pong(ping, b"another", "hunter2", "server"), wrong),
        // It sends our own proof back.
        (
            |ping| Any::Array(vec!["PONG".into(), true.into(), "".into(), ping[1].clone(), ping[3].clone()]),
            "the same host name",
        ),
        (|_| Any::Array(vec!["PONG".into(), true.into(), "".into(), "server".into(), "".into()]), wrong),
        (|_| Any::Array(vec!["PONG".into(), true.into(), "".into(), "server".into()]), no_pong),
        (|_| Any::Array(vec!["PONG".into(), 1.into(), "".into(), "server".into(), "".into()]), no_pong),
        (|_| Any::Map(vec![("ack".into(), "x".into())]), no_pong),
    ];
    for (answer, says) in answers {
        let error = refused(move |stream| {
            send(stream, &helo("nonce".into(), "".into(), true));
            let ping = rmpv::decode::read_value(stream).unwrap();
            send(stream, &answer(&ping));
        });
        assert!(error.contains(says), "{error} does not say {says}");
    }
}

#[test]
fn a_refusal_is_told_with_its_reason_and_without_secrets() {
    let error = refused(|stream| {
        send(stream, &helo("nonce".into(), "salt".into(), true));
        let _ping: Any = rmpv::decode::read_value(stream).unwrap();
        let reason = "username/password mismatch\n(hunter2, swordfish)";
        send(stream, &Any::Array(vec!["PONG".into(), false.into(), reason.into(), "server".into(), "".into()]));
    });
    assert!(error.contains("username/password mismatch (***, ***)"), "{error}");
}

#[test]
fn a_server_that_is_silent_is_not_waited_for_without_end() {
    assert!(refused(|_| ()).contains("says no HELO"));
    let error = refused(|stream| {
        send(stream, &helo("nonce".into(), "".into(), true));
        let _ping: Any = rmpv::decode::read_value(stream).unwrap();
    });
    assert!(error.contains("does not answer the PING"), "{error}");
    // Half a greeting, and the end.
    let error = refused(|stream| {
        stream.write_all(b"\x92\xa4HE").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    });
    assert!(error.contains("in the middle of an answer"), "{error}");
}

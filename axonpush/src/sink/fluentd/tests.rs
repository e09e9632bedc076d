use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;
use crate::sink::writer::{Fate, write_to};

const EVENTS: [&[u8]; 3] = [
    br#"{"identifier":"a","dedupKey":"1","payload":{"n":1}}"#,
    br#"{"identifier":"b","dedupKey":"2","payload":{"n":2}}"#,
    br#"{"identifier":"a","dedupKey":"3","payload":{"n":3}}"#,
];

/// A server that does what the test says with its one connection.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> Fluentd {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Fluentd::new(listener.local_addr().unwrap().to_string()).ack_timeout(Duration::from_millis(200));
    thread::spawn(move || serve(listener.accept().unwrap().0));
    sink
}

/// The next message, by another decoder.
fn message(stream: &mut TcpStream) -> rmpv::Value {
    rmpv::decode::read_value(stream).unwrap()
}

fn ack(message: &rmpv::Value) -> Vec<u8> {
    let mut out = Vec::new();
    let answer = rmpv::Value::Map(vec![("ack".into(), message[2]["chunk"].clone())]);
    rmpv::encode::write_value(&mut out, &answer).unwrap();
    out
}

fn write(sink: &Fluentd) -> (io::Result<()>, Vec<Fate>) {
    match sink.open() {
        Ok(mut writer) => write_to(&mut *writer, &EVENTS),
        Err(error) => (Err(error), Vec::new()),
    }
}

#[test]
fn all_chunks_are_under_way_before_the_first_is_acknowledged_in_whatever_order() {
    let sink = server(|mut stream| {
        let both = [message(&mut stream), message(&mut stream)];
        assert_eq!((both[0][0].as_str(), both[1][0].as_str()), (Some("a"), Some("b")));
        // Byte by byte: half an acknowledgement is none.
        for byte in [ack(&both[1]), ack(&both[0])].concat() {
            stream.write_all(&[byte]).unwrap();
        }
    });
    let (result, fates) = write(&sink);
    result.unwrap();
    assert_eq!(fates, [Fate::Written; 3]);
}

#[test]
fn what_is_not_acknowledged_stays_and_what_is_does_not() {
    let sink = server(|mut stream| {
        let _first = message(&mut stream);
        let second = message(&mut stream);
        stream.write_all(&ack(&second)).unwrap();
        let _until_it_closes = stream.read(&mut [0]);
    });
    let (result, fates) = write(&sink);
    let error = result.unwrap_err();
    assert!(error.kind() == io::ErrorKind::TimedOut && error.to_string().contains("1 chunks"), "{error}");
    assert_eq!(fates, [Fate::Open, Fate::Written, Fate::Open]);
}

#[test]
fn an_answer_that_is_none_costs_no_record() {
    let too_long = [&[0xdb, 0, 2, 0, 0][..], &vec![b'x'; 70_000]].concat();
    let cases: [(&[u8], &str); 6] = [
        (b"\x81\xa3ack\xa5other", "a chunk that it was not sent"),
        (b"\x81\xa3ack\x07", "a chunk that it was not sent"),
        (b"\x92\xa4HELO\x80", "Fluentd::shared_key"),
        (b"\xc1", "no MessagePack"),
        (b"\x81\xa3ack\xa5ot", "in the middle of an answer"),
        (&too_long, "more than 65536 bytes"),
    ];
    for (answer, says) in cases {
        let answer = answer.to_vec();
        let sink = server(move |mut stream| {
            message(&mut stream);
            message(&mut stream);
            stream.write_all(&answer).unwrap();
        });
        let (result, fates) = write(&sink);
        let error = result.unwrap_err();
        assert!(error.to_string().contains(says), "{error} does not say {says}");
        assert!(error.kind() != io::ErrorKind::InvalidData && fates == [Fate::Open; 3]);
    }
}

#[test]
fn without_acknowledgements_a_server_that_has_gone_is_noticed_before_more_is_sent() {
    let sink = server(|mut stream| {
        assert!(message(&mut stream)[2]["chunk"].is_nil());
        message(&mut stream);
    })
    .ack(false);
    let mut writer = sink.open().unwrap();
    let (result, fates) = write_to(&mut *writer, &EVENTS);
    result.unwrap();
    assert_eq!(fates, [Fate::Written; 3]);
    // It closes the connection, and listens no more.
    let mut left = 1000;
    let error = loop {
        match write_to(&mut *writer, &EVENTS) {
            (Err(error), fates) => break (error, fates),
            _ => left -= 1,
        }
        assert!(left > 0, "it is never noticed");
    };
    assert_eq!(error.1, [Fate::Open; 3], "{}", error.0);
}

#[test]
fn nobody_is_shown_a_secret() {
    let sink = Fluentd::new("user:hunter2@host:1").shared_key("hunter2").user("hunter2", "hunter2");
    assert!(!format!("{sink:?} {:?}", sink.open().err()).contains("hunter2"));
}

#[test]
fn where_nobody_listens_the_error_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Fluentd::new(listener.local_addr().unwrap().to_string());
    drop(listener);
    assert_eq!(sink.open().err().unwrap().kind(), io::ErrorKind::ConnectionRefused);
    #[cfg(unix)]
    assert_eq!(Fluentd::unix("no/such/socket").open().err().unwrap().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_server_that_takes_one_chunk_on_each_connection_gets_one_on_each() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Fluentd::new(listener.local_addr().unwrap().to_string()).shared_key("key").hostname("client");
    let served = thread::spawn(move || {
        for _ in 0..2 {
            let mut stream = listener.accept().unwrap().0;
            handshake::tests::welcome(&mut stream, "key", "server", false);
            let chunk = message(&mut stream);
            stream.write_all(&ack(&chunk)).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
    });
    let (result, fates) = write(&sink);
    result.unwrap();
    assert_eq!(fates, [Fate::Written; 3]);
    served.join().unwrap();
}

//! The server of every bench: takes whatever it is sent, counts the records, and answers at once.
//!
//! A process of its own with one thread. It reads as much of HTTP/1.1 as the clients compared here speak, and decodes
//! nothing but what counting takes, so that it is the slowest part of no comparison.

use std::{
    cell::Cell,
    io::{BufRead, Read, Write},
    net::TcpStream,
    rc::Rc,
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::process::Running;

/// The role a bench must pass on to [`serve`].
pub const ROLE: &str = "sink";

/// A running sink.
pub struct Sink {
    address: String,
    _process: Running,
}

impl Sink {
    pub fn start() -> Self {
        let mut process = Running::start(ROLE);
        let mut address = String::new();
        process.stdout.read_line(&mut address).expect("its address");
        Self { address: address.trim().to_owned(), _process: process }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Records received since the last call.
    pub fn take_count(&self) -> u64 {
        let mut stream = TcpStream::connect(&self.address).expect("a sink");
        stream.write_all(b"GET /count HTTP/1.1\r\nconnection: close\r\n\r\n").expect("a sink");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("a sink");
        let (_, count) = answer.rsplit_once('\n').expect("a body");
        count.parse().expect("a number")
    }
}

/// Serves until the bench that started it is gone.
pub fn serve() {
    std::thread::spawn(|| {
        // Nothing is ever written there; it closes when the bench ends, however it ends.
        let _closed = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("bound"));
        let count = Rc::new(Cell::new(0));
        loop {
            let (stream, _) = listener.accept().await.expect("a client");
            stream.set_nodelay(true).expect("TCP");
            tokio::task::spawn_local(converse(stream, Rc::clone(&count)));
        }
    });
}

async fn converse(mut stream: tokio::net::TcpStream, count: Rc<Cell<u64>>) {
    let mut buffer: Vec<u8> = Vec::with_capacity(64 << 10);
    loop {
        let head = loop {
            if let Some(end) = memmem::find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        };
        let request = Request::read(std::str::from_utf8(&buffer[..head]).expect("a head in ASCII"));
        let end = head + request.length;
        buffer.reserve(end.saturating_sub(buffer.len()));
        while buffer.len() < end {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        let close = request.what == What::Count;
        let answer = request.answer(&buffer[head..end], &count);
        buffer.drain(..end);
        if stream.write_all(answer.as_bytes()).await.is_err() || close {
            return;
        }
    }
}

#[derive(Debug, PartialEq)]
enum What {
    Event,
    Logs,
    Spans,
    Push,
    Count,
}

struct Request {
    what: What,
    length: usize,
    is_snappy: bool,
}

impl Request {
    fn read(head: &str) -> Self {
        let mut lines = head.lines();
        let what = match lines.next().and_then(|line| line.split(' ').nth(1)) {
            Some("/event") => What::Event,
            Some("/v1/logs") => What::Logs,
            Some("/v1/traces") => What::Spans,
            Some("/loki/api/v1/push") => What::Push,
            Some("/count") => What::Count,
            other => panic!("a request for {other:?}"),
        };
        let (mut length, mut is_snappy) = (0, false);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().expect("a number");
            }
            if name.eq_ignore_ascii_case("content-encoding") {
                assert_eq!((&what, value), (&What::Push, "snappy"), "what is compressed can't be counted cheaply");
                is_snappy = true;
            }
            assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "only whole bodies are read");
        }
        Self { what, length, is_snappy }
    }

    fn answer(&self, body: &[u8], count: &Cell<u64>) -> String {
        let (content_type, answer) = match self.what {
            What::Event => {
                count.set(count.get() + 1);
                ("application/json", r#"{"eventId":"e-1","status":"queued"}"#.to_owned())
            }
            What::Logs | What::Spans if body.starts_with(b"{") => {
                let once = if self.what == What::Logs { r#""timeUnixNano""# } else { r#""startTimeUnixNano""# };
                let records = memmem::find_iter(body, once.as_bytes()).count();
                count.set(count.get() + records as u64);
                ("application/json", "{}".to_owned())
            }
            What::Logs | What::Spans => {
                count.set(count.get() + records(body));
                ("application/x-protobuf", String::new())
            }
            What::Push => {
                count.set(count.get() + if self.is_snappy { pushed(body) } else { pushed_as_json(body) });
                ("text/plain", String::new())
            }
            What::Count => ("text/plain", count.take().to_string()),
        };
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len())
    }
}

/// Log records in an `ExportLogsServiceRequest`, and spans in an `ExportTraceServiceRequest`: field 2 of field 2 of
/// field 1.
fn records(request: &[u8]) -> u64 {
    let mut count = 0;
    for_each(request, 1, |resource| for_each(resource, 2, |scope| for_each(scope, 2, |_| count += 1)));
    count
}

/// Entries in a `PushRequest` of Loki: its field 2 of field 1. It always comes in Snappy's block format.
fn pushed(request: &[u8]) -> u64 {
    let mut count = 0;
    let request = snap::raw::Decoder::new().decompress_vec(request).expect("what was compressed");
    for_each(&request, 1, |stream| for_each(stream, 2, |_| count += 1));
    count
}

/// The same as JSON: an entry begins an array with a string, which in a line would be escaped.
fn pushed_as_json(request: &[u8]) -> u64 {
    memmem::find_iter(request, br#"[""#).count() as u64
}

/// Calls `each` with every length-delimited `field` of a message.
fn for_each<'a>(mut message: &'a [u8], field: u64, mut each: impl FnMut(&'a [u8])) {
    while !message.is_empty() {
        let key = varint(&mut message);
        assert_eq!(key & 7, 2, "the messages on this way hold messages and strings only");
        let length = usize::try_from(varint(&mut message)).expect("a length");
        let (value, rest) = message.split_at(length);
        message = rest;
        if key >> 3 == field {
            each(value);
        }
    }
}

fn varint(from: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first().expect("a whole number");
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

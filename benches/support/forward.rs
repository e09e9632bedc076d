//! The Fluentd of the benches: acknowledges every chunk, and counts the entries that its `size` says it has.
//!
//! A process of its own with a thread for each connection. Entries stay the one piece of binary data as which they come, so
//! that it is the slowest part of no comparison.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rmpv::Value;

use crate::process::Running;

/// The role a bench must pass on to [`serve`].
pub const ROLE: &str = "forward";

/// What is asked for the count.
const COUNT: &str = "count";

/// A running server.
pub struct Forward {
    address: String,
    _process: Running,
}

impl Forward {
    pub fn start() -> Self {
        let mut process = Running::start(ROLE);
        let mut address = String::new();
        process.stdout.read_line(&mut address).expect("its address");
        Self { address: address.trim().to_owned(), _process: process }
    }

    /// A host and a port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Entries received since the last call.
    pub fn take_count(&self) -> u64 {
        let mut stream = TcpStream::connect(&self.address).expect("a server");
        send(&mut stream, &COUNT.into());
        rmpv::decode::read_value(&mut stream).ok().and_then(|count| count.as_u64()).expect("a number")
    }
}

/// Serves until the bench that started it is gone.
pub fn serve() {
    std::thread::spawn(|| {
        // Nothing is ever written there; it closes when the bench ends, however it ends.
        let _closed = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("bound"));
    let count = Arc::new(AtomicU64::new(0));
    for stream in listener.incoming() {
        let (stream, count) = (stream.expect("a client"), Arc::clone(&count));
        std::thread::spawn(move || converse(stream, &count));
    }
}

fn converse(mut stream: TcpStream, count: &AtomicU64) {
    stream.set_nodelay(true).expect("TCP");
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone().expect("another descriptor"));
    while let Ok(message) = rmpv::decode::read_value(&mut reader) {
        if message.as_str() == Some(COUNT) {
            send(&mut stream, &count.swap(0, Ordering::SeqCst).into());
            continue;
        }
        assert!(message[1].is_bin(), "a PackedForward that is not compressed");
        let (size, chunk) = (message[2]["size"].as_u64().expect("a size"), message[2]["chunk"].clone());
        assert!(chunk.is_str(), "a chunk that is to be acknowledged");
        count.fetch_add(size, Ordering::SeqCst);
        send(&mut stream, &Value::Map(vec![("ack".into(), chunk)]));
    }
}

fn send(stream: &mut TcpStream, message: &Value) {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, message).expect("memory");
    stream.write_all(&bytes).expect("whoever asked");
}

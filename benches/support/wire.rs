//! A client that costs next to nothing, and the bytes of OTLP that it sends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// One connection that is kept open.
pub struct Wire {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Wire {
    pub fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("a server that listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::new(stream), body: Vec::new() }
    }

    /// Sends a body, waits for the answer, and expects a 200.
    pub fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> &[u8] {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak_bench\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.ask(&request)
    }

    pub fn get(&mut self, path: &str) -> &[u8] {
        self.ask(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-axonpush-api-key: ak_bench\r\n\r\n").as_bytes())
    }

    fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.get_mut().write_all(request).expect("a server that reads");
        let (mut length, mut line, mut first) = (0, String::new(), true);
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("an answer");
            assert!(!first || line.starts_with("HTTP/1.1 200"), "{line}");
            first = false;
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a number");
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("a body");
        &self.body
    }
}

/// A field of a protobuf message: its number, and bytes with their length before them.
pub fn field(number: u8, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(number << 3 | 2);
    varint(bytes.len() as u64, into);
    into.extend_from_slice(bytes);
}

/// An integer of seven bits a byte.
pub fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number > 0x7f {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// An attribute of OTLP that is text.
pub fn attribute(name: &str, text: &str) -> Vec<u8> {
    let (mut value, mut pair) = (Vec::new(), Vec::new());
    field(1, text.as_bytes(), &mut value);
    field(1, name.as_bytes(), &mut pair);
    field(2, &value, &mut pair);
    pair
}

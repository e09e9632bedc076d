//! A server that says what a test wants, for what the real one never says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

use crate::program::PATIENCE;

/// Answers each connection by a function of the request's head, and closes it.
pub(crate) struct Stub {
    addr: SocketAddr,
    heads: mpsc::Receiver<String>,
}

impl Stub {
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, heads) = mpsc::channel();
        // It ends with the process: nobody waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head = head(&stream);
                let _ = stream.write_all(answer(&head).as_bytes());
                let _ = sender.send(head);
            }
        });
        Self { addr, heads }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The head of the next request, in lower case.
    pub(crate) fn head(&self) -> String {
        self.heads.recv_timeout(PATIENCE).unwrap()
    }
}

/// Reads a request with its body.
fn head(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or_default() > 0 {}
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    let _ = reader.read_exact(&mut body);
    head
}

/// An answer that ends with the connection.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}")
}

//! A client that writes and reads bytes, so that it can do what well-behaved ones never do.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A response as far as it came.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Response {
    /// `None` when the connection closed without one.
    pub(super) status: Option<u16>,
    pub(super) request_ids: Vec<String>,
    pub(super) body: String,
}

pub(super) struct Connection(TcpStream);

impl Connection {
    pub(super) async fn open(address: SocketAddr, request: &[u8]) -> Self {
        Self::try_open(address, request).await.unwrap()
    }

    pub(super) async fn try_open(address: SocketAddr, request: &[u8]) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        Ok(Self(stream))
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The response up to the end of the connection.
    pub(super) async fn read(&mut self) -> Response {
        self.read_all().await.into_iter().next().unwrap_or_default()
    }

    /// The responses up to the end of the connection.
    pub(super) async fn read_all(&mut self) -> Vec<Response> {
        let mut bytes = Vec::new();
        // A connection that was reset has delivered what it had before.
        let _reset = self.0.read_to_end(&mut bytes).await;
        Response::parse_all(&String::from_utf8_lossy(&bytes))
    }

    /// Reads until `text` came by.
    pub(super) async fn read_until(&mut self, text: &str) -> Response {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let count = self.0.read_buf(&mut bytes).await.unwrap();
            assert!(count > 0, "the connection ended before {text:?}");
        }
        Response::parse_all(&String::from_utf8_lossy(&bytes)).into_iter().next().unwrap_or_default()
    }
}

impl Response {
    /// The responses of one connection, in their order, without those that are only on the way to one.
    fn parse_all(mut text: &str) -> Vec<Self> {
        let mut responses = Vec::new();
        while let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let header = |wanted: &'static str| {
                let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
                lines.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
            };
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
            let length = header("content-length").next().and_then(|length| length.parse().ok());
            let (body, after) = match length {
                _ if status == Some(100) => (String::new(), rest),
                _ if header("transfer-encoding").any(|coding| coding == "chunked") => joined(rest),
                Some(length) if length <= rest.len() => (rest[..length].to_owned(), &rest[length..]),
                // Up to the end of the connection, or to where it was cut.
                _ => (rest.to_owned(), ""),
            };
            if status != Some(100) {
                responses.push(Self { status, request_ids: header("x-request-id").map(str::to_owned).collect(), body });
            }
            text = after;
        }
        responses
    }
}

/// The chunks of a body as one, and what follows them and their trailers.
fn joined(mut text: &str) -> (String, &str) {
    let mut body = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 {
            let trailers = rest.split_once("\r\n\r\n").filter(|_| !rest.starts_with("\r\n"));
            return (body, trailers.map_or_else(|| rest.get(2..).unwrap_or_default(), |(_, after)| after));
        }
        let Some(chunk) = rest.get(..size) else { return (body + rest, "") };
        body += chunk;
        text = rest.get(size + 2..).unwrap_or_default();
    }
    (body, text)
}

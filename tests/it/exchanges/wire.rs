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

    /// The response up to the end of the connection.
    pub(super) async fn read(mut self) -> Response {
        let mut bytes = Vec::new();
        // A connection that was reset has delivered what it had before.
        let _reset = self.0.read_to_end(&mut bytes).await;
        Response::parse(&String::from_utf8_lossy(&bytes))
    }

    /// Reads until `text` came by.
    pub(super) async fn read_until(&mut self, text: &str) -> Response {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let count = self.0.read_buf(&mut bytes).await.unwrap();
            assert!(count > 0, "the connection ended before {text:?}");
        }
        Response::parse(&String::from_utf8_lossy(&bytes))
    }
}

impl Response {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let request_ids = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("x-request-id"))
            .map(|(_, value)| value.to_owned())
            .collect();
        Self { status, request_ids, body: body.to_owned() }
    }
}

//! The other end of a delivery.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::rig::PATIENCE;

/// A program that gets webhooks and answers each with the next of its statuses, then with 200.
pub(super) struct Receiver {
    pub(super) url: String,
    got: mpsc::UnboundedReceiver<Delivered>,
}

pub(super) struct Delivered {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Receiver {
    pub(super) async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (tell, got) = mpsc::unbounded_channel();
        let mut statuses = statuses.iter();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(delivered) = read(&mut stream).await else { continue };
                let status = statuses.next().unwrap_or(&200);
                answer(&mut stream, *status).await;
                if tell.send(delivered).is_err() {
                    return;
                }
            }
        });
        Self { url, got }
    }

    pub(super) async fn next(&mut self) -> Delivered {
        tokio::time::timeout(PATIENCE, self.got.recv()).await.unwrap().unwrap()
    }
}

impl Delivered {
    pub(super) fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(super) async fn answer(stream: &mut TcpStream, status: u16) {
    let answer = format!(
        "HTTP/1.1 {status} Word\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// What arrives on a connection. `None` when it is cut before.
pub(super) async fn read(stream: &mut TcpStream) -> Option<Delivered> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let mut delivered =
            Delivered { head: String::from_utf8(bytes[..end].to_vec()).unwrap(), body: bytes[end + 4..].to_vec() };
        let length = delivered.header("content-length").parse::<usize>().unwrap();
        while delivered.body.len() < length {
            if stream.read_buf(&mut delivered.body).await.ok()? == 0 {
                return None;
            }
        }
        return Some(delivered);
    }
}

/// HMAC-SHA256 as RFC 2104 writes it down, for keys that are no longer than a block or digested first.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block.resize(64, 0);
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    format!("{:032x}{:032x}", half(&outer[..16]), half(&outer[16..]))
}

fn half(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(bytes.try_into().unwrap())
}

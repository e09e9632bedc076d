//! Real HTTP requests over real sockets, one connection each.

use std::{io, net::SocketAddr, sync::Arc};

use crate::BEGINNING;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
};

/// What to ask for, and how it should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Found,
    Missing,
    Broken,
    Panicking,
    HangingUp,
    Streaming,
    Slow,
}

impl Kind {
    fn path(self, n: usize) -> String {
        match self {
            Self::Found => format!("/orders/{n}"),
            Self::Missing => format!("/nowhere/{n}"),
            Self::Broken => "/fail".to_owned(),
            Self::Panicking => "/panic".to_owned(),
            Self::HangingUp => "/endless".to_owned(),
            Self::Streaming => "/stream".to_owned(),
            Self::Slow => "/slow".to_owned(),
        }
    }

    /// Whether the caller gets to see a response.
    fn answers(self) -> bool {
        self != Self::Panicking
    }
}

/// A request that was made.
#[derive(Debug, Clone)]
pub struct Call {
    pub kind: Kind,
    /// The id sent, or the one the response brought.
    pub request_id: String,
    /// `None`: there was no response.
    pub status: Option<u16>,
}

/// Makes `calls` requests, at most `at_once` at a time, of every fast kind in turn.
///
/// # Errors
///
/// When a connection fails, or a response is not what its kind promises.
pub async fn call_everything(addr: SocketAddr, calls: usize, at_once: usize) -> io::Result<Vec<Call>> {
    const KINDS: [Kind; 6] =
        [Kind::Found, Kind::Missing, Kind::Broken, Kind::Panicking, Kind::HangingUp, Kind::Streaming];
    let gate = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    for n in 0..calls {
        let gate = Arc::clone(&gate);
        tasks.spawn(async move {
            let _permit = gate.acquire_owned().await;
            call(addr, KINDS[n % KINDS.len()], n).await
        });
    }
    join(tasks).await
}

/// Begins `calls` requests of the slow page, all at once.
#[must_use]
pub fn begin_slow(addr: SocketAddr, calls: usize, first: usize) -> JoinSet<io::Result<Call>> {
    (first..first + calls).map(|n| call(addr, Kind::Slow, n)).collect()
}

/// The calls of all tasks.
///
/// # Errors
///
/// The first error of any of them.
pub async fn join(tasks: JoinSet<io::Result<Call>>) -> io::Result<Vec<Call>> {
    tasks.join_all().await.into_iter().collect()
}

async fn call(addr: SocketAddr, kind: Kind, n: usize) -> io::Result<Call> {
    // Whoever expects no answer must send an id; of the others every second one lets the service choose.
    let sent = (!kind.answers() || n.is_multiple_of(2)).then(|| format!("req-{n:03}"));
    let mut stream = TcpStream::connect(addr).await?;
    let id_header = sent.as_ref().map(|id| format!("x-request-id: {id}\r\n")).unwrap_or_default();
    let path = kind.path(n);
    let head = format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n{id_header}\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut response = Vec::new();
    if kind == Kind::HangingUp {
        while !response.windows(BEGINNING.len()).any(|window| window == BEGINNING.as_bytes()) {
            if stream.read_buf(&mut response).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        // The page never ends; give up on it as a closed browser tab does.
        stream.set_zero_linger()?;
        drop(stream);
    } else {
        stream.read_to_end(&mut response).await?;
    }
    let response = String::from_utf8_lossy(&response);
    let status = response.split(' ').nth(1).and_then(|status| status.parse().ok());
    let echoed = response
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("x-request-id: ").map(str::to_owned));
    match (kind.answers(), sent, echoed) {
        (true, Some(sent), Some(echoed)) if sent == echoed => Ok(Call { kind, request_id: sent, status }),
        (true, None, Some(echoed)) => Ok(Call { kind, request_id: echoed, status }),
        (false, Some(sent), None) => Ok(Call { kind, request_id: sent, status: None }),
        (_, sent, echoed) => {
            Err(io::Error::other(format!("GET {path} sent request id {sent:?}, got {echoed:?} back: {response:?}")))
        }
    }
}

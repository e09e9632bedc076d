//! The proxy's thread: connections, and every request on them.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{Command, Count, Fault, Inner, lock};

pub(super) async fn run(
    listener: TcpListener,
    addr: SocketAddr,
    inner: Arc<Inner>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut listener = Ok(listener);
    let cut = watch::Sender::new(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some(Command { listen, done }) = command else { return };
                listener = match listener {
                    Ok(listener) if !listen => {
                        drop(listener);
                        cut.send_replace(());
                        while connections.join_next().await.is_some() {}
                        Err(hold(addr))
                    }
                    Err(held) if listen => Ok(held.listen(1024).expect("the port was held")),
                    as_it_was => as_it_was,
                };
                let _ = done.send(());
            }
            Some(client) = accept(listener.as_ref().ok()) => {
                connections.spawn(connection(client, Arc::clone(&inner), cut.subscribe()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Keeps the port from everyone else without listening on it.
fn hold(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).and_then(|()| socket.bind(addr)).expect("the port was ours a moment ago");
    socket
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(client, _)| client),
        None => std::future::pending().await,
    }
}

async fn connection(mut client: TcpStream, inner: Arc<Inner>, mut cut: watch::Receiver<()>) {
    let Count { connections, open, most_open, .. } = &inner.count;
    connections.fetch_add(1, Ordering::Relaxed);
    most_open.fetch_max(open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    let _ = client.set_nodelay(true);
    let reset = tokio::select! {
        served = serve(&mut client, &inner) => served.is_ok_and(|end| end == End::Reset),
        _ = cut.changed() => true,
    };
    if reset {
        let _ = client.set_zero_linger();
    }
    open.fetch_sub(1, Ordering::Relaxed);
}

#[derive(PartialEq)]
enum End {
    Close,
    Reset,
}

async fn serve(client: &mut TcpStream, inner: &Inner) -> io::Result<End> {
    let Count { answers, bytes_to_upstream, bytes_to_client, .. } = &inner.count;
    let mut upstream: Option<TcpStream> = None;
    let mut idle = Duration::MAX;
    loop {
        let mut request = Vec::new();
        let read = tokio::select! {
            read = tokio::time::timeout(idle, client.read_buf(&mut request)) => read,
            () = closed(upstream.as_ref()) => return Ok(End::Close),
        };
        if !matches!(read, Ok(Ok(1..))) {
            return Ok(End::Close);
        }
        if request.starts_with(b"POST") {
            lock(&inner.times).push(Instant::now());
        }
        let fault = lock(&inner.plan).draw();
        match fault {
            Fault::Refuse | Fault::ResetMidRequest(0) => return Ok(End::Reset),
            Fault::BlackHole => {
                while client.read_buf(&mut request).await? > 0 {}
                return Ok(End::Close);
            }
            _ => {}
        }
        read_message(client, &mut request).await?;
        let upstream = match &mut upstream {
            Some(upstream) => upstream,
            none => none.insert(TcpStream::connect(inner.upstream).await?),
        };
        if let Fault::ResetMidRequest(at) = fault {
            send(upstream, request.get(..at).unwrap_or(&request), bytes_to_upstream).await?;
            return Ok(End::Reset);
        }
        send(upstream, &request, bytes_to_upstream).await?;
        let mut response = Vec::new();
        tokio::select! {
            read = read_message(upstream, &mut response) => read?,
            () = gone(client) => return Ok(End::Close),
        }
        idle = if let Fault::IdleClose(after) = fault { after } else { Duration::MAX };
        match fault {
            Fault::DropResponse => return Ok(End::Close),
            Fault::CutResponse(at) => {
                send(client, response.get(..at).unwrap_or(&response), bytes_to_client).await?;
                return Ok(End::Close);
            }
            Fault::Trickle(rate) => {
                let piece = rate.div_ceil(500).max(1);
                let pause = Duration::from_secs_f64(f64::from(piece) / f64::from(rate.max(1)));
                for piece in response.chunks(piece as usize) {
                    send(client, piece, bytes_to_client).await?;
                    if tokio::time::timeout(pause, gone(client)).await.is_ok() {
                        return Ok(End::Close);
                    }
                }
            }
            Fault::Latency(delay) => {
                if tokio::time::timeout(delay, gone(client)).await.is_ok() {
                    return Ok(End::Close);
                }
                send(client, &response, bytes_to_client).await?;
            }
            _ => send(client, &response, bytes_to_client).await?,
        }
        answers.fetch_add(1, Ordering::Release);
    }
}

/// Ready when the other side has closed its connection and said nothing more; what it does say stays to be read.
async fn gone(stream: &TcpStream) {
    if stream.peek(&mut [0]).await.is_ok_and(|waits| waits > 0) {
        std::future::pending::<()>().await;
    }
}

/// As [`gone`], for a connection that may not have been made yet.
async fn closed(upstream: Option<&TcpStream>) {
    match upstream {
        Some(upstream) => gone(upstream).await,
        None => std::future::pending().await,
    }
}

async fn send(to: &mut TcpStream, bytes: &[u8], count: &AtomicU64) -> io::Result<()> {
    count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    to.write_all(bytes).await
}

/// Reads on until `message` is whole.
async fn read_message(from: &mut TcpStream, message: &mut Vec<u8>) -> io::Result<()> {
    while length(message).is_none_or(|length| message.len() < length) {
        if from.read_buf(message).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// How long the message is, once its head is there.
fn length(message: &[u8]) -> Option<usize> {
    let head = message.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut lines = message.get(..head)?.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let body = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)?.trim().parse::<usize>().ok()
    });
    Some(head + body.unwrap_or_default())
}

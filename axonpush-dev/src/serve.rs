//! Accepting connections, and letting go of them in time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::intake::{self, Unanswered};
use crate::patience::{ClientClock, Watched};
use crate::state::Shared;

/// Serves until `shared.stop` is set, then waits that long for requests under way.
/// Returns how many connections had to be cut.
pub(crate) async fn serve(listener: TcpListener, router: Router, shared: Arc<Shared>) -> usize {
    let room = Arc::new(Room { permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)), crowded: Notify::new() });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stopping() => break,
            Some((stream, permit)) = room.accept(&listener) => {
                connections.spawn(converse(stream, permit, Arc::clone(&room), router.clone(), Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let grace = shared.stop.borrow().unwrap_or_default();
    let _ = tokio::time::timeout(grace, async { while connections.join_next().await.is_some() {} }).await;
    let cut = connections.len();
    connections.shutdown().await;
    cut
}

/// How many connections there may be, and a word to the idle ones when there are too many.
struct Room {
    permits: Arc<Semaphore>,
    crowded: Notify,
}

impl Room {
    /// Waits for room, then for a client. `None` when a client could not be accepted.
    async fn accept(&self, listener: &TcpListener) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
                break permit;
            }
            // Clients keep connections they no longer need; those must not lock out new ones.
            self.crowded.notify_waiters();
            if let Ok(freed) = tokio::time::timeout(CROWDED_PAUSE, Arc::clone(&self.permits).acquire_owned()).await {
                break freed.ok()?;
            }
        };
        if let Ok((stream, _)) = listener.accept().await {
            // Answers are small and written at once; waiting for more of them only costs latency.
            let _ = stream.set_nodelay(true);
            return Some((stream, permit));
        }
        // The process is most likely out of file descriptors, and asking again at once would only spin.
        tokio::time::sleep(ACCEPT_PAUSE).await;
        None
    }
}

async fn converse(
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
    room: Arc<Room>,
    router: Router,
    shared: Arc<Shared>,
) {
    let asked = AtomicBool::new(false);
    let clock = Arc::new(ClientClock::default());
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        clock.complete();
        let (router, shared, clock) = (router.clone(), Arc::clone(&shared), Arc::clone(&clock));
        async move {
            let answer = intake::answer(&shared, router, request).await?;
            Ok::<_, Unanswered>(answer.map(|body| Answering { body, clock }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.patience.idle)
        .serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(&clock))), service);
    let conversation = async {
        tokio::pin!(connection);
        tokio::select! {
            // A connection that fails concerns its client only.
            _ = connection.as_mut() => return,
            () = shared.stopping() => {}
            () = room.crowded.notified() => {}
        }
        // A client that has not asked for anything yet would be waited for, though nothing is under way.
        if asked.load(Ordering::Relaxed) {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    };
    tokio::select! {
        // First: after a busy moment, what a client read meanwhile counts before the time it took.
        biased;
        () = conversation => {}
        // Whoever dawdles is not told why: an answer is what he wants to wait for, or does not read.
        () = clock.overdue(&shared.patience) => {}
    }
}

/// The body of an answer, which is over when it is dropped. What arrives during a stream is looked at for an end of the
/// connection, and is no head that could be late: it is read when the stream is over.
struct Answering {
    body: Body,
    clock: Arc<ClientClock>,
}

impl hyper::body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.clock.answered();
    }
}

const MAX_CONNECTIONS: usize = 256;
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// How soon to ask again for room: connections become idle after they were asked, too.
const CROWDED_PAUSE: Duration = Duration::from_millis(100);

//! `GET /events/stream`: events as they arrive, over server-sent events.

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use http_body_util::BodyExt;
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::Answered;
use super::events::filters;
use super::query::Parameters;
use crate::event::EventView;
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::{EventSearch, StoreFailure};

pub(super) async fn stream(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    mut parameters: Parameters,
) -> Answered {
    let mut search = EventSearch::everything();
    filters(&mut parameters, &mut search);
    // A browser's event source sends the header when it comes back, and can send nothing else of its own.
    let resumed = request.header("last-event-id").and_then(|id| id.parse().ok());
    let resumed = parameters.integer("lastEventId").and_then(|id| i64::try_from(id).ok()).or(resumed);
    parameters.check()?;
    let (chunks, body) = mpsc::channel(1);
    let newest = *shared.store.arrived().borrow();
    // An id that is yet to come is of an earlier run, whose store is gone: everything here is news to this client.
    let seen = resumed.map_or(newest, |id: i64| if (0..=newest).contains(&id) { id } else { 0 });
    tokio::spawn(Tail { shared, search: Arc::new(search), seen, chunks }.run());
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::new(Chunks(body).boxed_unsync())).into_response())
}

/// One client's place in the stream.
///
/// It holds no events: it reads them from the store as fast as the client takes them, and passes over the oldest when
/// the client falls too far behind.
struct Tail {
    shared: Arc<Shared>,
    search: Arc<EventSearch>,
    /// The last event that the client was told about, or that its filters ruled out.
    seen: i64,
    chunks: mpsc::Sender<Bytes>,
}

impl Tail {
    async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            () = shared.stopping() => {}
            _ = self.tell() => {}
        }
    }

    /// Ends when the client is gone, or the store.
    async fn tell(&mut self) -> Option<()> {
        let mut arrived = self.shared.store.arrived();
        // The first bytes tell the client that it is connected.
        self.chunks.send(Bytes::from_static(b": connected\n\n")).await.ok()?;
        loop {
            let newest = *arrived.borrow_and_update();
            while self.seen < newest {
                let chunk = self.next(newest).await.ok()?;
                if !chunk.is_empty() {
                    self.chunks.send(chunk.into()).await.ok()?;
                }
            }
            tokio::select! {
                changed = arrived.changed() => changed.ok()?,
                () = tokio::time::sleep(HEARTBEAT) => {
                    self.chunks.send(Bytes::from_static(b": still here\n\n")).await.ok()?;
                }
                () = self.chunks.closed() => return None,
            }
        }
    }

    /// The next page of events up to `newest`, and how many were passed over before it.
    async fn next(&mut self, newest: i64) -> Result<String, StoreFailure> {
        let (search, seen) = (Arc::clone(&self.search), self.seen);
        let (first, rows) = self
            .shared
            .store
            .read(move |connection| {
                let kept = crate::store::first_sequence(connection)?.max(newest.saturating_sub(MAX_BEHIND) + 1);
                let first = kept.max(seen + 1);
                Ok((first, search.after(connection, first - 1, newest, PAGE)?))
            })
            .await?;
        let mut chunk = String::new();
        let skipped = first - 1 - seen;
        if skipped > 0 {
            // Memory cannot fail to be written to.
            let _ = write!(chunk, "event: skipped\ndata: {{\"count\":{skipped}}}\n\n");
        }
        let more = rows.len() == PAGE as usize;
        for row in rows {
            let sequence = row.sequence;
            self.seen = sequence;
            let Some(event) = EventView::from_row(row) else { continue };
            let json = serde_json::to_string(&event).unwrap_or_default();
            let _ = write!(chunk, "id: {sequence}\ndata: ");
            // What was sent as JSON may hold line ends between its tokens, and there alone.
            chunk.extend(json.chars().filter(|symbol| !matches!(symbol, '\n' | '\r')));
            chunk.push_str("\n\n");
            // A client that takes its time holds this much, so the rest of the page is read again.
            if chunk.len() >= FULL {
                return Ok(chunk);
            }
        }
        if !more {
            self.seen = newest;
        }
        Ok(chunk)
    }
}

/// The body of the answer: what the tail sends, until it ends.
struct Chunks(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}

/// Proxies and browsers take a connection that is silent for longer to be dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How far a client may fall behind before events are passed over.
const MAX_BEHIND: i64 = 2_000;

const PAGE: u32 = 64;

/// How many bytes are enough for one chunk.
const FULL: usize = 256 << 10;

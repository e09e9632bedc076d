//! Streaming bodies that both apps send.

use std::io;

use axonpush::{AxonPush, Event};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

type Chunk = Result<Bytes, io::Error>;

#[expect(clippy::unnecessary_wraps, reason = "an item of a stream of results")]
fn chunk(text: &'static str) -> Chunk {
    Ok(text.into())
}

/// Three chunks of eleven bytes together.
pub(super) fn whole() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["one", "two", "three"]).map(chunk)
}

/// One chunk, then nothing for ever.
pub(super) fn dripping() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([chunk("drop")]).chain(stream::pending())
}

/// One chunk, then an error.
pub(super) fn breaking() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([chunk("part")]).chain(stream::once(async {
        sent().await;
        Err(io::Error::other("the disk is gone"))
    }))
}

/// One chunk, then a panic.
pub(super) fn panicking() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([chunk("part")]).chain(stream::once(async {
        sent().await;
        std::panic::panic_any("out of chunks")
    }))
}

/// One chunk, and an event of its own.
pub(super) fn telling(client: AxonPush) -> impl Stream<Item = Chunk> + Send + 'static {
    stream::once(async move {
        client.events().enqueue(Event::new("app.note"));
        chunk("told")
    })
}

/// A server writes out what it has when the next chunk isn't ready at once.
async fn sent() {
    tokio::task::yield_now().await;
}

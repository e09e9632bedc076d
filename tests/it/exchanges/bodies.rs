//! Streaming bodies that both apps send.

use std::{
    io,
    sync::{Condvar, Mutex},
    time::Duration,
};

use axonpush::{AxonPush, Event, RequestContext};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http_body::Frame;

type Chunk = Result<Bytes, io::Error>;

#[expect(clippy::unnecessary_wraps, reason = "an item of a stream of results")]
fn chunk(text: &'static str) -> Chunk {
    Ok(text.into())
}

/// How long a handler or a body that takes its time takes it.
pub(super) const SOON: Duration = Duration::from_millis(20);

/// A mebibyte.
pub(super) fn large() -> Vec<u8> {
    vec![b'x'; 1 << 20]
}

/// A mebibyte, in sixteen chunks.
pub(super) fn large_in_pieces() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter((0..16).map(|_| Ok(vec![b'x'; 64 << 10].into())))
}

/// Three chunks of eleven bytes, with time between them.
pub(super) fn slow() -> impl Stream<Item = Chunk> + Send + 'static {
    whole().then(async |chunk| {
        tokio::time::sleep(SOON).await; // tidy: a body that takes its time
        chunk
    })
}

/// Two server-sent events.
pub(super) fn ticking() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["data: tick\n\n", "data: tock\n\n"]).map(chunk)
}

/// What the handler adds to the events of its request, and one of its own.
pub(super) fn tell(client: &AxonPush, context: &RequestContext) {
    context.bind("tenant", "acme");
    context.set("cart.items", 3);
    client.events().enqueue(Event::new("app.note"));
}

/// A chunk, and a trailer that sums it up.
pub(super) fn with_trailers() -> [Result<Frame<Bytes>, io::Error>; 2] {
    let mut trailers = axum::http::HeaderMap::new();
    trailers.insert("x-checksum", axum::http::HeaderValue::from_static("42"));
    [Ok(Frame::data("part".into())), Ok(Frame::trailers(trailers))]
}

/// Three chunks of eleven bytes together.
pub(super) fn whole() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["one", "two", "three"]).map(chunk)
}

/// Four bytes, whatever was announced.
pub(super) fn short() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([chunk("abcd")]).chain(stream::once(sent()).filter_map(async |()| None))
}

/// Eight bytes at once, whatever was announced.
pub(super) fn long() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([chunk("abcdmore")])
}

/// While there is one of these, [`blocking`] blocks.
pub(super) struct Block(());

static BLOCKS: Mutex<usize> = Mutex::new(0);
static UNBLOCKED: Condvar = Condvar::new();

pub(super) fn block() -> Block {
    *BLOCKS.lock().unwrap() += 1;
    Block(())
}

impl Drop for Block {
    fn drop(&mut self) {
        *BLOCKS.lock().unwrap() -= 1;
        UNBLOCKED.notify_all();
    }
}

/// A handler that doesn't know it is in async code.
pub(super) fn blocking() -> &'static str {
    drop(UNBLOCKED.wait_while(BLOCKS.lock().unwrap(), |blocks| *blocks > 0).unwrap());
    "at last"
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

/// An error and nothing else.
pub(super) fn breaking_at_once() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter([Err(io::Error::other("there is no disk"))])
}

/// A panic and nothing else.
pub(super) fn panicking_at_once() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::once(async { std::panic::panic_any(String::from("no chunks at all")) })
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

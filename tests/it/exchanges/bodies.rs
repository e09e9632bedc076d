//! Streaming bodies that both apps send.

use std::{
    io,
    sync::{Condvar, Mutex},
};

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

//! The store: one connection that writes, on a thread of its own, and for a file others that read.
//!
//! Writes that wait together are committed together, and a write is answered only after its commit, so an event that was
//! accepted is there for the very next read. A file is read through connections of its own, which see what was committed
//! and wait for nobody. One database in memory is locked as a whole by whoever uses it, so there reads are done by the
//! thread that writes: between two commits and before all writes that wait, which nobody was told of yet. A long search
//! takes its turns.

pub(crate) mod documents;
mod failure;
mod hash;
mod insert;
mod latest;
mod lock;
mod readers;
mod scan;
mod schema;
mod search;
mod texts;
mod traces;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

pub(crate) use documents::{Document, Kind, NewDocument};
pub(crate) use failure::StoreFailure;
pub(crate) use insert::{Delivery, NewEvent, Receipt};
pub(crate) use latest::latest;
pub(crate) use scan::{Scan, Seen};
pub(crate) use search::{EventSearch, all_events, first_sequence, last_sequence, sequence_of};
pub(crate) use traces::{TraceSearch, TraceSort, trace_rows};

use crate::error::Error;
use lock::FileLock;
use readers::Readers;
use texts::Texts;
use worker::{Command, Worker};

/// Where events are kept and how many of them.
#[derive(Clone, Debug)]
pub(crate) struct StorePolicy {
    /// A file, or memory when `None`.
    pub(crate) file: Option<PathBuf>,
    pub(crate) max_events: u64,
    pub(crate) max_bytes: u64,
}

/// A handle to the store.
#[derive(Debug)]
pub(crate) struct Store {
    commands: mpsc::Sender<Command>,
    readers: Readers,
    texts: Arc<Texts>,
    counters: Arc<Counters>,
    stored: watch::Receiver<u64>,
    arrived: watch::Receiver<i64>,
}

/// Where the worker tells what it did.
#[derive(Debug)]
struct Outlets {
    counters: Arc<Counters>,
    texts: Arc<Texts>,
    stored: watch::Sender<u64>,
    arrived: watch::Sender<i64>,
}

/// What the worker counts and others read.
#[derive(Debug, Default)]
struct Counters {
    duplicates: AtomicU64,
    evicted: AtomicU64,
}

impl Store {
    /// # Errors
    /// When the file cannot be opened or holds something else, or the thread cannot start.
    pub(crate) fn open(policy: &StorePolicy) -> Result<Self, Error> {
        let file = policy.file.as_deref();
        let lock = file.map(FileLock::take).transpose()?;
        let texts = Arc::new(Texts::default());
        let connection = schema::open(file, &texts)?;
        let (commands, inbox) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let (notify, stored) = watch::channel(0);
        let (tell, arrived) = watch::channel(0);
        let outlets =
            Outlets { counters: Arc::clone(&counters), texts: Arc::clone(&texts), stored: notify, arrived: tell };
        let (readers, turns) = Readers::open(file, &texts, &commands)?;
        let worker = Worker::new(connection, lock, policy, outlets).map_err(|error| Error::store(file, error))?;
        std::thread::Builder::new()
            .name("axonpush-dev-store".to_owned())
            .spawn(move || worker.run(&inbox, &turns))
            .map_err(Error::thread)?;
        Ok(Self { commands, readers, texts, counters, stored, arrived })
    }

    pub(crate) async fn insert(&self, event: NewEvent) -> Result<Receipt, StoreFailure> {
        self.insert_all(vec![event]).await?.pop().ok_or(StoreFailure::Gone)
    }

    /// Stores all of `events` or none. The receipts come in their order.
    pub(crate) async fn insert_all(&self, events: Vec<NewEvent>) -> Result<Vec<Receipt>, StoreFailure> {
        let (reply, receipts) = oneshot::channel();
        self.commands.send(Command::Insert(events, reply)).map_err(|_| StoreFailure::Gone)?;
        receipts.await.map_err(|_| StoreFailure::Gone)?
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let (reply, rows) = oneshot::channel();
        self.readers.ask(Box::new(move |connection| drop(reply.send(query(connection)))))?;
        Ok(rows.await.map_err(|_| StoreFailure::Gone)??)
    }

    /// As [`read`](Self::read), for callers that cannot await. The store never waits for a runtime,
    /// so this is safe to call on one.
    pub(crate) fn read_blocking<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let (reply, rows) = mpsc::channel();
        self.readers.ask(Box::new(move |connection| drop(reply.send(query(connection)))))?;
        Ok(rows.recv().map_err(|_| StoreFailure::Gone)??)
    }

    /// Does something on the connection that writes, after all that was asked of it before.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let (reply, done) = oneshot::channel();
        let work = Box::new(move |connection: &Connection| drop(reply.send(work(connection))));
        self.commands.send(Command::Change(work)).map_err(|_| StoreFailure::Gone)?;
        Ok(done.await.map_err(|_| StoreFailure::Gone)??)
    }

    /// Finishes what was asked before and closes the file.
    pub(crate) async fn close(&self) {
        // First, or the connection that writes would not be the last one, which tidies up the file. A long search ends later.
        let _ = tokio::time::timeout(READERS_TIMEOUT, self.readers.close()).await;
        let (done, closed) = oneshot::channel();
        if self.commands.send(Command::Close(done)).is_ok() {
            // The sender is dropped when the connection is closed; there is nothing to receive.
            let _ = closed.await;
        }
    }

    /// How many events are stored now, and a way to learn when that changes.
    pub(crate) fn stored(&self) -> watch::Receiver<u64> {
        self.stored.clone()
    }

    /// The place of the newest event in the order of arrival, and a way to learn when that changes. It is told after the
    /// event was stored.
    pub(crate) fn arrived(&self) -> watch::Receiver<i64> {
        self.arrived.clone()
    }

    fn texts(&self) -> Arc<Texts> {
        Arc::clone(&self.texts)
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.counters.duplicates.load(Ordering::Relaxed)
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.counters.evicted.load(Ordering::Relaxed)
    }
}

/// How long the readers may take to end.
const READERS_TIMEOUT: Duration = Duration::from_secs(2);

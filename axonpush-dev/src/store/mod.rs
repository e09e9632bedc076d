//! The store: one database connection on a thread of its own.
//!
//! Writes that wait together are committed together, and a write is answered only after its
//! commit, so an event that was accepted is there for the very next read. A second connection would
//! help only with a file: one database in memory is locked as a whole by whoever reads. So a search
//! takes its turns instead.

pub(crate) mod documents;
mod insert;
mod latest;
mod scan;
mod schema;
mod search;
mod traces;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

pub(crate) use documents::{Document, Kind, NewDocument};
pub(crate) use insert::{Delivery, NewEvent, Receipt};
pub(crate) use latest::latest;
pub(crate) use scan::{Scan, Seen};
pub(crate) use search::{EventSearch, all_events, first_sequence, last_sequence};
pub(crate) use traces::{TraceSearch, TraceSort, trace_ids, trace_rows};

use crate::error::Error;
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
    counters: Arc<Counters>,
    stored: watch::Receiver<u64>,
    arrived: watch::Receiver<i64>,
}

/// What the worker counts and others read.
#[derive(Debug, Default)]
struct Counters {
    duplicates: AtomicU64,
    evicted: AtomicU64,
}

/// The store gave no answer. What the database said stays inside: clients must not read SQL or paths.
#[derive(Debug)]
pub(crate) struct StoreFailure;

impl Store {
    /// # Errors
    /// When the file cannot be opened or holds something else, or the thread cannot start.
    pub(crate) fn open(policy: &StorePolicy) -> Result<Self, Error> {
        let connection = schema::open(policy.file.as_deref())?;
        let (commands, inbox) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let (notify, stored) = watch::channel(0);
        let (tell, arrived) = watch::channel(0);
        let worker = Worker::new(connection, policy, Arc::clone(&counters), notify, tell)
            .map_err(|error| Error::store(policy.file.as_deref(), error))?;
        std::thread::Builder::new()
            .name("axonpush-dev-store".to_owned())
            .spawn(move || worker.run(&inbox))
            .map_err(Error::thread)?;
        Ok(Self { commands, counters, stored, arrived })
    }

    pub(crate) async fn insert(&self, event: NewEvent) -> Result<Receipt, StoreFailure> {
        self.insert_all(vec![event]).await?.pop().ok_or(StoreFailure)
    }

    /// Stores all of `events` or none. The receipts come in their order.
    pub(crate) async fn insert_all(&self, events: Vec<NewEvent>) -> Result<Vec<Receipt>, StoreFailure> {
        let (reply, receipts) = oneshot::channel();
        self.commands.send(Command::Insert(events, reply)).map_err(|_| StoreFailure)?;
        receipts.await.map_err(|_| StoreFailure)?
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let (reply, rows) = oneshot::channel();
        self.send_query(query, move |result| drop(reply.send(result)))?;
        rows.await.map_err(|_| StoreFailure)?.map_err(|_| StoreFailure)
    }

    /// As [`read`](Self::read), for callers that cannot await. The store never waits for a runtime,
    /// so this is safe to call on one.
    pub(crate) fn read_blocking<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let (reply, rows) = mpsc::channel();
        self.send_query(query, move |result| drop(reply.send(result)))?;
        rows.recv().map_err(|_| StoreFailure)?.map_err(|_| StoreFailure)
    }

    fn send_query<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        reply: impl FnOnce(rusqlite::Result<T>) + Send + 'static,
    ) -> Result<(), StoreFailure> {
        let read = Box::new(move |connection: &Connection| reply(query(connection)));
        self.commands.send(Command::Read(read)).map_err(|_| StoreFailure)
    }

    /// Finishes what was asked before and closes the file.
    pub(crate) async fn close(&self) {
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

    pub(crate) fn duplicates(&self) -> u64 {
        self.counters.duplicates.load(Ordering::Relaxed)
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.counters.evicted.load(Ordering::Relaxed)
    }
}

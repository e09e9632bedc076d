//! The thread that owns the connection.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::insert::{self, Inserted};
use super::search::last_sequence;
use super::{Counters, NewEvent, Receipt, StoreFailure, StorePolicy, schema};

type Reply = oneshot::Sender<Result<Vec<Receipt>, StoreFailure>>;

/// What a handle may ask of the worker.
pub(super) enum Command {
    /// Events that are stored together or not at all.
    Insert(Vec<NewEvent>, Reply),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    /// Dropped, not sent to, once the connection is closed.
    Close(oneshot::Sender<()>),
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Insert(..) => "Insert",
            Self::Read(_) => "Read",
            Self::Close(_) => "Close",
        })
    }
}

#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    size: Size,
    max: Size,
    counters: Arc<Counters>,
    stored: watch::Sender<u64>,
    arrived: watch::Sender<i64>,
    newest: i64,
}

/// How much is stored, or may be.
#[derive(Clone, Copy, Debug)]
struct Size {
    events: u64,
    bytes: u64,
}

impl Worker {
    pub(super) fn new(
        connection: Connection,
        policy: &StorePolicy,
        counters: Arc<Counters>,
        stored: watch::Sender<u64>,
        arrived: watch::Sender<i64>,
    ) -> rusqlite::Result<Self> {
        let (events, bytes) = schema::measure(&connection)?;
        let max = Size { events: policy.max_events.max(1), bytes: policy.max_bytes };
        let newest = last_sequence(&connection)?;
        let size = Size { events, bytes };
        let mut worker = Self { connection, size, max, counters, stored, arrived, newest };
        // A file may come from a run with wider limits.
        worker.evict()?;
        worker.stored.send_replace(worker.size.events);
        worker.arrived.send_replace(newest);
        Ok(worker)
    }

    pub(super) fn run(mut self, inbox: &mpsc::Receiver<Command>) {
        let mut group = Vec::new();
        let mut next = inbox.recv().ok();
        while let Some(command) = next.take() {
            match command {
                Command::Insert(events, reply) => group.push((events, reply)),
                Command::Read(read) => {
                    // A read must see every write that was asked for before it.
                    self.write(&mut group);
                    read(&self.connection);
                }
                Command::Close(done) => {
                    self.write(&mut group);
                    drop(self.connection);
                    drop(done);
                    return;
                }
            }
            if group.iter().map(|(events, _)| events.len()).sum::<usize>() < MAX_GROUP {
                next = inbox.try_recv().ok();
            }
            if next.is_none() {
                self.write(&mut group);
                next = inbox.recv().ok();
            }
        }
    }

    fn write(&mut self, group: &mut Vec<(Vec<NewEvent>, Reply)>) {
        if group.is_empty() {
            return;
        }
        let before = (self.size, self.newest);
        let Ok(receipts) = self.commit(group) else {
            (self.size, self.newest) = before;
            for (_, reply) in group.drain(..) {
                let _ = reply.send(Err(StoreFailure));
            }
            return;
        };
        let repeats = receipts.iter().flatten().filter(|receipt| receipt.duplicate).count();
        self.counters.duplicates.fetch_add(repeats as u64, Ordering::Relaxed);
        self.stored.send_replace(self.size.events);
        self.arrived.send_if_modified(|newest| std::mem::replace(newest, self.newest) != self.newest);
        for ((_, reply), receipts) in group.drain(..).zip(receipts) {
            // A client that hung up no longer asks.
            let _ = reply.send(Ok(receipts));
        }
    }

    /// Stores a group in one transaction: all of it or, by dropping the transaction, nothing.
    fn commit(&mut self, group: &[(Vec<NewEvent>, Reply)]) -> rusqlite::Result<Vec<Vec<Receipt>>> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut receipts = Vec::with_capacity(group.len());
        for (events, _) in group {
            let mut together = Vec::with_capacity(events.len());
            for event in events {
                together.push(match insert::insert(&transaction, event)? {
                    Inserted::New { sequence } => {
                        self.newest = sequence;
                        self.size.events += 1;
                        self.size.bytes += event.body_len();
                        Receipt { event_id: event.event_id(), duplicate: false }
                    }
                    Inserted::Repeat { first_event_id } => Receipt { event_id: first_event_id, duplicate: true },
                });
            }
            receipts.push(together);
        }
        let evicted = evict(&transaction, &mut self.size, self.max)?;
        transaction.commit()?;
        self.counters.evicted.fetch_add(evicted, Ordering::Relaxed);
        Ok(receipts)
    }

    fn evict(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        let evicted = evict(&transaction, &mut self.size, self.max)?;
        transaction.commit()?;
        self.counters.evicted.fetch_add(evicted, Ordering::Relaxed);
        Ok(())
    }
}

/// Removes the oldest events until the rest fits. The newest always stays, however large it is.
fn evict(connection: &Connection, size: &mut Size, max: Size) -> rusqlite::Result<u64> {
    let mut evicted = 0;
    while size.events > max.events || (size.bytes > max.bytes && size.events > 1) {
        let Some(bytes) = insert::remove_oldest(connection)? else { break };
        size.events -= 1;
        size.bytes = size.bytes.saturating_sub(bytes);
        evicted += 1;
    }
    Ok(evicted)
}

/// Bounds how long the first writer of a group waits for the last one.
const MAX_GROUP: usize = 256;

//! The thread that owns the connection.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::insert::{self, Inserted, Inserter};
use super::lock::FileLock;
use super::readers::Query;
use super::search::{first_sequence, last_sequence};
use super::texts::Found;
use super::{NewEvent, Outlets, Receipt, StoreFailure, StorePolicy, schema};

type Reply = oneshot::Sender<Result<Vec<Receipt>, StoreFailure>>;

/// What a handle may ask of the worker.
pub(super) enum Command {
    /// Events that are stored together or not at all.
    Insert(Vec<NewEvent>, Reply),
    Change(Query),
    /// There is a question.
    Wake,
    /// Dropped, not sent to, once the connection is closed.
    Close(oneshot::Sender<()>),
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Insert(..) => "Insert",
            Self::Change(_) => "Change",
            Self::Wake => "Wake",
            Self::Close(_) => "Close",
        })
    }
}

#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    // After the connection: the file is closed before it is free for others.
    lock: Option<FileLock>,
    size: Size,
    max: Size,
    outlets: Outlets,
    newest: i64,
    /// The headers kept last, and their number.
    arrival: Option<(Arc<str>, i64)>,
}

/// How much is stored, or may be.
#[derive(Clone, Copy, Debug)]
struct Size {
    events: u64,
    /// Of their bodies, and of the headers of the requests that brought them.
    bytes: u64,
}

/// What a group of writes did.
struct Committed {
    receipts: Vec<Vec<Receipt>>,
    /// Where the new ones are, in the order in which they came.
    places: Vec<Option<i64>>,
    evicted: u64,
}

impl Worker {
    pub(super) fn new(
        connection: Connection,
        lock: Option<FileLock>,
        policy: &StorePolicy,
        outlets: Outlets,
    ) -> rusqlite::Result<Self> {
        let (events, bytes) = schema::load(&connection, &outlets.texts)?;
        let max = Size { events: policy.max_events.max(1), bytes: policy.max_bytes };
        let newest = last_sequence(&connection)?;
        let size = Size { events, bytes };
        let mut worker = Self { connection, lock, size, max, outlets, newest, arrival: None };
        // A file may come from a run with wider limits.
        let evicted = worker.in_transaction(Worker::evict)?;
        worker.outlets.texts.forget_before(first_sequence(&worker.connection)?);
        worker.outlets.counters.evicted.fetch_add(evicted, Ordering::Relaxed);
        worker.outlets.stored.send_replace(worker.size.events);
        worker.outlets.arrived.send_replace(newest);
        Ok(worker)
    }

    pub(super) fn run(mut self, inbox: &mpsc::Receiver<Command>, queries: &mpsc::Receiver<Query>) {
        let mut group = Vec::new();
        let mut next = inbox.recv().ok();
        while let Some(command) = next.take() {
            // Who asks comes before who writes, but not again and again.
            queries.try_iter().take(MAX_QUERIES).for_each(|query| query(&self.connection));
            match command {
                Command::Insert(events, reply) => group.push((events, reply)),
                Command::Change(change) => {
                    self.write(&mut group);
                    self.change(change);
                }
                // Or questions that keep coming would hold up what was written before them for ever.
                Command::Wake => self.write(&mut group),
                Command::Close(done) => {
                    self.write(&mut group);
                    drop(self);
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
        let committed = match self.in_transaction(|worker| worker.insert(group)) {
            Ok(committed) => committed,
            Err(error) => {
                (self.size, self.newest) = before;
                // They were not kept either.
                self.arrival = None;
                let failure = StoreFailure::from(error);
                return group.drain(..).for_each(|(_, reply)| drop(reply.send(Err(failure))));
            }
        };
        self.tell(group, &committed);
        for ((_, reply), receipts) in group.drain(..).zip(committed.receipts) {
            // A client that hung up no longer asks.
            let _ = reply.send(Ok(receipts));
        }
    }

    /// Tells everybody but the clients what was stored: once those are answered, the events can be found.
    fn tell(&self, group: &[(Vec<NewEvent>, Reply)], committed: &Committed) {
        let Outlets { counters, texts, stored, arrived } = &self.outlets;
        let events = group.iter().flat_map(|(events, _)| events).zip(&committed.places);
        texts.extend(events.filter_map(|(event, id)| {
            let found = Found { created_at: event.created_at(), id: (*id)? };
            Some((found, event.search_text()))
        }));
        if committed.evicted > 0 {
            counters.evicted.fetch_add(committed.evicted, Ordering::Relaxed);
            texts.forget_before(first_sequence(&self.connection).unwrap_or_default());
        }
        let repeats = committed.places.iter().filter(|place| place.is_none()).count();
        counters.duplicates.fetch_add(repeats as u64, Ordering::Relaxed);
        stored.send_replace(self.size.events);
        arrived.send_if_modified(|newest| std::mem::replace(newest, self.newest) != self.newest);
    }

    /// Does all of `work` or, when it fails, nothing of it.
    fn in_transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let done = work(self).and_then(|done| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(done)
        });
        // Some failures end the transaction themselves.
        if done.is_err() && !self.connection.is_autocommit() {
            // In memory there is no way back, and nothing of this fails but for want of memory.
            let end = if self.lock.is_some() { "ROLLBACK" } else { "COMMIT" };
            self.connection.execute_batch(end)?;
        }
        done
    }

    fn insert(&mut self, group: &[(Vec<NewEvent>, Reply)]) -> rusqlite::Result<Committed> {
        let events = group.iter().map(|(events, _)| events.len()).sum();
        let mut places = Vec::with_capacity(events);
        let mut receipts = Vec::with_capacity(group.len());
        let mut inserter = Inserter::new(&self.connection, self.lock.is_some())?;
        for (events, _) in group {
            let mut together = Vec::with_capacity(events.len());
            for event in events {
                // The headers of one request are kept once.
                let last = self.arrival.as_ref().filter(|(headers, _)| Arc::ptr_eq(headers, event.headers()));
                let known = last.map(|(_, id)| *id);
                let arrival = known.map_or_else(|| inserter.arrival(event.headers()), Ok)?;
                let (place, receipt) = match inserter.insert(event, arrival)? {
                    Inserted::New { sequence } => {
                        if known.is_none() {
                            self.arrival = Some((Arc::clone(event.headers()), arrival));
                            self.size.bytes += event.headers().len() as u64;
                        }
                        self.newest = sequence;
                        self.size.events += 1;
                        self.size.bytes += event.body_len();
                        (Some(sequence), Receipt::New { event_id: event.event_id() })
                    }
                    Inserted::Repeat { first_event_id } => {
                        if known.is_none() {
                            inserter.forget_arrival(arrival)?;
                        }
                        (None, Receipt::Repeat { first_event_id })
                    }
                };
                places.push(place);
                together.push(receipt);
            }
            receipts.push(together);
        }
        drop(inserter);
        let evicted = self.evict()?;
        Ok(Committed { receipts, places, evicted })
    }

    fn change(&self, change: Query) {
        // Unlike an insert it may think better of it.
        let journal = |mode| self.lock.is_some() || self.connection.execute_batch(mode).is_ok();
        if journal("PRAGMA journal_mode = MEMORY") {
            change(&self.connection);
            journal("PRAGMA journal_mode = OFF");
        }
    }

    /// Removes the oldest events until the rest fits. The newest always stays, however large it is.
    fn evict(&mut self) -> rusqlite::Result<u64> {
        let (size, max) = (&mut self.size, self.max);
        let mut evicted = 0;
        while size.events > max.events || (size.bytes > max.bytes && size.events > 1) {
            let Some(bytes) = insert::remove_oldest(&self.connection)? else { break };
            size.events -= 1;
            size.bytes = size.bytes.saturating_sub(bytes);
            evicted += 1;
        }
        Ok(evicted)
    }
}

/// How many questions are answered before the next command.
const MAX_QUERIES: usize = 16;

/// Bounds how long the first writer of a group waits for the last one.
const MAX_GROUP: usize = 256;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::event::EventBody;
    use crate::requests::ReceivedRequest;
    use crate::store::{Delivery, Store};

    async fn headers(store: &Store) -> i64 {
        let count = "SELECT count(*) FROM arrivals";
        store.read(move |connection| connection.query_row(count, [], |row| row.get(0))).await.unwrap()
    }

    #[tokio::test]
    async fn headers_are_kept_once_for_a_request_and_never_for_repeats() {
        let store = Store::open(&StorePolicy { file: None, max_events: 5, max_bytes: 1 << 20 }).unwrap();
        let request = ReceivedRequest::new(&Request::new(()).into_parts().0, Bytes::new());
        let send = async |keys: &[&str]| {
            let mut delivery = Delivery::new(&request, Timestamp::now());
            let events = keys.iter().map(|key| {
                let body = json!({"identifier": "a", "payload": {}, "dedupKey": key}).to_string();
                delivery.event(&EventBody::parse(body.as_bytes(), true).unwrap())
            });
            store.insert_all(events.collect()).await.unwrap();
            headers(&store).await
        };
        assert_eq!(send(&["a", "b"]).await, 1);
        for _ in 0..10 {
            assert_eq!(send(&["a", "b"]).await, 1);
        }
        // What is new beside repeats came with headers that are asked for.
        assert_eq!(send(&["a", "c", "b", "d", "c"]).await, 2);
        assert_eq!(store.read(rows).await.unwrap(), 4);
        // As many events as there may be: those that leave leave nothing behind.
        assert_eq!(send(&["e", "f"]).await, 3);
        assert_eq!(send(&["g"]).await, 3);
    }

    /// Events together with their headers.
    fn rows(connection: &Connection) -> rusqlite::Result<i64> {
        connection
            .query_row("SELECT count(*) FROM events JOIN arrivals ON arrivals.id = arrival_id", [], |row| row.get(0))
    }
}

//! Reading events back. Whatever a client sends reaches the database as a bound value, never as text.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::hash::hash;
use super::insert::to_nanos;
use super::{Store, StoreFailure};
use crate::event::{REQUEST_ID, Row};

/// A search for events. Every filter must match.
#[derive(Debug)]
pub(crate) struct EventSearch {
    conditions: Conditions,
    since: i64,
    until: i64,
    limit: usize,
    path: Path,
}

/// How events that may match are come by.
#[derive(Debug)]
enum Path {
    /// An index leads to them.
    Index,
    /// They have these words.
    Text(String),
    /// By going through all, so many at a time.
    Slices(u32),
}

impl EventSearch {
    pub(crate) fn new(since: Timestamp, until: Option<Timestamp>, limit: u32) -> Self {
        let (since, until) = (to_nanos(since), until.map_or(i64::MAX, to_nanos));
        Self { conditions: Conditions::default(), since, until, limit: limit as usize, path: Path::Slices(SLICE) }
    }

    /// Only events whose `column` is `value`.
    pub(crate) fn equals(&mut self, column: &'static str, value: String) {
        if let Some((_, hashes)) = INDEXED.iter().find(|(indexed, _)| *indexed == column) {
            self.conditions.push(format!("{hashes} = ?"), [Value::Integer(hash(&value))]);
            self.path = Path::Index;
        }
        self.conditions.push(format!("{column} = ?"), [Value::Text(value)]);
    }

    /// Only events whose identifier or payload contains `text`, in any case.
    pub(crate) fn contains(&mut self, text: &str) {
        let words = text.to_lowercase();
        self.conditions.contains(&words);
        self.look_for(words);
    }

    /// Only events with this attribute. Numbers and booleans are compared by their JSON text.
    pub(crate) fn attribute(&mut self, name: String, value: String) {
        if name == REQUEST_ID {
            return self.equals("request_id", value);
        }
        // Parsing every body is dear; the words rule out most of them first. Lists and the like are no words.
        let (name_words, value_words) = (name.to_lowercase(), value.to_lowercase());
        self.conditions.contains(&name_words);
        self.look_for(name_words);
        if !value.starts_with(['[', '{']) && value != "null" {
            self.look_for(value_words);
        }
        self.conditions.push("has_attribute(body, ?, ?)", [Value::Text(name), Value::Text(value)]);
    }

    /// Only what comes after the event of this place that arrived then. Without a place, which an event no longer has that
    /// has left, only what arrived before.
    pub(crate) fn older_than(&mut self, arrived: Timestamp, sequence: Option<i64>) {
        let arrived = to_nanos(arrived);
        self.until = arrived.saturating_add(1);
        let place = [Value::Integer(arrived), Value::Integer(sequence.unwrap_or_default())];
        self.conditions.push("(created_at < ? OR events.id < ?)", place);
    }

    /// Long words are rare ones.
    fn look_for(&mut self, words: String) {
        let better = match &self.path {
            Path::Index => false,
            Path::Text(known) => known.len() < words.len(),
            Path::Slices(_) => true,
        };
        if better {
            self.path = Path::Text(words);
        }
    }

    /// The events found, newest first. Goes through them a few at a time, so that those who publish meanwhile wait for
    /// these and not for the whole search.
    pub(crate) async fn run(mut self, store: &Store) -> Result<Vec<Row>, StoreFailure> {
        if let Path::Text(words) = &mut self.path {
            let words = std::mem::take(words);
            return self.run_by_text(words, store).await;
        }
        let limit = self.limit;
        let mut rest = Some(self.until);
        let search = Arc::new(self);
        let mut found = Vec::new();
        while let Some(until) = rest {
            let (search, left) = (Arc::clone(&search), limit - found.len());
            let (rows, next) = store.read(move |connection| search.newest(connection, until, left)).await?;
            found.extend(rows);
            rest = next.filter(|_| found.len() < limit);
        }
        Ok(found)
    }

    async fn run_by_text(self, words: String, store: &Store) -> Result<Vec<Row>, StoreFailure> {
        let limit = self.limit;
        let (since, until, texts) = (self.since, self.until, store.texts());
        let search = Arc::new(self);
        let mut found = Vec::new();
        let mut places = aside(move || texts.search(words, since, until)).await?;
        loop {
            let next;
            (next, places) = aside(move || (places.next(AT_ONCE), places)).await?;
            if next.is_empty() {
                return Ok(found);
            }
            // The last block looked at may have brought many.
            for next in next.chunks(AT_ONCE) {
                let ids: Vec<_> = next.iter().map(|found| found.id.to_string()).collect();
                let (search, ids, left) = (Arc::clone(&search), format!("[{}]", ids.join(",")), limit - found.len());
                found.extend(store.read(move |connection| search.among(connection, ids, left)).await?);
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }

    /// The events found among those with these ids, a JSON array.
    fn among(&self, connection: &Connection, ids: String, limit: usize) -> rusqlite::Result<Vec<Row>> {
        let mut conditions = self.conditions.clone();
        conditions.push("events.id IN (SELECT value FROM json_each(?))", [Value::Text(ids)]);
        newest_first(connection, conditions, limit)
    }

    /// Finds every event there is.
    pub(crate) fn everything() -> Self {
        Self::new(Timestamp::MIN, None, u32::MAX)
    }

    /// At most `limit` of the events found after `seen`, up to and with `newest`, in the order they arrived. The window
    /// does not matter here.
    pub(crate) fn after(
        &self,
        connection: &Connection,
        seen: i64,
        newest: i64,
        limit: u32,
    ) -> rusqlite::Result<Vec<Row>> {
        let mut conditions = self.conditions.clone();
        conditions.push("events.id > ? AND events.id <= ?", [Value::Integer(seen), Value::Integer(newest)]);
        let Conditions { sql, mut values } = conditions;
        values.push(Value::Integer(limit.into()));
        rows(connection, &format!("{ROWS} WHERE {sql} ORDER BY events.id LIMIT ?"), values)
    }

    /// The events found in the newest slice before `until`, at most `limit`, and where the next slice ends.
    fn newest(&self, connection: &Connection, until: i64, limit: usize) -> rusqlite::Result<(Vec<Row>, Option<i64>)> {
        // Events of the same moment stay together, so a slice may be a little larger.
        let boundary = "SELECT created_at FROM events WHERE created_at >= ? AND created_at < ?
                        ORDER BY created_at DESC LIMIT 1 OFFSET ?";
        let next = match self.path {
            Path::Slices(slice) => {
                let last = (self.since, until, slice - 1);
                connection.prepare_cached(boundary)?.query_row(last, |row| row.get(0)).optional()?
            }
            _ => None,
        };
        let mut conditions = self.conditions.clone();
        conditions.push("created_at >= ?", [Value::Integer(next.unwrap_or(self.since))]);
        conditions.push("created_at < ?", [Value::Integer(until)]);
        Ok((newest_first(connection, conditions, limit)?, next))
    }
}

/// Goes through memory on another thread: the server has one for everybody.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreFailure> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreFailure::Gone)
}

fn newest_first(connection: &Connection, conditions: Conditions, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let Conditions { sql, mut values } = conditions;
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    rows(connection, &format!("{ROWS} WHERE {sql} ORDER BY created_at DESC, events.id DESC LIMIT ?"), values)
}

/// Columns of which few events have the same value, and those with an index of their hashes.
const INDEXED: [(&str, &str); 2] = [("trace_id", "trace_hash"), ("request_id", "request_hash")];

/// How many events that have the words are looked at in one go.
const AT_ONCE: usize = 500;

/// A few milliseconds' worth of events.
const SLICE: u32 = 1_000;

/// Every event, oldest first.
pub(crate) fn all_events(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    rows(connection, &format!("{ROWS} ORDER BY events.id"), Vec::new())
}

/// The place of the newest event in the order of arrival; 0 when there is none.
pub(crate) fn last_sequence(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT coalesce(max(id), 0) FROM events")?.query_row([], |row| row.get(0))
}

/// The place of the oldest event that is still kept; 0 when there is none.
pub(crate) fn first_sequence(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT coalesce(min(id), 0) FROM events")?.query_row([], |row| row.get(0))
}

/// The place of an event in the order of arrival.
pub(crate) fn sequence_of(
    connection: &Connection,
    event_id: &str,
    arrived: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let query = "SELECT id FROM events WHERE created_at = ? AND event_id = ?";
    connection.prepare_cached(query)?.query_row((to_nanos(arrived), event_id), |row| row.get(0)).optional()
}

/// Conditions joined by AND, and the values bound to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    pub(super) fn push(&mut self, sql: impl AsRef<str>, values: impl IntoIterator<Item = Value>) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql.as_ref());
        self.values.extend(values);
    }

    pub(super) fn window(&mut self, since: Timestamp, until: Option<Timestamp>) {
        self.push("created_at >= ?", [Value::Integer(to_nanos(since))]);
        if let Some(until) = until {
            self.push("created_at < ?", [Value::Integer(to_nanos(until))]);
        }
    }

    /// Only events that have these words, which are in lower case. None of their characters has a meaning of its own.
    pub(super) fn contains(&mut self, words: &str) {
        self.push("has_text(events.id, ?)", [Value::Text(words.to_owned())]);
    }
}

pub(super) fn rows(connection: &Connection, query: &str, values: Vec<Value>) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        let headers: String = row.get(5)?;
        Ok(Row {
            event_id: row.get(0)?,
            app_id: row.get(1)?,
            source: row.get(2)?,
            created_at: Timestamp::from_nanosecond(row.get::<_, i64>(3)?.into()).unwrap_or_default(),
            body: Bytes::from(row.get::<_, Vec<u8>>(4)?),
            headers: serde_json::from_str(&headers).unwrap_or_default(),
            sequence: row.get(6)?,
        })
    })?;
    rows.collect()
}

/// The columns of a [`Row`], in the order `rows` reads them, and where they are. A cross join is one that is done in the
/// order in which it is written.
pub(super) const ROWS: &str = "SELECT event_id, app_id, source, created_at, body, headers, events.id
                               FROM events CROSS JOIN arrivals ON arrivals.id = arrival_id";

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::event::EventBody;
    use crate::requests::ReceivedRequest;
    use crate::store::{Delivery, NewEvent, StorePolicy};

    fn request() -> ReceivedRequest {
        ReceivedRequest::new(
            &Request::new(()).into_parts().0,
            Bytes::from_static(br#"{"identifier":"a","payload":{}}"#),
        )
    }

    fn body(identifier: usize) -> EventBody {
        let body = serde_json::json!({"identifier": format!("e{identifier:03}"), "payload": {"odd": identifier % 2}});
        EventBody::parse(body.to_string().as_bytes(), true).unwrap()
    }

    fn store() -> Store {
        Store::open(&StorePolicy { file: None, max_events: 1_000, max_bytes: 1 << 20 }).unwrap()
    }

    fn search(slice: Option<u32>, limit: u32) -> EventSearch {
        let path = slice.map_or(Path::Index, Path::Slices);
        EventSearch { path, ..EventSearch::new(Timestamp::MIN, None, limit) }
    }

    #[tokio::test]
    async fn slices_together_are_the_whole() {
        let store = store();
        // Some arrive together, and so at the same moment.
        for (arrival, size) in [1, 7, 1, 1, 30, 2, 1, 1, 9, 1, 1].into_iter().enumerate() {
            let request = request();
            let mut delivery = Delivery::new(&request, Timestamp::now());
            store.insert_all((0..size).map(|n| delivery.event(&body(arrival * 50 + n))).collect()).await.unwrap();
        }
        for limit in [1, 2, 10, 54, 55, 500] {
            let whole = found(&store, search(None, limit)).await;
            assert_eq!(whole.len(), limit.min(55) as usize);
            for slice in [1, 2, 3, 5, 54, 55, 56, 1_000] {
                assert_eq!(found(&store, search(Some(slice), limit)).await, whole, "slices of {slice}, limit {limit}");
            }
            let mut odd = search(None, limit);
            odd.contains("odd\n1");
            let odd = found(&store, odd).await;
            for slice in [1, 3, 1_000] {
                let mut sliced = search(Some(slice), limit);
                sliced.contains("odd\n1");
                assert_eq!(found(&store, sliced).await, odd, "slices of {slice}, limit {limit}");
            }
        }
    }

    async fn found(store: &Store, search: EventSearch) -> Vec<String> {
        search.run(store).await.unwrap().into_iter().map(|row| row.event_id).collect()
    }

    #[tokio::test]
    async fn an_event_is_stored_while_a_long_search_goes_on() {
        let store = store();
        for n in 0..50 {
            store.insert(NewEvent::sent(&body(n), &request(), Timestamp::now())).await.unwrap();
        }
        tokio::select! {
            biased;
            // Asked first, and with fifty slices to go through.
            _ = search(Some(1), 500).run(&store) => panic!("the publisher waited for the search"),
            receipt = store.insert(NewEvent::sent(&body(50), &request(), Timestamp::now())) => assert!(receipt.is_ok()),
        }
    }
}

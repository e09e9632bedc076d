//! Going through events once to sum them up.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::search::{Conditions, ROWS, first_sequence, last_sequence, rows};
use super::{Store, StoreFailure};
use crate::event::{EventBody, Facts, Row};

/// Which events to go through. Every filter must match.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    conditions: Conditions,
}

/// An event on its way past.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) row: Row,
    pub(crate) body: EventBody,
    pub(crate) facts: Facts,
}

impl Scan {
    /// Only events that arrived from `since` on and, if there is an end, before `until`.
    pub(crate) fn window(&mut self, since: Timestamp, until: Option<Timestamp>) {
        self.conditions.window(since, until);
    }

    /// Only events whose `column` is `value`.
    pub(crate) fn equals(&mut self, column: &'static str, value: String) {
        self.conditions.push(format!("{column} = ?"), [Value::Text(value)]);
    }

    /// Only events that have something in `column`.
    pub(crate) fn has(&mut self, column: &'static str) {
        self.conditions.push(format!("{column} IS NOT NULL"), []);
    }

    /// Only events that tell of something that went wrong.
    pub(crate) fn failures(&mut self) {
        self.conditions.push("failed", []);
    }

    /// Only events with this attribute, as [`EventSearch::attribute`](super::EventSearch::attribute) compares it.
    pub(crate) fn attribute(&mut self, name: String, value: String) {
        self.conditions.contains(&name.to_lowercase());
        self.conditions.push("has_attribute(body, ?, ?)", [Value::Text(name), Value::Text(value)]);
    }

    /// Whether there is any such event.
    pub(crate) async fn any(self, store: &Store) -> Result<bool, StoreFailure> {
        store
            .read(move |connection| {
                let Conditions { sql, values } = self.conditions;
                let sql = if sql.is_empty() { "TRUE" } else { &sql };
                let query = format!("SELECT EXISTS (SELECT 1 FROM events WHERE {sql})");
                connection.prepare_cached(&query)?.query_row(rusqlite::params_from_iter(values), |row| row.get(0))
            })
            .await
    }

    /// Hands every event to `step`, in the order they arrived, and returns what became of `sum`.
    ///
    /// Goes page by page, so that those who publish meanwhile wait for one page; what a page says is worked out
    /// on another thread.
    pub(crate) async fn fold<T: Send + 'static>(
        self,
        store: &Store,
        mut sum: T,
        step: impl Fn(&mut T, Seen) + Send + Sync + 'static,
    ) -> Result<T, StoreFailure> {
        let (scan, step) = (Arc::new(self), Arc::new(step));
        let ends = |connection: &Connection| Ok((first_sequence(connection)?, last_sequence(connection)?));
        let (first, last) = store.read(ends).await?;
        let mut next = first;
        while next <= last {
            let page = Arc::clone(&scan);
            let end = last.min(next.saturating_add(PAGE - 1));
            let found = store.read(move |connection| page.page(connection, next, end)).await?;
            let step = Arc::clone(&step);
            let summing = tokio::task::spawn_blocking(move || {
                for row in found {
                    if let Some((body, facts)) = row.read() {
                        step(&mut sum, Seen { row, body, facts });
                    }
                }
                sum
            });
            sum = summing.await.map_err(|_| StoreFailure::Gone)?;
            next = end + 1;
        }
        Ok(sum)
    }

    fn page(&self, connection: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<Row>> {
        let mut conditions = self.conditions.clone();
        conditions.push("events.id BETWEEN ? AND ?", [Value::Integer(first), Value::Integer(last)]);
        let Conditions { sql, values } = conditions;
        rows(connection, &format!("{ROWS} WHERE {sql} ORDER BY events.id"), values)
    }
}

/// A few milliseconds' worth of events.
const PAGE: i64 = 1_000;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::requests::ReceivedRequest;
    use crate::store::{Delivery, StorePolicy};

    #[tokio::test]
    async fn a_scan_passes_every_event_once_and_in_order() {
        let store = Store::open(&StorePolicy { file: None, max_events: 2_345, max_bytes: 1 << 30 }).unwrap();
        let request = ReceivedRequest::new(&Request::new(()).into_parts().0, Bytes::new());
        let body = |n: usize| EventBody::parse(format!(r#"{{"identifier":"{n}","payload":{{}}}}"#).as_bytes(), true);
        let mut delivery = Delivery::new(&request, Timestamp::now());
        store.insert_all((0..3_000).map(|n| delivery.event(&body(n).unwrap())).collect()).await.unwrap();
        let seen = Scan::default()
            .fold(&store, Vec::new(), |names: &mut Vec<String>, seen| names.push(seen.body.identifier))
            .await
            .unwrap();
        assert_eq!(seen, (655..3_000).map(|n: usize| n.to_string()).collect::<Vec<_>>());
        let mut none = Scan::default();
        none.failures();
        assert!(!none.any(&store).await.unwrap() && Scan::default().any(&store).await.unwrap());
    }
}

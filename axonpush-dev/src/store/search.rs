//! Reading events back. Whatever a client sends reaches the database as a bound value, never as text.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::insert::to_nanos;
use crate::event::Row;

/// A search for events. Every filter must match.
#[derive(Debug)]
pub(crate) struct EventSearch {
    conditions: Conditions,
    limit: u32,
}

impl EventSearch {
    pub(crate) fn new(since: Timestamp, until: Option<Timestamp>, limit: u32) -> Self {
        let mut conditions = Conditions::default();
        conditions.window(since, until);
        Self { conditions, limit }
    }

    /// Only events whose `column` is `value`.
    pub(crate) fn equals(&mut self, column: &'static str, value: String) {
        self.conditions.push(format!("{column} = ?"), [Value::Text(value)]);
    }

    /// Only events whose identifier or payload contains `text`, in any case.
    pub(crate) fn contains(&mut self, text: &str) {
        self.conditions.contains(text);
    }

    /// Only events with this attribute. Numbers and booleans are compared by their JSON text.
    pub(crate) fn attribute(&mut self, name: String, value: String) {
        // Parsing every body is dear; the search text rules out most of them first.
        self.conditions.push("instr(search_text, ?) > 0", [Value::Text(name.to_lowercase())]);
        self.conditions.push("has_attribute(body, ?, ?)", [Value::Text(name), Value::Text(value)]);
    }

    /// The events found, newest first.
    pub(crate) fn run(self, connection: &Connection) -> rusqlite::Result<Vec<Row>> {
        let Self { conditions: Conditions { sql, mut values }, limit } = self;
        values.push(Value::Integer(limit.into()));
        let query = format!("SELECT {ROW} FROM events WHERE {sql} ORDER BY created_at DESC, id DESC LIMIT ?");
        rows(connection, &query, values)
    }
}

/// Every event, oldest first.
pub(crate) fn all_events(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    rows(connection, &format!("SELECT {ROW} FROM events ORDER BY id"), Vec::new())
}

/// Conditions joined by AND, and the values bound to them.
#[derive(Debug, Default)]
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

    /// `instr`, unlike `LIKE`, has no characters with a meaning of their own.
    pub(super) fn contains(&mut self, text: &str) {
        self.push("instr(search_text, ?) > 0", [Value::Text(text.to_lowercase())]);
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
        })
    })?;
    rows.collect()
}

/// The columns of a [`Row`], in the order `rows` reads them.
pub(super) const ROW: &str = "event_id, app_id, source, created_at, body, headers";

//! The tables, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::Value;

use crate::error::Error;
use crate::event::EventBody;

pub(super) fn open(file: Option<&Path>) -> Result<Connection, Error> {
    let fail = |error| Error::store(file, error);
    let connection = match file {
        Some(file) => Connection::open(file),
        None => Connection::open_in_memory(),
    }
    .map_err(fail)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    if file.is_some() {
        // Counts are kept in memory, so the file must have one server only; and a development store
        // may lose its last moments when the machine, not the program, goes down.
        connection
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            .map_err(fail)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
    match (version, tables) {
        (VERSION, _) => {}
        (0, 0) => connection.execute_batch(TABLES).map_err(fail)?,
        _ => return Err(Error::foreign_file(file, version)),
    }
    add_attribute_function(&connection).map_err(fail)?;
    Ok(connection)
}

/// How many events are stored, and how many bytes their bodies have.
pub(super) fn measure(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    connection.query_row("SELECT count(*), coalesce(sum(length(body)), 0) FROM events", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// `has_attribute(body, name, value)`: the database's own JSON paths cannot tell a dotted name
/// from a path, nor a number from its text, so the comparison is ours.
fn add_attribute_function(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("has_attribute", 3, flags, |context| {
        let body = context.get_raw(0).as_blob().unwrap_or_default();
        let name = context.get_raw(1).as_str().unwrap_or_default();
        let value = context.get_raw(2).as_str().unwrap_or_default();
        let Ok(body) = EventBody::parse(body, true) else { return Ok(false) };
        Ok(match body.attribute(name) {
            Some(Value::String(text)) => text == value,
            Some(other) => serde_json::to_string(other).is_ok_and(|text| text == value),
            None => false,
        })
    })
}

/// A server that is just ending gets this long to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

const STATEMENT_CACHE: usize = 64;

/// Raised whenever `TABLES` changes, so that an older file is refused rather than misread.
const VERSION: i64 = 2;

/// Times are nanoseconds since 1970. `id` is the order of arrival.
const TABLES: &str = "
BEGIN;
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    environment_id TEXT,
    event_type TEXT NOT NULL,
    source TEXT NOT NULL,
    status TEXT,
    trace_id TEXT,
    agent_id TEXT,
    agent_name TEXT,
    tool_name TEXT,
    semantic_kind TEXT,
    service_name TEXT,
    operation_name TEXT NOT NULL,
    error_type TEXT,
    provider_name TEXT,
    request_model TEXT,
    session_id TEXT,
    user_id TEXT,
    release TEXT,
    failed INTEGER NOT NULL,
    total_tokens INTEGER,
    cost_usd REAL,
    dedup_key TEXT,
    created_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    search_text TEXT NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (created_at);
CREATE INDEX events_by_trace ON events (trace_id) WHERE trace_id IS NOT NULL;
CREATE UNIQUE INDEX events_by_dedup_key ON events (dedup_key) WHERE dedup_key IS NOT NULL;
CREATE TABLE documents (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
PRAGMA user_version = 2;
COMMIT;
";

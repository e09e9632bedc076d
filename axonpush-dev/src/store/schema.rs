//! The tables, and how a connection is set up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::Value;

use super::texts::{Found, Texts};
use crate::error::Error;
use crate::event::EventBody;

/// A connection that may write, to a file or to memory. It makes the tables when there are none.
pub(super) fn open(file: Option<&Path>, texts: &Arc<Texts>) -> Result<Connection, Error> {
    let fail = |error| Error::store(file, error);
    let connection = match file {
        Some(file) => Connection::open(file),
        None => Connection::open_in_memory(),
    }
    .map_err(fail)?;
    connection.busy_timeout(OPEN_TIMEOUT).map_err(fail)?;
    if let Some(path) = file {
        if connection.is_readonly("main").map_err(fail)? {
            return Err(Error::read_only_file(path));
        }
        check_owner(&connection, path)?;
        connection.execute_batch(FILE).map_err(fail)?;
    } else {
        connection.execute_batch(MEMORY).map_err(fail)?;
    }
    if connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map_err(fail)? == 0 {
        connection.execute_batch(TABLES).map_err(fail)?;
    }
    prepare(&connection, texts).map_err(fail)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    Ok(connection)
}

/// A connection to a file that [`open`] has seen to. It does not wait for the one that writes.
pub(super) fn open_to_read(file: &Path, texts: &Arc<Texts>) -> Result<Connection, Error> {
    let open = || {
        let connection = Connection::open(file)?;
        connection.busy_timeout(OPEN_TIMEOUT)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        prepare(&connection, texts)?;
        Ok(connection)
    };
    open().map_err(|error| Error::store(Some(file), error))
}

/// # Errors
/// For a file that is not ours, or of another version.
fn check_owner(connection: &Connection, file: &Path) -> Result<(), Error> {
    let fail = |error| Error::store(Some(file), error);
    let number = |query| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(fail);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    match (tables, application, version) {
        (0, 0, 0) | (_, APPLICATION, VERSION) => Ok(()),
        (_, APPLICATION, _) | (_, 0, 1..=LAST_UNSIGNED) => Err(Error::other_version(file, version)),
        _ => Err(Error::foreign_file(file)),
    }
}

fn prepare(connection: &Connection, texts: &Arc<Texts>) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    add_attribute_function(connection)?;
    add_text_function(connection, Arc::clone(texts))
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

/// `has_text(id, words)`: what is searched is not in the database.
fn add_text_function(connection: &Connection, texts: Arc<Texts>) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("has_text", 2, flags, move |context| {
        let id = context.get_raw(0).as_i64().unwrap_or_default();
        Ok(texts.has(id, context.get_raw(1).as_str().unwrap_or_default()))
    })
}

/// Takes in the words of what is stored, and returns how many events there are and how many bytes their bodies and the headers
/// that came with them have.
pub(super) fn load(connection: &Connection, texts: &Texts) -> rusqlite::Result<(u64, u64)> {
    let headers = "SELECT coalesce(sum(octet_length(headers)), 0) FROM arrivals";
    let (mut events, mut bytes) = (0, connection.query_row(headers, [], |row| row.get::<_, u64>(0))?);
    let mut statement =
        connection.prepare("SELECT id, created_at, length(body), search_text FROM events ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let found = Found { id: row.get(0)?, created_at: row.get(1)? };
        texts.extend([(found, row.get_ref(3)?.as_str().unwrap_or_default())]);
        events += 1;
        bytes += row.get::<_, u64>(2)?;
    }
    Ok((events, bytes))
}

/// Whoever else looks into the file, such as a browser of databases, gets this long to let go of it when a server starts.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// And this long later: everybody who publishes waits with the one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

const STATEMENT_CACHE: usize = 64;

/// Raised whenever `TABLES` changes, so that an older file is refused rather than misread.
const VERSION: i64 = 4;

/// Up to this version stores did not say whose they are.
const LAST_UNSIGNED: i64 = 2;

/// Says whose file it is: `AxPd`.
const APPLICATION: i64 = 0x4178_5064;

/// A development store may lose its last moments when the machine, not the program, goes down. Indexes are written all
/// over, so 64 MiB of them stay at hand, and as much is written to the log before it is sorted in.
const FILE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;
                    PRAGMA wal_autocheckpoint = 16384;";

/// In memory nothing that an insert does can fail half way, so no page is copied before it is changed; where it matters
/// the journal is switched on. Each commit looks at every page there is, so they are large.
const MEMORY: &str = "PRAGMA page_size = 65536; PRAGMA journal_mode = OFF;";

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
    request_id TEXT,
    trace_hash INTEGER,
    request_hash INTEGER,
    failed INTEGER NOT NULL,
    total_tokens INTEGER,
    cost_usd REAL,
    dedup_key TEXT,
    created_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    arrival_id INTEGER NOT NULL,
    body BLOB NOT NULL,
    search_text TEXT
);
CREATE TABLE arrivals (
    id INTEGER PRIMARY KEY,
    headers TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (created_at);
CREATE INDEX events_by_trace ON events (trace_hash) WHERE trace_hash IS NOT NULL;
CREATE INDEX events_by_request ON events (request_hash) WHERE request_hash IS NOT NULL;
CREATE UNIQUE INDEX events_by_dedup_key ON events (dedup_key) WHERE dedup_key IS NOT NULL;
CREATE TABLE documents (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
PRAGMA application_id = 0x41785064;
PRAGMA user_version = 4;
COMMIT;
";

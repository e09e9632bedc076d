//! The resource of a kind that was kept last.

use rusqlite::{Connection, OptionalExtension};

use super::{Document, Kind};

pub(crate) fn latest(connection: &Connection, kind: Kind) -> rusqlite::Result<Option<Document>> {
    let query = "SELECT body FROM documents WHERE kind = ? ORDER BY seq DESC LIMIT 1";
    let body: Option<String> = connection.prepare_cached(query)?.query_row([kind], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body).unwrap_or_default()))
}

//! Resources: small JSON documents with an id, by the kind of thing they are.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use super::{Store, StoreFailure};

/// A resource as it is kept, which is as it is shown.
pub(crate) type Document = Map<String, Value>;

/// A kind of resource, under the name it has in the database.
pub(crate) type Kind = &'static str;

/// A resource that is to be kept.
#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// What it belongs to, such as a channel's app; empty when it belongs to nothing.
    pub(crate) owner: String,
    pub(crate) document: Document,
}

impl Store {
    /// Every resource of a kind, or every one that belongs to `owner`, newest first.
    pub(crate) async fn documents(&self, kind: Kind, owner: Option<String>) -> Result<Vec<Document>, StoreFailure> {
        self.read(move |connection| list(connection, kind, owner.as_deref())).await
    }

    pub(crate) async fn document(&self, kind: Kind, id: String) -> Result<Option<Document>, StoreFailure> {
        self.read(move |connection| find(connection, kind, &id)).await
    }

    /// Does several things to resources at once: all of them or, when one fails, none.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        self.write(move |connection| {
            let transaction = connection.unchecked_transaction()?;
            let changed = change(&transaction)?;
            transaction.commit()?;
            Ok(changed)
        })
        .await
    }
}

pub(crate) fn list(connection: &Connection, kind: Kind, owner: Option<&str>) -> rusqlite::Result<Vec<Document>> {
    let query = "SELECT body FROM documents WHERE kind = ?1 AND (?2 IS NULL OR owner = ?2) ORDER BY seq DESC";
    connection.prepare_cached(query)?.query_map(params![kind, owner], read)?.collect()
}

pub(crate) fn find(connection: &Connection, kind: Kind, id: &str) -> rusqlite::Result<Option<Document>> {
    let query = "SELECT body FROM documents WHERE kind = ? AND id = ?";
    connection.prepare_cached(query)?.query_row([kind, id], read).optional()
}

/// Keeps a resource, in the place of the one with the same id if there is one.
pub(crate) fn save(connection: &Connection, new: &NewDocument) -> rusqlite::Result<()> {
    let body = Value::Object(new.document.clone()).to_string();
    connection
        .prepare_cached(
            "INSERT INTO documents (kind, id, owner, body) VALUES (?, ?, ?, ?)
             ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![new.kind, new.id, new.owner, body])?;
    Ok(())
}

/// Changes a resource in place. `None` when there is none.
pub(crate) fn update(
    connection: &Connection,
    kind: Kind,
    id: &str,
    change: impl FnOnce(&mut Document),
) -> rusqlite::Result<Option<Document>> {
    let Some(mut document) = find(connection, kind, id)? else { return Ok(None) };
    change(&mut document);
    let body = Value::Object(document.clone()).to_string();
    connection
        .prepare_cached("UPDATE documents SET body = ? WHERE kind = ? AND id = ?")?
        .execute(params![body, kind, id])?;
    Ok(Some(document))
}

/// Removes a resource and tells whether there was one.
pub(crate) fn remove(connection: &Connection, kind: Kind, id: &str) -> rusqlite::Result<bool> {
    let removed = connection.prepare_cached("DELETE FROM documents WHERE kind = ? AND id = ?")?.execute([kind, id])?;
    Ok(removed > 0)
}

/// Removes what belongs to `owner`.
pub(crate) fn remove_owned(connection: &Connection, kind: Kind, owner: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM documents WHERE kind = ? AND owner = ?")?.execute([kind, owner])?;
    Ok(())
}

pub(crate) fn count(connection: &Connection, kind: Kind) -> rusqlite::Result<u64> {
    connection.prepare_cached("SELECT count(*) FROM documents WHERE kind = ?")?.query_row([kind], |row| row.get(0))
}

/// Removes the oldest of a kind until `keep` are left, apart from those whose `status` is one of `spared`.
pub(crate) fn trim(connection: &Connection, kind: Kind, keep: u64, spared: &[&str]) -> rusqlite::Result<()> {
    let query = "DELETE FROM documents WHERE kind = ?1 AND seq <= (
                     SELECT seq FROM documents WHERE kind = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)
                 AND coalesce(json_extract(body, '$.status'), '') NOT IN (SELECT value FROM json_each(?3))";
    connection.prepare_cached(query)?.execute(params![kind, keep, Value::from(spared).to_string()])?;
    Ok(())
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Document> {
    // What is not JSON was written by somebody else, and shows as nothing.
    row.get::<_, String>(0).map(|body| serde_json::from_str(&body).unwrap_or_default())
}

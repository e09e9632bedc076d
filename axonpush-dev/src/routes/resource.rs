//! What the routes of all resources have in common.

use axum::response::Response;
use http::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::json_with;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, Kind, NewDocument, StoreFailure, documents};

impl Shared {
    pub(super) async fn list(&self, kind: Kind, owner: Option<&str>) -> Result<Vec<Document>, Problem> {
        Ok(self.store.documents(kind, owner.map(str::to_owned)).await?)
    }

    /// # Errors
    /// 404 when there is none.
    pub(super) async fn find(&self, kind: Kind, id: &str) -> Result<Document, Problem> {
        self.store.document(kind, id.to_owned()).await?.ok_or_else(|| missing(kind))
    }

    /// # Errors
    /// 409 when there are too many of them or the id is taken.
    pub(super) async fn create(&self, new: NewDocument) -> Result<Document, Problem> {
        let kind = new.kind;
        self.change(move |connection| {
            if documents::find(connection, kind, &new.id)?.is_some() {
                return Ok(Err(Problem::new(StatusCode::CONFLICT, format!("there is such a {kind} already"))));
            }
            Ok(keep(connection, &new)?.map(|()| new.document))
        })
        .await
    }

    /// # Errors
    /// 404 when there is none.
    pub(super) async fn update(
        &self,
        kind: Kind,
        id: &str,
        change: impl FnOnce(&mut Document) + Send + 'static,
    ) -> Result<Document, Problem> {
        let (id, now) = (id.to_owned(), self.clock.text());
        let change = |document: &mut Document| {
            change(document);
            document.insert("updatedAt".to_owned(), now.into());
        };
        let updated = self.store.change(move |connection| documents::update(connection, kind, &id, change)).await?;
        updated.ok_or_else(|| missing(kind))
    }

    /// # Errors
    /// 404 when there is none.
    pub(super) async fn remove(&self, kind: Kind, id: &str) -> Result<(), Problem> {
        let id = id.to_owned();
        let removed = self.store.change(move |connection| documents::remove(connection, kind, &id)).await?;
        if removed { Ok(()) } else { Err(missing(kind)) }
    }

    /// As [`Store::change`](crate::store::Store::change), for changes that may be refused.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        self.store.change(change).await?
    }
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Unwritable => Self::unwritable(),
            StoreFailure::Gone => Self::internal(),
        }
    }
}

/// Keeps a resource, in the place of the one with the same id if there is one. Whatever a request makes is kept this way.
///
/// # Errors
/// 409 when it would be one too many of its kind.
pub(super) fn keep(connection: &Connection, new: &NewDocument) -> rusqlite::Result<Result<(), Problem>> {
    let kind = new.kind;
    let is_new = documents::find(connection, kind, &new.id)?.is_none();
    if is_new && documents::count(connection, kind)? >= MAX_DOCUMENTS {
        let detail =
            format!("there are {MAX_DOCUMENTS} of kind {kind} already; delete some, or begin with an empty store");
        return Ok(Err(Problem::new(StatusCode::CONFLICT, detail)));
    }
    documents::save(connection, new).map(Ok)
}

/// A resource that belongs to nothing, with an id of its own under `id_name` and, as the service's first
/// generation had it, under `id`.
pub(super) fn fresh(
    shared: &Shared,
    request: &ReceivedRequest,
    kind: Kind,
    id_name: &str,
    fields: Value,
) -> NewDocument {
    let id = Uuid::new_v4().to_string();
    let mut document = object(json!({
        id_name: id, "id": id, "orgId": org_id(request), "createdAt": shared.clock.text(),
    }));
    document.extend(object(fields));
    NewDocument { kind, id, owner: String::new(), document }
}

/// The organization a request is about.
pub(super) fn org_id(request: &ReceivedRequest) -> &str {
    request.header("x-tenant-id").filter(|id| !id.is_empty()).unwrap_or(ORG_ID)
}

/// The entries of a JSON object that are not null: an absent field is left out.
pub(super) fn object(value: Value) -> Document {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Document::new(),
    }
}

/// A string of a document.
pub(super) fn text<'a>(document: &'a Document, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn created(document: &Document) -> Response {
    json_with(StatusCode::CREATED, document)
}

pub(super) fn done() -> Response {
    super::json(&json!({"ok": true}))
}

pub(super) fn missing(kind: Kind) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no such {kind}"))
}

/// The organization of whoever names none.
pub(crate) const ORG_ID: &str = "org_dev";

/// Enough for any test, and a bound for a loop that has lost its way.
const MAX_DOCUMENTS: u64 = 10_000;

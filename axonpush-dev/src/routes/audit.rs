//! `/audit-logs` and `/audit-trail`: who changed what, and what agents did.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::USER_ID;
use super::operation::Operation;
use super::query::Parameters;
use super::resource::{object, org_id, text};
use super::{Answered, json, operations};
use crate::digest::sha256_hex;
use crate::event::EventView;
use crate::guard::Authorized;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, Kind, NewDocument, Scan, documents, latest};

/// Writes down every change that a request brought about.
///
/// Each entry has the digest of the one before it in its own, so that one that was changed later gives itself away.
pub(super) async fn note(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let operation = path.and_then(|path| operations::find(request.method().as_str(), path.as_str()));
    let received = request.extensions().get::<Arc<ReceivedRequest>>().cloned();
    let response = next.run(request).await;
    let (Some(operation), Some(received)) = (operation.filter(|operation| operation.is_audited()), received) else {
        return response;
    };
    if !response.status().is_success() {
        return response;
    }
    let (parts, body) = response.into_parts();
    // It is a small document of our own.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let entry = entry(&shared, operation, &received, &body);
    // The change was made, whether it could be written down or not.
    let _ = shared.store.change(move |connection| append(connection, entry)).await;
    Response::from_parts(parts, Body::from(body))
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    mut parameters: Parameters,
) -> Answered {
    let limit = parameters.limit() as usize;
    let before = parameters.time("before");
    let filters = ["action", "resourceType", "source"].map(|name| (name, parameters.text(name).map(str::to_owned)));
    parameters.check()?;
    let wanted = |entry: &Document| {
        let earlier =
            before.is_none_or(|before| text(entry, "createdAt").parse().is_ok_and(|at: Timestamp| at < before));
        let matches = filters.iter().all(|(name, value)| value.as_ref().is_none_or(|value| text(entry, name) == value));
        earlier && matches && text(entry, "organizationId") == org_id(&request)
    };
    let entries: Vec<_> = shared.list(ENTRY, None).await?.into_iter().filter(wanted).take(limit).collect();
    Ok(json(&json!({"data": entries})))
}

/// Whether every entry is as it was written. Entries that left to make room are not missed.
pub(super) async fn verify(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    let mut entries = shared.list(ENTRY, None).await?;
    entries.reverse();
    let mut before: Option<String> = None;
    for entry in &entries {
        let (expected, actual) = (digest(entry), text(entry, "entryHash"));
        let chained = before.as_deref().is_none_or(|before| text(entry, "prevHash") == before);
        if expected != actual || !chained {
            let broken = json!({
                "ok": false, "count": entries.len(), "brokenAtSeq": entry.get("seq"), "expected": expected,
                "actual": actual,
            });
            return Ok(json(&broken));
        }
        before = Some(actual.to_owned());
    }
    Ok(json(&json!({"ok": true, "count": entries.len()})))
}

/// Events that tell what an agent, a tool or a model did.
pub(super) async fn trail(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let window = parameters.window(shared.clock.now());
    let limit = parameters.limit() as usize;
    let mut scan = Scan::default();
    scan.window(window.since, window.until);
    scan.has("semantic_kind");
    if let Some(trace) = parameters.text("traceId") {
        scan.equals("trace_id", trace.to_owned());
    }
    parameters.check()?;
    let mut decisions = scan
        .fold(&shared.store, Vec::new(), |decisions, event| {
            if matches!(event.facts.semantic_kind, Some("agent" | "tool" | "llm")) {
                decisions.extend(EventView::from_row(event.row).and_then(|event| serde_json::to_value(event).ok()));
            }
        })
        .await?;
    decisions.reverse();
    decisions.truncate(limit);
    let decisions: Vec<_> = decisions.iter().map(decision).collect();
    Ok(json(&json!({"decisions": decisions})))
}

fn decision(event: &Value) -> Value {
    let mut shown =
        object(json!({"costUsd": event.get("costUsd").unwrap_or(&json!(0.0)), "model": event.get("requestModel"),
                                  "provider": event.get("providerName")}));
    for name in
        ["eventType", "occurredAt", "appId", "parentSpanId", "semanticKind", "spanId", "status", "toolName", "traceId"]
    {
        shown.extend(event.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    Value::Object(shown)
}

/// An entry that has no place among the others yet.
fn entry(shared: &Shared, operation: &Operation, request: &ReceivedRequest, answer: &[u8]) -> Document {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let created = answer.get("id").and_then(Value::as_str);
    object(json!({
        "id": Uuid::new_v4().to_string(), "action": operation.id, "resourceType": operation.tag(),
        "resourceId": named(operation.path, &request.path).or(created).unwrap_or_default(),
        "organizationId": org_id(request), "actorEmail": "dev@localhost", "source": "api",
        "createdAt": shared.clock.text(), "metadata": {"method": request.method, "path": request.path},
    }))
}

/// Puts an entry after the latest one.
fn append(connection: &rusqlite::Connection, mut entry: Document) -> rusqlite::Result<()> {
    let before = latest(connection, ENTRY)?.unwrap_or_default();
    let sequence = before.get("seq").and_then(Value::as_u64).unwrap_or_default() + 1;
    entry.insert("seq".to_owned(), sequence.into());
    entry.insert("prevHash".to_owned(), text(&before, "entryHash").into());
    // The contract wants them even where there is nothing to say.
    entry.insert("actorId".to_owned(), USER_ID.into());
    entry.insert("ipAddress".to_owned(), Value::Null);
    let digest = digest(&entry);
    entry.insert("entryHash".to_owned(), digest.into());
    let id = text(&entry, "id").to_owned();
    documents::save(connection, &NewDocument { kind: ENTRY, id, owner: String::new(), document: entry })?;
    documents::trim(connection, ENTRY, MAX_KEPT, &[])
}

/// The digest of all that an entry says, and of what the one before it said.
fn digest(entry: &Document) -> String {
    let mut entry = entry.clone();
    entry.remove("entryHash");
    sha256_hex(Value::Object(entry).to_string().as_bytes())
}

/// What the last of the variable parts of a path is in `path`.
fn named<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let pairs = template.split('/').zip(path.split('/'));
    pairs.filter(|(part, _)| part.starts_with('{')).last().map(|(_, named)| named)
}

const ENTRY: Kind = "audit entry";

/// How many entries are kept.
const MAX_KEPT: u64 = 10_000;

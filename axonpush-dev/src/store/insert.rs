//! Writing one event, and removing the oldest.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::event::{EventBody, Facts, SOURCE};

/// An event on its way into the store.
#[derive(Debug)]
pub(crate) struct NewEvent {
    event_id: String,
    created_at: Timestamp,
    facts: Facts,
    parsed: EventBody,
    body: Bytes,
    headers: String,
    search_text: String,
}

/// What the store says to a write.
#[derive(Debug)]
pub(crate) struct Receipt {
    /// The event's id; for a repeat, that of the event that came first.
    pub(crate) event_id: String,
    pub(crate) duplicate: bool,
}

pub(super) enum Inserted {
    New,
    Repeat { first_event_id: String },
}

impl NewEvent {
    pub(crate) fn new(parsed: EventBody, body: Bytes, headers: &[(String, String)]) -> Self {
        let created_at = Timestamp::now();
        // Clients escape what they like; searching wants one spelling.
        let payload = serde_json::to_string(&parsed.payload).unwrap_or_default();
        Self {
            event_id: uuid::Uuid::now_v7().to_string(),
            created_at,
            facts: Facts::new(&parsed, headers, created_at),
            search_text: format!("{}\n{payload}", parsed.identifier).to_lowercase(),
            headers: serde_json::to_string(headers).unwrap_or_default(),
            parsed,
            body,
        }
    }

    pub(super) fn event_id(&self) -> &str {
        &self.event_id
    }

    pub(super) fn body_len(&self) -> u64 {
        self.body.len() as u64
    }
}

pub(super) fn insert(connection: &Connection, event: &NewEvent) -> rusqlite::Result<Inserted> {
    let NewEvent { facts, parsed, .. } = event;
    let inserted = connection.prepare_cached(INSERT)?.execute(named_params! {
        ":event_id": event.event_id,
        ":app_id": APP_ID,
        ":channel_id": parsed.channel_id,
        ":environment_id": facts.environment_id,
        ":event_type": parsed.event_type,
        ":source": SOURCE,
        ":status": facts.status,
        ":trace_id": parsed.trace_id,
        ":agent_id": parsed.agent_id,
        ":agent_name": facts.agent_name,
        ":tool_name": facts.tool_name,
        ":semantic_kind": facts.semantic_kind,
        ":service_name": facts.service_name,
        ":operation_name": parsed.identifier,
        ":error_type": facts.error_type,
        ":provider_name": facts.provider_name,
        ":request_model": facts.request_model,
        ":session_id": facts.session_id,
        ":user_id": facts.user_id,
        ":release": facts.release,
        ":failed": facts.is_failure(),
        ":total_tokens": facts.total_tokens,
        ":cost_usd": facts.cost_usd,
        ":dedup_key": parsed.dedup_key,
        ":created_at": to_nanos(event.created_at),
        ":occurred_at": to_nanos(facts.occurred_at),
        ":ended_at": to_nanos(facts.ended_at),
        ":search_text": event.search_text,
        ":body": &event.body[..],
        ":headers": event.headers,
    })?;
    if inserted == 1 {
        return Ok(Inserted::New);
    }
    // Only the dedup key is unique, so only a repeat can have been passed over.
    let first_event_id = connection
        .prepare_cached("SELECT event_id FROM events WHERE dedup_key = ?1")?
        .query_row([&parsed.dedup_key], |row| row.get(0))?;
    Ok(Inserted::Repeat { first_event_id })
}

/// Removes the oldest event and tells how many bytes its body had; `None` when there is none.
pub(super) fn remove_oldest(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("DELETE FROM events WHERE id = (SELECT min(id) FROM events) RETURNING length(body)")?
        .query_row([], |row| row.get(0))
        .optional()
}

/// Nanoseconds since 1970, held at the ends of the range that 64 bits can say (1677 to 2262).
pub(super) fn to_nanos(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// The app that channels belong to when nobody created one.
const APP_ID: &str = "app_dev";

const INSERT: &str = "
INSERT INTO events (
    event_id, app_id, channel_id, environment_id, event_type, source, status, trace_id, agent_id, agent_name,
    tool_name, semantic_kind, service_name, operation_name, error_type, provider_name, request_model, session_id,
    user_id, release, failed, total_tokens, cost_usd, dedup_key, created_at, occurred_at, ended_at, search_text,
    body, headers
) VALUES (
    :event_id, :app_id, :channel_id, :environment_id, :event_type, :source, :status, :trace_id, :agent_id, :agent_name,
    :tool_name, :semantic_kind, :service_name, :operation_name, :error_type, :provider_name, :request_model, :session_id,
    :user_id, :release, :failed, :total_tokens, :cost_usd, :dedup_key, :created_at, :occurred_at, :ended_at, :search_text,
    :body, :headers
) ON CONFLICT DO NOTHING";

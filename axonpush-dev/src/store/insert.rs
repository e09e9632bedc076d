//! Writing one event, and removing the oldest.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde_json::Value;
use uuid::Uuid;

use super::hash::hash;
use crate::event::{EventBody, Facts};
use crate::requests::ReceivedRequest;

/// An event on its way into the store: what its columns hold and no more.
///
/// The texts are one piece of memory of just their size, because the thread that writes is not the one that reads
/// requests, and giving back what another thread allocated is dear.
#[derive(Debug)]
pub(crate) struct NewEvent {
    event_id: Uuid,
    texts: Texts,
    trace_hash: Option<i64>,
    request_hash: Option<i64>,
    failed: bool,
    total_tokens: Option<i64>,
    cost_usd: Option<f64>,
    created_at: Timestamp,
    occurred_at: Timestamp,
    ended_at: Timestamp,
    body: Bytes,
    headers: Arc<str>,
}

/// The text columns in the order of `INSERT`, one after the other. A column has no end when it is null. The last of them is
/// what a search by text looks through.
#[derive(Debug, Default)]
struct Texts {
    joined: Box<str>,
    ends: [Option<NonZeroU32>; TEXT_COLUMNS],
}

impl Texts {
    /// The words are added at the end. What is in `joined` is lost.
    fn new(columns: &[Option<&str>; SEARCH_TEXT], joined: &mut String, add_words: impl FnOnce(&mut String)) -> Self {
        joined.clear();
        let mut ends = [None; TEXT_COLUMNS];
        for (text, end) in columns.iter().zip(&mut ends) {
            if let Some(text) = text {
                joined.push_str(text);
                *end = Self::end(joined);
            }
        }
        add_words(joined);
        let [.., end] = &mut ends;
        *end = Self::end(joined);
        Self { joined: joined.as_str().into(), ends }
    }

    /// An event has an id first, so no end is zero, and is of one request, so none is beyond 32 bits.
    fn end(joined: &str) -> Option<NonZeroU32> {
        u32::try_from(joined.len()).ok().and_then(NonZeroU32::new)
    }

    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let end = (*end)?.get() as usize;
            let text = self.joined.get(start..end);
            start = end;
            text
        })
    }

    fn dedup_key(&self) -> Option<&str> {
        self.iter().nth(DEDUP_KEY).flatten()
    }
}

/// A request over OTLP, which brings many events.
#[derive(Debug)]
pub(crate) struct Delivery<'a> {
    arrival: Arrival<'a>,
    seen: u128,
    scratch: Scratch,
}

/// Where texts are written before they are kept in as much memory as they need.
#[derive(Debug, Default)]
struct Scratch {
    body: Vec<u8>,
    texts: String,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(request: &'a ReceivedRequest, at: Timestamp) -> Self {
        Self::from_source(request, "otlp", at)
    }

    /// The same, over another protocol.
    pub(crate) fn from_source(request: &'a ReceivedRequest, source: &'static str, at: Timestamp) -> Self {
        Self { arrival: Arrival::new(request, source, at), seen: 0, scratch: Scratch::default() }
    }

    /// The event that a record became.
    pub(crate) fn event(&mut self, record: &EventBody) -> NewEvent {
        // Random bits are dear one by one; what follows a fresh id is as fresh.
        let id = Uuid::from_u128(self.arrival.id.as_u128().wrapping_add(self.seen));
        self.seen += 1;
        // The text of these payloads is our own already.
        self.scratch.body.clear();
        record.write(&mut self.scratch.body);
        let body = Bytes::copy_from_slice(&self.scratch.body);
        NewEvent::new(id, record, body, &self.arrival, &mut self.scratch.texts)
    }
}

/// How events arrived.
#[derive(Debug)]
struct Arrival<'a> {
    id: Uuid,
    headers: &'a [(String, String)],
    text: Arc<str>,
    at: Timestamp,
    source: &'static str,
}

/// Adds what a search by text looks through: the identifier, and every key and value of the payload as people write them,
/// each on a line of its own and in lower case.
fn add_words(parsed: &EventBody, words: &mut String) {
    fn add(value: &Value, words: &mut String) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| add_entry(key, value, words)),
            Value::Array(items) => items.iter().for_each(|item| add(item, words)),
            Value::String(string) => add_line(string, words),
            Value::Null => {}
            other => add_line(&other.to_string(), words),
        }
    }

    fn add_entry(key: &str, value: &Value, words: &mut String) {
        add_line(key, words);
        add(value, words);
    }

    fn add_line(line: &str, words: &mut String) {
        words.push('\n');
        words.push_str(line);
    }

    let start = words.len();
    words.push_str(&parsed.identifier);
    parsed.payload.iter().for_each(|(key, value)| add_entry(key, value, words));
    match words.get_mut(start..) {
        Some(added) if added.is_ascii() => added.make_ascii_lowercase(),
        added => {
            let lower = added.unwrap_or_default().to_lowercase();
            words.truncate(start);
            words.push_str(&lower);
        }
    }
}

/// What the store says to a write. Few ask for more, so nothing is written out before they do.
#[derive(Debug)]
pub(crate) enum Receipt {
    New { event_id: Uuid },
    Repeat { first_event_id: String },
}

impl Receipt {
    /// The event's id; for a repeat, that of the event that came first.
    pub(crate) fn event_id(self) -> String {
        match self {
            Self::New { event_id } => event_id.to_string(),
            Self::Repeat { first_event_id } => first_event_id,
        }
    }
}

pub(super) enum Inserted {
    New { sequence: i64 },
    Repeat { first_event_id: String },
}

impl NewEvent {
    /// The event that is the body of `request`.
    pub(crate) fn sent(parsed: &EventBody, request: &ReceivedRequest, at: Timestamp) -> Self {
        let arrival = Arrival::new(request, "app", at);
        Self::new(arrival.id, parsed, request.body.clone(), &arrival, &mut String::new())
    }

    fn new(event_id: Uuid, parsed: &EventBody, body: Bytes, arrival: &Arrival<'_>, scratch: &mut String) -> Self {
        let facts = Facts::new(parsed, arrival.headers, arrival.at);
        let mut written_id = Uuid::encode_buffer();
        let columns = [
            Some(&*event_id.hyphenated().encode_lower(&mut written_id)),
            // Known when it is written.
            None,
            Some(&parsed.channel_id),
            facts.environment_id.as_deref(),
            Some(&parsed.event_type),
            Some(arrival.source),
            facts.status.as_deref(),
            parsed.trace_id.as_deref(),
            parsed.agent_id.as_deref(),
            facts.agent_name.as_deref(),
            facts.tool_name.as_deref(),
            facts.semantic_kind,
            facts.service_name.as_deref(),
            Some(&parsed.identifier),
            facts.error_type.as_deref(),
            facts.provider_name.as_deref(),
            facts.request_model.as_deref(),
            facts.session_id.as_deref(),
            facts.user_id.as_deref(),
            facts.release.as_deref(),
            facts.request_id.as_deref(),
            parsed.dedup_key.as_deref(),
        ];
        let texts = Texts::new(&columns, scratch, |words| add_words(parsed, words));
        Self {
            event_id,
            texts,
            trace_hash: parsed.trace_id.as_deref().map(hash),
            request_hash: facts.request_id.as_deref().map(hash),
            failed: facts.is_failure(),
            total_tokens: facts.total_tokens,
            cost_usd: facts.cost_usd,
            created_at: arrival.at,
            occurred_at: facts.occurred_at,
            ended_at: facts.ended_at,
            body,
            headers: Arc::clone(&arrival.text),
        }
    }

    pub(super) fn event_id(&self) -> Uuid {
        self.event_id
    }

    pub(crate) fn body_len(&self) -> u64 {
        self.body.len() as u64
    }

    pub(super) fn headers(&self) -> &Arc<str> {
        &self.headers
    }

    pub(super) fn created_at(&self) -> i64 {
        to_nanos(self.created_at)
    }

    pub(super) fn search_text(&self) -> &str {
        self.texts.iter().last().flatten().unwrap_or_default()
    }
}

impl<'a> Arrival<'a> {
    fn new(request: &'a ReceivedRequest, source: &'static str, at: Timestamp) -> Self {
        let text = serde_json::to_string(&request.headers).unwrap_or_default().into();
        Self { id: Uuid::now_v7(), at, headers: &request.headers, text, source }
    }
}

/// Writes events, one after the other, within one transaction.
pub(super) struct Inserter<'a> {
    connection: &'a Connection,
    insert: CachedStatement<'a>,
    /// The channel of the last event, and the app it belongs to.
    owner: Option<(String, String)>,
    /// Whether the text that is searched is to be stored, too.
    keep_text: bool,
    /// The event before. What it has in common with the next one is bound already.
    last: Option<&'a NewEvent>,
}

impl<'a> Inserter<'a> {
    pub(super) fn new(connection: &'a Connection, keep_text: bool) -> rusqlite::Result<Self> {
        Ok(Self { connection, insert: connection.prepare_cached(INSERT)?, owner: None, keep_text, last: None })
    }

    /// Keeps the headers of a request, and returns the number that its events refer to them by.
    pub(super) fn arrival(&self, headers: &str) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("INSERT INTO arrivals (headers) VALUES (?)")?.insert([headers])
    }

    /// Headers that no event refers to: whoever repeats himself must not fill the store with them.
    pub(super) fn forget_arrival(&self, arrival: i64) -> rusqlite::Result<()> {
        self.connection.prepare_cached("DELETE FROM arrivals WHERE id = ?")?.execute([arrival]).map(drop)
    }

    pub(super) fn insert(&mut self, event: &'a NewEvent, arrival: i64) -> rusqlite::Result<Inserted> {
        let mut last = self.last.replace(event).map(|last| last.texts.iter());
        if self.learn_owner(event.texts.iter().nth(CHANNEL).flatten().unwrap_or_default())? {
            last = None;
        }
        let owner = self.owner.as_ref().map(|(_, app)| app.as_str());
        // By position: names would have to be looked up each time.
        for (index, text) in event.texts.iter().enumerate() {
            if last.as_mut().and_then(Iterator::next) == Some(text) {
                continue;
            }
            let text = match index {
                APP => owner,
                SEARCH_TEXT if !self.keep_text => None,
                _ => text,
            };
            self.insert.raw_bind_parameter(index + 1, text)?;
        }
        let others = params![
            event.trace_hash,
            event.request_hash,
            event.failed,
            event.total_tokens,
            event.cost_usd,
            to_nanos(event.created_at),
            to_nanos(event.occurred_at),
            to_nanos(event.ended_at),
            &event.body[..],
            arrival,
        ];
        for (index, value) in others.iter().enumerate() {
            self.insert.raw_bind_parameter(TEXT_COLUMNS + index + 1, value)?;
        }
        if self.insert.raw_execute()? == 1 {
            return Ok(Inserted::New { sequence: self.connection.last_insert_rowid() });
        }
        // Only the dedup key is unique, so only a repeat can have been passed over.
        let first_event_id = self
            .connection
            .prepare_cached("SELECT event_id FROM events WHERE dedup_key = ?1")?
            .query_row([event.texts.dedup_key()], |row| row.get(0))?;
        Ok(Inserted::Repeat { first_event_id })
    }

    /// Whether there may be another owner now. Most events go to the channel of the one before.
    fn learn_owner(&mut self, channel: &str) -> rusqlite::Result<bool> {
        let changed = self.owner.as_ref().is_none_or(|(known, _)| known != channel);
        if changed {
            let query = "SELECT owner FROM documents WHERE kind = 'channel' AND id = ?";
            let owner = self.connection.prepare_cached(query)?.query_row([channel], |row| row.get(0)).optional()?;
            self.owner = Some((channel.to_owned(), owner.unwrap_or_else(|| APP_ID.to_owned())));
        }
        Ok(changed)
    }
}

/// Removes the oldest event, and the headers it came with when it was the last of them. Tells how many bytes the body and
/// the headers had; `None` when there is no event.
pub(super) fn remove_oldest(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    let mut event = connection
        .prepare_cached("DELETE FROM events WHERE id = (SELECT min(id) FROM events) RETURNING length(body)")?;
    let Some(body) = event.query_row([], |row| row.get::<_, u64>(0)).optional()? else { return Ok(None) };
    let mut arrivals = connection.prepare_cached(
        "DELETE FROM arrivals WHERE id < (SELECT arrival_id FROM events ORDER BY id LIMIT 1)
         RETURNING octet_length(headers)",
    )?;
    let headers = arrivals.query_map([], |row| row.get::<_, u64>(0))?.sum::<rusqlite::Result<u64>>()?;
    Ok(Some(body + headers))
}

/// Nanoseconds since 1970, held at the ends of the range that 64 bits can say (1677 to 2262).
pub(super) fn to_nanos(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// The app that channels belong to when nobody created one.
const APP_ID: &str = "app_dev";

const TEXT_COLUMNS: usize = 23;

/// Where some of them are.
const APP: usize = 1;
const CHANNEL: usize = 2;
const DEDUP_KEY: usize = 21;
const SEARCH_TEXT: usize = 22;

const INSERT: &str = "
INSERT INTO events (
    event_id, app_id, channel_id, environment_id, event_type, source, status, trace_id, agent_id, agent_name,
    tool_name, semantic_kind, service_name, operation_name, error_type, provider_name, request_model, session_id,
    user_id, release, request_id, dedup_key, search_text,
    trace_hash, request_hash, failed, total_tokens, cost_usd, created_at, occurred_at, ended_at, body, arrival_id
) VALUES (
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
) ON CONFLICT DO NOTHING";

//! Finding traces. The database picks which ones and in what order; their events tell the rest.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::hash::hash;
use super::insert::to_nanos;
use super::search::{Conditions, ROWS, aside, first_sequence, last_sequence, rows};
use super::{Store, StoreFailure};
use crate::event::Row;

/// A search for traces. A filter matches a trace when it matches any of its events.
#[derive(Debug)]
pub(crate) struct TraceSearch {
    having: Conditions,
    since: i64,
    until: i64,
    /// What their ids or events contain, in lower case.
    words: Option<String>,
    pub(crate) sort: TraceSort,
    limit: usize,
    offset: usize,
    /// How many events are gone through in one go.
    page: i64,
}

/// The order of a list of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TraceSort {
    #[default]
    LastSeenDesc,
    LastSeenAsc,
    DurationDesc,
    CostDesc,
    TokensDesc,
}

/// A trace that was found, and its place in the list: what is greater comes first.
#[derive(Debug)]
struct Found {
    trace_id: String,
    key: f64,
    newest: i64,
}

impl TraceSearch {
    pub(crate) fn new(since: Timestamp, until: Option<Timestamp>, limit: u32, offset: u32) -> Self {
        let mut window = Conditions::default();
        window.window(since, until);
        let mut search = Self {
            having: Conditions::default(),
            since: to_nanos(since),
            until: until.map_or(i64::MAX, to_nanos),
            words: None,
            sort: TraceSort::default(),
            limit: limit as usize,
            offset: offset as usize,
            page: PAGE,
        };
        search.any_event(window);
        search
    }

    /// Only traces in which some event's `column` is one of `values`.
    pub(crate) fn any_of(&mut self, column: &'static str, values: Vec<String>) {
        let marks = vec!["?"; values.len()].join(", ");
        let mut condition = Conditions::default();
        condition.push(format!("{column} IN ({marks})"), values.into_iter().map(Value::Text));
        self.any_event(condition);
    }

    /// Only traces whose id or some event of which contains `text`, in any case.
    pub(crate) fn contains(&mut self, text: &str) {
        let mut condition = Conditions::default();
        let words = text.to_lowercase();
        let value = Value::Text(words.clone());
        condition.push("has_text(id, ?) OR instr(lower(trace_id), ?) > 0", [value.clone(), value]);
        self.any_event(condition);
        self.words = Some(words);
    }

    pub(crate) fn errors_only(&mut self) {
        self.having.push("max(failed) > 0", []);
    }

    pub(crate) fn min_duration_ms(&mut self, milliseconds: f64) {
        self.having.push("max(ended_at) - min(occurred_at) >= ? * 1e6", [Value::Real(milliseconds)]);
    }

    fn any_event(&mut self, condition: Conditions) {
        let Conditions { sql, values } = condition;
        self.having.push(format!("max({sql})"), values);
    }

    /// The ids of the traces found, in order.
    ///
    /// Goes through events from the newest on, a few at a time, and then through the traces they belong to, so that those
    /// who publish meanwhile wait for these and not for the whole search.
    pub(crate) async fn run(self, store: &Store) -> Result<Vec<String>, StoreFailure> {
        let search = Arc::new(self);
        let wanted = search.offset.saturating_add(search.limit);
        let oldest = search.oldest(store).await?;
        let mut newest = store.read(last_sequence).await?;
        // Mostly few have the words, and the others need not be looked at.
        let with_words = match &search.words {
            Some(words) => traces_with(store, words.clone()).await?.map(|traces| (words.as_str(), traces)),
            None => None,
        };
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        while newest >= oldest {
            let first = oldest.max(newest.saturating_sub(search.page - 1));
            let mut traces = store.read(move |connection| traces_between(connection, first, newest)).await?;
            if let Some((words, with_words)) = &with_words {
                traces.retain(|trace| with_words.contains(trace) || trace.to_ascii_lowercase().contains(words));
            }
            traces.retain(|trace| seen.insert(trace.clone()));
            for few in traces.chunks(AT_ONCE) {
                let (search, few) = (Arc::clone(&search), few.to_vec());
                found.extend(store.read(move |connection| search.among(connection, &few)).await?);
            }
            // Who was met earlier has the newer event.
            if search.sort == TraceSort::LastSeenDesc && found.len() >= wanted {
                break;
            }
            newest = first - 1;
        }
        found.sort_unstable_by(|one, other| other.key.total_cmp(&one.key).then(other.newest.cmp(&one.newest)));
        Ok(found.into_iter().skip(search.offset).take(search.limit).map(|found| found.trace_id).collect())
    }

    /// Where the events in the window begin in the order of arrival, which is not quite that of time: clocks are moved.
    async fn oldest(&self, store: &Store) -> Result<i64, StoreFailure> {
        let (mut since, until, mut oldest) = (self.since, self.until, i64::MAX);
        loop {
            let few = move |connection: &Connection| {
                let mut first = connection.prepare_cached("SELECT min(created_at) FROM events")?;
                if first.query_row([], |row| row.get::<_, Option<i64>>(0))?.is_some_and(|first| first >= since) {
                    // All of them are in it, or newer.
                    return Ok((first_sequence(connection)?, None));
                }
                let query = "SELECT coalesce(min(id), ?1), max(created_at), count(*) FROM (
                                 SELECT id, created_at FROM events WHERE created_at >= ?2 AND created_at < ?3
                                 ORDER BY created_at, id LIMIT ?4)";
                connection.prepare_cached(query)?.query_row((i64::MAX, since, until, TIMES), |row| {
                    let (lowest, latest, all): (i64, Option<i64>, i64) = row.try_into()?;
                    Ok((lowest, latest.filter(|_| all == TIMES)))
                })
            };
            let (lowest, latest) = store.read(few).await?;
            oldest = oldest.min(lowest);
            // Of those of one moment the oldest came first.
            let Some(latest) = latest else { return Ok(oldest) };
            since = latest.saturating_add(1);
        }
    }

    /// Those of these traces that are found.
    fn among(&self, connection: &Connection, traces: &[String]) -> rusqlite::Result<Vec<Found>> {
        let key = match self.sort {
            TraceSort::LastSeenDesc => "max(id)",
            TraceSort::LastSeenAsc => "-max(id)",
            TraceSort::DurationDesc => "max(ended_at) - min(occurred_at)",
            TraceSort::CostDesc => "total(cost_usd)",
            TraceSort::TokensDesc => "total(total_tokens)",
        };
        let Conditions { sql, values } = self.having.clone();
        let query = format!(
            "SELECT trace_id, CAST({key} AS REAL), max(id) FROM events
             WHERE trace_hash IN (SELECT value FROM json_each(?)) AND trace_id IN (SELECT value FROM json_each(?))
             GROUP BY trace_id HAVING {sql}"
        );
        let hashes: Vec<_> = traces.iter().map(|trace| hash(trace)).collect();
        let traces = [serde_json::Value::from(hashes), traces.into()].map(|list| Value::Text(list.to_string()));
        let mut statement = connection.prepare_cached(&query)?;
        let found = statement.query_map(params_from_iter(traces.into_iter().chain(values)), |row| {
            Ok(Found { trace_id: row.get(0)?, key: row.get(1)?, newest: row.get(2)? })
        })?;
        found.collect()
    }
}

/// The traces of the events that have these words. `None` when those are many: then they are met soon enough.
async fn traces_with(store: &Store, words: String) -> Result<Option<HashSet<String>>, StoreFailure> {
    let texts = store.texts();
    let ids = aside(move || {
        let (mut search, mut ids) = (texts.search(words, i64::MIN, i64::MAX), Vec::new());
        while ids.len() <= MANY {
            let next = search.next(MANY);
            if next.is_empty() {
                return Some(ids);
            }
            ids.extend(next.iter().map(|found| found.id));
        }
        None
    });
    let Some(ids) = ids.await? else { return Ok(None) };
    let mut traces = HashSet::new();
    for few in ids.chunks(AT_ONCE) {
        let few = serde_json::Value::from(few).to_string();
        let query = "SELECT trace_id FROM events WHERE id IN (SELECT value FROM json_each(?))";
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_map([few], |row| row.get::<_, Option<String>>(0))?.collect::<Result<Vec<_>, _>>()
        };
        traces.extend(store.read(read).await?.into_iter().flatten());
    }
    Ok(Some(traces))
}

/// The traces of these events, that of the newest event first.
fn traces_between(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<String>> {
    let query = "SELECT trace_id FROM events WHERE id BETWEEN ? AND ? ORDER BY id DESC";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([first, last])?;
    let (mut seen, mut traces) = (HashSet::new(), Vec::new());
    while let Some(row) = rows.next()? {
        if let Some(trace) = row.get_ref(0)?.as_str_or_null()?
            && !seen.contains(trace)
        {
            seen.insert(trace.to_owned());
            traces.push(trace.to_owned());
        }
    }
    Ok(traces)
}

/// Every event of one trace, in the order things happened.
pub(crate) fn trace_rows(connection: &Connection, trace_id: &str) -> rusqlite::Result<Vec<Row>> {
    let query = format!("{ROWS} WHERE trace_hash = ? AND trace_id = ? ORDER BY occurred_at, events.id");
    rows(connection, &query, vec![Value::Integer(hash(trace_id)), Value::Text(trace_id.to_owned())])
}

/// A few milliseconds' worth of events.
const PAGE: i64 = 1_000;

/// How many events are asked for their times in one go.
const TIMES: i64 = 10_000;

/// How many traces, or events that have the words, are looked at in one go.
const AT_ONCE: usize = 100;

/// How many events that have the words are looked up.
const MANY: usize = 5_000;

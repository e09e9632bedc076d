//! Finding traces. The database picks which ones and in what order; their events tell the rest.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::hash::hash;
use super::search::{Conditions, ROWS, rows};
use crate::event::Row;

/// A search for traces. A filter matches a trace when it matches any of its events.
#[derive(Debug)]
pub(crate) struct TraceSearch {
    conditions: Conditions,
    having: Conditions,
    pub(crate) sort: TraceSort,
    pub(crate) limit: u32,
    pub(crate) offset: u32,
}

/// The order of a list of traces.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum TraceSort {
    #[default]
    LastSeenDesc,
    LastSeenAsc,
    DurationDesc,
    CostDesc,
    TokensDesc,
}

impl TraceSearch {
    pub(crate) fn new(since: Timestamp, until: Option<Timestamp>, limit: u32, offset: u32) -> Self {
        let mut window = Conditions::default();
        window.window(since, until);
        let mut search = Self {
            conditions: Conditions::default(),
            having: Conditions::default(),
            sort: TraceSort::default(),
            limit,
            offset,
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
        let text = Value::Text(text.to_lowercase());
        condition.push("(has_text(id, ?) OR instr(lower(trace_id), ?) > 0)", [text.clone(), text]);
        self.any_event(condition);
    }

    pub(crate) fn errors_only(&mut self) {
        self.having.push("max(failed) > 0", []);
    }

    pub(crate) fn min_duration_ms(&mut self, milliseconds: f64) {
        self.having.push("max(ended_at) - min(occurred_at) >= ? * 1e6", [Value::Real(milliseconds)]);
    }

    fn any_event(&mut self, condition: Conditions) {
        let Conditions { sql, values } = condition;
        self.conditions.push(
            format!("trace_hash IN (SELECT trace_hash FROM events WHERE trace_hash IS NOT NULL AND {sql})"),
            values,
        );
    }
}

/// The ids of the traces found, in order.
pub(crate) fn trace_ids(connection: &Connection, search: TraceSearch) -> rusqlite::Result<Vec<String>> {
    let TraceSearch { conditions, having, sort, limit, offset } = search;
    let order = match sort {
        TraceSort::LastSeenDesc => "max(id) DESC",
        TraceSort::LastSeenAsc => "max(id)",
        TraceSort::DurationDesc => "max(ended_at) - min(occurred_at) DESC",
        TraceSort::CostDesc => "coalesce(sum(cost_usd), 0) DESC",
        TraceSort::TokensDesc => "coalesce(sum(total_tokens), 0) DESC",
    };
    let having_sql = if having.sql.is_empty() { String::new() } else { format!("HAVING {}", having.sql) };
    // By hash, for that is the order of the index. Two traces of the same hash, which nobody meets by accident, are one here.
    let query = format!(
        "SELECT trace_id FROM events WHERE {} GROUP BY trace_hash {having_sql} ORDER BY {order}, max(id) DESC LIMIT ? OFFSET ?",
        conditions.sql
    );
    let page = [Value::Integer(limit.into()), Value::Integer(offset.into())];
    let values = conditions.values.into_iter().chain(having.values).chain(page);
    let mut statement = connection.prepare_cached(&query)?;
    statement.query_map(params_from_iter(values), |row| row.get(0))?.collect()
}

/// Every event of one trace, in the order things happened.
pub(crate) fn trace_rows(connection: &Connection, trace_id: &str) -> rusqlite::Result<Vec<Row>> {
    let query = format!("{ROWS} WHERE trace_hash = ? AND trace_id = ? ORDER BY occurred_at, events.id");
    rows(connection, &query, vec![Value::Integer(hash(trace_id)), Value::Text(trace_id.to_owned())])
}

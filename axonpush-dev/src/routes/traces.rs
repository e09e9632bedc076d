//! `GET /traces` and `GET /traces/{traceId}`: events by the trace they belong to.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::aside;
use super::parameters::TRACE_FILTERS;
use super::query::Parameters;
use crate::event::{EventBody, EventView, Facts, Row};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::{TraceSearch, TraceSort, trace_rows};

#[derive(Serialize)]
struct TraceList {
    traces: Vec<TraceSummary>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceDetail {
    trace_id: String,
    spans: Vec<EventView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceSummary {
    trace_id: String,
    started_at: String,
    ended_at: String,
    duration_ms: f64,
    root_span_name: String,
    service_name: String,
    environment: String,
    release: String,
    session_id: String,
    customer: String,
    workflow: String,
    outcome: &'static str,
    first_error_type: String,
    span_count: usize,
    error_count: usize,
    total_tokens: i64,
    cost_usd: f64,
    providers: Vec<String>,
    models: Vec<String>,
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let search = trace_search(parameters, shared.clock.now())?;
    let ids = search.run(&shared.store).await?;
    let mut traces = Vec::with_capacity(ids.len());
    // One trace at a time, so that publishers wait for one trace at most.
    for id in ids {
        let rows = read_trace(&shared, &id).await?;
        traces.extend(aside(move || TraceSummary::new(id, &rows)).await?);
    }
    Ok(super::json(&TraceList { traces }))
}

/// A trace is the events that carry its id, so one that nobody has sent yet has none of them; it is not missing.
pub(super) async fn detail(
    State(shared): State<Arc<Shared>>,
    Authorized(_): Authorized,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(trace_id) = path.map_err(|_| Problem::bad_request("the trace id in the path is not valid UTF-8"))?;
    let rows = read_trace(&shared, &trace_id).await?;
    aside(move || {
        let spans = rows.into_iter().filter_map(EventView::from_row).collect();
        super::json(&TraceDetail { trace_id, spans })
    })
    .await
}

async fn read_trace(shared: &Shared, trace_id: &str) -> Result<Vec<Row>, Problem> {
    let trace_id = trace_id.to_owned();
    Ok(shared.store.read(move |connection| trace_rows(connection, &trace_id)).await?)
}

fn trace_search(mut parameters: Parameters, now: Timestamp) -> Result<TraceSearch, Problem> {
    let window = parameters.window(now);
    let limit = parameters.limit();
    let offset = parameters.count("offset");
    let mut search = TraceSearch::new(window.since, window.until, limit, offset);
    for (name, column) in TRACE_FILTERS {
        let values: Vec<_> = parameters.all(name).map(str::to_owned).collect();
        if !values.is_empty() {
            search.any_of(column, values);
        }
    }
    if let Some(text) = parameters.text("q") {
        search.contains(text);
    }
    if parameters.boolean("errorsOnly") {
        search.errors_only();
    }
    if let Some(milliseconds) = parameters.number("minDurationMs") {
        search.min_duration_ms(milliseconds);
    }
    search.sort = match parameters.choice("sort") {
        "last_seen_asc" => TraceSort::LastSeenAsc,
        "duration_desc" => TraceSort::DurationDesc,
        "cost_desc" => TraceSort::CostDesc,
        "tokens_desc" => TraceSort::TokensDesc,
        _ => TraceSort::LastSeenDesc,
    };
    parameters.check()?;
    Ok(search)
}

impl TraceSummary {
    /// Sums up a trace from its events, which come in the order things happened.
    fn new(trace_id: String, rows: &[Row]) -> Option<Self> {
        let events: Vec<_> = rows.iter().filter_map(Row::read).collect();
        let (first, _) = events.first()?;
        let started = events.iter().map(|(_, facts)| facts.occurred_at).min()?;
        let ended = events.iter().map(|(_, facts)| facts.ended_at).max()?;
        let root = events.iter().find(|(body, _)| body.parent_span_id.is_none()).map_or(first, |(body, _)| body);
        let error_count = events.iter().filter(|(_, facts)| facts.is_failure()).count();
        let fact = |pick: fn(&Facts) -> &Option<String>| first_of(events.iter().map(|(_, facts)| pick(facts)));
        let attribute = |names: &[&str]| {
            let mut found = events.iter().flat_map(|(body, _)| names.iter().map(|name| text_attribute(body, name)));
            found.find_map(|text| text).unwrap_or_default()
        };
        Some(Self {
            trace_id,
            started_at: started.to_string(),
            ended_at: ended.to_string(),
            duration_ms: ended.duration_since(started).as_millis_f64(),
            root_span_name: root.identifier.clone(),
            service_name: fact(|facts| &facts.service_name),
            environment: fact(|facts| &facts.environment_id),
            release: fact(|facts| &facts.release),
            session_id: fact(|facts| &facts.session_id),
            customer: attribute(&["customer.id", "customer"]),
            workflow: attribute(&["gen_ai.workflow.name", "workflow.name", "workflow"]),
            outcome: if error_count == 0 { "ok" } else { "error" },
            first_error_type: fact(|facts| &facts.error_type),
            span_count: events.len(),
            error_count,
            total_tokens: events.iter().filter_map(|(_, facts)| facts.total_tokens).fold(0, i64::saturating_add),
            cost_usd: events.iter().filter_map(|(_, facts)| facts.cost_usd).fold(0.0, |sum, cost| sum + cost),
            providers: distinct(events.iter().filter_map(|(_, facts)| facts.provider_name.clone())),
            models: distinct(events.iter().filter_map(|(_, facts)| facts.request_model.clone())),
        })
    }
}

fn first_of<'a>(mut texts: impl Iterator<Item = &'a Option<String>>) -> String {
    texts.find_map(Clone::clone).unwrap_or_default()
}

fn text_attribute(body: &EventBody, name: &str) -> Option<String> {
    body.attribute(name)?.as_str().map(str::to_owned)
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

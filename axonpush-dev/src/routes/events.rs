//! `GET /events`: what was published, newest first.

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;

use super::Answered;
use super::parameters::EVENT_FILTERS;
use super::query::Parameters;
use crate::event::EventView;
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::{EventSearch, sequence_of};

#[derive(Serialize)]
struct EventList {
    events: Vec<EventView>,
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let (search, _) = search(&mut parameters, &shared);
    parameters.check()?;
    answer(&shared, search).await
}

/// `GET /dev/events`: the same, from where an earlier answer ended: `before` is the id of its last event, `until` when that
/// arrived. The service has windows of time alone, with which nobody gets past more events of one moment than are
/// answered at once; so this is no part of its path.
pub(super) async fn older(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let (mut search, until) = search(&mut parameters, &shared);
    let before = parameters.text("before").map(str::to_owned);
    if before.is_some() && until.is_none() {
        parameters.fault("until", "expected to be sent along with before, and to be when that event arrived");
    }
    parameters.check()?;
    if let (Some(id), Some(arrived)) = (before, until) {
        let sequence = shared.store.read(move |connection| sequence_of(connection, &id, arrived)).await?;
        search.older_than(arrived, sequence);
    }
    answer(&shared, search).await
}

/// Also returns where its window ends, if it was told.
fn search(parameters: &mut Parameters, shared: &Shared) -> (EventSearch, Option<Timestamp>) {
    let window = parameters.window(shared.clock.now());
    let mut search = EventSearch::new(window.since, window.until, parameters.limit());
    filters(parameters, &mut search);
    (search, window.until)
}

async fn answer(shared: &Shared, search: EventSearch) -> Answered {
    let rows = search.run(&shared.store).await?;
    let events = rows.into_iter().filter_map(EventView::from_row).collect();
    Ok(super::json(&EventList { events }))
}

/// Narrows `search` down to what the parameters ask for, their window and limit aside.
pub(super) fn filters(parameters: &mut Parameters, search: &mut EventSearch) {
    for (name, column) in EVENT_FILTERS {
        if let Some(value) = parameters.text(name) {
            search.equals(column, value.to_owned());
        }
    }
    if let Some(text) = parameters.text("q") {
        search.contains(text);
    }
    match (parameters.text("attrKey"), parameters.text("attrValue")) {
        (Some(name), Some(value)) => search.attribute(name.to_owned(), value.to_owned()),
        (Some(_), None) => parameters.fault("attrValue", "expected to be sent along with attrKey"),
        (None, Some(_)) => parameters.fault("attrKey", "expected to be sent along with attrValue"),
        (None, None) => {}
    }
}

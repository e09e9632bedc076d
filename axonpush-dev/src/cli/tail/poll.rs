//! Asking `GET /events` again and again: for what came before, and for servers that have no stream.

use std::collections::HashSet;
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::event::SeenEvent;
use super::filter::Filter;
use super::{Never, Printer};
use crate::cli::Stop;
use crate::cli::output::complain;
use crate::cli::remote::{Target, explain, reason};

#[derive(Deserialize)]
struct EventList {
    events: Option<Vec<Box<RawValue>>>,
}

/// The latest events, oldest first.
///
/// # Errors
/// When the server can't be reached or refuses.
pub(super) async fn latest(target: &Target, filter: &Filter, count: u32) -> Result<Vec<String>, Stop> {
    let mut events = page(target, filter, &[("limit", &count.to_string())]).await?;
    events.reverse();
    Ok(events)
}

/// Shows what arrives from now on, after the `last` events.
///
/// # Errors
/// When the server refuses, nobody reads the output any more, or enough was shown.
pub(super) async fn follow(target: &Target, last: u32, printer: &mut Printer) -> Result<Never, Stop> {
    let begun = latest(target, &printer.filter, PAGE).await?;
    let earlier = begun.len().saturating_sub(last as usize);
    let mut place = Place::default();
    for (at, json) in place.fresh(begun).into_iter().enumerate() {
        if at >= earlier {
            printer.event(&json)?;
        }
    }
    let mut broken = false;
    loop {
        tokio::time::sleep(PAUSE).await;
        match place.next(target, printer).await {
            Ok(()) if broken => {
                complain("axonpush-dev: the server answers again");
                broken = false;
            }
            Err(Stop::Failed(message)) if !broken => {
                complain(&format!("axonpush-dev: {message}; asking again"));
                broken = true;
            }
            Ok(()) | Err(Stop::Failed(_)) => {}
            Err(enough @ Stop::Enough) => return Err(enough),
        }
    }
}

/// How far the events were read.
#[derive(Default)]
struct Place {
    newest: Option<Timestamp>,
    /// The ids of the events that the next question may bring again, with the time they were stored.
    known: HashSet<(Timestamp, String)>,
}

impl Place {
    async fn next(&mut self, target: &Target, printer: &mut Printer) -> Result<(), Stop> {
        // Events may be stored a little out of order, so the last seconds are asked for again.
        let since = self.newest.map(|newest| (newest - OVERLAP).to_string());
        let mut pages = Vec::new();
        let mut until: Option<String> = None;
        let mut complete = false;
        while !complete && pages.len() < MAX_PAGES {
            let limit = PAGE.to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(since.as_deref().map(|since| ("since", since)));
            query.extend(until.as_deref().map(|until| ("until", until)));
            let events = page(target, &printer.filter, &query).await?;
            let oldest = events.last().and_then(|json| stored_at(json));
            // The end is exclusive, and others may have been stored at the very same time.
            let next = oldest.map(|oldest| (oldest + SignedDuration::from_nanos(1)).to_string());
            complete = events.len() < PAGE as usize || next == until;
            until = next;
            pages.push(events);
        }
        let mut events: Vec<_> = pages.into_iter().flatten().collect();
        events.reverse();
        if !complete {
            printer.skipped(None)?;
        }
        for json in self.fresh(events) {
            printer.event(&json)?;
        }
        Ok(())
    }

    /// Those of `events` that were not there before. They come oldest first.
    fn fresh(&mut self, events: Vec<String>) -> Vec<String> {
        let mut fresh = Vec::new();
        for json in events {
            let Some((at, id)) = stored_at(&json).zip(SeenEvent::read(&json)).map(|(at, event)| (at, event.event_id))
            else {
                continue;
            };
            if self.known.insert((at, id.to_string())) {
                self.newest = self.newest.max(Some(at));
                drop(id);
                fresh.push(json);
            }
        }
        if let Some(newest) = self.newest {
            self.known.retain(|(at, _)| *at >= newest - OVERLAP);
        }
        fresh
    }
}

async fn page(target: &Target, filter: &Filter, query: &[(&str, &str)]) -> Result<Vec<String>, Stop> {
    let mut all = filter.query();
    all.extend(query);
    let failed = |why: &str| Stop::Failed(format!("{} did not list events: {why}", target.url()));
    let response =
        target.request(Method::GET, "/events", &all).send().await.map_err(|error| failed(&reason(&error)))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| failed(&reason(&error)))?;
    if status != StatusCode::OK {
        return Err(failed(&explain(status, &body)));
    }
    let list: EventList = serde_json::from_slice(&body).map_err(|error| failed(&format!("not a list: {error}")))?;
    Ok(list.events.unwrap_or_default().into_iter().map(|event| event.get().to_owned()).collect())
}

fn stored_at(json: &str) -> Option<Timestamp> {
    SeenEvent::read(json)?.created_at.parse().ok()
}

/// As many as the contract allows.
const PAGE: u32 = 500;

/// Where to give up on a gap, and say so.
const MAX_PAGES: usize = 20;

const PAUSE: Duration = Duration::from_secs(2);
const OVERLAP: SignedDuration = SignedDuration::from_secs(5);

//! `/errors`: failures, grouped by what they have in common, and what somebody decided about each group.

mod detail;
mod issue;
mod stack;
mod triage;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::json;

use self::detail::Detail;
use self::issue::{Issue, fingerprint};
use self::triage::{ISSUE, Triage};
use super::path::Path;
use super::query::{Parameters, Window};
use super::resource::{keep, missing};
use super::{Answered, json};
use crate::event::EventView;
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::{Document, Scan, Seen};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/errors", get(list))
        .route("/errors/{fingerprint}", get(detail).patch(triage))
        .route("/errors/{fingerprint}/events", get(events))
}

async fn list(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let now = shared.clock.now();
    let window = parameters.window(now);
    let status = parameters.choice("status");
    let limit = parameters.limit() as usize;
    let wanted = ["service", "assignee", "q"].map(|name| parameters.text(name).unwrap_or_default().to_owned());
    parameters.check()?;
    let triaged = all_triaged(&shared).await?;
    let add = move |issues: &mut HashMap<String, Issue>, event: Seen| {
        let fingerprint = fingerprint(&event);
        let issue = issues.entry(fingerprint).or_insert_with_key(|key| Issue::new(key, triaged.get(key), window));
        issue.add(&event);
    };
    let issues = failures().fold(&shared.store, HashMap::new(), add).await?;
    let [service, assignee, text] = &wanted;
    let wanted = |issue: &Issue| {
        issue.is_in_window()
            && (status == "all" || issue.status(now) == status)
            && (service.is_empty() || issue.service() == service)
            && (assignee.is_empty() || issue.assignee() == Some(assignee))
            && (text.is_empty() || issue.contains(&text.to_lowercase()))
    };
    let mut issues: Vec<_> = issues.into_values().filter(wanted).collect();
    issues.sort_by(|one, other| one.order().cmp(&other.order()));
    issues.truncate(limit);
    let issues: Vec<_> = issues.iter().map(|issue| issue.shown(now)).collect();
    Ok(json(&json!({"issues": issues})))
}

async fn detail(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    mut parameters: Parameters,
    Path(fingerprint): Path<String>,
) -> Answered {
    let now = shared.clock.now();
    let (since, until) = (parameters.time("since"), parameters.time("until"));
    parameters.check()?;
    // Without a start, its history begins with the first time it was seen.
    let window = Window { since: since.unwrap_or(jiff::Timestamp::MIN), until };
    let triage = Triage::read(shared.store.document(ISSUE, fingerprint.clone()).await?.as_ref());
    let empty = (Issue::new(&fingerprint, Some(&triage), window), Detail::default());
    let add = |(issue, detail): &mut (Issue, Detail), event: Seen| {
        issue.add(&event);
        detail.add(event);
    };
    let (issue, detail) = fold_issue(&shared, fingerprint, empty, add).await?;
    if !issue.was_seen() {
        return Err(missing(ISSUE));
    }
    Ok(json(&detail.shown(&shared, &issue, &triage, now).await?))
}

async fn events(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    mut parameters: Parameters,
    Path(fingerprint): Path<String>,
) -> Answered {
    let (before, after) = (parameters.time("before"), parameters.time("after"));
    let limit = parameters.limit() as usize;
    parameters.check()?;
    let add = move |(known, rows): &mut (bool, Vec<_>), event: Seen| {
        *known = true;
        let at = event.row.created_at;
        if before.is_none_or(|before| at < before) && after.is_none_or(|after| at > after) {
            rows.push(event.row);
        }
    };
    let (known, mut rows) = fold_issue(&shared, fingerprint, (false, Vec::new()), add).await?;
    if !known {
        return Err(missing(ISSUE));
    }
    rows.reverse();
    rows.truncate(limit);
    let events: Vec<_> = rows.into_iter().filter_map(EventView::from_row).collect();
    Ok(json(&json!({"events": events})))
}

async fn triage(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(fingerprint): Path<String>,
) -> Answered {
    let now = shared.clock.now();
    let change = triage::Change::of(&request, now)?;
    let everything = Window { since: jiff::Timestamp::MIN, until: None };
    let known = Triage::read(shared.store.document(ISSUE, fingerprint.clone()).await?.as_ref());
    let empty = Issue::new(&fingerprint, Some(&known), everything);
    let mut issue =
        fold_issue(&shared, fingerprint.clone(), empty, |issue: &mut Issue, event| issue.add(&event)).await?;
    if !issue.was_seen() {
        return Err(missing(ISSUE));
    }
    let document = change.apply(known, &fingerprint);
    let kept = document.clone();
    let new = crate::store::NewDocument { kind: ISSUE, id: fingerprint, owner: String::new(), document: kept };
    shared.change(move |connection| keep(connection, &new)).await?;
    issue.triage(Triage::read(Some(&document)));
    Ok(json(&issue.triaged(now)))
}

fn failures() -> Scan {
    let mut scan = Scan::default();
    scan.failures();
    scan
}

async fn fold_issue<T: Send + 'static>(
    shared: &Shared,
    wanted: String,
    sum: T,
    add: impl Fn(&mut T, Seen) + Send + Sync + 'static,
) -> Result<T, Problem> {
    let add = move |sum: &mut T, event: Seen| {
        if fingerprint(&event) == wanted {
            add(sum, event);
        }
    };
    Ok(failures().fold(&shared.store, sum, add).await?)
}

async fn all_triaged(shared: &Shared) -> Result<HashMap<String, Triage>, Problem> {
    let documents: Vec<Document> = shared.list(ISSUE, None).await?;
    let read =
        |document: &Document| (super::resource::text(document, "fingerprint").to_owned(), Triage::read(Some(document)));
    Ok(documents.iter().map(read).collect())
}

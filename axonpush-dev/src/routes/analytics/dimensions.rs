//! The attributes that events were sent with.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::query::Parameters;
use super::super::{Answered, json};
use super::cohort::slug;
use crate::event::EventBody;
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::Scan;

/// When each text was seen last.
type LastSeen = HashMap<String, Timestamp>;

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let limit = parameters.limit() as usize;
    let scan = scan(&shared, parameters).await?;
    let seen = scan.fold(&shared.store, LastSeen::new(), |seen, event| {
        for (key, value) in attributes(&event.body) {
            if text(value).is_some() {
                note(seen, key, event.row.created_at);
            }
        }
    });
    let show = |(key, at): (String, Timestamp)| json!({"key": key, "lastSeen": at.to_string(), "source": "attributes"});
    let dimensions: Vec<_> = latest(seen.await?, limit).map(show).collect();
    Ok(json(&json!({"dimensions": dimensions})))
}

pub(super) async fn values(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let limit = parameters.limit() as usize;
    let key = parameters.required("key");
    let scan = scan(&shared, parameters).await?;
    let wanted = key.clone();
    let seen = scan.fold(&shared.store, LastSeen::new(), move |seen, event| {
        if let Some(value) = event.body.attribute(&wanted).and_then(text) {
            note(seen, &value, event.row.created_at);
        }
    });
    let show = |(value, at): (String, Timestamp)| json!({"value": value, "lastSeen": at.to_string()});
    let values: Vec<_> = latest(seen.await?, limit).map(show).collect();
    Ok(json(&json!({"key": key, "values": values})))
}

/// Every attribute of an event.
pub(super) fn attributes(body: &EventBody) -> impl Iterator<Item = (&String, &Value)> {
    body.payload.get("attributes").and_then(Value::as_object).into_iter().flatten()
}

/// A value that can be told from others in one line: not a list, a map or nothing.
pub(in super::super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

async fn scan(shared: &Shared, parameters: Parameters) -> Result<Scan, Problem> {
    let environment = parameters.text("environment").map(str::to_owned);
    parameters.check()?;
    let mut scan = Scan::default();
    if let Some(environment) = environment {
        scan.equals("environment_id", slug(shared, &environment).await?);
    }
    Ok(scan)
}

fn note(seen: &mut LastSeen, text: &str, at: Timestamp) {
    match seen.get_mut(text) {
        Some(last) => *last = at.max(*last),
        None => drop(seen.insert(text.to_owned(), at)),
    }
}

/// The texts that were seen last, by the alphabet where that was at the same moment.
fn latest(seen: LastSeen, limit: usize) -> impl Iterator<Item = (String, Timestamp)> {
    let mut seen: Vec<_> = seen.into_iter().collect();
    seen.sort_by(|(one, at), (other, other_at)| Reverse(at).cmp(&Reverse(other_at)).then_with(|| one.cmp(other)));
    seen.into_iter().take(limit)
}

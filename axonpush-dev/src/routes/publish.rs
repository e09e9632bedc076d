//! `POST /event`: stores an event, or does what a test scripted instead.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use super::fields::is_json;
use super::scripted;
use super::tokens::Binding;
use crate::event::{DEFAULT_CHANNEL, EventBody};
use crate::guard;
use crate::problem::{Fault, Problem};
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::NewEvent;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    event_id: &'a str,
    // The service's first generation called it so, and its clients still look here.
    id: &'a str,
    status: &'static str,
}

pub(super) async fn publish(
    State(shared): State<Arc<Shared>>,
    Extension(request): Extension<Arc<ReceivedRequest>>,
    headers: HeaderMap,
) -> Response {
    scripted::answer(&shared, &shared.script, store(&shared, &request, &headers)).await
}

async fn store(shared: &Shared, request: &ReceivedRequest, headers: &HeaderMap) -> Result<Response, Problem> {
    guard::require_credentials(headers)?;
    check_encoding(headers)?;
    if !is_json(request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default()) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the event as `application/json`"));
    }
    let mut body = EventBody::parse(&request.body, shared.accept_occurred_at)?;
    let event = match binding(shared, headers).await? {
        None => NewEvent::sent(&body, request, shared.clock.now()),
        Some(binding) => {
            let mut bound = request.in_environment(&binding.environment);
            if body.channel_id == DEFAULT_CHANNEL {
                body.channel_id.clone_from(&binding.channel_id);
                bound.body = body.to_bytes();
            }
            binding.check_channel(&body.channel_id)?;
            NewEvent::sent(&body, &bound, shared.clock.now())
        }
    };
    let event_id = shared.store.insert(event).await?.event_id();
    Ok(super::json(&Accepted { event_id: &event_id, id: &event_id, status: "queued" }))
}

/// What the public token of a request is bound to, if it carries one.
async fn binding(shared: &Shared, headers: &HeaderMap) -> Result<Option<Binding>, Problem> {
    match guard::public_token(headers) {
        Some(token) => Binding::of(shared, &token).await,
        None => Ok(None),
    }
}

/// # Errors
/// 415 for a compressed body, which would otherwise be refused as bad JSON.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let codings = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ");
    if codings.split(',').map(str::trim).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity")) {
        return Ok(());
    }
    let detail = "`POST /event` takes no Content-Encoding but `identity`: send the JSON as it is. \
                  gzip is for `/v1/logs` and `/v1/traces`";
    let fault = Fault::new("header.Content-Encoding", "expected identity, or no such header");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with_fault(fault.with_value(codings.into())))
}

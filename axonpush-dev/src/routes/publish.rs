//! `POST /event`: stores an event, or does what a test scripted instead.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, http};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::answer::{Answer, Reply, status_response};
use crate::event::EventBody;
use crate::guard;
use crate::intake::Shared;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::store::NewEvent;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    event_id: &'a str,
    // The service's first generation called it so, and its clients still look here.
    id: &'a str,
    status: &'static str,
}

/// Marks a response that must never be written: the connection is closed in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseConnection;

pub(super) async fn publish(
    State(shared): State<Arc<Shared>>,
    Extension(request): Extension<Arc<ReceivedRequest>>,
    headers: HeaderMap,
) -> Response {
    let answer = shared.script.next();
    let response = match answer.reply() {
        Reply::StoreThen(then) => match store(&shared, &request, &headers).await {
            Ok(_) => {
                pause(&shared, &answer).await;
                return reply(&shared, then).await;
            }
            Err(problem) => problem.into_response(),
        },
        Reply::Accept => match store(&shared, &request, &headers).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
        _ => return reply(&shared, &answer).await,
    };
    pause(&shared, &answer).await;
    response
}

/// Gives an answer that stores nothing itself.
async fn reply(shared: &Shared, answer: &Answer) -> Response {
    pause(shared, answer).await;
    match answer.reply() {
        Reply::Status { status, headers, body } => status_response(*status, headers, body.as_ref()),
        Reply::Hang => {
            shared.stopping().await;
            close_connection()
        }
        Reply::CloseConnection => close_connection(),
        // Only reached inside another answer, where there is nothing left to store.
        Reply::Accept | Reply::StoreThen(_) => StatusCode::OK.into_response(),
    }
}

/// Waits as long as the answer asks, unless the server stops first.
async fn pause(shared: &Shared, answer: &Answer) {
    if !answer.wait().is_zero() {
        tokio::select! {
            () = tokio::time::sleep(answer.wait()) => {}
            () = shared.stopping() => {}
        }
    }
}

async fn store(shared: &Shared, request: &ReceivedRequest, headers: &HeaderMap) -> Result<Response, Problem> {
    guard::require_credentials(headers)?;
    if !is_json(headers) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the event as `application/json`"));
    }
    let body = EventBody::parse(&request.body, shared.accept_occurred_at)?;
    let event = NewEvent::new(body, request.body.clone(), &request.headers);
    let receipt = shared.store.insert(event).await.map_err(|_| Problem::internal())?;
    Ok(super::json(&Accepted { event_id: &receipt.event_id, id: &receipt.event_id, status: "queued" }))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn close_connection() -> Response {
    Extension(CloseConnection).into_response()
}

//! Answers that a test scripted, in front of the routes that store something.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::answer::{Answer, Reply, Script, status_response};
use crate::problem::Problem;
use crate::state::Shared;

/// Marks a response that must never be written: the connection is closed in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseConnection;

/// Does what the next answer of `script` asks for, which may or may not include `store`.
pub(super) async fn answer(
    shared: &Shared,
    script: &Script,
    store: impl Future<Output = Result<Response, Problem>>,
) -> Response {
    let answer = script.next();
    let response = match answer.reply() {
        Reply::StoreThen(then) => match store.await {
            Ok(_) => {
                shared.pause(answer.wait()).await;
                return reply(shared, then).await;
            }
            Err(problem) => problem.into_response(),
        },
        Reply::Accept => store.await.unwrap_or_else(IntoResponse::into_response),
        _ => return reply(shared, &answer).await,
    };
    shared.pause(answer.wait()).await;
    response
}

/// Gives an answer that stores nothing itself.
async fn reply(shared: &Shared, answer: &Answer) -> Response {
    shared.pause(answer.wait()).await;
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

fn close_connection() -> Response {
    Extension(CloseConnection).into_response()
}

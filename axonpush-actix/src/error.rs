//! Errors on their way to the client.

use std::{cell::Cell, fmt};

use actix_web::{Error, HttpResponse, ResponseError, http::StatusCode};
use axonpush::{RequestId, exchange::ExchangeRecorder};

use crate::future::{answered, echo};

/// An error that an inner middleware returned, with the response it stands for. It looks like the error itself.
///
/// The response carries the request's id and ends the exchange when it is through.
pub(crate) struct ExchangeError {
    cause: Error,
    id: RequestId,
    status: StatusCode,
    /// Taken by whoever sends it; if somebody asks again, they get another one.
    response: Cell<Option<HttpResponse>>,
}

impl ExchangeError {
    pub(crate) fn new(cause: Error, mut recorder: ExchangeRecorder) -> Self {
        let id = recorder.request_id().clone();
        recorder.cause(&cause);
        let response = answered(cause.error_response(), recorder).map_into_boxed_body();
        Self { cause, id, status: response.status(), response: Cell::new(Some(response)) }
    }
}

impl ResponseError for ExchangeError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response.take().unwrap_or_else(|| {
            let mut response = self.cause.error_response();
            echo(response.headers_mut(), &self.id);
            response
        })
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

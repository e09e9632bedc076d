//! Scripted answers: how a test makes the server slow, broken or rude.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::problem::Problem;

/// What the server says to a `POST /event`, or to a request over OTLP, instead of the truth.
///
/// An answer is used once unless [`times`](Self::times) or [`always`](Self::always) says otherwise.
/// Answers queue up: the next one is used when the one before is spent.
#[derive(Clone, Debug)]
#[must_use = "an answer does nothing until it is handed to `DevServer::script` or `DevServer::script_otlp`"]
pub struct Answer {
    reply: Reply,
    delay: Duration,
    left: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// What the server would have said anyway.
    Accept,
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: Option<Bytes>,
    },
    Hang,
    CloseConnection,
    StoreThen(Box<Answer>),
}

impl Answer {
    /// Answers `status` and stores nothing.
    ///
    /// Without a [`body`](Self::body) a status of 400 or more brings a problem document, as the
    /// service would. A number that is no HTTP status becomes 500.
    pub fn status(status: u16) -> Self {
        Self::new(Reply::Status { status, headers: Vec::new(), body: None })
    }

    /// Answers as if nothing were scripted: useful between two faults, or with a [`delay`](Self::delay).
    pub fn accept() -> Self {
        Self::new(Reply::Accept)
    }

    /// Takes the request and never answers. The connection stays open until the client gives up or
    /// the server stops.
    pub fn hang() -> Self {
        Self::new(Reply::Hang)
    }

    /// Takes the request and closes the connection without a word.
    pub fn close_connection() -> Self {
        Self::new(Reply::CloseConnection)
    }

    /// Stores the event, or the batch, then gives `answer`: the client cannot know that it arrived.
    ///
    /// How often this happens is set on the outer answer. A request that is refused for what it
    /// holds is answered with that refusal.
    pub fn store_then(answer: Answer) -> Self {
        Self::new(Reply::StoreThen(Box::new(answer)))
    }

    /// Adds a header to an answer made by [`status`](Self::status). A name or value that HTTP does
    /// not allow is left out.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Reply::Status { headers, .. } = &mut self.reply {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// The body of an answer made by [`status`](Self::status), as `application/json` unless a
    /// `content-type` header is given.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        if let Reply::Status { body, .. } = &mut self.reply {
            *body = Some(Bytes::from(bytes.into()));
        }
        self
    }

    /// Holds the answer back for `delay`. An event that is to be stored is stored before the wait.
    /// Default: none.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Uses this answer `times` times. Default: once.
    pub fn times(mut self, times: u64) -> Self {
        self.left = Some(times);
        self
    }

    /// Uses this answer until [`DevServer::clear_script`](crate::DevServer::clear_script) or, over
    /// OTLP, [`DevServer::clear_otlp_script`](crate::DevServer::clear_otlp_script).
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    pub(crate) fn reply(&self) -> &Reply {
        &self.reply
    }

    pub(crate) fn wait(&self) -> Duration {
        self.delay
    }

    fn new(reply: Reply) -> Self {
        Self { reply, delay: Duration::ZERO, left: Some(1) }
    }
}

/// Builds the response of an answer made by [`Answer::status`].
pub(crate) fn status_response(status: u16, headers: &[(String, String)], body: Option<&Bytes>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => {
            let json = HeaderValue::from_static("application/json");
            (status, [(http::header::CONTENT_TYPE, json)], Body::from(body.clone())).into_response()
        }
        None if status.is_client_error() || status.is_server_error() => {
            Problem::new(status, "scripted answer").into_response()
        }
        None => status.into_response(),
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The answers that wait to be used.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
}

impl Script {
    pub(crate) fn push(&self, answer: Answer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
    }

    pub(crate) fn clear(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The answer for the request that has just arrived.
    pub(crate) fn next(&self) -> Answer {
        let answers = &mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(answer) = answers.front_mut() {
            match &mut answer.left {
                None => return answer.clone(),
                Some(0) => {
                    answers.pop_front();
                }
                Some(left) => {
                    *left -= 1;
                    return answer.clone();
                }
            }
        }
        Answer::accept()
    }
}

//! Problem documents: every refusal in the one form the service uses.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// One refusal, told as `application/problem+json`.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<Fault>,
    /// Seconds after which it may be different.
    retry_after: Option<u8>,
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    location: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    pub(crate) fn with_fault(mut self, fault: Fault) -> Self {
        self.errors.push(fault);
        self
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 422 with every fault found, so that one round trip shows them all.
    pub(crate) fn invalid(errors: Vec<Fault>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation failed") }
    }

    /// 503 for what may be stored once there is room again.
    pub(crate) fn unwritable() -> Self {
        let detail = "nothing can be written to the event store now; most likely its disk is full";
        Self { retry_after: Some(RETRY_AFTER), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// 500 that says nothing about the inside.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the event store did not answer")
    }
}

impl Fault {
    pub(crate) fn new(location: impl Into<String>, message: impl Into<String>) -> Self {
        Self { location: location.into(), message: message.into(), value: None }
    }

    pub(crate) fn with_value(mut self, value: Value) -> Self {
        self.value = Some(value);
        self
    }

    pub(crate) fn is_at(&self, location: &str) -> bool {
        self.location == location
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        };
        // Strings, numbers and JSON values cannot fail to serialize; an empty body is the honest rest.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(u16::from(seconds)));
        }
        response
    }
}

/// A disk is seldom given room within a second, and every attempt writes nothing that hurts.
const RETRY_AFTER: u8 = 5;

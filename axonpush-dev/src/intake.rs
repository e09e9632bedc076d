//! What happens to every request before and after its route: it is counted, checked, read within
//! bounds, and its answer gets an id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tower_service::Service;

use crate::guard;
use crate::otlp;
use crate::page;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::routes::{self, CloseConnection};
use crate::state::Shared;

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("closed without an answer, as scripted")
    }
}

impl std::error::Error for Unanswered {}

/// Answers one request.
///
/// # Errors
/// When the connection is to be closed instead.
pub(crate) async fn answer(
    shared: &Shared,
    mut router: Router,
    request: Request<Incoming>,
) -> Result<Response, Unanswered> {
    let (parts, body) = request.into_parts();
    let request_id = request_id(&parts);
    shared.requests.count(parts.method.as_str(), parts.uri.path());
    let mut response = match admit(shared, parts, body).await {
        Ok(request) => {
            let path = request.uri().path();
            let (latency, fault) = if page::is_part(path) {
                (Duration::ZERO, None)
            } else {
                shared.faults.next(path, request.headers(), &shared.clock)
            };
            shared.pause(latency).await;
            match fault {
                Some(response) => response,
                None => match router.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
            }
        }
        Err(problem) => problem.into_response(),
    };
    if response.extensions().get::<CloseConnection>().is_some() {
        return Err(Unanswered);
    }
    response.headers_mut().entry("x-request-id").or_insert(request_id);
    harden(response.headers_mut());
    Ok(response)
}

/// Tells browsers to take answers for what they are called, and pages to run no script but their own. What a page sets
/// itself stays. No header lets pages of another origin read anything.
fn harden(headers: &mut HeaderMap) {
    let is_html = |content_type: &HeaderValue| content_type.as_bytes().starts_with(b"text/html");
    let html = headers.get(header::CONTENT_TYPE).is_some_and(is_html);
    let mut add = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if html {
        add(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
        add(header::REFERRER_POLICY, "no-referrer");
    }
}

/// Checks where the request comes from, reads its body and notes both.
async fn admit(shared: &Shared, parts: Parts, body: Incoming) -> Result<Request<Body>, Problem> {
    guard::check_origin(&parts)?;
    let max = if routes::takes_batches(parts.uri.path()) { otlp::MAX_BODY } else { MAX_BODY };
    let body = tokio::time::timeout(shared.patience.body, read(body, max)).await.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time; 10 seconds is what it has"))
    });
    let kept = body.as_ref().map(Bytes::clone).unwrap_or_default();
    let received = Arc::new(ReceivedRequest::new(&parts, kept));
    shared.requests.keep(Arc::clone(&received));
    body?;
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(received);
    Ok(request)
}

async fn read(mut body: Incoming, max: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("the body ended before it was complete"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= max {
            bytes.extend_from_slice(&data);
        } else if length > max + MAX_DISCARDED {
            break;
        }
        // A client that is still writing does not read the refusal, so the rest is read and dropped.
    }
    if length > max {
        let detail = format!("the body is larger than {} MiB", max >> 20);
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(bytes.freeze())
}

/// The client's request id when it is a plain one, else a fresh one.
fn request_id(parts: &Parts) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let sent = parts.headers.get("x-request-id").filter(|id| {
        let bytes = id.as_bytes();
        (1..=MAX_REQUEST_ID).contains(&bytes.len()) && bytes.iter().all(plain)
    });
    sent.cloned().unwrap_or_else(|| {
        let fresh = uuid::Uuid::new_v4().to_string();
        HeaderValue::try_from(fresh).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
                                       frame-ancestors 'none'";

/// The largest body the service's JSON routes should ever need.
const MAX_BODY: usize = 1 << 20;

/// How much of a body is read beyond what is allowed, for the sake of a readable refusal.
const MAX_DISCARDED: usize = 16 << 20;

const MAX_REQUEST_ID: usize = 128;

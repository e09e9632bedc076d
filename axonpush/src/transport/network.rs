//! HTTP: this client's credentials and deadlines on every request, and nothing of them anywhere else.

use std::{error::Error as _, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::Url;

use super::{BaseUrl, Request, TransportPolicy, problem, tls};
use crate::error::{Error, Kind};

/// How long an idle connection is kept. Servers commonly close theirs after 5 s, and a request sent into that moment
/// is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long the body of a refusal is waited for; its status is known by then.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// An HTTP client bound to one server.
#[derive(Clone)]
pub(super) struct Network {
    client: reqwest::Client,
    base_url: BaseUrl,
    /// The URLs that events go to. Making one means parsing it, which would be a good part of what an event costs.
    known: Arc<[(&'static str, Url); KNOWN_PATHS.len()]>,
    key: HeaderValue,
    /// How long the client lets an attempt take by itself.
    timeout: Duration,
}

const KNOWN_PATHS: [&str; 3] = ["/event", "/v1/logs", "/v1/traces"];

impl Network {
    /// Prepares the client; no I/O.
    pub(super) fn new(policy: &TransportPolicy) -> Result<Self, Error> {
        let headers = headers(policy)?;
        tls::check(&policy.base_url)?;
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            // A redirect would carry the key to another host, or turn a POST into a GET that looks like success.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .connect_timeout(policy.connect_timeout)
            .timeout(policy.attempt_timeout);
        if !policy.base_url.is_https() {
            // A proxy would see the key in clear text.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::config("the HTTP client can't be set up; does the system have TLS root certificates?")
                .with_source(error)
        })?;
        let (_, key) = policy.api_key.header()?;
        let base_url = policy.base_url.clone();
        let known = Arc::new(KNOWN_PATHS.map(|path| (path, base_url.join(path, &[]))));
        Ok(Self { client, base_url, known, key, timeout: policy.attempt_timeout })
    }

    /// Sends `request` once, and reads the body of a 2xx.
    pub(super) async fn attempt(&self, request: &Request, timeout: Duration) -> Result<Bytes, Error> {
        let known = self.known.iter().find(|(path, _)| *path == request.path && request.query.is_empty());
        let url = match known {
            Some((_, url)) => url.clone(),
            None => self.base_url.join(&request.path, &request.query),
        };
        let mut builder = self.client.request(request.method.clone(), url);
        if timeout != self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(body) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, body.content_type.clone()).body(body.bytes.clone());
            if let Some(encoding) = &body.content_encoding {
                builder = builder.header(header::CONTENT_ENCODING, encoding.clone());
            }
            if let Some(channel) = &body.channel {
                builder = builder.header("x-axonpush-channel", channel.clone());
                builder = builder.header("x-api-key", self.key.clone());
            }
        }
        let mut response = builder.send().await.map_err(connection_error)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        if status.is_success() {
            return read_body(response, request.max_response).await;
        }
        if status.is_redirection() {
            return Err(problem::redirect(status, &headers));
        }
        // What the body could tell is a bonus; the status alone decides.
        let body = tokio::time::timeout(REFUSAL_TIMEOUT, read_body(response, problem::MAX_BYTES)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        Err(problem::read(status, &headers, &body))
    }
}

/// Reads a body of at most `max` bytes. A longer one ends the connection: reading on would let a server fill memory.
async fn read_body(mut response: reqwest::Response, max: usize) -> Result<Bytes, Error> {
    let (mut first, mut body) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = response.chunk().await.map_err(connection_error)? {
        if first.len() + body.len() + chunk.len() > max {
            return Err(Error::new(Kind::Response, format!("the server's answer is longer than {max} bytes")));
        }
        // Most bodies are of one chunk, which need not be copied.
        if body.is_empty() && first.is_empty() {
            first = chunk;
        } else {
            body.extend_from_slice(&std::mem::take(&mut first));
            body.extend_from_slice(&chunk);
        }
    }
    Ok(if body.is_empty() { first } else { body.freeze() })
}

fn connection_error(error: reqwest::Error) -> Error {
    // The URL says nothing the caller does not know, and a proxy's may hold credentials.
    let error = error.without_url();
    if error.is_timeout() {
        return Error::new(Kind::Timeout, "the server did not answer in time").with_source(error);
    }
    let mut cause = None;
    let mut source = error.source();
    while let Some(next) = source {
        cause = Some(next.to_string());
        source = next.source();
    }
    let cause = cause.unwrap_or_else(|| error.to_string());
    let what = if error.is_connect() { "no connection to the server" } else { "the connection broke" };
    Error::new(Kind::Connect, format!("{what}: {cause}")).with_source(error)
}

fn headers(policy: &TransportPolicy) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let (name, value) = policy.api_key.header()?;
    headers.insert(name, value);
    for (name, setting, value) in [
        ("x-tenant-id", "AXONPUSH_TENANT_ID", &policy.tenant_id),
        ("x-axonpush-environment", "AXONPUSH_ENVIRONMENT", &policy.environment),
    ] {
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), header_value(setting, value)?);
        }
    }
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("axonpush-rust/", env!("CARGO_PKG_VERSION"))));
    Ok(headers)
}

/// A setting as a header value: printable ASCII without spaces, so that nothing can break out of its line.
pub(super) fn header_value(setting: &str, value: &str) -> Result<HeaderValue, Error> {
    if let Some(at) = value.bytes().position(|byte| !byte.is_ascii_graphic()) {
        return Err(Error::config(format!(
            "{setting} can't be sent as a header: byte {at} of {} is no printable ASCII character",
            value.len(),
        )));
    }
    HeaderValue::from_str(value).map_err(|_| Error::config(format!("{setting} can't be sent as a header")))
}

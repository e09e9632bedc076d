//! HTTP: this client's credentials and deadlines on every request, and nothing of them anywhere else.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::Url;

use super::{
    BaseUrl, Request, TransportPolicy,
    client::{self, connection_error, read_body},
    problem, tls,
};
use crate::error::Error;

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
        let is_https = policy.base_url.is_https();
        tls::check("the base URL (AXONPUSH_BASE_URL)", is_https)?;
        let client = client::new(headers, is_https, policy.connect_timeout, policy.attempt_timeout)?;
        let (_, key) = policy.api_key.header()?;
        let base_url = policy.base_url.clone();
        let known = Arc::new(KNOWN_PATHS.map(|path| (path, base_url.join(path, &Vec::new()))));
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

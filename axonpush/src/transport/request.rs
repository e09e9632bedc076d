//! One request, as often as it takes.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method};

/// Bytes of the answer to a publish that are read. Servers of the first era echoed the event.
const MAX_RECEIPT: usize = 512 << 10;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What to send. The same value serves every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What is under way, in words for an error: `publishing an event`.
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    /// Begins with a slash; segments from outside are percent-encoded.
    pub(crate) path: Cow<'static, str>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<RequestBody>,
    /// Bytes of a successful answer that are read.
    pub(crate) max_response: usize,
    /// The event bodies it carries, whatever its encoding.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) events: Vec<Bytes>,
}

/// The body of a request, and the headers that belong to it.
#[derive(Debug, Clone)]
pub(crate) struct RequestBody {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: HeaderValue,
    pub(crate) content_encoding: Option<HeaderValue>,
    /// `X-Axonpush-Channel`, which routes OTLP. With it goes the older name of the key's header, which some OTLP
    /// receivers still ask for.
    pub(crate) channel: Option<HeaderValue>,
}

impl Request {
    /// A JSON body to `path`.
    pub(crate) fn post(what: &'static str, path: impl Into<Cow<'static, str>>, body: Bytes) -> Self {
        Self {
            what,
            method: Method::POST,
            path: path.into(),
            query: Vec::new(),
            body: Some(RequestBody { bytes: body, content_type: JSON, content_encoding: None, channel: None }),
            max_response: MAX_RECEIPT,
            #[cfg(any(test, feature = "testing"))]
            events: Vec::new(),
        }
    }

    pub(crate) fn get(what: &'static str, path: impl Into<Cow<'static, str>>) -> Self {
        /// A page of 500 of the largest events, in theory twice that; in practice far below.
        const MAX_PAGE: usize = 64 << 20;
        Self {
            what,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            max_response: MAX_PAGE,
            #[cfg(any(test, feature = "testing"))]
            events: Vec::new(),
        }
    }

    pub(crate) fn query(mut self, query: Vec<(&'static str, String)>) -> Self {
        self.query = query;
        self
    }
}

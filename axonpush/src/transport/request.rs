//! One request, as often as it takes.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method};

use crate::error::Error;

/// Bytes of the answer to a publish that are read. Servers of the first era echoed the event.
const MAX_RECEIPT: usize = 512 << 10;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers that confirm nothing may be a proxy's passing mood; this many more are asked for before events are given up.
const UNCONFIRMED_RETRIES: u32 = 3;

/// What to send. The same value serves every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What is under way, in words for an error: `publishing an event`.
    pub(crate) what: Cow<'static, str>,
    pub(crate) method: Method,
    /// Begins with a slash; segments from outside are percent-encoded.
    pub(crate) path: Cow<'static, str>,
    pub(crate) query: Query,
    pub(crate) body: Option<RequestBody>,
    /// Whether it may be sent again though the server may have acted on it already.
    pub(crate) is_repeatable: bool,
    /// How often it goes out again after a success that confirms nothing. Who asks for something else than storing events
    /// has most likely been understood, and is told at once what the answer looks like: the same one would come again.
    pub(crate) unconfirmed_retries: u32,
    /// Bytes of a successful answer that are read.
    pub(crate) max_response: usize,
    /// The event bodies it carries, whatever its encoding.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) events: Vec<Bytes>,
}

/// Names and values of a query string, which are encoded where the URL is made.
pub(crate) type Query = Vec<(Cow<'static, str>, String)>;

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
    /// Events as a JSON body to `path`; their dedup keys let it be repeated.
    pub(crate) fn post(what: &'static str, path: impl Into<Cow<'static, str>>, body: Bytes) -> Self {
        Self {
            is_repeatable: true,
            unconfirmed_retries: UNCONFIRMED_RETRIES,
            max_response: MAX_RECEIPT,
            ..Self::new(what, Method::POST, path).json(body)
        }
    }

    /// Any request. One of a method that does the same however often it is asked for may be repeated; `PATCH` is one of
    /// them, as all of the service's replace fields by the values they name.
    pub(crate) fn new(what: impl Into<Cow<'static, str>>, method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        /// A page of 500 of the largest events, in theory twice that; in practice far below.
        const MAX_PAGE: usize = 64 << 20;
        Self {
            what: what.into(),
            is_repeatable: method != Method::POST,
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            unconfirmed_retries: 0,
            max_response: MAX_PAGE,
            #[cfg(any(test, feature = "testing"))]
            events: Vec::new(),
        }
    }

    pub(crate) fn json(mut self, body: Bytes) -> Self {
        self.body = Some(RequestBody { bytes: body, content_type: JSON, content_encoding: None, channel: None });
        self
    }

    /// Whether the same bytes may go out again after `error`.
    ///
    /// What would be done twice is repeated only where the server can't have done it: nothing reached it, or it said
    /// that it turned the request away unread.
    pub(super) fn may_repeat(&self, error: &Error) -> bool {
        self.is_repeatable || error.is_untouched()
    }
}

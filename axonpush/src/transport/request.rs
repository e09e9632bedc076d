//! One request, as often as it takes.

use bytes::Bytes;
use http::Method;

use super::problem;

/// What to send. The same value serves every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What is under way, in words for an error: `publishing an event`.
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    /// Begins with a slash; segments from outside are percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Bytes>,
    /// Bytes of a successful answer that are read.
    pub(crate) max_response: usize,
}

impl Request {
    pub(crate) fn post(what: &'static str, path: impl Into<String>, body: Bytes) -> Self {
        Self {
            what,
            method: Method::POST,
            path: path.into(),
            query: Vec::new(),
            body: Some(body),
            max_response: problem::MAX_BYTES,
        }
    }

    pub(crate) fn get(what: &'static str, path: impl Into<String>) -> Self {
        /// A page of 500 of the largest events, in theory twice that; in practice far below.
        const MAX_PAGE: usize = 64 << 20;
        Self { what, method: Method::GET, path: path.into(), query: Vec::new(), body: None, max_response: MAX_PAGE }
    }

    pub(crate) fn query(mut self, query: Vec<(&'static str, String)>) -> Self {
        self.query = query;
        self
    }
}

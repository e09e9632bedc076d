//! What arrived, refused or not: counts for ever, details of the latest.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;

/// One request as it arrived, whatever it was answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method, in upper case.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without its question mark, still percent-encoded.
    pub query: Option<String>,
    /// Every header in the order it came: the name in lower case, and the value.
    /// Values of headers that carry credentials are masked.
    pub headers: Vec<(String, String)>,
    /// The exact bytes of the body; empty when the body was refused for its size.
    pub body: Bytes,
}

impl ReceivedRequest {
    /// The first value of the header `name`, which is compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    pub(crate) fn new(parts: &Parts, body: Bytes) -> Self {
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: masked(&parts.headers),
            body,
        }
    }

    /// About how many bytes it takes to keep it.
    fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.path.len() + self.query.as_ref().map_or(0, String::len) + headers + self.body.len()
    }

    /// The request as if it had named this environment and no other.
    pub(crate) fn in_environment(&self, environment: &str) -> Self {
        let mut request = self.clone();
        request.headers.retain(|(name, _)| name != "x-axonpush-environment");
        request.headers.push(("x-axonpush-environment".to_owned(), environment.to_owned()));
        request
    }
}

pub(crate) fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn masked(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = if CREDENTIAL_HEADERS.contains(&name.as_str()) {
                MASK.to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// Counts every request and keeps the latest.
#[derive(Debug)]
pub(crate) struct RequestLog {
    state: Mutex<State>,
    keep: usize,
}

#[derive(Debug, Default)]
struct State {
    counts: HashMap<String, HashMap<String, u64>>,
    latest: VecDeque<Arc<ReceivedRequest>>,
    latest_bytes: usize,
}

impl RequestLog {
    pub(crate) fn new(keep: usize) -> Self {
        Self { state: Mutex::default(), keep }
    }

    pub(crate) fn count(&self, method: &str, path: &str) {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = state.counts.get_mut(method).and_then(|paths| paths.get_mut(path)) {
            *count += 1;
            return;
        }
        let known: usize = state.counts.values().map(HashMap::len).sum();
        if known < MAX_COUNTED_PATHS && path.len() <= MAX_COUNTED_PATH {
            state.counts.entry(method.to_owned()).or_default().insert(path.to_owned(), 1);
        }
    }

    pub(crate) fn counted(&self, method: &str, path: &str) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.counts.get(method).and_then(|paths| paths.get(path)).copied().unwrap_or_default()
    }

    pub(crate) fn keep(&self, request: Arc<ReceivedRequest>) {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.latest_bytes += request.size();
        state.latest.push_back(request);
        while state.latest.len() > self.keep || (state.latest_bytes > MAX_KEPT_BYTES && state.latest.len() > 1) {
            if let Some(oldest) = state.latest.pop_front() {
                state.latest_bytes -= oldest.size();
            }
        }
    }

    pub(crate) fn latest(&self) -> Vec<ReceivedRequest> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.latest.iter().map(|request| ReceivedRequest::clone(request)).collect()
    }
}

const MASK: &str = "[REDACTED]";

/// A scanner that tries paths at random must not make the counts grow without end.
const MAX_COUNTED_PATHS: usize = 4_096;
const MAX_COUNTED_PATH: usize = 2_048;

/// Enough for every request of an ordinary test, and small beside the store.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// Headers whose values are credentials; they are masked before anything is kept.
pub(crate) const CREDENTIAL_HEADERS: [&str; 7] = [
    "x-axonpush-api-key",
    "x-api-key",
    "x-public-token",
    "x-sentry-auth",
    "authorization",
    "proxy-authorization",
    "cookie",
];

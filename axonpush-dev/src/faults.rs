//! A server that is slow, fails or limits on request, whatever it is asked for.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::clock::Clock;
use crate::problem::Problem;
use crate::requests::CREDENTIAL_HEADERS;

/// What goes wrong with every request, until told otherwise.
///
/// Unlike an [`Answer`](crate::Answer), which a test scripts for the next requests of one route, faults meet all of the
/// routes that a client uses. `GET /` and the page's files, `GET /healthz` and `/dev/faults` are left alone.
///
/// ```
/// use std::time::Duration;
/// use axonpush_dev::Faults;
///
/// let faults = Faults::default().latency(Duration::from_millis(200)).fail("503:0.3".parse()?).rate_limit(100);
/// # let _ = faults;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "faults do nothing until they are handed to a server"]
pub struct Faults {
    pub(crate) latency: Duration,
    pub(crate) fail: Option<FailRate>,
    pub(crate) rate_limit: Option<u32>,
}

impl Faults {
    /// Holds every answer back for `latency`. Default: none.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Answers a share of the requests with a status instead of serving them. Default: none.
    pub fn fail(mut self, fail: FailRate) -> Self {
        self.fail = Some(fail);
        self
    }

    /// Serves each key `requests` times a second and answers what is more with 429 and `Retry-After`. Default: no limit.
    pub fn rate_limit(mut self, requests: u32) -> Self {
        self.rate_limit = Some(requests);
        self
    }
}

/// A status, and the share of requests that get it. Written `503:0.3`, for three in ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailRate {
    pub(crate) status: u16,
    pub(crate) share: f64,
}

impl FailRate {
    /// Requests that are answered with `status`, 400 to 599, as a `share` from 0 to 1 of all.
    ///
    /// They come evenly: of ten requests and a share of 0.3 exactly three fail.
    ///
    /// # Errors
    /// When either is out of its range.
    pub fn new(status: u16, share: f64) -> Result<Self, String> {
        if !(400..600).contains(&status) {
            return Err(format!("the status is {status}; a failure has one from 400 to 599"));
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(format!("the share is {share}; it is a number from 0 to 1"));
        }
        Ok(Self { status, share })
    }
}

impl FromStr for FailRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(status, share)| Some((status.parse().ok()?, share.parse().ok()?)));
        let (status, share) = parsed.ok_or("expected a status and a share of the requests, such as `503:0.3`")?;
        Self::new(status, share)
    }
}

impl fmt::Display for FailRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.status, self.share)
    }
}

/// The faults of a running server.
#[derive(Debug, Default)]
pub(crate) struct FaultState {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    faults: Faults,
    /// How much of a failure is owed; one is due when it is whole.
    owed: f64,
    /// By a hash of the key: the second, and how many requests came in it.
    served: HashMap<u64, (i64, u32)>,
}

impl FaultState {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { inner: Mutex::new(Inner { faults, ..Inner::default() }) }
    }

    pub(crate) fn get(&self) -> Faults {
        self.lock().faults.clone()
    }

    pub(crate) fn set(&self, faults: Faults) {
        *self.lock() = Inner { faults, ..Inner::default() };
    }

    /// How long to wait, and what to answer in place of the truth, if anything.
    pub(crate) fn next(&self, path: &str, headers: &HeaderMap, clock: &Clock) -> (Duration, Option<Response>) {
        if SPARED.contains(&path) {
            return (Duration::ZERO, None);
        }
        let inner = &mut *self.lock();
        let response = inner.over_limit(headers, clock).or_else(|| inner.failure());
        (inner.faults.latency, response)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn over_limit(&mut self, headers: &HeaderMap, clock: &Clock) -> Option<Response> {
        let limit = self.faults.rate_limit?;
        let second = clock.now().as_second();
        if self.served.len() >= MAX_KEYS {
            self.served.retain(|_, (last, _)| *last == second);
        }
        let (last, count) = self.served.entry(key(headers)).or_insert((second, 0));
        if *last != second {
            (*last, *count) = (second, 0);
        }
        *count = count.saturating_add(1);
        if *count <= limit {
            return None;
        }
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, format!("more than {limit} requests in a second"));
        let mut response = problem.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        Some(response)
    }

    fn failure(&mut self) -> Option<Response> {
        let FailRate { status, share } = self.faults.fail?;
        self.owed += share;
        // Tenths do not add up to a whole to the last bit.
        if self.owed + 1e-9 < 1.0 {
            return None;
        }
        self.owed -= 1.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        Some(Problem::new(status, "this server was asked to fail").into_response())
    }
}

fn key(headers: &HeaderMap) -> u64 {
    let mut hasher = DefaultHasher::new();
    CREDENTIAL_HEADERS.iter().find_map(|name| headers.get(*name)).map(HeaderValue::as_bytes).hash(&mut hasher);
    hasher.finish()
}

/// What has to work for faults to be seen and switched off again.
const SPARED: [&str; 4] = ["/", "/healthz", "/openapi.json", "/dev/faults"];

const MAX_KEYS: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_exactly() {
        for (share, expected) in [(0.0, 0), (0.1, 100), (0.3, 300), (0.5, 500), (1.0, 1_000)] {
            let state = FaultState::new(Faults::default().fail(FailRate::new(503, share).unwrap()));
            let clock = Clock::default();
            let failed = (0..1_000).filter(|_| state.next("/event", &HeaderMap::new(), &clock).1.is_some()).count();
            assert_eq!(failed, expected, "{share}");
        }
    }

    #[test]
    fn a_share_is_written_as_it_is_read() {
        for text in ["503:0.3", "429:1", "500:0"] {
            assert_eq!(text.parse::<FailRate>().unwrap().to_string(), text);
        }
        for text in ["", "503", "503:", ":0.3", "200:0.3", "600:1", "503:1.1", "503:-0.1", "503:NaN", "503:inf", "a:b"]
        {
            assert!(text.parse::<FailRate>().is_err(), "{text}");
        }
    }
}

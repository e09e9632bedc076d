//! The one way to the server: HTTP with this client's credentials, deadlines, retries and errors.

mod api_key;
mod base_url;
pub(crate) mod client;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod network;
mod problem;
mod request;
pub(crate) mod tls;

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::{runtime::Handle, sync::watch};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::memory::{FarEnd, InMemory, Reply};
use self::network::Network;
pub(crate) use self::{
    api_key::ApiKey,
    base_url::BaseUrl,
    request::{Query, Request, RequestBody},
};
use crate::{clock, error::Error, event::id::random_u64, retry::Retry};

/// Settings of the transport.
#[derive(Debug, Clone)]
pub(crate) struct TransportPolicy {
    pub(crate) base_url: BaseUrl,
    pub(crate) api_key: ApiKey,
    pub(crate) tenant_id: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// What takes the place of the network, if anything does.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) memory: Option<InMemory>,
}

impl TransportPolicy {
    /// Whether requests go the same way, as the same client.
    pub(crate) fn is_same_way(&self, other: &Self) -> bool {
        let way = |policy: &Self| (policy.connect_timeout, policy.attempt_timeout);
        let who = |policy: &Self| (policy.tenant_id.clone(), policy.environment.clone());
        self.base_url == other.base_url
            && self.api_key == other.api_key
            && way(self) == way(other)
            && who(self) == who(other)
    }
}

/// The way to one server. Lives on the worker's runtime.
#[derive(Clone)]
pub(crate) struct Transport {
    wire: Wire,
    attempt_timeout: Duration,
}

#[derive(Clone)]
enum Wire {
    Network(Network),
    #[cfg(any(test, feature = "testing"))]
    Memory(InMemory),
}

impl Transport {
    /// Prepares the client; no I/O.
    pub(crate) fn new(policy: &TransportPolicy) -> Result<Self, Error> {
        let attempt_timeout = policy.attempt_timeout;
        #[cfg(any(test, feature = "testing"))]
        if let Some(memory) = &policy.memory {
            return Ok(Self { wire: Wire::Memory(memory.clone()), attempt_timeout });
        }
        Ok(Self { wire: Wire::Network(Network::new(policy)?), attempt_timeout })
    }

    /// The runtime that everything runs on in place of a thread of the worker's own: that of a test.
    pub(crate) fn host(&self) -> Option<&Handle> {
        match &self.wire {
            Wire::Network(_) => None,
            #[cfg(any(test, feature = "testing"))]
            Wire::Memory(memory) => memory.host(),
        }
    }

    /// Sends `request` until `read` accepts the body of a 2xx, or `retry` gives up.
    ///
    /// The same bytes go out on every attempt. `shutdown` tells when the client will end: then a wait between attempts
    /// ends early, once, and none is begun that would end later.
    pub(crate) async fn send<T>(
        &self,
        request: &Request,
        mut retry: Retry,
        mut shutdown: watch::Receiver<Option<Instant>>,
        read: impl Fn(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut unconfirmed_left = request.unconfirmed_retries;
        loop {
            let timeout = self.attempt_timeout.min(retry.time_left(clock::now()));
            let error = match self.attempt(request, timeout).await.and_then(|body| read(&body)) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !request.may_repeat(&error) {
                return Err(error.while_doing(&request.what));
            }
            if error.is_unconfirmed() {
                match unconfirmed_left.checked_sub(1) {
                    Some(left) => unconfirmed_left = left,
                    None => return Err(error.while_doing(&request.what)),
                }
            }
            let now = clock::now();
            let delay = if error.is_retryable() { retry.next_delay(error.retry_after(), now, dice()) } else { None };
            let end = *shutdown.borrow_and_update();
            let delay = delay.filter(|delay| end.is_none_or(|end| clock::after(now, *delay) < end));
            let Some(delay) = delay else { return Err(error.while_doing(&request.what)) };
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                // The sender lives as long as the worker; when it is gone, so is the reason to wait.
                _ = shutdown.changed() => {}
            }
        }
    }

    /// How long one attempt may take.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// Sends `request` once, and reads the body of a 2xx.
    pub(crate) async fn attempt(&self, request: &Request, timeout: Duration) -> Result<Bytes, Error> {
        match &self.wire {
            Wire::Network(network) => network.attempt(request, timeout).await,
            #[cfg(any(test, feature = "testing"))]
            Wire::Memory(memory) => memory.attempt(request, timeout).await,
        }
    }
}

/// A number in `0.0..1.0`.
pub(crate) fn dice() -> f64 {
    f64::from(u32::try_from(random_u64() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

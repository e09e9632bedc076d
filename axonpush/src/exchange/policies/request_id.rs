//! Whose request ids to believe.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::context::{HeaderValues, RequestId, single};

/// Whose request ids to believe, and how fresh ones are made.
///
/// ```
/// use axonpush::{RequestId, exchange::RequestIdPolicy};
///
/// let policy = RequestIdPolicy::new().headers(["x-amzn-trace-id", "x-request-id"]).max_length(64);
/// let untrusting = RequestIdPolicy::new().trust(false);
/// ```
#[derive(Clone)]
pub struct RequestIdPolicy {
    trust: bool,
    headers: Cow<'static, [Cow<'static, str>]>,
    max_length: usize,
    generator: Option<Arc<dyn Fn() -> RequestId + Send + Sync>>,
}

/// Headers that may bring a request id.
const HEADERS: [Cow<'static, str>; 2] = [Cow::Borrowed("x-request-id"), Cow::Borrowed("x-correlation-id")];

impl RequestIdPolicy {
    /// Takes over a well-formed `X-Request-ID`, else a well-formed `X-Correlation-ID`, else makes a random UUID. An id in
    /// which the client's [`RedactionPolicy`](crate::RedactionPolicy) finds a secret, as a token or a card number, is not
    /// taken over: it would be told with every event and answered to whoever asks.
    pub fn new() -> Self {
        Self { trust: true, headers: Cow::Borrowed(&HEADERS), max_length: RequestId::MAX_LENGTH, generator: None }
    }

    /// Whether an id of the client is taken over; `true` unless set.
    pub fn trust(mut self, trust: bool) -> Self {
        self.trust = trust;
        self
    }

    /// The headers that may bring an id, in lowercase; the first that is there once and well-formed wins.
    pub fn headers<N: Into<Cow<'static, str>>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.headers = names.into_iter().map(Into::into).collect::<Vec<_>>().into();
        self
    }

    /// The longest id that is taken over, in bytes; 128 unless set, and never more.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes.min(RequestId::MAX_LENGTH);
        self
    }

    /// Makes the fresh ids. Runs on the thread that handles the request.
    pub fn generator(mut self, generate: impl Fn() -> RequestId + Send + Sync + 'static) -> Self {
        self.generator = Some(Arc::new(generate));
        self
    }

    /// The id of a request. One that looks like a secret is not taken over: ids are told everywhere, as they are.
    pub(in crate::exchange) fn id(
        &self,
        headers: HeaderValues<'_, '_>,
        is_secret: &dyn Fn(&[u8]) -> bool,
    ) -> RequestId {
        let well_formed = |name: &Cow<'static, str>| {
            let sent = single(headers, name).filter(|id| id.len() <= self.max_length)?;
            RequestId::parse(sent).filter(|id| !is_secret(id.as_bytes()))
        };
        let sent = if self.trust { self.headers.iter().find_map(well_formed) } else { None };
        sent.unwrap_or_else(|| self.generator.as_ref().map_or_else(RequestId::generate, |generate| generate()))
    }
}

impl Default for RequestIdPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RequestIdPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIdPolicy")
            .field("trust", &self.trust)
            .field("headers", &self.headers)
            .field("max_length", &self.max_length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_sent_the_id_is_well_formed_and_taken_over_only_as_it_came(
            sent in prop_oneof![any::<Vec<u8>>(), "[A-Za-z0-9._-]{0,140}".prop_map(String::into_bytes)],
            max_length in 0_usize..200,
        ) {
            let headers: HeaderValues<'_, '_> = &|name, each| {
                if name == "x-request-id" {
                    each(&sent);
                }
            };
            let policy = RequestIdPolicy::new().max_length(max_length);
            prop_assert!(policy.id(headers, &|_| true).as_bytes() != sent);
            let id = policy.id(headers, &|_| false);
            prop_assert!(RequestId::parse(id.as_str().as_bytes()).is_some());
            let acceptable = sent.len() <= max_length && RequestId::parse(&sent).is_some();
            prop_assert_eq!(id.as_str().as_bytes() == sent, acceptable);
        }
    }
}

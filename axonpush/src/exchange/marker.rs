//! What one layer leaves for those further in.

use crate::{client::AxonPush, context::OpenRequest};

/// Left with a request by whoever began its exchange, so that a layer further in doesn't begin it again.
///
/// It travels with the request, in what the framework calls extensions. That layers share it makes a router inside
/// tell its route to the one outside, and one request have one id, whatever client its layers publish through.
#[derive(Debug, Clone)]
pub struct ExchangeMarker {
    pub(super) request: OpenRequest,
    /// Who reports the exchange. Kept as handles, so that no later client is taken for one of them.
    pub(super) first: Option<AxonPush>,
    others: Vec<AxonPush>,
}

impl ExchangeMarker {
    pub(super) fn new(request: OpenRequest) -> Self {
        Self { request, first: None, others: Vec::new() }
    }

    /// Whether the exchange is reported through `client` already. A disabled client reports nothing.
    pub(super) fn is_reported_through(&self, client: &AxonPush) -> bool {
        self.first.iter().chain(&self.others).any(|known| known.is_clone_of(client))
    }

    pub(super) fn add(&mut self, client: &AxonPush) {
        match self.first {
            None => self.first = Some(client.clone()),
            Some(_) => self.others.push(client.clone()),
        }
    }
}

//! What one layer leaves for those further in.

use std::sync::{Arc, OnceLock};

use crate::{client::AxonPush, context::RequestContext};

/// Left with a request by whoever began its exchange, so that a layer further in doesn't begin it again.
///
/// It travels with the request, in what the framework calls extensions. That layers share it makes a router inside
/// tell its route to the one outside, and one request have one id, whatever client its layers publish through.
#[derive(Debug, Clone)]
pub struct ExchangeMarker {
    pub(super) shared: Arc<Shared>,
    /// Who reports the exchange. Kept as handles, so that no later client is taken for one of them.
    clients: Vec<AxonPush>,
}

/// What all layers around one request share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) context: RequestContext,
    route: OnceLock<String>,
}

impl ExchangeMarker {
    pub(super) fn new(context: RequestContext) -> Self {
        Self { shared: Arc::new(Shared { context, route: OnceLock::new() }), clients: Vec::new() }
    }

    /// Whether the exchange is reported through `client` already. A disabled client reports nothing.
    pub(super) fn is_reported_through(&self, client: &AxonPush) -> bool {
        self.clients.iter().any(|known| known.is_clone_of(client))
    }

    pub(super) fn add(&mut self, client: &AxonPush) {
        self.clients.push(client.clone());
    }
}

impl Shared {
    /// The route's template; the first layer to know it has told it to all.
    pub(super) fn route(&self) -> Option<&str> {
        self.route.get().map(String::as_str)
    }

    pub(super) fn tell_route(&self, route: &str) {
        self.route.get_or_init(|| route.to_owned());
    }
}

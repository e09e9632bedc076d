//! What an adapter knows when a request arrives.

use std::net::IpAddr;

/// Looks up a request header: its value when it is there exactly once, else `None`.
///
/// A header that must be single and is repeated means that two parties disagree; neither is believed.
pub type SingleHeader<'a> = &'a dyn Fn(&str) -> Option<&'a [u8]>;

/// What an adapter knows when a request arrives, borrowed for the moment.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct RequestFacts<'a> {
    pub(super) framework: &'static str,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) route: Option<&'a str>,
    pub(super) scheme: Option<&'a str>,
    pub(super) protocol_version: Option<&'static str>,
    pub(super) client_address: Option<IpAddr>,
}

impl<'a> RequestFacts<'a> {
    /// A request, as `framework` tells it: the method, and the path without its query.
    pub fn new(framework: &'static str, method: &'a str, path: &'a str) -> Self {
        Self { framework, method, path, route: None, scheme: None, protocol_version: None, client_address: None }
    }

    /// The route's template, such as `/users/{id}`. Leave it out when no route matched; the path is no stand-in.
    pub fn route(mut self, route: &'a str) -> Self {
        self.route = Some(route);
        self
    }

    /// `http` or `https`, as far as the framework knows; [`ExchangePolicy::scheme`](super::ExchangePolicy::scheme)
    /// knows better.
    pub fn scheme(mut self, scheme: &'a str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// `1.0`, `1.1`, `2` or `3`.
    pub fn protocol_version(mut self, version: &'static str) -> Self {
        self.protocol_version = Some(version);
        self
    }

    /// The address of the peer. One of IPv4 that came through an IPv6 socket is told as IPv4.
    pub fn client_address(mut self, address: IpAddr) -> Self {
        self.client_address = Some(address.to_canonical());
        self
    }
}

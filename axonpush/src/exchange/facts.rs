//! What an adapter knows when a request arrives.

use std::net::IpAddr;

/// A lookup in a list of headers.
#[cfg(test)]
pub(super) fn lookup<'a>(headers: &'a [(&'a str, &'a str)]) -> impl Fn(&str, &mut dyn FnMut(&'a [u8])) {
    move |name, each| {
        headers.iter().filter(|(known, _)| *known == name).for_each(|(_, value)| each(value.as_bytes()));
    }
}

/// What an adapter knows when a request arrives, borrowed for the moment.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct RequestFacts<'a> {
    pub(super) framework: &'static str,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) route: Option<&'a str>,
    pub(super) scheme: Option<&'a str>,
    pub(super) protocol_version: Option<&'static str>,
    pub(super) peer_address: Option<IpAddr>,
}

impl<'a> RequestFacts<'a> {
    /// A request, as `framework` tells it: the method, and the path without its query.
    pub fn new(framework: &'static str, method: &'a str, path: &'a str) -> Self {
        Self {
            framework,
            method,
            path,
            query: None,
            route: None,
            scheme: None,
            protocol_version: None,
            peer_address: None,
        }
    }

    /// What follows the `?`, if anything does.
    pub fn with_query(mut self, query: Option<&'a str>) -> Self {
        self.query = query;
        self
    }

    /// The route's template, such as `/users/{id}`; `None` when no route matched, since the path is no stand-in.
    pub fn with_route(mut self, route: Option<&'a str>) -> Self {
        self.route = route;
        self
    }

    /// `http` or `https`, as far as the framework knows; [`ExchangePolicy::scheme`](super::ExchangePolicy::scheme)
    /// knows better.
    pub fn with_scheme(mut self, scheme: &'a str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// `1.0`, `1.1`, `2` or `3`.
    pub fn with_protocol_version(mut self, version: Option<&'static str>) -> Self {
        self.protocol_version = version;
        self
    }

    /// The address at the other end of the connection. One of IPv4 that came through an IPv6 socket is told as IPv4.
    pub fn with_peer_address(mut self, address: Option<IpAddr>) -> Self {
        self.peer_address = address.map(|address| address.to_canonical());
        self
    }

    /// The method, as it came.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path, without the query.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// The query, unmasked.
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// The route's template, where it is known already.
    pub fn route(&self) -> Option<&'a str> {
        self.route
    }

    /// The address at the other end of the connection.
    pub fn peer_address(&self) -> Option<IpAddr> {
        self.peer_address
    }
}

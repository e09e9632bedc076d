//! Who may talk to the server: loopback names only, and nobody without a key.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};

use crate::problem::Problem;
use crate::requests::ReceivedRequest;

/// Refuses a request that was addressed to another name, or sent by a page from another site.
///
/// A web page can point its own host name at 127.0.0.1 and then read answers as its own; the name
/// in `Host` is what gives it away.
pub(crate) fn check_origin(parts: &Parts) -> Result<(), Problem> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(host) => host.to_str().unwrap_or_default(),
        None => parts.uri.authority().map_or("", http::uri::Authority::as_str),
    };
    if !is_loopback(host) || hosts.next().is_some() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "this server answers only to 127.0.0.1, localhost and [::1]; check the Host header",
        ));
    }
    let changes_state = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if changes_state && let Some(origin) = parts.headers.get(header::ORIGIN) {
        let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map_or("", |(_, rest)| rest);
        if !is_loopback(authority) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "requests from pages of another origin are refused"));
        }
    }
    Ok(())
}

/// Whether `authority` is a loopback name, with or without a port.
fn is_loopback(authority: &str) -> bool {
    let (name, port) = match authority.rsplit_once(':') {
        // The last colon of a bare `[::1]` is part of the address.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    let valid_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    valid_port && (name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost"))
}

/// Refuses a request that carries no key in any of the headers the service knows.
pub(crate) fn require_credentials(headers: &HeaderMap) -> Result<(), Problem> {
    if has_credentials(headers) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNAUTHORIZED,
        "no API key; send one in `x-axonpush-api-key` (any `ak_` value will do here)",
    ))
}

fn has_credentials(headers: &HeaderMap) -> bool {
    let filled = |name| headers.get(name).is_some_and(|value| !value.as_bytes().trim_ascii().is_empty());
    bearer(headers).is_some() || ["x-axonpush-api-key", "x-api-key", "x-public-token"].into_iter().any(filled)
}

/// The token in `Authorization: Bearer ..`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut words = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_ascii_whitespace();
    words.next().filter(|scheme| scheme.eq_ignore_ascii_case("bearer"))?;
    words.next()
}

/// A token that pages and apps may carry in the open.
pub(crate) struct PublicToken(pub(crate) String);

/// The public token of a request, whichever header it came in.
pub(crate) fn public_token(headers: &HeaderMap) -> Option<PublicToken> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    let public = Some(text("x-public-token")).filter(|token| !token.is_empty());
    let keys = || ["x-axonpush-api-key", "x-api-key"].into_iter().map(text).chain(bearer(headers));
    let as_key = || keys().find(|key| key.starts_with("pt_"));
    public.or_else(as_key).map(|token| PublicToken(token.to_owned()))
}

/// A request that carries a key. Routes that take it answer 401 to everyone else.
#[derive(Debug)]
pub(crate) struct Authorized(pub(crate) Arc<ReceivedRequest>);

impl<S: Sync> FromRequestParts<S> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let received = parts.extensions.get::<Arc<ReceivedRequest>>().ok_or_else(Problem::internal)?;
        require_credentials(&parts.headers)?;
        if public_token(&parts.headers).is_some() {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "a public token may publish and nothing else; send an API key in `x-axonpush-api-key`",
            ));
        }
        Ok(Self(Arc::clone(received)))
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_names_pass_with_any_port() {
        for name in ["127.0.0.1", "127.0.0.1:4000", "localhost", "LOCALHOST:1", "[::1]", "[::1]:65535"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in ["", "::1", "evil.example", "evil.example:4000", "localhost.evil.example", "127.0.0.1.evil.example"]
        {
            assert!(!is_loopback(name), "{name}");
        }
        for name in ["localhost:", "localhost:x", "localhost:1:2", "127.0.0.1:65536", "user@localhost", "[::1"] {
            assert!(!is_loopback(name), "{name}");
        }
    }
}

//! HTTP as everything here speaks it: to one host, within deadlines, and with errors that name no address.

use std::{error::Error as _, time::Duration};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use reqwest::Url;

use crate::error::{Error, Kind};

/// How long an idle connection is kept. Servers commonly close theirs after 5 s, and a request sent into that moment
/// is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Prepares a client that sends `headers` with every request; no I/O. Whether TLS can be had is asked before.
pub(crate) fn new(
    headers: HeaderMap,
    is_https: bool,
    connect_timeout: Duration,
    attempt_timeout: Duration,
) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .default_headers(headers)
        // A redirect would carry the key to another host, or turn a POST into a GET that looks like success.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .connect_timeout(connect_timeout)
        .timeout(attempt_timeout);
    if !is_https {
        // A proxy would see the key in clear text.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        Error::config("the HTTP client can't be set up; does the system have TLS root certificates?").with_source(error)
    })
}

/// Reads a body of at most `max` bytes. A longer one ends the connection: reading on would let a server fill memory.
pub(crate) async fn read_body(mut response: reqwest::Response, max: usize) -> Result<Bytes, Error> {
    let (mut first, mut body) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = response.chunk().await.map_err(connection_error)? {
        if first.len() + body.len() + chunk.len() > max {
            return Err(Error::new(Kind::Response, format!("the server's answer is longer than {max} bytes")));
        }
        // Most bodies are of one chunk, which need not be copied.
        if body.is_empty() && first.is_empty() {
            first = chunk;
        } else {
            body.extend_from_slice(&std::mem::take(&mut first));
            body.extend_from_slice(&chunk);
        }
    }
    Ok(if body.is_empty() { first } else { body.freeze() })
}

pub(crate) fn connection_error(error: reqwest::Error) -> Error {
    // The URL says nothing the caller does not know, and a proxy's may hold credentials.
    let error = error.without_url();
    if error.is_timeout() {
        if error.is_connect() {
            return Error::new(Kind::ConnectTimeout, "no connection to the server in time").with_source(error);
        }
        return Error::new(Kind::Timeout, "the server did not answer in time").with_source(error);
    }
    let mut cause = None;
    let mut source = error.source();
    while let Some(next) = source {
        cause = Some(next.to_string());
        source = next.source();
    }
    let cause = cause.unwrap_or_else(|| error.to_string());
    let (kind, what) = if error.is_connect() {
        (Kind::Connect, "no connection to the server")
    } else {
        (Kind::Broken, "the connection broke")
    };
    Error::new(kind, format!("{what}: {cause}")).with_source(error)
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_never_comes_about_is_a_timeout_that_reached_nobody() {
        // It is taken by the system, and nobody answers the handshake.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        for (connect, attempt, is_untouched) in [(50, 60_000, true), (60_000, 50, false)] {
            let [connect, attempt] = [connect, attempt].map(Duration::from_millis);
            let client = new(HeaderMap::new(), true, connect, attempt).unwrap();
            let error = connection_error(client.post(&url).body("{}").send().await.unwrap_err());
            assert!(error.is_timeout() && error.is_retryable(), "{error}");
            assert_eq!(error.is_untouched(), is_untouched, "{error}");
        }
    }
}

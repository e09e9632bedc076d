//! The way to the server, up to the connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::Url;
use tokio::net::{TcpStream, lookup_host};

use super::report::{Report, Verdict};
use crate::cli::Stop;
use crate::cli::remote::is_local;

/// Whether there is a way.
pub(super) async fn check(url: &Url, timeout: Duration, report: &mut Report) -> Result<bool, Stop> {
    if let Some(name) = proxy(url) {
        let found = format!("requests go through the proxy that {name} names");
        let fix = format!("if it does not let them pass, unset {name} or add the host to NO_PROXY");
        report.tell("proxy", Verdict::warn(found, fix))?;
        report.skip("dns", "the proxy looks the host up")?;
        return Ok(true);
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let began = Instant::now();
    let found = tokio::time::timeout(timeout, lookup_host((host, port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            let fix = "check the host in AXONPUSH_BASE_URL or --url, and whether this machine has a network";
            report.tell("dns", Verdict::fail(format!("`{host}` was not found: {error}"), fix))?;
            return Ok(false);
        }
        Err(_) => {
            let fix = "check the name server that this machine uses, in /etc/resolv.conf or the network settings";
            report.tell("dns", Verdict::fail(format!("nobody said where `{host}` is"), fix))?;
            return Ok(false);
        }
    };
    let first = addresses.first().map(|address| address.ip().to_string()).unwrap_or_default();
    let more = addresses.len().saturating_sub(1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    report.tell("dns", Verdict::ok(format!("{first}{more}, {}", milliseconds(began.elapsed()))))?;
    connect(&addresses, timeout.min(CONNECT_TIMEOUT), report).await
}

async fn connect(addresses: &[SocketAddr], timeout: Duration, report: &mut Report) -> Result<bool, Stop> {
    let mut failures = Vec::new();
    let mut refused = false;
    for address in addresses {
        let began = Instant::now();
        match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                let found = format!("{address} accepts connections, {}", milliseconds(began.elapsed()));
                report.tell(
                    "tcp",
                    if failures.is_empty() {
                        Verdict::ok(found)
                    } else {
                        let fix = "clients try all addresses, so it works, but every connection may take longer";
                        Verdict::warn(format!("{found}; but {}", failures.join("; ")), fix)
                    },
                )?;
                return Ok(true);
            }
            Ok(Err(error)) => {
                refused |= error.kind() == std::io::ErrorKind::ConnectionRefused;
                failures.push(format!("{address}: {error}"));
            }
            Err(_) => failures.push(format!("{address}: no answer within {} s", timeout.as_secs_f32())),
        }
    }
    let fix = if refused {
        "nothing listens there: check the port, or start a local server with `axonpush-dev`"
    } else {
        "a firewall between here and there may drop connections; if there is a proxy, set HTTPS_PROXY"
    };
    report.tell("tcp", Verdict::fail(failures.join("; "), fix))?;
    Ok(false)
}

/// The variable that names a proxy for this URL, as the HTTP client reads it.
fn proxy(url: &Url) -> Option<&'static str> {
    if is_local(url) {
        return None;
    }
    let names = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let name = names.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))?;
    let spared = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let is_spared = |entry: &str| {
        let entry = entry.trim().trim_start_matches('.');
        entry == "*" || (!entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}"))))
    };
    (!spared.split(',').any(is_spared)).then_some(name)
}

pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

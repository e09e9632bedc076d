//! What the examples share: one small shop as an axum and as an actix service, and a caller that asks it everything.

/// The README's code, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

pub mod actix_shop;
pub mod axum_shop;
pub mod caller;
pub mod verdict;

use std::time::Duration;

/// How long the slow page takes.
pub const SLOW: Duration = Duration::from_millis(300);

/// What the page that panics says.
pub const PANIC: &str = "the shelf fell down";

/// The chunks of the page that streams.
pub const CHUNKS: [&str; 4] = ["one\n", "two\n", "three\n", "four\n"];

/// What the page that never ends begins with.
pub const BEGINNING: &str = "once upon a time";

/// Any key does for the dev server.
const DEV_KEY: &str = "ak_dev";

/// The line that shows what the server was told: the one `client_or_dev_server` started, or that of the environment.
/// A key from the environment stays there.
#[must_use]
pub fn curl_events(server: Option<&axonpush_dev::DevServer>) -> String {
    if let Some(server) = server {
        return format!("curl '{}/events' -H 'x-axonpush-api-key: {DEV_KEY}'", server.url());
    }
    let url = std::env::var("AXONPUSH_BASE_URL").map_or("https://api.axonpush.xyz", |_| "$AXONPUSH_BASE_URL");
    format!(r#"curl "{url}/events" -H "x-axonpush-api-key: $AXONPUSH_API_KEY""#)
}

/// A client of the server that the environment names, or of a dev server that is started here and lives as long as
/// the second value.
///
/// # Errors
///
/// When the environment is malformed, or no server can be started.
pub async fn client_or_dev_server()
-> Result<(axonpush::AxonPush, Option<axonpush_dev::DevServer>), Box<dyn std::error::Error>> {
    if std::env::var_os("AXONPUSH_API_KEY").is_some() {
        return Ok((axonpush::AxonPush::from_env()?, None));
    }
    let server = axonpush_dev::DevServer::start().await?;
    println!("AXONPUSH_API_KEY is not set, so a local AxonPush server was started at {}", server.url());
    let client = axonpush::AxonPush::builder().api_key(DEV_KEY).base_url(server.url()).build()?;
    Ok((client, Some(server)))
}

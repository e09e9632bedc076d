//! A local AxonPush server: no account, no network, no waiting.
//!
//! Publish to it as to the hosted service and read back what arrived. It speaks the same wire
//! contract, refuses what the service would refuse, and lets a test script how it answers.
//!
//! ```
//! use std::time::Duration;
//! use axonpush_dev::{Answer, DevServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = DevServer::start().await?;
//! server.script(Answer::status(503).header("retry-after", "0"));
//!
//! let publish = reqwest::Client::new()
//!     .post(format!("{}/event", server.url()))
//!     .header("x-axonpush-api-key", "ak_dev")
//!     .json(&serde_json::json!({"identifier": "web_search", "payload": {"attributes": {"hits": 42}}}));
//!
//! let refused = publish.try_clone().ok_or("a body to send twice")?.send().await?;
//! assert_eq!(refused.status(), 503);
//! assert_eq!(publish.send().await?.status(), 200);
//!
//! let events = server.wait_for_events(1, Duration::from_secs(5)).await;
//! assert_eq!(events[0].identifier, "web_search");
//! assert_eq!(events[0].attribute("hits"), Some(&serde_json::json!(42)));
//! assert_eq!(server.request_count("POST", "/event"), 2);
//! # server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # In your own tests
//!
//! Give your application the server's [`url`](DevServer::url) as its base URL and any key that begins with `ak_`, let it do
//! what it does, and look at what arrived. Each test has a server of its own: one starts in a few milliseconds, on a port
//! that is free.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//! use axonpush_dev::{Answer, DevServer, Faults};
//! use serde_json::json;
//!
//! /// The application: it tells of an order, and tries twice.
//! async fn place_order(url: &str, total: u32) -> Result<(), reqwest::Error> {
//!     let event = json!({"identifier": "order", "payload": {"attributes": {"order.total": total}}});
//!     let request = || reqwest::Client::new().post(format!("{url}/event")).header("x-api-key", "ak_test").json(&event);
//!     if request().send().await?.error_for_status().is_err() {
//!         request().send().await?.error_for_status()?;
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = DevServer::start().await?;
//!
//! // The clock stands where a test puts it, and goes on from there or is moved.
//! server.set_time(UNIX_EPOCH + Duration::from_secs(3_600));
//!
//! // Scripted answers are for the next requests, one each.
//! server.script(Answer::status(503));
//! place_order(server.url(), 42).await?;
//! let orders = server.find_events(|event| event.attribute("order.total") == Some(&json!(42)));
//! assert_eq!(orders.len(), 1);
//! assert!(orders[0].created_at < UNIX_EPOCH + Duration::from_secs(7_200));
//! assert_eq!(server.request_count("POST", "/event"), 2);
//!
//! // Faults are for all requests, until they are taken back.
//! server.set_faults(Faults::default().fail("503:1".parse()?));
//! assert!(place_order(server.url(), 43).await.is_err());
//! server.set_faults(Faults::default());
//! assert_eq!(server.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Code without a runtime starts one with [`DevServer::start_blocking`] and waits with
//! [`DevServer::wait_for_events_blocking`]. What a client sent, byte for byte and refused or not, is in
//! [`DevServer::requests`].
//!
//! # The nouns
//!
//! - [`DevServer`] is one running server; dropping it stops it. [`DevServerBuilder`] chooses its
//!   port, its file and its limits.
//! - [`StoredEvent`] is one event that was accepted, with the exact bytes and headers that brought it.
//! - [`ReceivedRequest`] is one request as it arrived, refused ones included.
//! - [`Answer`] is what the server should say next instead of the truth.
//! - [`Faults`] are what goes wrong with every request: latency, a share of failures, a limit for each key.
//!
//! # What it does
//!
//! - It takes events one by one at `POST /event`, and OpenTelemetry's log records and spans in
//!   batches at `POST /v1/logs` and `POST /v1/traces`: JSON or protobuf, with or without gzip. A
//!   record becomes an event of type `app.log` or `app.span` whose source is `otlp`, and an invalid
//!   one is refused alone. [`DevServer::script_otlp`] scripts these routes.
//! - It takes what Sentry's SDKs send, at `POST /api/{channelId}/envelope/`: with a DSN such as
//!   `http://ak_dev@127.0.0.1:4000/1`, errors, messages, logs, transactions and feedback become events whose source is
//!   `sentry`.
//! - It answers questions about what is stored, worked out when they are asked: `GET /analytics/..` sums events up,
//!   `GET /errors` groups failures into issues that can be resolved, muted and assigned, and an alert tells when its rule
//!   held. Every change is in `GET /audit-logs`.
//! - It describes itself at `GET /openapi.json`, a document of version 3.1 for generators of clients: the parameters, the
//!   body and the answers of every operation, and who may call it. Parameters and bodies are read by what the document is
//!   made of, and a test asks for every operation and holds each answer against it.
//! - It keeps apps, channels, environments, members, public tokens, webhook endpoints, alerts, dashboards and the like. One
//!   app, `app_dev`, with one channel, `default`, and one environment, `development`, are there from the start.
//! - It delivers webhooks, signed, and tries again after 1, 5 and 30 seconds, 2 and 10 minutes. With a file it goes on
//!   after a restart. An endpoint gets two at once at most, so that one that never answers holds up no other. To https
//!   addresses it delivers with the feature `https` only.
//! - It tells of events as they arrive at `GET /events/stream`, as server-sent events with the filters of `GET /events`. A
//!   client that comes back with `Last-Event-ID` misses nothing; one that is 2,000 events behind gets an event `skipped`
//!   with the count.
//! - It shows all of that to a browser at `/`: events as they arrive, what one request did, traces, charts, and what clients
//!   say they lost. The page is part of the program and asks nobody else for anything.
//! - Its clock can be moved, with [`DevServer::advance`] and [`DevServer::set_time`], so that a test needs not wait for the
//!   next attempt of a webhook.
//! - It owns a thread, so it keeps answering while a test blocks its own runtime, and it needs none.
//! - An event that was answered with 200 is there for the very next read.
//! - Unknown fields are refused by name, because the service refuses them too.
//! - It binds to loopback and answers only to loopback names, so a web page cannot reach it.
//! - It serves 256 connections at once and waits for no client for long: 5 seconds for the head of a request, 10 for its body,
//!   60 for the next one, and 30 for a client that reads nothing of its answer. An answer as a whole may take as long as it
//!   likes.
//!
//! # The program
//!
//! The feature `cli`, which is a default, brings the program `axonpush-dev`: `serve`, `tail`, `publish` and `doctor`. Tests
//! need none of it, nor what it is built of:
//!
//! ```toml
//! [dev-dependencies]
//! axonpush-dev = { version = "0.1", default-features = false }
//! ```
//!
//! # What it does not do
//!
//! - It checks that a key is present, never whose it is. Public tokens are the exception: they may only publish, and once one
//!   was created at `POST /public-ingest-tokens` no others are taken.
//! - It keeps a bounded number of events, the newest ones; it is not a place for data you need.
//! - It takes no metrics, and no OTLP over gRPC.
//! - It calls no models and moderates nothing, so the gateway (`/gw`), `/moderation/violations` and `/moderation/efficacy`
//!   are answered with 501, as are `/billing`, `/admin`, `/mcp` and `/workspaces`, and analytics by API key: keys are not
//!   kept.
//! - It exports nothing but the test of a destination, and tells nobody that an alert fired.

mod answer;
mod builder;
mod clock;
mod courier;
mod demo;
mod digest;
mod error;
mod event;
mod faults;
mod guard;
mod intake;
mod launch;
mod otlp;
mod page;
mod patience;
mod problem;
mod requests;
mod rfc3339;
mod routes;
mod sentry;
mod serve;
mod server;
mod state;
mod store;

pub use answer::Answer;
pub use builder::DevServerBuilder;
pub use error::Error;
pub use event::StoredEvent;
pub use faults::{FailRate, Faults};
pub use requests::ReceivedRequest;
pub use server::{DevServer, StopReport};

//! AxonPush middleware for actix-web.
//!
//! One middleware reports each HTTP exchange to AxonPush: when it starts, and exactly once how it ended. Whatever the
//! handler publishes meanwhile carries the request's id and its place in the trace.
//!
//! ```
//! use actix_web::{App, HttpServer, Responder, web};
//! use axonpush::Event;
//! use axonpush_actix::{AxonPush, RequestId};
//! # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//!
//! async fn order(client: web::Data<axonpush::AxonPush>, id: RequestId) -> impl Responder {
//!     client.events().enqueue(Event::new("order.viewed"));
//!     format!("request {}", *id)
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = axonpush_dev::DevServer::start().await?;
//! # let (url, patience) = (server.url(), std::time::Duration::from_secs(20));
//! let client = axonpush::AxonPush::builder().api_key("ak_dev").base_url(url).build()?;
//! let app = {
//!     let client = client.clone();
//!     move || {
//!         App::new()
//!             .wrap(AxonPush::new(&client))
//!             .app_data(web::Data::new(client.clone()))
//!             .route("/orders/{id}", web::get().to(order))
//!     }
//! };
//! let http = HttpServer::new(app).disable_signals().workers(1).bind("127.0.0.1:0")?;
//! # let mut caller = tokio::net::TcpStream::connect(http.addrs()[0]).await?;
//! # let called = async move {
//! #     let request = b"GET /orders/42 HTTP/1.1\r\nhost: a\r\nx-request-id: r-1\r\nconnection: close\r\n\r\n";
//! #     caller.write_all(request).await.ok();
//! #     caller.read_to_end(&mut Vec::new()).await.ok();
//! # };
//!
//! let report = axonpush_actix::serve(http.run(), &client)
//! #   .with_shutdown(called)
//!     .await?;
//! println!("{report}");
//!
//! # let events = server.wait_for_events(3, patience).await;
//! # assert!(report.is_complete());
//! let told = |identifier| events.iter().find(|event| event.identifier == identifier).unwrap();
//! let (end, own) = (told("http.request.completed"), told("order.viewed"));
//! assert_eq!(end.attribute("http.route"), Some(&"/orders/{id}".into()));
//! assert_eq!((&own.trace_id, &own.span_id), (&end.trace_id, &end.span_id));
//! # Ok(())
//! # }
//! ```
//!
//! # The nouns
//!
//! - [`AxonPush`] goes into `App::wrap` or `Scope::wrap`. Wrap it last, so that it is outermost; wrapped twice
//!   with one client, the inner one steps back. Two clients both report the request, under one id. It is not the
//!   client, [`axonpush::AxonPush`], but made from it. Make that one outside `HttpServer::new`, whose closure runs once
//!   per worker.
//! - [`RequestId`] and [`RequestContext`] are extractors; actix makes optional ones of them.
//! - [`serve`] runs a server until the process is told to stop, lets requests finish, and delivers the last events:
//!   one deadline, and a [`ServeReport`] of what became of them. [`shutdown_signal`] is its default signal; it ends the
//!   client.
//! - `SignedWebhook` and `VerifiedBody`, with the feature `webhooks`, are extractors of what AxonPush itself delivers: its
//!   signature is checked before anything parses it.
//!
//! # What it does not do
//!
//! - It doesn't hand on the type of an error that a middleware inside returns: what an outer middleware gets prints and
//!   answers like it, but `as_error` doesn't find it. Its response needs the request's id and end, and actix has no
//!   place for either on an error. Errors of handlers are not concerned; they have become responses by then.
//! - It doesn't know what reached the client: `http.response.body.size`, and that a response is complete, say what was
//!   handed to the server, some of which may never leave a buffer.
//! - It tells the scheme that the server itself speaks; behind a proxy that ends TLS,
//!   [`ExchangePolicy::scheme`](axonpush::exchange::ExchangePolicy::scheme) knows better.
//! - It doesn't read `X-Forwarded-For` or `Forwarded` unless
//!   [`ClientAddressPolicy::trust`](axonpush::exchange::ClientAddressPolicy::trust) names the proxies to believe: whoever
//!   calls can write anything there.
//! - Unless `HttpServer::h1_allow_half_closed(false)` is set, actix itself doesn't notice a client that hangs up
//!   before the handler answers, and so the exchange ends only then.
//! - An upgraded connection is reported as complete with its `101`. Of a WebSocket that follows, the outgoing side is
//!   reported as well: how many messages and bytes, and the code it closed with. What comes in is not seen.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod error;
mod extract;
mod frames;
mod future;
mod routes;
mod service;
mod shutdown;
mod transform;
#[cfg(feature = "webhooks")]
mod webhook;

pub use axonpush::{exchange::ServeReport, shutdown_signal};
pub use body::ResponseBody;
pub use extract::{MissingMiddleware, RequestContext, RequestId};
pub use future::ResponseFuture;
pub use service::AxonPushService;
pub use shutdown::{Serve, serve};
pub use transform::AxonPush;
#[cfg(feature = "webhooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhooks")))]
pub use webhook::{SignedWebhook, VerifiedBody, WebhookRejection};

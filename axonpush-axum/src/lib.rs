//! AxonPush middleware for axum, and for every other tower service.
//!
//! One layer reports each HTTP exchange to AxonPush: when it starts, and exactly once how it ended. Whatever the
//! handler publishes meanwhile carries the request's id and its place in the trace.
//!
//! ```
//! use axonpush::{AxonPush, Event};
//! use axonpush_axum::{AxonPushLayer, RequestId};
//! use axum::{Router, extract::State, routing::get};
//! # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//!
//! async fn order(State(client): State<AxonPush>, id: RequestId) -> String {
//!     client.events().enqueue(Event::new("order.viewed"));
//!     format!("request {}", *id)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = axonpush_dev::DevServer::start().await?;
//! # let (url, patience) = (server.url(), std::time::Duration::from_secs(20));
//! let client = AxonPush::builder().api_key("ak_dev").base_url(url).build()?;
//! let app = Router::new()
//!     .route("/orders/{id}", get(order))
//!     .layer(AxonPushLayer::new(&client))
//!     .with_state(client.clone());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let mut caller = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
//! # let called = async move {
//! #     let request = b"GET /orders/42 HTTP/1.1\r\nhost: a\r\nx-request-id: r-1\r\nconnection: close\r\n\r\n";
//! #     caller.write_all(request).await.ok();
//! #     caller.read_to_end(&mut Vec::new()).await.ok();
//! # };
//!
//! let report = axonpush_axum::serve(listener, app, &client)
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
//! - [`AxonPushLayer`] goes into [`Router::layer`](axum::Router::layer), into a
//!   [`MethodRouter`](axum::routing::MethodRouter), or around any service of HTTP requests. Put it outermost; put there
//!   twice with one client, the inner one steps back. Two clients both report the request, under one id.
//! - [`RequestId`] and [`RequestContext`] are extractors. `Extension<axonpush::RequestContext>` works as well.
//! - [`serve`] runs an app until the process is told to stop, lets requests finish, and delivers the last events:
//!   one deadline, and a [`ServeReport`] of what became of them. [`shutdown_signal`] is its default signal; it ends the
//!   client.
//! - `SignedWebhook` and `VerifiedBody`, with the feature `webhooks`, are extractors of what AxonPush itself delivers: its
//!   signature is checked before anything parses it.
//!
//! # Without axum
//!
//! Around any other service of HTTP requests, such as one of plain hyper or of tonic, it does the same. It only has to be
//! told what axum tells it: the caller's address, as a [`SocketAddr`](std::net::SocketAddr) among the request's
//! extensions, and by [`AxonPushLayer::framework`] what to call the app. Routes are known to no one there.
//!
//! ```
//! use axonpush::AxonPush;
//! use axonpush_axum::AxonPushLayer;
//! use http::Request;
//! use std::net::SocketAddr;
//! use tower::{ServiceBuilder, service_fn};
//! # use tower::ServiceExt as _;
//!
//! # async fn answer(_: Request<String>) -> Result<http::Response<String>, std::convert::Infallible> {
//! #     Ok(http::Response::new("hello".to_owned()))
//! # }
//! # #[tokio::main]
//! # async fn main() {
//! # let (client, peer) = (AxonPush::disabled(), SocketAddr::from(([192, 0, 2, 1], 4711)));
//! // For each connection, with the address that `accept` gave.
//! let service = ServiceBuilder::new()
//!     .map_request(move |mut request: Request<String>| {
//!         request.extensions_mut().insert(peer);
//!         request
//!     })
//!     .layer(AxonPushLayer::new(&client).framework("hyper"))
//!     .service(service_fn(answer));
//! # let response = service.oneshot(Request::new(String::new())).await.unwrap();
//! # assert!(response.headers().contains_key("x-request-id"));
//! # }
//! ```
//!
//! # What it does not do
//!
//! - Wrapped around a whole `Router` from outside, it cannot see the route's template, since routing happens later.
//!   `Router::layer` sees it, and tells one of the same request outside. So it is with what `nest_service` holds: a layer
//!   inside sees the route, one around it doesn't.
//! - It doesn't know whether TLS ends before axum does: unless the request names its scheme, `http` is told.
//!   [`ExchangePolicy::scheme`](axonpush::exchange::ExchangePolicy::scheme) says otherwise.
//! - It doesn't know what reached the client: `http.response.body.size`, and that a response is complete, say what was
//!   handed to the server, some of which may never leave a buffer.
//! - It doesn't read `X-Forwarded-For` or `Forwarded`, where whoever calls can write anything, unless a
//!   [`ClientAddressPolicy`](axonpush::exchange::ClientAddressPolicy) names the proxies to believe.
//! - An upgraded connection is reported as complete with its `101`. What follows on a WebSocket is reported where the
//!   handler asks for it, by the module `ws` of the feature `ws`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod cut;
mod extract;
mod future;
mod layer;
mod service;
mod shutdown;
#[cfg(feature = "webhooks")]
mod webhook;
#[cfg(feature = "ws")]
#[cfg_attr(docsrs, doc(cfg(feature = "ws")))]
pub mod ws;

pub use axonpush::{exchange::ServeReport, shutdown_signal};
pub use body::ResponseBody;
pub use cut::{CutIo, CutListener};
pub use extract::{MissingLayer, RequestContext, RequestId};
pub use future::ResponseFuture;
pub use layer::AxonPushLayer;
pub use service::AxonPushService;
pub use shutdown::{Serve, ServeListener, serve};
#[cfg(feature = "webhooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhooks")))]
pub use webhook::{SignedWebhook, VerifiedBody, WebhookRejection};

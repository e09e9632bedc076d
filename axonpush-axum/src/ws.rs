//! WebSocket connections that are reported: opened, and closed with their code, duration, messages and bytes. Needs the feature
//! `ws`.
//!
//! ```
//! use axonpush_axum::ws::{ReportWebSocket, WebSocket};
//! use axum::{Router, extract::ws::WebSocketUpgrade, response::Response, routing::any};
//!
//! async fn echo(upgrade: WebSocketUpgrade, report: ReportWebSocket) -> Response {
//!     upgrade.on_upgrade(report.of(|mut socket: WebSocket| async move {
//!         // Events published here carry the id of the request that led here.
//!         while let Some(Ok(message)) = socket.recv().await {
//!             if socket.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!     }))
//! }
//!
//! let app: Router = Router::new().route("/echo", any(echo));
//! ```
//!
//! The upgrade itself stays axum's, with all of its settings.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axonpush::{
    InContext, RequestContext,
    exchange::{ExchangeMarker, WebSocketRecorder},
};
use axum::{
    Error,
    extract::{
        FromRequestParts, OriginalUri,
        ws::{self, Message},
    },
};
use futures_core::Stream;
use futures_sink::Sink;
use http::{HeaderValue, request::Parts};

/// Reports what becomes of an upgrade, as an extractor. Without [`AxonPushLayer`](crate::AxonPushLayer) around the
/// handler it reports nothing.
#[derive(Debug)]
#[must_use = "nothing is reported until it wraps what `on_upgrade` is given"]
pub struct ReportWebSocket {
    marker: Option<ExchangeMarker>,
    path: String,
}

impl<S: Sync> FromRequestParts<S> for ReportWebSocket {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // A nested router sees a path without its prefix; the client asked for the whole one.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Ok(Self { marker: parts.extensions.get().cloned(), path: uri.path().to_owned() })
    }
}

impl ReportWebSocket {
    /// The callback for [`on_upgrade`](ws::WebSocketUpgrade::on_upgrade): runs `work` on the connection, in the context of
    /// the request. The connection is reported as closed when `work` drops it.
    pub fn of<F: Future<Output = ()>>(
        self,
        work: impl FnOnce(WebSocket) -> F,
    ) -> impl FnOnce(ws::WebSocket) -> InContext<F> {
        move |inner| {
            let recorder = self.marker.and_then(|marker| WebSocketRecorder::begin(&marker, "axum", &self.path));
            let context = recorder.as_ref().map_or_else(RequestContext::new, |recorder| recorder.context().clone());
            let socket = WebSocket { inner, recorder };
            let work = context.sync_scope(|| work(socket));
            context.scope(work)
        }
    }
}

/// A WebSocket connection that is reported: axum's, with the same methods.
#[derive(Debug)]
pub struct WebSocket {
    inner: ws::WebSocket,
    // `None` when nobody wants to know.
    recorder: Option<WebSocketRecorder>,
}

impl WebSocket {
    /// The next message; `None` once the connection is closed.
    ///
    /// Cancel safe: no message is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// When the connection is closed or broke.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.told_sent(&message);
        let sent = self.inner.send(message).await;
        self.told_broken(sent.as_ref().err());
        sent
    }

    /// The subprotocol both sides agreed on.
    pub fn protocol(&self) -> Option<&HeaderValue> {
        self.inner.protocol()
    }

    fn told_received(&mut self, message: &Message) {
        if let Some(recorder) = &mut self.recorder {
            match message {
                Message::Text(text) => recorder.received(text.len()),
                Message::Binary(data) => recorder.received(data.len()),
                Message::Close(frame) => recorder.close_code(code(frame.as_ref())),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    fn told_sent(&mut self, message: &Message) {
        if let Some(recorder) = &mut self.recorder {
            match message {
                Message::Text(text) => recorder.sent(text.len()),
                Message::Binary(data) => recorder.sent(data.len()),
                Message::Close(frame) => recorder.close_code(code(frame.as_ref())),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    fn told_broken(&mut self, error: Option<&Error>) {
        if let (Some(recorder), Some(error)) = (&mut self.recorder, error) {
            recorder.broke(error);
        }
    }
}

/// A goodbye without a reason has a code of its own, which is never sent.
fn code(frame: Option<&ws::CloseFrame>) -> u16 {
    frame.map_or(1005, |frame| frame.code)
}

impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = ready!(Pin::new(&mut self.inner).poll_next(cx));
        match &message {
            Some(Ok(message)) => self.told_received(message),
            Some(Err(error)) => self.told_broken(Some(error)),
            None => {}
        }
        Poll::Ready(message)
    }
}

impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.told_sent(&message);
        Pin::new(&mut self.inner).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

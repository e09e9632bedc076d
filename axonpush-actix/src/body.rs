//! The response's body: where an exchange ends.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::body::{BodySize, MessageBody};
use axonpush::exchange::{ExchangeRecorder, WebSocketRecorder};
use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::frames::Frames;

pin_project! {
    /// A response's body that tells when it is through. Its chunks and its size are those of `B`.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        // Empty only while the body is being dropped.
        #[pin]
        inner: Option<B>,
        // `None` when an outer middleware reports the exchange.
        recorder: Option<ExchangeRecorder>,
        // What the body is once the connection was upgraded.
        websocket: Option<(WebSocketRecorder, Frames)>,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(recorder) = this.recorder {
                recorder.run(|| this.inner.set(None));
            }
        }
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn new(inner: B, recorder: Option<ExchangeRecorder>) -> Self {
        Self { inner: Some(inner), recorder, websocket: None }
    }

    /// A body that is the outgoing side of a WebSocket.
    pub(crate) fn with_websocket(mut self, websocket: Option<WebSocketRecorder>) -> Self {
        self.websocket = websocket.map(|recorder| (recorder, Frames::default()));
        self
    }
}

impl<B: MessageBody> MessageBody for ResponseBody<B> {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.inner.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Some(recorder) = this.recorder else { return inner.poll_next(cx).map_err(Into::into) };
        let polled = recorder.poll_body(|| inner.poll_next(cx).map_err(Into::into), Bytes::len);
        if let (Some((websocket, frames)), Poll::Ready(Some(Ok(sent)))) = (this.websocket, &polled) {
            frames.read(sent, websocket);
        }
        polled
    }

    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        let Some(inner) = self.inner.take() else { return Err(self) };
        match inner.try_into_bytes() {
            Ok(bytes) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.body_sent(bytes.len());
                    recorder.complete();
                }
                Ok(bytes)
            }
            Err(inner) => {
                self.inner = Some(inner);
                Err(self)
            }
        }
    }
}

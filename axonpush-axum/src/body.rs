//! The response's body: where an exchange ends.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axonpush::exchange::ExchangeRecorder;
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A response's body that tells when it is through. Its frames, its size and its end are those of `B`.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        // Empty only while the body is being dropped.
        #[pin]
        inner: Option<B>,
        // `None` when an outer layer reports the exchange.
        recorder: Option<ExchangeRecorder>,
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
        Self { inner: Some(inner), recorder }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Error: fmt::Display,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Some(recorder) = this.recorder else { return inner.poll_frame(cx) };
        let size = |frame: &Frame<B::Data>| frame.data_ref().map_or(0, Buf::remaining);
        let frame = ready!(recorder.poll_body(|| inner.as_mut().poll_frame(cx), size));
        // Nobody asks again after trailers, or when told that this was the last frame.
        if matches!(&frame, Some(Ok(frame)) if frame.is_trailers() || inner.is_end_stream()) {
            recorder.complete();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl<B: Default> Default for ResponseBody<B> {
    /// A body nobody reports; middleware makes one where it answers by itself.
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

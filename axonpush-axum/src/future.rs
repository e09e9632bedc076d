//! The response on its way: from the call to the headers.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axonpush::exchange::{ExchangeRecorder, REQUEST_ID_HEADER};
use http::{HeaderName, HeaderValue, Response, header::CONTENT_LENGTH};
use pin_project_lite::pin_project;

use crate::{ResponseBody, service::values};

pin_project! {
    /// The future of [`AxonPushService`](crate::AxonPushService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // Empty only while the future is being dropped.
        #[pin]
        inner: Option<F>,
        // `None` when an outer layer reports the exchange.
        recorder: Option<ExchangeRecorder>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What the handler held may have last words, which belong to the request too.
            if let Some(recorder) = this.recorder {
                recorder.run(|| this.inner.set(None));
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, recorder: Option<ExchangeRecorder>) -> Self {
        Self { inner: Some(inner), recorder }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body,
    E: fmt::Display,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut inner = this.inner;
        let Some(recorder) = this.recorder else {
            let Some(future) = inner.as_pin_mut() else { return Poll::Pending };
            return future.poll(cx).map_ok(|response| response.map(|body| ResponseBody::new(body, None)));
        };
        let result = ready!(recorder.run(|| {
            let Some(future) = inner.as_mut().as_pin_mut() else { return Poll::Pending };
            let polled = future.poll(cx);
            if polled.is_ready() {
                inner.set(None);
            }
            polled
        }));
        let Some(mut recorder) = this.recorder.take() else { return Poll::Pending };
        Poll::Ready(match result {
            Ok(response) => Ok(answered(response, recorder)),
            Err(error) => {
                recorder.failed(&error);
                Err(error)
            }
        })
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

fn answered<B: http_body::Body>(
    mut response: Response<B>,
    mut recorder: ExchangeRecorder,
) -> Response<ResponseBody<B>> {
    // A request id holds nothing a header could not.
    if let Ok(id) = HeaderValue::from_bytes(recorder.request_id().as_bytes()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    recorder.headers_sent(response.status().as_u16(), &|name, each| values(response.headers(), name, each));
    // A length the handler set itself is the one the server will keep to.
    let announced = response.headers().get(CONTENT_LENGTH);
    if !announced.is_some_and(|length| recorder.content_length(length.as_bytes()))
        && let Some(length) = response.body().size_hint().exact()
    {
        recorder.body_length(length);
    }
    if response.body().is_end_stream() {
        recorder.complete();
    }
    response.map(|body| ResponseBody::new(body, Some(recorder)))
}

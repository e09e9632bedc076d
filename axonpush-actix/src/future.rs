//! The response on its way: from the call to the headers.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error, HttpResponse,
    body::{BodySize, MessageBody},
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use axonpush::{
    RequestId,
    exchange::{ExchangeRecorder, REQUEST_ID_HEADER},
};
use pin_project_lite::pin_project;

use crate::{ResponseBody, error::ExchangeError, service::values};

pin_project! {
    /// The future of [`AxonPushService`](crate::AxonPushService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // Empty only while the future is being dropped.
        #[pin]
        inner: Option<F>,
        // `None` when an outer middleware reports the exchange.
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

impl<F, B> Future for ResponseFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<ResponseBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut inner = this.inner;
        let Some(recorder) = this.recorder else {
            let Some(future) = inner.as_pin_mut() else { return Poll::Pending };
            return future.poll(cx).map_ok(|response| response.map_body(|_, body| ResponseBody::new(body, None)));
        };
        let result = ready!(recorder.run(|| {
            let Some(future) = inner.as_mut().as_pin_mut() else { return Poll::Pending };
            let polled = future.poll(cx);
            if polled.is_ready() {
                inner.set(None);
            }
            polled
        }));
        let Some(recorder) = this.recorder.take() else { return Poll::Pending };
        Poll::Ready(match result {
            Ok(response) => {
                let (request, response) = response.into_parts();
                Ok(ServiceResponse::new(request, answered(response, recorder)))
            }
            // The server would make a response of it after us. It is made here, so that it gets its id and its end.
            Err(error) => Err(ExchangeError::new(error, recorder).into()),
        })
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// The response as it is reported and sent.
pub(crate) fn answered<B: MessageBody>(
    mut response: HttpResponse<B>,
    mut recorder: ExchangeRecorder,
) -> HttpResponse<ResponseBody<B>> {
    echo(response.headers_mut(), recorder.request_id());
    if let Some(error) = response.error() {
        recorder.cause(error);
    }
    let becomes_websocket = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && response.headers().get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let websocket = if becomes_websocket { recorder.websocket() } else { None };
    recorder.headers_sent(response.status().as_u16(), &|name, each| values(response.headers(), name, each));
    match response.body().size() {
        BodySize::None | BodySize::Sized(0) => recorder.complete(),
        BodySize::Sized(length) => recorder.body_length(length),
        BodySize::Stream => {
            if let Some(length) = response.headers().get(header::CONTENT_LENGTH) {
                recorder.content_length(length.as_bytes());
            }
        }
    }
    response.map_body(|_, body| ResponseBody::new(body, Some(recorder)).with_websocket(websocket))
}

pub(crate) fn echo(headers: &mut HeaderMap, id: &RequestId) {
    // A request id holds nothing a header could not.
    if let Ok(id) = HeaderValue::from_bytes(id.as_bytes()) {
        headers.insert(X_REQUEST_ID, id);
    }
}

//! Bodies in every way a server may treat them.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axonpush_axum::AxonPushLayer;
use axonpush_dev::StoredEvent;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::only_end;

/// A body that plays back its frames and says what it is told to say about its length.
struct Script {
    frames: Vec<Frame<Bytes>>,
    length: Option<u64>,
    tells_end: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready((!self.frames.is_empty()).then(|| Ok(self.frames.remove(0))))
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn data(text: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(text.as_bytes()))
}

/// The end that is told when the server takes `polls` frames of the body and drops it.
async fn end_after(polls: usize, response: impl Fn() -> Response<Script> + Clone + Send + 'static) -> StoredEvent {
    let server = rig::server();
    let client = rig::client(&server);
    let service = service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Infallible>(response())));
    let service = ServiceBuilder::new().layer(AxonPushLayer::new(&client)).service(service);
    let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
    for _ in 0..polls {
        let _frame = body.frame().await;
    }
    drop(body);
    only_end(&client, &server).await
}

fn two_frames(length: Option<u64>, tells_end: bool) -> impl Fn() -> Response<Script> + Clone {
    move || Response::new(Script { frames: vec![data("ab"), data("cd")], length, tells_end })
}

#[tokio::test]
async fn a_body_ends_complete_only_when_all_of_it_was_taken() {
    let (done, cancelled) = ("http.request.completed", "http.request.cancelled");
    for (what, polls, length, tells_end, end, size) in [
        ("never polled", 0, None, false, cancelled, 0),
        ("never polled, of known length", 0, Some(4), true, cancelled, 0),
        ("half of it", 1, Some(4), true, cancelled, 2),
        ("all of it, and its end not asked for", 2, None, false, cancelled, 4),
        ("all of it, and its end", 3, None, false, done, 4),
        ("all of it, which it tells with the last frame", 2, None, true, done, 4),
        ("exactly the length it announced", 2, Some(4), false, done, 4),
    ] {
        let event = end_after(polls, two_frames(length, tells_end)).await;
        assert_eq!(event.identifier, end, "{what}");
        assert_eq!(event.attribute("http.response.body.size"), Some(&size.into()), "{what}");
    }
}

#[tokio::test]
async fn a_length_the_handler_announced_itself_counts() {
    let announced = || {
        let body = Script { frames: vec![data("abcd"), data("more")], length: None, tells_end: false };
        Response::builder().header("content-length", "4").body(body).unwrap()
    };
    assert_eq!(end_after(1, announced).await.identifier, "http.request.completed");
    let more_at_once = || {
        let body = Script { frames: vec![data("abcdmore")], length: None, tells_end: false };
        Response::builder().header("content-length", "4").body(body).unwrap()
    };
    let end = end_after(1, more_at_once).await;
    assert_eq!(end.identifier, "http.request.completed");
    assert_eq!(end.attribute("http.response.body.size"), Some(&4.into()));
}

#[tokio::test]
async fn a_body_without_the_length_it_announced_has_failed() {
    let announced = |frames: &'static [&'static str], tells_end| {
        move || {
            let body = Script { frames: frames.iter().copied().map(data).collect(), length: None, tells_end };
            Response::builder().header("content-length", "10").body(body).unwrap()
        }
    };
    for (frames, polls, tells_end, message) in [
        (["abcd"].as_slice(), 2, false, "ended after 4 of 10 bytes"),
        (&["abcd"], 1, true, "ended after 4 of 10 bytes"),
        (&[], 0, true, "ended after 0 of 10 bytes"),
    ] {
        let end = end_after(polls, announced(frames, tells_end)).await;
        assert_eq!(
            (end.identifier.as_str(), end.attribute("error.type")),
            ("http.request.failed", Some(&"body".into()))
        );
        assert_eq!(end.attribute("exception.message"), Some(&message.into()));
    }
    let head = || {
        let body = Script { frames: Vec::new(), length: None, tells_end: true };
        Response::builder().status(304).header("content-length", "10").body(body).unwrap()
    };
    assert_eq!(end_after(0, head).await.identifier, "http.request.completed");
}

#[tokio::test]
async fn nobody_asks_for_a_body_that_may_not_be_there() {
    for status in [101, 204, 304] {
        let response = move || {
            let body = Script { frames: Vec::new(), length: None, tells_end: false };
            Response::builder().status(StatusCode::from_u16(status).unwrap()).body(body).unwrap()
        };
        assert_eq!(end_after(0, response).await.identifier, "http.request.completed", "{status}");
    }
    let empty = || Response::new(Script { frames: Vec::new(), length: None, tells_end: true });
    assert_eq!(end_after(0, empty).await.identifier, "http.request.completed");
}

#[tokio::test]
async fn trailers_pass_through_and_end_the_body() {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        let frames = vec![data("ab"), Frame::trailers(trailers)];
        Response::new(Script { frames, length: None, tells_end: false })
    };
    let event = end_after(2, trailers).await;
    assert_eq!(
        (event.identifier.as_str(), event.attribute("http.response.body.size")),
        ("http.request.completed", Some(&2.into()))
    );

    let service = service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Infallible>(trailers())));
    let layer = AxonPushLayer::new(&axonpush::AxonPush::disabled());
    let response = ServiceBuilder::new().layer(layer).service(service).oneshot(Request::new(())).await.unwrap();
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(collected.to_bytes(), "ab");
}

#[tokio::test]
async fn size_and_end_of_a_body_are_passed_through() {
    for (length, tells_end) in [(None, false), (Some(4), true)] {
        let response = two_frames(length, tells_end);
        let service = service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Infallible>(response())));
        let layer = AxonPushLayer::new(&axonpush::AxonPush::disabled());
        let service = ServiceBuilder::new().layer(layer).service(service);
        let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (length, false));
        body.frame().await.unwrap().unwrap();
        body.frame().await.unwrap().unwrap();
        assert_eq!(body.is_end_stream(), tells_end);
    }
}

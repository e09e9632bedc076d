//! Around tonic, whose services are tower's and whose statuses are trailers.

use std::{
    convert::Infallible,
    io,
    task::{Context, Poll},
};

use axonpush_axum::AxonPushLayer;
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::{Request, Response, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rig::PATIENCE;
use tokio::{net::TcpStream, sync::oneshot, time::timeout};
use tonic::{
    body::Body,
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};
use tower::Service;

use super::told;

/// What a protocol compiler would make of one method that answers with nothing.
#[derive(Debug, Clone)]
struct Shelf {
    status: &'static str,
}

impl NamedService for Shelf {
    const NAME: &'static str = "books.Shelf";
}

impl Service<Request<Body>> for Shelf {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(request.extensions().get::<axonpush::RequestContext>().is_some());
        let mut trailers = axum::http::HeaderMap::new();
        trailers.insert("grpc-status", axum::http::HeaderValue::from_static(self.status));
        // An empty message: not compressed, of no bytes.
        let frames = [Frame::data(Bytes::from_static(&[0; 5])), Frame::trailers(trailers)];
        let body = StreamBody::new(stream::iter(frames.map(Ok::<_, io::Error>)));
        let response = Response::builder().header("content-type", "application/grpc").body(Body::new(body));
        std::future::ready(Ok(response.unwrap()))
    }
}

#[tokio::test]
async fn a_tonic_server_is_reported_and_its_trailers_arrive() {
    let server = rig::server();
    let client = rig::client(&server);
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let grpc =
        Server::builder().layer(AxonPushLayer::new(&client).framework("tonic")).add_service(Shelf { status: "0" });
    let (stop, stopped) = oneshot::channel::<()>();
    let serve = grpc.serve_with_incoming_shutdown(incoming, async { drop(stopped.await) });
    let call = async {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(format!("http://{address}/books.Shelf/Count"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("x-request-id", "req-1")
            .body(Full::new(Bytes::from_static(&[0; 5])));
        let response = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "req-1");
        let body = response.into_body().collect().await.unwrap();
        drop(stop);
        body.trailers().unwrap()["grpc-status"].clone()
    };
    let (result, status) = timeout(PATIENCE, async { tokio::join!(serve, call) }).await.unwrap();
    result.unwrap();
    assert_eq!(status, "0");
    let events = told(&client, &server).await;
    let end = &events[0];
    assert_eq!((events.len(), end.identifier.as_str()), (2, "http.request.completed"));
    for (key, value) in [("url.path", "/books.Shelf/Count"), ("network.protocol.version", "2"), ("request.id", "req-1")]
    {
        assert_eq!(end.attribute(key), Some(&value.into()));
    }
    assert_eq!(end.attribute("http.response.body.size"), Some(&5.into()));
    assert_eq!(end.metadata.as_ref().map(|metadata| &metadata["framework"]), Some(&"tonic".into()));
}

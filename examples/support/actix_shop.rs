//! The shop as an actix-web application.

use std::convert::Infallible;

use actix_web::{
    App, Error, HttpResponse, Responder,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    web,
};
use axonpush::Event;
use axonpush_actix::AxonPush;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::{BEGINNING, CHUNKS, PANIC, SLOW};

/// Every route, with AxonPush around them.
pub fn app(
    client: &axonpush::AxonPush,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(web::Data::new(client.clone()))
        .route("/orders/{id}", web::get().to(order))
        .route("/fail", web::get().to(HttpResponse::InternalServerError))
        .route("/panic", web::get().to(panic))
        .route("/endless", web::get().to(endless))
        .route("/slow", web::get().to(slow))
        .route("/stream", web::get().to(stream))
        // This is the line that matters.
        .wrap(AxonPush::new(client))
}

async fn order(client: web::Data<axonpush::AxonPush>, id: web::Path<u32>) -> impl Responder {
    // Tied to the request without saying so: same trace, same span, same request id.
    client.events().enqueue(Event::new("order.viewed").attribute("order.id", *id));
    web::Json(json!({"order": *id}))
}

async fn slow() -> &'static str {
    tokio::time::sleep(SLOW).await;
    "worth the wait"
}

async fn panic() -> HttpResponse {
    std::panic::panic_any(PANIC);
}

async fn endless() -> impl Responder {
    let beginning = futures_util::stream::iter([Ok::<_, Infallible>(web::Bytes::from_static(BEGINNING.as_bytes()))]);
    HttpResponse::Ok().streaming(beginning.chain(futures_util::stream::pending()))
}

async fn stream() -> impl Responder {
    let chunks = futures_util::stream::iter(CHUNKS).then(async |chunk| {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(web::Bytes::from_static(chunk.as_bytes()))
    });
    HttpResponse::Ok().streaming(Box::pin(chunks))
}

//! The actix app of the table.

use actix_web::{
    HttpResponse, Scope,
    http::StatusCode,
    web::{self, Data, Path},
};
use axonpush::{AxonPush, Event};
use axonpush_actix::RequestId;

use super::bodies;

/// Everything but the middleware, which the test wraps around it.
pub(super) fn routes(client: &AxonPush) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let client = client.clone();
    |config| {
        config
            .app_data(Data::new(client))
            .service(
                web::resource("/hello")
                    .route(web::get().to(|| async { "hello" }))
                    .route(web::head().to(|| async { "hello" })),
            )
            .service(web::resource("/users/{id}").route(web::get().to(|id: Path<String>| async { id.into_inner() })))
            .service(api())
            .route("/empty", web::get().to(HttpResponse::Ok))
            .route("/no-content", web::get().to(HttpResponse::NoContent))
            .route("/not-modified", web::get().to(HttpResponse::NotModified))
            .route("/teapot", web::get().to(|| async { ("short and stout", StatusCode::IM_A_TEAPOT) }))
            .route("/fails", web::get().to(|| async { ("sorry", StatusCode::INTERNAL_SERVER_ERROR) }))
            .route("/panics", web::get().to(|| async { panics() }))
            .route("/hangs", web::get().to(std::future::pending::<HttpResponse>))
            .route("/own-id", web::get().to(own_id))
            .route("/echo-id", web::get().to(|id: RequestId| async move { id.to_string() }))
            .route("/notes", web::get().to(notes))
            .route("/stream", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::whole()) }))
            .route("/short", web::get().to(|| async { HttpResponse::Ok().no_chunking(10).streaming(bodies::short()) }))
            .route("/long", web::get().to(|| async { HttpResponse::Ok().no_chunking(4).streaming(bodies::long()) }))
            .route("/blocks", web::get().to(|| async { bodies::blocking() }))
            .route("/drips", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::dripping()) }))
            .route("/breaks", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::breaking()) }))
            .route("/stream-panics", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::panicking()) }))
            .route("/stream-notes", web::get().to(stream_notes));
    }
}

fn api() -> Scope {
    web::scope("/api").route("/orders/{id}", web::get().to(|id: Path<String>| async { id.into_inner() }))
}

async fn own_id() -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-request-id", "mine")).body("hello")
}

async fn notes(client: Data<AxonPush>) -> &'static str {
    client.events().enqueue(Event::new("app.note"));
    "noted"
}

async fn stream_notes(client: Data<AxonPush>) -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::telling(client.get_ref().clone()))
}

fn panics() -> HttpResponse {
    std::panic::panic_any("out of cheese");
}

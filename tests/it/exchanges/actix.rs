//! The actix app of the table.

use actix_web::{
    HttpResponse, Route, Scope,
    http::{StatusCode, header},
    web::{self, Bytes, Data, Form, Path, PayloadConfig},
};
use axonpush::{AxonPush, Event};
use axonpush_actix::{RequestContext, RequestId};
use futures_util::{StreamExt as _, stream};
use tokio::time::timeout;

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
            .route("/no-content-body", web::get().to(|| async { HttpResponse::NoContent().body("ignored") }))
            .route("/not-modified", web::get().to(HttpResponse::NotModified))
            .route("/not-modified-body", web::get().to(|| async { HttpResponse::NotModified().body("ignored") }))
            .route("/moved", web::get().to(moved))
            .route("/teapot", web::get().to(|| async { ("short and stout", StatusCode::IM_A_TEAPOT) }))
            .route("/fails", web::get().to(|| async { ("sorry", StatusCode::INTERNAL_SERVER_ERROR) }))
            .route("/panics", web::get().to(|| async { panics("out of cheese") }))
            .route("/panics-in-numbers", web::get().to(|| async { panics(42) }))
            .route("/hangs", web::get().to(std::future::pending::<HttpResponse>))
            .route("/times-out", web::get().to(times_out))
            .route("/own-id", web::get().to(own_id))
            .route("/echo-id", web::get().to(|id: RequestId| async move { id.to_string() }))
            .route("/notes", web::get().to(notes))
            .route("/told", web::get().to(told))
            .route("/upgrade", web::get().to(upgrade))
            .configure(streams)
            .service(web::resource("/echo").route(web::post().to(async |body: Bytes| body)))
            .route("/ignores", web::post().to(|| async { "not read" }))
            .service(
                web::resource("/small")
                    .app_data(PayloadConfig::new(16))
                    .route(web::post().to(async |body: Bytes| body)),
            )
            .route("/form", web::post().to(|_: Form<Vec<(String, String)>>| async { "read" }));
    }
}

fn streams(config: &mut web::ServiceConfig) {
    config
        .route("/large", web::get().to(|| async { bodies::large() }))
        .route("/large-stream", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::large_in_pieces()) }))
        .route("/stream", get_or_head().to(|| async { HttpResponse::Ok().streaming(bodies::whole()) }))
        .route("/slow", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::slow()) }))
        .route("/empty-stream", web::get().to(empty_stream))
        .route("/exact", web::get().to(|| async { HttpResponse::Ok().no_chunking(11).streaming(bodies::whole()) }))
        .route("/short", web::get().to(|| async { HttpResponse::Ok().no_chunking(10).streaming(bodies::short()) }))
        .route("/long", web::get().to(|| async { HttpResponse::Ok().no_chunking(4).streaming(bodies::long()) }))
        .route("/blocks", web::get().to(|| async { bodies::blocking() }))
        .route("/drips", get_or_head().to(|| async { HttpResponse::Ok().streaming(bodies::dripping()) }))
        .route("/sse", web::get().to(|| async { events().streaming(bodies::ticking()) }))
        .route(
            "/sse-for-ever",
            web::get().to(|| async { events().streaming(bodies::ticking().chain(stream::pending())) }),
        )
        .route("/breaks", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::breaking()) }))
        .route("/breaks-at-once", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::breaking_at_once()) }))
        .route("/stream-panics", web::get().to(|| async { HttpResponse::Ok().streaming(bodies::panicking()) }))
        .route(
            "/stream-panics-at-once",
            web::get().to(|| async { HttpResponse::Ok().streaming(bodies::panicking_at_once()) }),
        )
        .route("/stream-notes", web::get().to(stream_notes));
}

fn api() -> Scope {
    web::scope("/api").route("/orders/{id}", web::get().to(|id: Path<String>| async { id.into_inner() }))
}

fn get_or_head() -> Route {
    use actix_web::guard::{Any, Get, Head};
    web::route().guard(Any(Get()).or(Head()))
}

fn events() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream");
    response
}

async fn moved() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/hello")).finish()
}

async fn times_out() -> HttpResponse {
    match timeout(bodies::SOON, std::future::pending()).await {
        Ok(response) => response,
        Err(_elapsed) => HttpResponse::GatewayTimeout().body("too late"),
    }
}

async fn own_id() -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-request-id", "mine")).body("hello")
}

async fn notes(client: Data<AxonPush>) -> &'static str {
    client.events().enqueue(Event::new("app.note"));
    "noted"
}

async fn told(client: Data<AxonPush>, context: RequestContext) -> HttpResponse {
    bodies::tell(&client, &context);
    HttpResponse::Ok().insert_header(("x-shelf", "7")).body("told")
}

/// actix-web has no other way to write to a connection it has upgraded.
async fn upgrade() -> HttpResponse {
    let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"no longer HTTP"))]);
    HttpResponse::SwitchingProtocols().upgrade("raw").streaming(body)
}

async fn empty_stream() -> HttpResponse {
    HttpResponse::Ok().streaming(stream::empty::<Result<Bytes, std::io::Error>>())
}

async fn stream_notes(client: Data<AxonPush>) -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::telling(client.get_ref().clone()))
}

fn panics(payload: impl Send + 'static) -> HttpResponse {
    std::panic::panic_any(payload);
}

//! The places actix-web has for middleware, and its errors.

use actix_web::{
    App, Error, HttpMessage as _, HttpResponse,
    body::{BodySize, MessageBody, to_bytes},
    dev::{Service, ServiceRequest, ServiceResponse},
    error::{ErrorImATeapot, ErrorInternalServerError},
    http::StatusCode,
    middleware::from_fn,
    test::{TestRequest, call_service, init_service},
    web,
};
use axonpush::exchange::{ExchangePolicy, RequestIdPolicy};
use axonpush_actix::{AxonPush, RequestContext, RequestId};

use super::{only_end, two_ends};

fn request(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("x-request-id", "req-1"))
}

async fn text<B: MessageBody>(response: ServiceResponse<B>) -> String
where
    B::Error: std::fmt::Debug,
{
    String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap()
}

async fn user(id: web::Path<String>) -> String {
    id.into_inner()
}

#[actix_web::test]
async fn the_middleware_fits_an_app_a_scope_and_a_resource_in_any_number() {
    let server = rig::server();
    let client = rig::client(&server);
    let wrap = || AxonPush::new(&client);
    let scope = || web::scope("/api").service(web::resource("/users/{id}").wrap(wrap()).to(user)).wrap(wrap());
    let all = init_service(App::new().service(scope()).wrap(wrap()).wrap(wrap())).await;
    let response = call_service(&all, request("/api/users/7").to_request()).await;
    assert_eq!(response.headers().get("x-request-id").unwrap(), "req-1");
    assert_eq!(response.response().body().size(), BodySize::Sized(1));
    assert_eq!(text(response).await, "7");
    assert_eq!(only_end(&client, &server).await.attribute("http.route"), Some(&"/api/users/{id}".into()));

    let server = rig::server();
    let client = rig::client(&server);
    let scope = web::scope("/api").route("/users/{id}", web::get().to(user)).wrap(AxonPush::new(&client));
    let scoped = init_service(App::new().service(scope)).await;
    assert_eq!(text(call_service(&scoped, request("/api/users/7").to_request()).await).await, "7");
    let end = only_end(&client, &server).await;
    assert_eq!(end.attribute("http.route"), Some(&"/api/users/{id}".into()));
    assert_eq!(end.attribute("url.path"), Some(&"/api/users/7".into()));
}

#[actix_web::test]
async fn only_the_same_client_silences_an_inner_middleware() {
    let servers = [rig::server(), rig::server()];
    let [one, another] = servers.each_ref().map(rig::client);
    let policy = ExchangePolicy::new().request_id(RequestIdPolicy::new().trust(false));
    let app = App::new()
        .route("/users/{id}", web::get().to(user))
        .wrap(AxonPush::new(&one))
        .wrap(AxonPush::new(&another).policy(policy))
        .wrap(AxonPush::new(&one))
        .wrap(AxonPush::new(&axonpush::AxonPush::disabled()));
    let app = init_service(app).await;
    let request = request("/users/7").to_request();
    request.extensions_mut().insert(axonpush::RequestContext::new());
    let response = call_service(&app, request).await;
    assert_eq!(response.headers().get("x-request-id").unwrap(), "req-1");
    text(response).await;
    for end in two_ends([&one, &another], servers.each_ref()).await {
        assert_eq!(end.attribute("request.id"), Some(&"req-1".into()));
    }
}

#[actix_web::test]
async fn an_error_of_a_handler_is_told_and_stays_with_the_response() {
    let server = rig::server();
    let client = rig::client(&server);
    let handler = || async { Err::<HttpResponse, _>(ErrorInternalServerError("the cellar is flooded")) };
    let app = init_service(App::new().route("/", web::get().to(handler)).wrap(AxonPush::new(&client))).await;
    let response = call_service(&app, request("/").to_request()).await;
    assert_eq!(response.response().error().unwrap().to_string(), "the cellar is flooded");
    assert_eq!(response.headers().get("x-request-id").unwrap(), "req-1");
    text(response).await;
    let end = only_end(&client, &server).await;
    assert_eq!((end.identifier.as_str(), end.attribute("error.type")), ("http.request.failed", Some(&"500".into())));
    assert_eq!(end.attribute("exception.message"), Some(&"the cellar is flooded".into()));
}

#[actix_web::test]
async fn an_error_of_a_middleware_becomes_a_response_with_the_id() {
    let server = rig::server();
    let client = rig::client(&server);
    let refuse = from_fn(async |_: ServiceRequest, _: actix_web::middleware::Next<_>| {
        Err::<ServiceResponse, Error>(ErrorImATeapot("short and stout"))
    });
    let app = App::new().route("/", web::get().to(HttpResponse::Ok)).wrap(refuse).wrap(AxonPush::new(&client));
    let app = init_service(app).await;
    let error = app.call(request("/").to_request()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "short and stout");
    assert_eq!(error.as_response_error().status_code(), StatusCode::IM_A_TEAPOT);
    for asked in ["the server", "somebody who asks again"] {
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT, "{asked}");
        assert_eq!(response.headers().get("x-request-id").unwrap(), "req-1", "{asked}");
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "short and stout", "{asked}");
    }
    let end = only_end(&client, &server).await;
    assert_eq!(end.identifier, "http.request.completed");
    assert_eq!(end.attribute("http.response.status_code"), Some(&418.into()));
    assert_eq!(end.attribute("http.response.body.size"), Some(&15.into()));
}

#[actix_web::test]
async fn extractors_find_the_request_or_say_what_is_missing() {
    let routes = |config: &mut web::ServiceConfig| {
        config
            .route("/id", web::get().to(|id: RequestId| async move { id.to_string() }))
            .route("/context", web::get().to(|context: RequestContext| async move { context.request_id().to_string() }))
            .route("/optional", web::get().to(|id: Option<RequestId>| async move { id.is_some().to_string() }));
    };
    let middleware = AxonPush::new(&axonpush::AxonPush::disabled());
    let with = init_service(App::new().configure(routes).wrap(middleware)).await;
    let without = init_service(App::new().configure(routes)).await;
    for path in ["/id", "/context"] {
        assert_eq!(text(call_service(&with, request(path).to_request()).await).await, "req-1");
        let response = call_service(&without, request(path).to_request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text(response).await.contains(".wrap(AxonPush::new(&client))"));
    }
    assert_eq!(text(call_service(&with, request("/optional").to_request()).await).await, "true");
    assert_eq!(text(call_service(&without, request("/optional").to_request()).await).await, "false");
}

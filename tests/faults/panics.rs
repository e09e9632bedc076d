//! Handlers that panic, in either framework.

use std::panic::{AssertUnwindSafe, resume_unwind};

use actix_web::{App, test as actix, web};
use axonpush::AxonPush;
use axonpush_axum::AxonPushLayer;
use axum::{Router, body::Body, http, routing::get};
use futures_util::FutureExt as _;
use tower::ServiceExt as _;

use super::{Scale, Stage, Verdict, runtime_1};

pub(super) fn in_handlers(scale: Scale) -> Verdict {
    let (panics, clean) = (scale.of(20, 200), scale.of(100, 1_000));
    let mut verdict = Verdict::new();
    for (framework, requests) in [("axum", axum_requests as Requests), ("actix", actix_requests as Requests)] {
        let stage = Stage::new();
        let ended = requests(&stage.client, panics, clean);
        verdict.exactly(&format!("{framework}: unwound"), ended.unwound, panics);
        verdict.exactly("answered afterwards", ended.answered, clean);
        let _ = stage.client.blocking().shutdown(rig::PATIENCE);
        let events = stage.server.events();
        let told = |name: &str, ids: &str| {
            let named = events.iter().filter(|event| event.identifier == name);
            let id = |id: &serde_json::Value| id.as_str().is_some_and(|id| id.starts_with(ids));
            named.filter(|event| event.attribute("request.id").is_some_and(id)).count()
        };
        verdict.exactly("told as failed", told("http.request.failed", "panics-"), panics);
        verdict.exactly("as completed", told("http.request.completed", "clean-"), clean);
        verdict.exactly("events in all", events.len(), 2 * (panics + clean));
        verdict.exactly("open", stage.client.open_exchanges(), 0);
        let stats = stage.client.stats();
        verdict.check(stats.is_balanced() && stats.lost().total() == 0, stats, "books exact");
    }
    verdict
}

/// Makes so many requests to a handler that panics, then so many to one that does not.
type Requests = fn(&AxonPush, usize, usize) -> Ended;

#[derive(Default)]
struct Ended {
    /// Whose panic came through the middleware.
    unwound: usize,
    answered: usize,
}

/// Which handler, and the id of the request.
fn calls(panics: usize, clean: usize) -> impl Iterator<Item = (&'static str, String)> {
    let to = |path: &'static str, count| (0..count).map(move |n| (path, format!("{}-{n}", &path[1..])));
    to("/panics", panics).chain(to("/clean", clean))
}

async fn panics() -> &'static str {
    // As a panic does, without a word on standard error.
    resume_unwind(Box::new("the handler"))
}

fn axum_requests(client: &AxonPush, panicking: usize, clean: usize) -> Ended {
    let app = Router::new().route("/panics", get(panics)).route("/clean", get(async || "fine"));
    let app = app.layer(AxonPushLayer::new(client));
    let mut ended = Ended::default();
    runtime_1().block_on(async {
        for (path, id) in calls(panicking, clean) {
            let request = http::Request::get(path).header("x-request-id", id).body(Body::empty()).unwrap();
            match AssertUnwindSafe(app.clone().oneshot(request)).catch_unwind().await {
                Err(_) => ended.unwound += 1,
                Ok(response) => {
                    let body = axum::body::to_bytes(response.unwrap().into_body(), 16).await;
                    ended.answered += usize::from(body.is_ok_and(|body| body == "fine"));
                }
            }
        }
    });
    ended
}

fn actix_requests(client: &AxonPush, panicking: usize, clean: usize) -> Ended {
    let middleware = axonpush_actix::AxonPush::new(client);
    let mut ended = Ended::default();
    actix_rt::System::new().block_on(async {
        let app = App::new().route("/panics", web::get().to(panics)).route("/clean", web::get().to(async || "fine"));
        let app = actix::init_service(app.wrap(middleware)).await;
        for (path, id) in calls(panicking, clean) {
            let request = actix::TestRequest::get().uri(path).insert_header(("x-request-id", id)).to_request();
            match AssertUnwindSafe(actix::call_and_read_body(&app, request)).catch_unwind().await {
                Err(_) => ended.unwound += 1,
                Ok(body) => ended.answered += usize::from(body == "fine"),
            }
        }
    });
    ended
}

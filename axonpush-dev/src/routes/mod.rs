//! The routes, one file for each thing they are about.

mod access;
mod account;
mod alerts;
mod analytics;
mod apps;
mod audit;
mod batch;
mod bodies;
mod collections;
mod credentials;
mod environments;
mod errors;
mod events;
mod exports;
mod faults;
mod fields;
mod health;
mod members;
mod models;
mod openapi;
mod operation;
mod operations;
mod otlp;
mod parameter;
mod parameters;
mod path;
mod publish;
mod query;
mod resource;
mod schemas;
mod scripted;
mod seed;
mod sentry;
mod shape;
mod stream;
mod tokens;
mod traces;
mod webhooks;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use axum::{Router, middleware};
use http::{HeaderValue, StatusCode, Uri, header};
use serde::Serialize;

use crate::otlp::{LogRecord, Span};
use crate::page;
use crate::problem::Problem;
use crate::state::Shared;

pub(crate) use scripted::CloseConnection;
pub(crate) use seed::seed;

/// What a route answers.
type Answered = Result<Response, Problem>;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(health::welcome))
        .route("/healthz", get(health::healthz))
        .route("/openapi.json", get(openapi::openapi))
        .route("/event", post(publish::publish))
        .route(otlp::LOGS, post(otlp::ingest::<LogRecord>))
        .route(otlp::TRACES, post(otlp::ingest::<Span>))
        .merge(sentry())
        .route("/events", get(events::list))
        .route("/traces", get(traces::list))
        .route("/traces/{trace_id}", get(traces::detail))
        .route("/events/stream", get(stream::stream))
        .route("/dev/events", get(events::older))
        .route("/dev/faults", get(faults::get).post(faults::set))
        .merge(apps())
        .merge(webhooks_and_tokens())
        .merge(account())
        .merge(members())
        .merge(analytics::routes())
        .merge(errors::routes())
        .merge(collections::routes())
        .merge(page::routes())
        .merge(records())
        .route_layer(middleware::from_fn_with_state(Arc::clone(&shared), audit::note))
        .fallback(async |uri: Uri| access::no_route(&uri))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the route exists, but not with this method")
        })
        .with_state(shared)
}

fn apps() -> Router<Arc<Shared>> {
    let channel = get(apps::channel).put(apps::update_channel).delete(apps::delete_channel);
    let old_channel = get(apps::old_channel)
        .put(apps::update_old_channel)
        .patch(apps::update_old_channel)
        .delete(apps::delete_old_channel);
    Router::new()
        .route("/apps", get(apps::list).post(apps::create))
        .route("/apps/{app_id}", get(apps::get).patch(apps::update).delete(apps::delete))
        .route("/apps/{app_id}/channels", get(apps::channels).post(apps::create_channel))
        .route("/apps/{app_id}/channels/{channel_id}", channel)
        .route("/channel", get(apps::old_channels).post(apps::create_old_channel))
        .route("/channel/{channel_id}", old_channel)
        .route("/environments", get(environments::list).post(environments::create))
        .route("/environments/{slug}", patch(environments::update).delete(environments::delete))
        .route("/environments/{slug}/promote", post(environments::promote))
}

fn webhooks_and_tokens() -> Router<Arc<Shared>> {
    Router::new()
        .route("/webhooks/endpoints", post(webhooks::create))
        .route("/webhooks/endpoints/channel/{channel_id}", get(webhooks::list))
        .route("/webhooks/endpoints/{endpoint_id}", delete(webhooks::delete))
        .route("/webhooks/deliveries/{endpoint_id}", get(webhooks::deliveries))
        .route("/public-ingest-tokens", get(tokens::list).post(tokens::create))
        .route("/public-ingest-tokens/{token_id}", delete(tokens::revoke))
}

fn account() -> Router<Arc<Shared>> {
    Router::new()
        .route("/user/me", get(account::me))
        .route("/users/me", patch(account::update_me))
        .route("/users/me/active-org", patch(account::active_org))
        .route("/users/me/organizations", get(account::organizations))
        .route("/organization", get(account::organization).patch(account::update_organization))
        .route("/capabilities", get(account::capabilities))
        .route("/feature-flags/me", get(account::feature_flags))
        .route("/license", get(account::license))
}

fn members() -> Router<Arc<Shared>> {
    Router::new()
        .route("/organizations/{org_id}", delete(members::delete))
        .route("/organizations/{org_id}/members", get(members::list))
        .route("/organizations/{org_id}/members/{user_id}", patch(members::update).delete(members::remove))
        .route("/organizations/{org_id}/invitations", get(members::invitations).post(members::invite))
        .route("/organizations/{org_id}/invitations/{id}", delete(members::uninvite))
        .route("/organizations/{org_id}/leave", post(members::leave))
        .route("/organizations/{org_id}/transfer-ownership", post(members::transfer))
        .route("/invitations/accept", post(members::accept))
}

/// SDKs end their addresses with a slash; people who write a request by hand may not.
fn sentry() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/{channel_id}/envelope/", post(sentry::envelope))
        .route("/api/{channel_id}/envelope", post(sentry::envelope))
        .route("/api/{channel_id}/store/", post(sentry::store))
        .route("/api/{channel_id}/store", post(sentry::store))
}

fn records() -> Router<Arc<Shared>> {
    Router::new()
        .route("/access-requests", post(access::request))
        .route("/audit-logs", get(audit::list))
        .route("/audit-logs/verify", get(audit::verify))
        .route("/audit-trail", get(audit::trail))
        .route("/v2/alerts/{id}/occurrences", get(alerts::occurrences))
        .route("/export-destinations/{id}/deliveries", get(exports::deliveries))
        .route("/export-destinations/{id}/test", post(exports::test))
}

/// Whether `path` takes batches, which may be larger than single events.
pub(crate) fn takes_batches(path: &str) -> bool {
    path == otlp::LOGS || path == otlp::TRACES || path.starts_with("/api/")
}

/// A 200 with a JSON document.
fn json(document: &impl Serialize) -> Response {
    json_with(StatusCode::OK, document)
}

fn json_with(status: StatusCode, document: &impl Serialize) -> Response {
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    match serde_json::to_vec(document) {
        Ok(body) => (status, content_type, body).into_response(),
        Err(_) => Problem::internal().into_response(),
    }
}

/// Does `work` on another thread: it may take long, and the server has one thread for everybody.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
}

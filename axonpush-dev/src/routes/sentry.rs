//! `/api/{channelId}/envelope/` and `/store/`: what Sentry's SDKs send when their DSN names this server.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::json;

use super::batch::Batch;
use super::fields::is_json;
use super::parameters::SENTRY;
use super::path::Path;
use super::query::Parameters;
use super::tokens::Binding;
use super::{Answered, aside, json};
use crate::guard::{self, PublicToken};
use crate::otlp::decompress;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::sentry::{Take, read_envelope, read_store};
use crate::state::Shared;
use crate::store::Delivery;

pub(super) async fn envelope(
    state: State<Arc<Shared>>,
    request: Extension<Arc<ReceivedRequest>>,
    told: (Uri, HeaderMap),
    channel: Path<String>,
) -> Answered {
    ingest(state, request, told, channel, read_envelope).await
}

pub(super) async fn store(
    state: State<Arc<Shared>>,
    request: Extension<Arc<ReceivedRequest>>,
    told: (Uri, HeaderMap),
    channel: Path<String>,
) -> Answered {
    ingest(state, request, told, channel, read_store).await
}

type Read = fn(&[u8], &str, &mut Take<'_>) -> Result<String, Problem>;

async fn ingest(
    State(shared): State<Arc<Shared>>,
    Extension(mut request): Extension<Arc<ReceivedRequest>>,
    (uri, headers): (Uri, HeaderMap),
    Path(channel): Path<String>,
    read: Read,
) -> Answered {
    let key = key(&headers, &uri)?;
    check_type(&headers)?;
    if key.starts_with("pt_")
        && let Some(binding) = Binding::of(&shared, &PublicToken(key)).await?
    {
        binding.check_channel(&channel)?;
        request = Arc::new(request.in_environment(&binding.environment));
    }
    let now = shared.clock.now();
    let permit = shared.otlp_permits.acquire().await.map_err(|_| Problem::internal())?;
    let (events, id) = aside(move || {
        let body = decompress(&headers, &request.body)?;
        let mut batch = Batch::new(Delivery::from_source(&request, "sentry", now));
        let id = read(&body, &channel, &mut |event| batch.add(&event))?;
        Ok::<_, Problem>((batch.into_events(), id))
    })
    .await??;
    if !events.is_empty() {
        shared.store.insert_all(events).await?;
    }
    drop(permit);
    Ok(json(&json!({"id": id})))
}

/// # Errors
/// 415 for what a form of a page could send: the key may stand in the address, which a page can make up.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if is_json(sent) || ["application/x-sentry-envelope", "application/octet-stream"].contains(&essence) {
        return Ok(());
    }
    let detail = "send an envelope as `application/x-sentry-envelope` and an event as `application/json`";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// The key of a DSN, where SDKs put it; a key where everybody else does is as good.
fn key(headers: &HeaderMap, uri: &Uri) -> Result<String, Problem> {
    let header = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok()).unwrap_or_default();
    let told = [header("x-sentry-auth"), header(header::AUTHORIZATION.as_str())].into_iter().find_map(key_in);
    let asked = || Parameters::of(uri, SENTRY).ok()?.text("sentry_key").map(str::to_owned);
    if let Some(key) = told.or_else(asked) {
        return Ok(key);
    }
    if let Some(PublicToken(token)) = guard::public_token(headers) {
        return Ok(token);
    }
    guard::require_credentials(headers).map(|()| String::new()).map_err(|_| {
        let detail =
            "no key; a DSN has one before the `@`, as in http://ak_dev@127.0.0.1:4000/1 (any `ak_` value will do)";
        Problem::new(StatusCode::UNAUTHORIZED, detail)
    })
}

/// The key in `Sentry sentry_key=.., sentry_version=7`, or in the DSN itself.
fn key_in(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("dsn") {
        let (key, _) = rest.split_once("://")?.1.split_once('@')?;
        return key.split(':').next().filter(|key| !key.is_empty()).map(str::to_owned);
    }
    if !scheme.eq_ignore_ascii_case("sentry") {
        return None;
    }
    let mut pairs = rest.split(',').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, key)| *name == "sentry_key" && !key.is_empty()).map(|(_, key)| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::key_in;

    #[test]
    fn a_key_is_found_in_either_header() {
        for value in [
            "Sentry sentry_key=k, sentry_version=7",
            "sentry sentry_version=7,sentry_key=k",
            "DSN http://k@127.0.0.1:4000/1",
            "dsn https://k:old@host/1",
        ] {
            assert_eq!(key_in(value).as_deref(), Some("k"), "{value}");
        }
        for value in ["", "Sentry", "Sentry sentry_key=", "Bearer k", "DSN k", "DSN http://@host/1", "Sentry key=k"] {
            assert_eq!(key_in(value), None, "{value}");
        }
    }
}

//! `POST /v1/logs` and `POST /v1/traces`: stores a batch, or does what a test scripted instead.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::batch::Batch;
use super::tokens::Binding;
use super::{aside, scripted};
use crate::guard;
use crate::otlp::{self, Encoding, Record};
use crate::problem::{Fault, Problem};
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::Delivery;

pub(super) const LOGS: &str = "/v1/logs";
pub(super) const TRACES: &str = "/v1/traces";

pub(super) async fn ingest<R: Record>(
    State(shared): State<Arc<Shared>>,
    Extension(request): Extension<Arc<ReceivedRequest>>,
    headers: HeaderMap,
) -> Response {
    scripted::answer(&shared, &shared.otlp_script, store::<R>(&shared, request, headers)).await
}

async fn store<R: Record>(
    shared: &Shared,
    request: Arc<ReceivedRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    guard::require_credentials(&headers)?;
    let encoding = Encoding::of(&headers)?;
    let binding = match guard::public_token(&headers) {
        Some(token) => Binding::of(shared, &token).await?,
        None => None,
    };
    let channel = match (channel(&headers), &binding) {
        (Ok(channel), binding) => {
            binding.as_ref().map_or(Ok(()), |binding| binding.check_channel(&channel))?;
            channel
        }
        (Err(_), Some(binding)) => binding.channel_id.clone(),
        (Err(problem), None) => return Err(problem),
    };
    let request = binding.map_or(request.clone(), |binding| Arc::new(request.in_environment(&binding.environment)));
    let now = shared.clock.now();
    let max_batch = shared.max_batch;
    let permit = shared.otlp_permits.acquire().await.map_err(|_| Problem::internal())?;
    let (events, refusals) = aside(move || {
        let body = otlp::decompress(&headers, &request.body)?;
        let mut batch = Batch::new(Delivery::new(&request, now));
        let refusals = otlp::read::<R>(encoding, body, &channel, max_batch, |event| batch.add(&event))?;
        Ok::<_, Problem>((batch.into_events(), refusals))
    })
    .await??;
    if !events.is_empty() {
        shared.store.insert_all(events).await?;
    }
    drop(permit);
    Ok(otlp::answer::<R>(&refusals, encoding))
}

/// # Errors
/// 422 for a request that names no channel.
fn channel(headers: &HeaderMap) -> Result<String, Problem> {
    let channel = headers.get("x-axonpush-channel").and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let channel = channel.map(str::trim).filter(|channel| !channel.is_empty());
    channel.map(str::to_owned).ok_or_else(|| {
        Problem::invalid(vec![Fault::new(
            "header.X-Axonpush-Channel",
            "expected required header X-Axonpush-Channel to be present and not blank",
        )])
    })
}

//! `/webhooks`: endpoints, and what became of deliveries to them.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::apps::check_channel;
use super::fields::{Fields, LONG};
use super::path::Path;
use super::resource::{fresh, keep, missing};
use super::{Answered, json, json_with};
use crate::courier::{DELIVERY, Delivery, ENDPOINT, Endpoint};
use crate::digest;
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::{documents, last_sequence};

pub(super) async fn create(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let url = fields.required_text("url", 1..=MAX_URL);
    let channel_id = fields.required_text("channelId", 1..=LONG);
    let event_types = fields.texts("eventTypes").unwrap_or_default();
    let description = fields.text("description", 0..=MAX_DESCRIPTION);
    if !url.is_empty() && !is_deliverable(&url) {
        fields.fault("url", "expected an http or https address with a host and without a password", None);
    }
    fields.check()?;
    check_channel(&shared, &channel_id).await?;
    let secret = format!("whsec_{}", digest::secret());
    let shown = json!({
        "channelId": channel_id, "url": url, "eventTypes": event_types, "description": description,
        "hasSecret": true, "active": true,
    });
    let mut endpoint = fresh(&shared, &request, ENDPOINT, "endpointId", super::resource::object(shown).into());
    endpoint.owner = channel_id;
    let secrets = secret.clone();
    let endpoint = shared
        .change(move |connection| {
            // What was published before is not for this endpoint.
            Endpoint::keep_private(&mut endpoint.document, &secrets, last_sequence(connection)?);
            Ok(keep(connection, &endpoint)?.map(|()| endpoint.document))
        })
        .await?;
    let mut shown = Endpoint::shown(endpoint);
    shown.insert("rawSecret".to_owned(), secret.into());
    Ok(json_with(StatusCode::CREATED, &shown))
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized, Path(channel_id): Path<String>) -> Answered {
    let endpoints = shared.list(ENDPOINT, Some(&channel_id)).await?;
    let endpoints: Vec<_> = endpoints.into_iter().map(Endpoint::shown).collect();
    Ok(json(&json!({"data": endpoints})))
}

/// What is on its way is not tried again; what was delivered can no longer be listed.
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(endpoint_id): Path<String>,
) -> Answered {
    shared
        .change(move |connection| {
            documents::remove_owned(connection, DELIVERY, &endpoint_id)?;
            Ok(if documents::remove(connection, ENDPOINT, &endpoint_id)? { Ok(()) } else { Err(missing(ENDPOINT)) })
        })
        .await?;
    Ok(json(&json!({"message": "the endpoint gets no more events"})))
}

pub(super) async fn deliveries(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(endpoint_id): Path<String>,
) -> Answered {
    shared.find(ENDPOINT, &endpoint_id).await?;
    let deliveries = shared.list(DELIVERY, Some(&endpoint_id)).await?;
    let deliveries: Vec<_> = deliveries.into_iter().map(Delivery::shown).collect();
    Ok(json(&json!({"data": deliveries})))
}

pub(super) fn is_deliverable(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

const MAX_URL: usize = 2_048;
const MAX_DESCRIPTION: usize = 500;

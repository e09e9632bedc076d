//! `/apps` and `/apps/{appId}/channels`, and the routes channels had before.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::fields::{Fields, LONG, NAME};
use super::path::Path;
use super::resource::{created, done, fresh, missing, object, text};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::problem::{Fault, Problem};
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, documents};

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    Ok(json(&json!({"apps": shared.list(APP, None).await?})))
}

pub(super) async fn create(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.name();
    fields.check()?;
    let app = fresh(&shared, &request, APP, "appId", json!({"name": name, "creatorUserId": "user_dev"}));
    Ok(created(&shared.create(app).await?))
}

pub(super) async fn get(State(shared): State<Arc<Shared>>, _: Authorized, Path(app_id): Path<String>) -> Answered {
    Ok(json(&shared.find(APP, &app_id).await?))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(app_id): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.name();
    let changes = json!({
        "name": name,
        "defaultBranch": fields.text("defaultBranch", 0..=LONG),
        "repoUrl": fields.text("repoUrl", 0..=LONG),
    });
    fields.check()?;
    Ok(json(&shared.update(APP, &app_id, |app| app.extend(object(changes))).await?))
}

/// Its channels go with it.
pub(super) async fn delete(State(shared): State<Arc<Shared>>, _: Authorized, Path(app_id): Path<String>) -> Answered {
    shared
        .change(move |connection| {
            documents::remove_owned(connection, CHANNEL, &app_id)?;
            Ok(if documents::remove(connection, APP, &app_id)? { Ok(()) } else { Err(missing(APP)) })
        })
        .await?;
    Ok(done())
}

pub(super) async fn channels(State(shared): State<Arc<Shared>>, _: Authorized, Path(app_id): Path<String>) -> Answered {
    shared.find(APP, &app_id).await?;
    Ok(json(&json!({"channels": shared.list(CHANNEL, Some(&app_id)).await?})))
}

pub(super) async fn create_channel(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(app_id): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.name();
    fields.check()?;
    add_channel(&shared, &request, app_id, name).await
}

pub(super) async fn channel(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path((app_id, channel_id)): Path<(String, String)>,
) -> Answered {
    Ok(json(&channel_of(&shared, &app_id, &channel_id).await?))
}

pub(super) async fn update_channel(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path((app_id, channel_id)): Path<(String, String)>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.name();
    fields.check()?;
    channel_of(&shared, &app_id, &channel_id).await?;
    rename_channel(&shared, &channel_id, name).await
}

pub(super) async fn delete_channel(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path((app_id, channel_id)): Path<(String, String)>,
) -> Answered {
    channel_of(&shared, &app_id, &channel_id).await?;
    shared.remove(CHANNEL, &channel_id).await?;
    Ok(done())
}

/// `GET /channel`: a list without an envelope, as the service's first generations sent it.
pub(super) async fn old_channels(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    Ok(json(&shared.list(CHANNEL, None).await?))
}

pub(super) async fn create_old_channel(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let (name, app_id) = (fields.name(), fields.required_text("appId", 1..=LONG));
    fields.check()?;
    add_channel(&shared, &request, app_id, name).await
}

pub(super) async fn old_channel(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(channel_id): Path<String>,
) -> Answered {
    Ok(json(&shared.find(CHANNEL, &channel_id).await?))
}

pub(super) async fn update_old_channel(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(channel_id): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    fields.required("name");
    let name = fields.text("name", NAME).unwrap_or_default();
    fields.check()?;
    rename_channel(&shared, &channel_id, name).await
}

pub(super) async fn delete_old_channel(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(channel_id): Path<String>,
) -> Answered {
    shared.remove(CHANNEL, &channel_id).await?;
    Ok(done())
}

/// # Errors
/// 422 when there is no such channel: the body that names it is wrong.
pub(super) async fn check_channel(shared: &Shared, channel_id: &str) -> Result<(), Problem> {
    let known = shared.store.document(CHANNEL, channel_id.to_owned()).await?;
    let unknown = || Problem::invalid(vec![Fault::new("body.channelId", "expected the id of a channel that exists")]);
    known.map(drop).ok_or_else(unknown)
}

async fn add_channel(shared: &Shared, request: &ReceivedRequest, app_id: String, name: String) -> Answered {
    shared.find(APP, &app_id).await?;
    let mut channel = fresh(shared, request, CHANNEL, "channelId", json!({"appId": app_id, "name": name}));
    channel.owner = app_id;
    Ok(created(&shared.create(channel).await?))
}

async fn rename_channel(shared: &Shared, channel_id: &str, name: String) -> Result<Response, Problem> {
    let rename = |channel: &mut Document| {
        channel.insert("name".to_owned(), Value::String(name));
    };
    Ok(json(&shared.update(CHANNEL, channel_id, rename).await?))
}

/// # Errors
/// 404 for a channel of another app, too: its path is not this one.
async fn channel_of(shared: &Shared, app_id: &str, channel_id: &str) -> Result<Document, Problem> {
    let channel = shared.find(CHANNEL, channel_id).await?;
    if text(&channel, "appId") == app_id { Ok(channel) } else { Err(missing(CHANNEL)) }
}

pub(super) const APP: &str = "app";
pub(super) const CHANNEL: &str = "channel";

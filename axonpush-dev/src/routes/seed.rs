//! What is there before anybody creates anything.

use serde_json::json;

use super::account::{ORGANIZATION, USER, USER_ID};
use super::apps::{APP, CHANNEL};
use super::environments::ENVIRONMENT;
use super::resource::{ORG_ID, object};
use crate::state::Shared;
use crate::store::{Kind, NewDocument, StoreFailure, documents};

/// Adds an organization with an app, a channel and an environment, unless the store has one from an earlier run: then
/// what is missing was deleted.
pub(crate) async fn seed(shared: &Shared) -> Result<(), StoreFailure> {
    let now = shared.clock.text();
    let new = |kind: Kind, id_name: &str, id: &str, owner: &str, fields| {
        let mut document = object(json!({id_name: id, "id": id, "orgId": ORG_ID, "createdAt": now}));
        document.extend(object(fields));
        NewDocument { kind, id: id.to_owned(), owner: owner.to_owned(), document }
    };
    let organization =
        json!({"name": "Development", "slug": ORG_ID, "plan": "development", "subscriptionStatus": "active"});
    let environment = json!({
        "slug": "development", "name": "Development", "color": "#6b7280", "isDefault": true, "isProduction": false,
        "isEphemeral": false,
    });
    let all = [
        new(ORGANIZATION, "orgId", ORG_ID, "", organization),
        new(APP, "appId", APP_ID, "", json!({"name": "Development"})),
        new(CHANNEL, "channelId", CHANNEL_ID, APP_ID, json!({"appId": APP_ID, "name": "Default"})),
        new(ENVIRONMENT, "environmentId", "development", "", environment),
        NewDocument { kind: USER, id: USER_ID.to_owned(), owner: String::new(), document: object(json!({})) },
    ];
    shared
        .store
        .change(move |connection| {
            if documents::count(connection, USER)? > 0 {
                return Ok(());
            }
            all.iter().try_for_each(|new| documents::save(connection, new))
        })
        .await
}

/// The app and the channel of events that name none.
const APP_ID: &str = "app_dev";
const CHANNEL_ID: &str = "default";

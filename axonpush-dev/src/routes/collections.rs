//! Things that are stored and shown again, and no more: alerts, dashboards, rules, policies and feedback.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, patch};
use serde_json::{Value, json};

use super::bodies;
use super::fields::Fields;
use super::path::Path;
use super::query::Parameters;
use super::resource::{created, fresh, keep, object, text};
use super::shape::{self, Field};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, Kind, NewDocument, documents};

/// One kind of them.
struct Collection {
    path: &'static str,
    kind: Kind,
    id_name: &'static str,
    /// What the list stands under.
    list: &'static str,
    fields: &'static [Field],
    /// The fields of a change, of which any may be left out.
    changes: &'static [Field],
    /// What a new one has where nothing was said, as JSON.
    usual: &'static str,
    /// What a deletion is answered with, as JSON.
    deleted: &'static str,
}

/// The routes of all of them.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let router = COLLECTIONS.iter().fold(Router::new(), |router, collection| {
        let all = get(move |state, caller, query| list(collection, state, caller, query))
            .post(move |state, caller| create(collection, state, caller));
        let one = get(move |state, caller, path| find(collection, state, caller, path))
            .put(move |state, caller, path| replace(collection, state, caller, path))
            .patch(move |state, caller, path| update(collection, state, caller, path))
            .delete(move |state, caller, path| delete(collection, state, caller, path));
        router.route(collection.path, all).route(&format!("{}/{{id}}", collection.path), one)
    });
    router.route("/organizations/{org_id}/telemetry-policy", get(telemetry_policy).merge(patch(set_telemetry_policy)))
}

async fn list(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    parameters: Parameters,
) -> Answered {
    let environment = parameters.text("envSlug").unwrap_or_default();
    let all = shared.list(collection.kind, None).await?.into_iter();
    let wanted = all.filter(|one| environment.is_empty() || text(one, "envSlug") == environment);
    let wanted: Vec<_> = wanted.map(|one| Value::Object(shown(one))).collect();
    Ok(json(&json!({collection.list: wanted})))
}

async fn create(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
) -> Answered {
    let document = collection.read(&request, collection.fields, true)?;
    let mut new = fresh(&shared, &request, collection.kind, collection.id_name, Value::Object(document));
    let usual: Value = serde_json::from_str(collection.usual).unwrap_or_default();
    for (name, value) in object(usual) {
        new.document.entry(name).or_insert(value);
    }
    let at = text(&new.document, "createdAt").to_owned();
    new.document.insert("updatedAt".to_owned(), at.into());
    Ok(created(&shown(shared.create(new).await?)))
}

async fn find(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(id): Path<String>,
) -> Answered {
    Ok(json(&shown(shared.find(collection.kind, &id).await?)))
}

/// What the body leaves out stays as it was.
async fn replace(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(id): Path<String>,
) -> Answered {
    let changes = collection.read(&request, collection.fields, true)?;
    Ok(json(&shown(shared.update(collection.kind, &id, |document| document.extend(changes)).await?)))
}

async fn update(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(id): Path<String>,
) -> Answered {
    let changes = collection.read(&request, collection.changes, false)?;
    Ok(json(&shown(shared.update(collection.kind, &id, |document| document.extend(changes)).await?)))
}

async fn delete(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(id): Path<String>,
) -> Answered {
    shared.remove(collection.kind, &id).await?;
    Ok(json(&serde_json::from_str::<Value>(collection.deleted).unwrap_or_default()))
}

impl Collection {
    fn read(&self, request: &ReceivedRequest, shapes: &[Field], whole: bool) -> Result<Document, Problem> {
        let mut fields = Fields::of(request)?;
        let document = shape::read(&mut fields, shapes, whole);
        let url = text(&document, "endpointUrl");
        if self.kind == DESTINATION && !url.is_empty() && !super::webhooks::is_deliverable(url) {
            fields.fault("endpointUrl", "expected an http or https address with a host and without a password", None);
        }
        fields.check()?;
        Ok(document)
    }
}

/// A document without the values of headers, which may be credentials.
fn shown(mut document: Document) -> Document {
    if document.contains_key("envSlug") {
        let headers = document.remove("headers");
        let names = headers.as_ref().and_then(Value::as_object).map(|headers| headers.keys().cloned().collect());
        document.insert("headerKeys".to_owned(), names.unwrap_or_else(|| Value::Array(Vec::new())));
    }
    document
}

async fn telemetry_policy(State(shared): State<Arc<Shared>>, _: Authorized, Path(org): Path<String>) -> Answered {
    let kept = shared.store.document(POLICY, org).await?;
    Ok(json(&kept.unwrap_or_else(|| object(json!({"policy": {}, "version": 0})))))
}

async fn set_telemetry_policy(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    let policy = Fields::of(&request)?.all();
    let kept = shared
        .change(move |connection| {
            let known = documents::find(connection, POLICY, &org)?.unwrap_or_default();
            let version = known.get("version").and_then(Value::as_u64).unwrap_or_default() + 1;
            let document = object(json!({"policy": policy, "version": version}));
            let new = NewDocument { kind: POLICY, id: org, owner: String::new(), document };
            Ok(keep(connection, &new)?.map(|()| new.document))
        })
        .await?;
    Ok(json(&kept))
}

pub(super) const ALERT: Kind = "alert";
pub(super) const DESTINATION: Kind = "export destination";

/// That of an organization, under its id.
pub(super) const POLICY: Kind = "telemetry policy";
const OK: &str = r#"{"ok": true}"#;

const COLLECTIONS: [Collection; 7] = [
    Collection {
        path: "/v2/alerts",
        kind: ALERT,
        id_name: "alertRuleId",
        list: "data",
        fields: bodies::ALERT,
        changes: bodies::ALERT,
        usual: r#"{"enabled": true}"#,
        deleted: r#"{"deleted": true}"#,
    },
    Collection {
        path: "/dashboards",
        kind: "dashboard",
        id_name: "dashboardId",
        list: "dashboards",
        fields: bodies::DASHBOARD,
        changes: bodies::DASHBOARD,
        usual: r#"{"createdBy": "user_dev"}"#,
        deleted: OK,
    },
    Collection {
        path: "/feedback",
        kind: "feedback",
        id_name: "feedbackId",
        list: "feedback",
        fields: bodies::FEEDBACK,
        changes: bodies::FEEDBACK,
        usual: r#"{"status": "new"}"#,
        deleted: OK,
    },
    Collection {
        path: "/moderation/rules",
        kind: "moderation rule",
        id_name: "ruleId",
        list: "rules",
        fields: bodies::RULE,
        changes: bodies::RULE,
        usual: r#"{"enabled": true, "pattern": "", "target": "request"}"#,
        deleted: OK,
    },
    Collection {
        path: "/govern-policies",
        kind: "govern policy",
        id_name: "policyId",
        list: "policies",
        fields: bodies::GOVERN_POLICY,
        changes: bodies::GOVERN_POLICY,
        usual: r#"{"enabled": true, "enforcement": "enforce"}"#,
        deleted: OK,
    },
    Collection {
        path: "/spend-policies",
        kind: "spend policy",
        id_name: "policyId",
        list: "policies",
        fields: bodies::SPEND_POLICY,
        changes: bodies::SPEND_POLICY,
        usual: r#"{"enabled": true, "cooldownMins": 0}"#,
        deleted: OK,
    },
    Collection {
        path: "/export-destinations",
        kind: DESTINATION,
        id_name: "destinationId",
        list: "data",
        fields: bodies::DESTINATION,
        changes: bodies::DESTINATION_CHANGE,
        usual: r#"{"active": true, "eventTypeFilter": []}"#,
        deleted: r#"{"message": "nothing more is sent to the destination"}"#,
    },
];

//! Things that are stored and shown again, and no more: alerts, dashboards, rules, policies and feedback.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, patch};
use serde_json::{Value, json};

use super::fields::{ANY, Fields, NAME};
use super::path::Path;
use super::resource::{created, fresh, object};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::intake::Shared;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::store::{Document, Kind};

/// One kind of them.
struct Collection {
    path: &'static str,
    kind: Kind,
    id_name: &'static str,
    /// What the list stands under.
    list: &'static str,
    /// What a deletion is answered with.
    deleted: &'static str,
    fields: &'static [Field],
}

struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    Name,
    Text,
    Boolean,
    Number,
    Object,
    Texts,
    Choice(&'static [&'static str]),
}

/// The routes of all of them.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let router = COLLECTIONS.iter().fold(Router::new(), |router, collection| {
        let all = get(move |state, caller| list(collection, state, caller))
            .post(move |state, caller| create(collection, state, caller));
        let one = get(move |state, caller, path| find(collection, state, caller, path))
            .put(move |state, caller, path| update(collection, state, caller, path, true))
            .patch(move |state, caller, path| update(collection, state, caller, path, false))
            .delete(move |state, caller, path| delete(collection, state, caller, path));
        router.route(collection.path, all).route(&format!("{}/{{id}}", collection.path), one)
    });
    router.route("/organizations/{org_id}/telemetry-policy", get(telemetry_policy).merge(patch(set_telemetry_policy)))
}

async fn list(collection: &Collection, State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    Ok(json(&json!({collection.list: shared.list(collection.kind, None).await?})))
}

async fn create(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
) -> Answered {
    let document = collection.read(&request, true)?;
    let new = fresh(&shared, &request, collection.kind, collection.id_name, Value::Object(document));
    Ok(created(&shared.create(new).await?))
}

async fn find(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(id): Path<String>,
) -> Answered {
    Ok(json(&shared.find(collection.kind, &id).await?))
}

async fn update(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(id): Path<String>,
    whole: bool,
) -> Answered {
    let changes = collection.read(&request, whole)?;
    Ok(json(&shared.update(collection.kind, &id, |document| document.extend(changes)).await?))
}

async fn delete(
    collection: &Collection,
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    Path(id): Path<String>,
) -> Answered {
    shared.remove(collection.kind, &id).await?;
    Ok(json(&json!({collection.deleted: true})))
}

impl Collection {
    /// The fields of a body: all that are required, or only those that change.
    fn read(&self, request: &ReceivedRequest, whole: bool) -> Result<Document, Problem> {
        let mut fields = Fields::of(request)?;
        let mut document = Document::new();
        for field in self.fields {
            if whole && field.required {
                fields.required(field.name);
            }
            document.insert(field.name.to_owned(), field.read(&mut fields));
        }
        fields.check()?;
        Ok(object(Value::Object(document)))
    }
}

impl Field {
    fn read(&self, fields: &mut Fields) -> Value {
        let Self { name, .. } = self;
        match self.shape {
            Shape::Name => fields.text(name, NAME).into(),
            Shape::Text => fields.text(name, usize::from(self.required)..=ANY).into(),
            Shape::Boolean => fields.boolean(name).into(),
            Shape::Number => fields.number(name).into(),
            Shape::Object => fields.object(name).map_or(Value::Null, Value::Object),
            Shape::Texts => fields.texts(name).into(),
            Shape::Choice(choices) => fields.choice(name, choices).into(),
        }
    }
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
        .store
        .change(move |connection| {
            use crate::store::{NewDocument, documents};
            let known = documents::find(connection, POLICY, &org)?.unwrap_or_default();
            let version = known.get("version").and_then(Value::as_u64).unwrap_or_default() + 1;
            let document = object(json!({"policy": policy, "version": version}));
            let new = NewDocument { kind: POLICY, id: org, owner: String::new(), document };
            documents::save(connection, &new)?;
            Ok(new.document)
        })
        .await?;
    Ok(json(&kept))
}

const fn needed(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const POLICY: Kind = "telemetry policy";

const COLLECTIONS: [Collection; 7] = [
    Collection {
        path: "/v2/alerts",
        kind: "alert",
        id_name: "alertId",
        list: "data",
        deleted: "deleted",
        fields: &[
            needed("name", Shape::Name),
            needed("metric", Shape::Choice(&["error_count", "error_rate", "latency_ms", "cost_usd", "lifecycle_open"])),
            needed("operator", Shape::Choice(&["gt", "gte", "lt", "lte"])),
            needed("threshold", Shape::Number),
            needed("destinationType", Shape::Choice(&["email", "webhook"])),
            needed("destination", Shape::Text),
            optional("enabled", Shape::Boolean),
            optional("appId", Shape::Text),
            optional("environmentId", Shape::Text),
            optional("model", Shape::Text),
            optional("release", Shape::Text),
            optional("service", Shape::Text),
        ],
    },
    Collection {
        path: "/dashboards",
        kind: "dashboard",
        id_name: "dashboardId",
        list: "dashboards",
        deleted: "ok",
        fields: &[needed("name", Shape::Name), needed("spec", Shape::Object), optional("description", Shape::Text)],
    },
    Collection {
        path: "/feedback",
        kind: "feedback",
        id_name: "feedbackId",
        list: "feedback",
        deleted: "ok",
        fields: &[
            needed("message", Shape::Text),
            optional("category", Shape::Choice(&["bug", "idea", "other", "praise"])),
            optional("context", Shape::Object),
        ],
    },
    Collection {
        path: "/moderation/rules",
        kind: "moderation rule",
        id_name: "ruleId",
        list: "rules",
        deleted: "ok",
        fields: &[
            needed("name", Shape::Name),
            needed("detector", Shape::Text),
            needed("action", Shape::Choice(&["allow", "block", "flag", "redact"])),
            optional("pattern", Shape::Text),
            optional("target", Shape::Choice(&["request", "response", "tool_call"])),
        ],
    },
    Collection {
        path: "/govern-policies",
        kind: "govern policy",
        id_name: "policyId",
        list: "policies",
        deleted: "ok",
        fields: &[needed("name", Shape::Name), optional("enabled", Shape::Boolean), optional("spec", Shape::Object)],
    },
    Collection {
        path: "/spend-policies",
        kind: "spend policy",
        id_name: "policyId",
        list: "policies",
        deleted: "ok",
        fields: &[needed("name", Shape::Name), optional("enabled", Shape::Boolean), optional("spec", Shape::Object)],
    },
    Collection {
        path: "/export-destinations",
        kind: "export destination",
        id_name: "destinationId",
        list: "destinations",
        deleted: "ok",
        fields: &[
            needed("name", Shape::Name),
            needed("envSlug", Shape::Text),
            needed("endpointUrl", Shape::Text),
            needed("signals", Shape::Texts),
            optional("headers", Shape::Object),
            optional("eventTypeFilter", Shape::Texts),
            optional("serviceName", Shape::Text),
        ],
    },
];

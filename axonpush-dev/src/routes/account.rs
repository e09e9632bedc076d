//! Who is asking and what they may use: `/user/me`, `/organization`, `/capabilities` and what goes with them.

use std::sync::Arc;

use axum::extract::State;
use serde_json::{Value, json};

use super::fields::{Fields, LONG};
use super::parameters::DIMENSIONS;
use super::resource::{done, keep, missing, object, org_id};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, NewDocument, documents};

pub(super) async fn me(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    Ok(json(&profile(&shared, &request).await?))
}

pub(super) async fn update_me(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let changes = json!({
        "firstName": fields.text("firstName", 0..=120),
        "lastName": fields.text("lastName", 0..=120),
    });
    fields.check()?;
    shared.update(USER, USER_ID, |user| user.extend(object(changes))).await?;
    Ok(json(&profile(&shared, &request).await?))
}

pub(super) async fn active_org(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let org = fields.required_text("orgId", 1..=LONG);
    fields.check()?;
    if shared.store.document(ORGANIZATION, org.clone()).await?.is_none() {
        return Err(missing(ORGANIZATION));
    }
    Ok(done())
}

pub(super) async fn organizations(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let organization = organization_of(&shared, &request).await?;
    Ok(json(&json!({"organizations": [{"role": "owner", "organization": organization}]})))
}

pub(super) async fn organization(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    Ok(json(&organization_of(&shared, &request).await?))
}

pub(super) async fn update_organization(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let changes = json!({
        "name": fields.text("name", 1..=120),
        "description": fields.text("description", 0..=500),
    });
    fields.check()?;
    organization_of(&shared, &request).await?;
    let update = |organization: &mut Document| organization.extend(object(changes));
    Ok(json(&shared.update(ORGANIZATION, org_id(&request), update).await?))
}

pub(super) async fn capabilities(_: Authorized) -> Answered {
    let scopes = SCOPES.map(
        |(scope, category, description)| json!({"scope": scope, "category": category, "description": description}),
    );
    Ok(json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "apiKeyScopes": scopes,
        "featureFlags": flags(),
        "license": {"status": "active", "tier": null, "expiresAt": null},
        "controls": {
            "analytics": {
                "enabled": true, "customDimensions": true, "dashboards": true, "tagFilter": true,
                "breakdownDimensions": DIMENSIONS,
            },
            "auditTrail": {"enabled": true, "formats": ["json"]},
            "inlineModeration": {
                "enabled": false, "actions": ["allow", "block", "flag", "redact"], "detectors": [],
                "targets": ["request", "response", "tool_call"],
            },
            "spendPolicies": {"enabled": false, "actions": [], "dimensions": [], "windows": []},
        },
    })))
}

pub(super) async fn feature_flags(_: Authorized) -> Answered {
    Ok(json(&flags()))
}

pub(super) async fn license(_: Authorized) -> Answered {
    let message = "a local server needs no license";
    Ok(json(&json!({"edition": "development", "status": "active", "message": message})))
}

/// The organization that the request names, which is there as soon as somebody asks for it.
pub(super) async fn organization_of(shared: &Shared, request: &ReceivedRequest) -> Result<Document, Problem> {
    let (org, now) = (org_id(request).to_owned(), shared.clock.text());
    let organization = shared.change(move |connection| {
        if let Some(known) = documents::find(connection, ORGANIZATION, &org)? {
            return Ok(Ok(known));
        }
        let document = object(json!({
            "orgId": org, "id": org, "name": "Development", "slug": org, "plan": "development",
            "subscriptionStatus": "active", "createdAt": now,
        }));
        let new = NewDocument { kind: ORGANIZATION, id: org, owner: String::new(), document };
        Ok(keep(connection, &new)?.map(|()| new.document))
    });
    organization.await
}

async fn profile(shared: &Shared, request: &ReceivedRequest) -> Result<Value, Problem> {
    let org = org_id(request);
    let user = shared.store.document(USER, USER_ID.to_owned()).await?.unwrap_or_default();
    let mut profile = json!({
        "authMethod": "api_key", "email": "dev@localhost", "emailVerified": true, "orgId": org, "userId": USER_ID,
        "memberships": [{"orgId": org, "role": "owner"}], "roles": ["owner"],
    });
    if let Value::Object(profile) = &mut profile {
        profile.extend(user);
    }
    Ok(profile)
}

fn flags() -> Value {
    json!({
        "analyticsV2": true, "asyncIngest": true, "environments": true, "mcpServer": false, "sentryIngest": true,
        "billing": false,
    })
}

pub(super) const USER: &str = "user";
pub(super) const USER_ID: &str = "user_dev";
pub(super) const ORGANIZATION: &str = "organization";

const SCOPES: [(&str, &str, &str); 10] = [
    ("events:publish", "events", "Publish events"),
    ("events:read", "events", "Read events and traces"),
    ("observe:read", "observe", "Read errors and analytics"),
    ("observe:manage", "observe", "Triage errors and keep dashboards"),
    ("alerts:manage", "alerts", "Keep alert rules"),
    ("apps:manage", "apps", "Keep apps"),
    ("channels:manage", "channels", "Keep channels"),
    ("webhooks:manage", "webhooks", "Keep webhook endpoints"),
    ("workspaces:manage", "workspaces", "Keep workspaces"),
    ("templates:publish", "templates", "Publish templates"),
];

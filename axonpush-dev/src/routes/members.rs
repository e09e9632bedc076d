//! `/organizations/{orgId}`: who belongs to it and who is asked to.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::{ORGANIZATION, USER_ID, organization_of};
use super::collections::POLICY;
use super::fields::{Fields, LONG};
use super::path::Path;
use super::resource::{created, done, fresh, keep, missing, object, org_id, text};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::{Document, NewDocument, documents};

/// The organization that the request names in its path, which has to be there.
async fn find(shared: &Shared, request: &ReceivedRequest, org: &str) -> Result<(), Problem> {
    if org == org_id(request) {
        organization_of(shared, request).await?;
    }
    shared.find(ORGANIZATION, org).await.map(drop)
}

/// As [`find`], and sees to it that somebody owns it.
async fn check(shared: &Shared, request: &ReceivedRequest, org: &str) -> Result<(), Problem> {
    find(shared, request, org).await?;
    let (org, now) = (org.to_owned(), shared.clock.text());
    let add_owner = move |connection: &_| {
        if !documents::list(connection, MEMBER, Some(&org))?.is_empty() {
            return Ok(Ok(()));
        }
        keep(connection, &member(&org, USER_ID, "dev@localhost", "owner", &now))
    };
    shared.change(add_owner).await
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    // There may be no room for an owner, and this makes some.
    find(&shared, &request, &org).await?;
    shared
        .store
        .change(move |connection| {
            documents::remove_owned(connection, MEMBER, &org)?;
            documents::remove_owned(connection, INVITATION, &org)?;
            documents::remove(connection, POLICY, &org)?;
            documents::remove(connection, ORGANIZATION, &org)
        })
        .await?;
    Ok(done())
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    check(&shared, &request, &org).await?;
    Ok(json(&json!({"members": shared.list(MEMBER, Some(&org)).await?})))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path((org, user)): Path<(String, String)>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let role = fields.required_choice("role", &ROLES);
    fields.check()?;
    check(&shared, &request, &org).await?;
    let change = |member: &mut Document| {
        member.insert("role".to_owned(), role.into());
    };
    let mut member = shared.update(MEMBER, &member_id(&org, &user), change).await?;
    // The contract promises no more than this; who it is about is an addition of ours.
    member.insert("ok".to_owned(), true.into());
    Ok(json(&member))
}

pub(super) async fn remove(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path((org, user)): Path<(String, String)>,
) -> Answered {
    check(&shared, &request, &org).await?;
    leave_as(&shared, org, user).await
}

pub(super) async fn leave(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    check(&shared, &request, &org).await?;
    leave_as(&shared, org, USER_ID.to_owned()).await
}

pub(super) async fn transfer(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let heir = fields.required_text("userId", 1..=LONG);
    fields.check()?;
    check(&shared, &request, &org).await?;
    shared
        .change(move |connection| {
            let heir = member_id(&org, &heir);
            if documents::find(connection, MEMBER, &heir)?.is_none() {
                return Ok(Err(missing(MEMBER)));
            }
            for member in documents::list(connection, MEMBER, Some(&org))? {
                let id = member_id(&org, text(&member, "userId"));
                let role = match text(&member, "role") {
                    _ if id == heir => "owner",
                    "owner" => "admin",
                    _ => continue,
                };
                documents::update(connection, MEMBER, &id, |member| {
                    member.insert("role".to_owned(), role.into());
                })?;
            }
            Ok(Ok(()))
        })
        .await?;
    Ok(done())
}

pub(super) async fn invitations(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    check(&shared, &request, &org).await?;
    Ok(json(&json!({"invitations": shared.list(INVITATION, Some(&org)).await?})))
}

pub(super) async fn invite(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(org): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let email = fields.required_text("invitedEmail", 1..=320);
    let role = fields.required_choice("role", &ROLES);
    if !email.is_empty() && !email.contains('@') {
        fields.fault("invitedEmail", "expected an email address", Some(email.clone().into()));
    }
    fields.check()?;
    check(&shared, &request, &org).await?;
    // There is no mail from here, so the code that would be in it is shown.
    let document = json!({
        "orgId": org, "invitedEmail": email, "role": role, "inviteRole": role, "status": "pending",
        "code": Uuid::new_v4().simple().to_string(),
    });
    let mut invitation = fresh(&shared, &request, INVITATION, "invitationId", document);
    invitation.owner = org;
    Ok(created(&shared.create(invitation).await?))
}

pub(super) async fn uninvite(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path((org, id)): Path<(String, String)>,
) -> Answered {
    check(&shared, &request, &org).await?;
    if text(&shared.find(INVITATION, &id).await?, "orgId") != org {
        return Err(missing(INVITATION));
    }
    shared.remove(INVITATION, &id).await?;
    Ok(done())
}

/// Whoever accepts becomes a member under the address that was invited, because there is one key for everybody.
pub(super) async fn accept(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let code = fields.required_text("code", 1..=LONG);
    fields.check()?;
    let now = shared.clock.text();
    shared
        .change(move |connection| {
            let invitations = documents::list(connection, INVITATION, None)?;
            let Some(invitation) = invitations.iter().find(|invitation| text(invitation, "code") == code) else {
                return Ok(Err(missing(INVITATION)));
            };
            let (org, email) = (text(invitation, "orgId"), text(invitation, "invitedEmail"));
            let member = member(org, email, email, text(invitation, "role"), &now);
            if let Err(too_many) = keep(connection, &member)? {
                return Ok(Err(too_many));
            }
            documents::remove(connection, INVITATION, text(invitation, "invitationId"))?;
            let name = documents::find(connection, ORGANIZATION, org)?.unwrap_or_default();
            let answer =
                json!({"ok": true, "orgId": org, "orgName": text(&name, "name"), "role": text(invitation, "role")});
            Ok(Ok(json(&answer)))
        })
        .await
}

async fn leave_as(shared: &Shared, org: String, user: String) -> Answered {
    shared
        .change(move |connection| {
            let id = member_id(&org, &user);
            let Some(member) = documents::find(connection, MEMBER, &id)? else { return Ok(Err(missing(MEMBER))) };
            if text(&member, "role") == "owner" {
                let detail = "an organization has an owner; transfer the ownership first";
                return Ok(Err(Problem::new(StatusCode::CONFLICT, detail)));
            }
            documents::remove(connection, MEMBER, &id).map(|_| Ok(()))
        })
        .await?;
    Ok(done())
}

fn member(org: &str, user: &str, email: &str, role: &str, now: &str) -> NewDocument {
    let document: Value = json!({
        "memberId": member_id(org, user), "orgId": org, "userId": user, "email": email, "role": role, "joinedAt": now,
        "createdAt": now,
    });
    NewDocument { kind: MEMBER, id: member_id(org, user), owner: org.to_owned(), document: object(document) }
}

fn member_id(org: &str, user: &str) -> String {
    format!("{org}/{user}")
}

const MEMBER: &str = "member";
const INVITATION: &str = "invitation";
const ROLES: [&str; 3] = ["user", "admin", "owner"];

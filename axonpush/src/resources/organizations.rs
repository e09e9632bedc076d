//! The organization, who belongs to it, and who is asked to.

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::{ApiRequest, Secret, filters::Fields, read::models};
use crate::{client::AxonPush, error::Error};

models! {
    /// An organization.
    Organization {
        /// Its id, which is the client's [`tenant_id`](crate::AxonPushBuilder::tenant_id).
        org_id: String = "orgId" | "id",
        /// Its name.
        name: String = "name",
        /// Its name in addresses.
        slug: String = "slug",
        /// What it is.
        description: Option<String> = "description",
        /// Its plan.
        plan: String = "plan",
        /// Whether that is paid, in the server's words.
        subscription_status: String = "subscriptionStatus",
        /// Events it may publish in a month.
        events_quota_monthly: Option<u64> = "eventsQuotaMonthly",
        /// Days that events are kept.
        retention_days: Option<u64> = "retentionDays",
        /// Members it may have.
        seat_limit: Option<u64> = "seatLimit",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }

    /// An organization that the caller belongs to.
    OwnOrganization in "organizations" {
        /// The organization.
        organization: Organization = "organization",
        /// What the caller is there.
        role: String = "role",
    }

    /// A member of an organization.
    Member in "members" {
        /// Who it is.
        user_id: String = "userId",
        /// The id of the membership.
        member_id: String = "memberId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// What the member is there: `user`, `admin` or `owner`.
        role: String = "role",
        /// The member's address.
        email: Option<String> = "email",
        /// Since when.
        joined_at: String = "joinedAt" | "createdAt",
    }

    /// Somebody who is asked to become a member.
    Invitation in "invitations" {
        /// Its id.
        invitation_id: String = "invitationId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// Who is asked.
        invited_email: String = "invitedEmail",
        /// What the member will be.
        role: String = "inviteRole" | "role",
        /// How far it got, in the server's words.
        status: String = "status",
        /// What accepts it: whoever knows it becomes a member.
        code: Option<Secret> = "code",
        /// Who asks.
        inviter_id: Option<String> = "inviterId",
        /// Until when.
        expires_at: Option<String> = "expiresAt",
        /// When it was created.
        created_at: String = "createdAt",
    }

    /// An invitation that was accepted.
    AcceptedInvitation {
        /// The organization that the caller belongs to now.
        org_id: String = "orgId",
        /// Its name.
        org_name: String = "orgName",
        /// What the caller is there.
        role: String = "role",
    }

    /// What an organization wants to be told, in the service's own terms.
    TelemetryPolicy {
        /// Which one of them it is: every change counts it up.
        version: u64 = "version",
        /// The policy.
        policy: Value = "policy",
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Uses what is there.
    User,
    /// Keeps apps, keys and members as well.
    Admin,
    /// May do everything; there is one at least.
    Owner,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl AxonPush {
    /// The organization, who belongs to it, and who is asked to.
    ///
    /// ```
    /// use axonpush::{AxonPush, resources::Role};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let org = client.organizations().current().await?;
    /// let asked = client.organizations().invite(&org.org_id, "sam@shop.example", Role::User).await?;
    /// client.organizations().cancel_invitation(&org.org_id, &asked.invitation_id).await?;
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn organizations(&self) -> Organizations<'_> {
        Organizations { client: self }
    }
}

/// The organization and its members; made by [`AxonPush::organizations`].
#[derive(Debug, Clone, Copy)]
pub struct Organizations<'a> {
    client: &'a AxonPush,
}

impl<'a> Organizations<'a> {
    /// The one that the key belongs to.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn current(&self) -> Result<Organization, Error> {
        self.client.operation("reading the organization", Method::GET, "/organization").ask().await
    }

    /// All that the caller belongs to. A disabled client belongs to none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<OwnOrganization>, Error> {
        self.client.operation("listing organizations", Method::GET, "/users/me/organizations").ask().await
    }

    /// Changes the one that the key belongs to.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn update(&self, update: OrganizationUpdate) -> Result<Organization, Error> {
        let request = self.client.operation("changing the organization", Method::PATCH, "/organization");
        request.json(&update.0).ask().await
    }

    /// Deletes an organization with everything in it.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, org_id: impl AsRef<str>) -> Result<(), Error> {
        self.of(org_id, "deleting an organization", Method::DELETE, "/organizations/{orgId}").ask().await
    }

    /// Who belongs to it. A disabled client knows of none.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn members(&self, org_id: impl AsRef<str>) -> Result<Vec<Member>, Error> {
        self.of(org_id, "listing members", Method::GET, "/organizations/{orgId}/members").ask().await
    }

    /// Says what a member may do.
    ///
    /// # Errors
    ///
    /// When there is no such member, the server refuses, or every attempt failed.
    pub async fn set_role(&self, org_id: impl AsRef<str>, user_id: impl AsRef<str>, role: Role) -> Result<(), Error> {
        let path = "/organizations/{orgId}/members/{userId}";
        let body = Fields::default().set("role", role.as_str());
        self.of(org_id, "changing a member's role", Method::PATCH, path).segment(user_id).json(&body).ask().await
    }

    /// Lets a member go.
    ///
    /// # Errors
    ///
    /// When there is no such member, it is the last owner, the server refuses, or every attempt failed.
    pub async fn remove_member(&self, org_id: impl AsRef<str>, user_id: impl AsRef<str>) -> Result<(), Error> {
        let path = "/organizations/{orgId}/members/{userId}";
        self.of(org_id, "removing a member", Method::DELETE, path).segment(user_id).ask().await
    }

    /// Who is asked to become a member. A disabled client knows of none.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn invitations(&self, org_id: impl AsRef<str>) -> Result<Vec<Invitation>, Error> {
        self.of(org_id, "listing invitations", Method::GET, "/organizations/{orgId}/invitations").ask().await
    }

    /// Asks somebody to become a member.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then the invitation may have been sent.
    pub async fn invite(
        &self,
        org_id: impl AsRef<str>,
        email: impl Into<String>,
        role: Role,
    ) -> Result<Invitation, Error> {
        let body = Fields::default().set("invitedEmail", email.into()).set("role", role.as_str());
        let request = self.of(org_id, "inviting a member", Method::POST, "/organizations/{orgId}/invitations");
        request.json(&body).ask().await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// When there is no such invitation, the server refuses, or every attempt failed.
    pub async fn cancel_invitation(
        &self,
        org_id: impl AsRef<str>,
        invitation_id: impl AsRef<str>,
    ) -> Result<(), Error> {
        let path = "/organizations/{orgId}/invitations/{invitationId}";
        self.of(org_id, "cancelling an invitation", Method::DELETE, path).segment(invitation_id).ask().await
    }

    /// Becomes a member, by the code of an invitation.
    ///
    /// # Errors
    ///
    /// When the code is no invitation's, the server refuses, or was not heard of; then it may have been accepted.
    pub async fn accept_invitation(&self, code: impl Into<String>) -> Result<AcceptedInvitation, Error> {
        let body = Fields::default().set("code", code.into());
        let request = self.client.operation("accepting an invitation", Method::POST, "/invitations/accept");
        request.json(&body).ask().await
    }

    /// Ends the caller's membership.
    ///
    /// # Errors
    ///
    /// When the caller is the last owner, the server refuses, or was not heard of.
    pub async fn leave(&self, org_id: impl AsRef<str>) -> Result<(), Error> {
        self.of(org_id, "leaving an organization", Method::POST, "/organizations/{orgId}/leave").ask().await
    }

    /// Makes another member the owner.
    ///
    /// # Errors
    ///
    /// When there is no such member, the server refuses, or was not heard of.
    pub async fn transfer_ownership(&self, org_id: impl AsRef<str>, user_id: impl Into<String>) -> Result<(), Error> {
        let body = Fields::default().set("userId", user_id.into());
        let path = "/organizations/{orgId}/transfer-ownership";
        self.of(org_id, "transferring the ownership", Method::POST, path).json(&body).ask().await
    }

    /// What the organization wants to be told.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn telemetry_policy(&self, org_id: impl AsRef<str>) -> Result<TelemetryPolicy, Error> {
        let path = "/organizations/{orgId}/telemetry-policy";
        self.of(org_id, "reading the telemetry policy", Method::GET, path).ask().await
    }

    /// Says what it wants to be told, as any JSON object.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn set_telemetry_policy(
        &self,
        org_id: impl AsRef<str>,
        policy: &impl Serialize,
    ) -> Result<TelemetryPolicy, Error> {
        let path = "/organizations/{orgId}/telemetry-policy";
        self.of(org_id, "changing the telemetry policy", Method::PATCH, path).json(policy).ask().await
    }

    fn of(self, org_id: impl AsRef<str>, what: &'static str, method: Method, path: &'static str) -> ApiRequest<'a> {
        self.client.operation(what, method, path).segment(org_id)
    }
}

/// What of the organization is to change; the rest stays.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use = "a change does nothing until it is passed to `update`"]
pub struct OrganizationUpdate(Fields);

impl OrganizationUpdate {
    /// Nothing, yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name, of at most 120 characters.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.set("name", name.into()))
    }

    /// What it is, in at most 500 characters.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self(self.0.set("description", description.into()))
    }
}

//! Who is asking.

use http::Method;

use super::{filters::Fields, read::models};
use crate::{client::AxonPush, error::Error};

models! {
    /// Who is asking, as the server sees it.
    Me {
        /// The organization that is asked for.
        org_id: String = "orgId",
        /// How the caller showed who it is, such as `api_key`.
        auth_method: String = "authMethod",
        /// The user, if it is one.
        user_id: Option<String> = "userId",
        /// The user's address.
        email: Option<String> = "email",
        /// Whether that is known to be the user's.
        email_verified: bool = "emailVerified",
        /// What the caller may do.
        roles: Vec<String> = "roles",
        /// The organizations the caller belongs to.
        memberships: Vec<Membership> = "memberships",
    }

    /// An organization that somebody belongs to.
    Membership {
        /// The organization.
        org_id: String = "orgId",
        /// What the member is there.
        role: String = "role",
    }
}

impl AxonPush {
    /// Who is asking: the user or the key of this client.
    pub fn users(&self) -> Users<'_> {
        Users { client: self }
    }
}

/// Who is asking; made by [`AxonPush::users`].
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    client: &'a AxonPush,
}

impl Users<'_> {
    /// Who is asking, as the server sees it. The cheapest way to learn whether a key is good.
    ///
    /// # Errors
    ///
    /// When the key is refused, or every attempt failed.
    pub async fn me(&self) -> Result<Me, Error> {
        self.client.operation("asking who this is", Method::GET, "/user/me").ask().await
    }

    /// Changes the user's name; what is `None` stays. Each has at most 120 characters.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn update(&self, first_name: Option<&str>, last_name: Option<&str>) -> Result<Me, Error> {
        let names = [("firstName", first_name), ("lastName", last_name)];
        let said = names.into_iter().filter_map(|(field, name)| Some((field, name?)));
        let body = said.fold(Fields::default(), |body, (field, name)| body.set(field, name));
        self.client.operation("changing the user", Method::PATCH, "/users/me").json(&body).ask().await
    }

    /// Chooses the organization that the user's sessions are about.
    ///
    /// # Errors
    ///
    /// When the user does not belong to it, the server refuses, or every attempt failed.
    pub async fn set_active_organization(&self, org_id: impl Into<String>) -> Result<(), Error> {
        let body = Fields::default().set("orgId", org_id.into());
        let path = "/users/me/active-org";
        self.client.operation("choosing an organization", Method::PATCH, path).json(&body).ask().await
    }
}

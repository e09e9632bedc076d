//! Environments of the organization, which are addressed by their slugs.

use http::Method;

use super::{filters::Fields, read::models};
use crate::{client::AxonPush, error::Error, event::EnvironmentId};

models! {
    /// An environment of the organization.
    Environment in "environments" {
        /// What it is addressed by: in requests, and in [`AxonPushBuilder::environment`](crate::AxonPushBuilder::environment).
        slug: String = "slug",
        /// Its id, by which events are found.
        environment_id: EnvironmentId = "environmentId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// Its name.
        name: String = "name",
        /// The colour it is shown in.
        color: String = "color",
        /// Whether events without an environment belong to it.
        is_default: bool = "isDefault",
        /// Whether customers depend on it.
        is_production: bool = "isProduction",
        /// Whether it goes away by itself.
        is_ephemeral: bool = "isEphemeral",
        /// When it does.
        expires_at: Option<String> = "expiresAt",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }
}

impl AxonPush {
    /// Environments of the organization.
    ///
    /// ```
    /// use axonpush::{AxonPush, resources::NewEnvironment};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let staging = client.environments().create(NewEnvironment::new("Staging EU")).await?;
    /// assert_eq!(staging.slug, "staging-eu");
    ///
    /// let staging = client.environments().promote(&staging.slug).await?;
    /// assert!(staging.is_default);
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn environments(&self) -> Environments<'_> {
        Environments { client: self }
    }
}

/// Environments of the organization; made by [`AxonPush::environments`].
#[derive(Debug, Clone, Copy)]
pub struct Environments<'a> {
    client: &'a AxonPush,
}

impl Environments<'_> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<Environment>, Error> {
        self.client.operation("listing environments", Method::GET, "/environments").ask().await
    }

    /// Creates one.
    ///
    /// # Errors
    ///
    /// When the slug is taken, the server refuses, or was not heard of; then it may have been created.
    pub async fn create(&self, environment: NewEnvironment) -> Result<Environment, Error> {
        let request = self.client.operation("creating an environment", Method::POST, "/environments");
        request.json(&environment.0).ask().await
    }

    /// Changes one.
    ///
    /// # Errors
    ///
    /// When there is none of this slug, the server refuses, or every attempt failed.
    pub async fn update(&self, slug: impl AsRef<str>, update: EnvironmentUpdate) -> Result<Environment, Error> {
        let request = self.client.operation("changing an environment", Method::PATCH, "/environments/{slug}");
        request.segment(slug).json(&update.0).ask().await
    }

    /// Deletes one.
    ///
    /// # Errors
    ///
    /// When there is none of this slug, it is the default one, the server refuses, or every attempt failed.
    pub async fn delete(&self, slug: impl AsRef<str>) -> Result<(), Error> {
        let request = self.client.operation("deleting an environment", Method::DELETE, "/environments/{slug}");
        request.segment(slug).ask().await
    }

    /// Makes one the default: events of keys without an environment belong to it from then on.
    ///
    /// # Errors
    ///
    /// When there is none of this slug, the server refuses, or every attempt failed.
    pub async fn promote(&self, slug: impl AsRef<str>) -> Result<Environment, Error> {
        let request = self.client.operation("promoting an environment", Method::POST, "/environments/{slug}/promote");
        // It is the default then, however often it was asked for.
        request.segment(slug).repeatable().ask().await
    }
}

/// An environment to be.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an environment is not there until it is passed to `create`"]
pub struct NewEnvironment(Fields);

impl NewEnvironment {
    /// Of a name of 1 to 120 characters.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Fields::default().set("name", name.into()))
    }

    /// What it is addressed by; made of the name unless set.
    pub fn slug(self, slug: impl Into<String>) -> Self {
        Self(self.0.set("slug", slug.into()))
    }

    /// The colour it is shown in; the service's choice unless set.
    pub fn color(self, color: impl Into<String>) -> Self {
        Self(self.0.set("color", color.into()))
    }

    /// Whether customers depend on it; not unless set.
    pub fn production(self, is_production: bool) -> Self {
        Self(self.0.set("isProduction", is_production))
    }

    /// Whether events without an environment are to belong to it; not unless set.
    pub fn default_environment(self, is_default: bool) -> Self {
        Self(self.0.set("isDefault", is_default))
    }
}

/// What of an environment is to change; the rest stays.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use = "a change does nothing until it is passed to `update`"]
pub struct EnvironmentUpdate(Fields);

impl EnvironmentUpdate {
    /// Nothing, yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name, of 1 to 120 characters.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.set("name", name.into()))
    }

    /// The colour it is shown in.
    pub fn color(self, color: impl Into<String>) -> Self {
        Self(self.0.set("color", color.into()))
    }

    /// Whether customers depend on it.
    pub fn production(self, is_production: bool) -> Self {
        Self(self.0.set("isProduction", is_production))
    }
}

//! Applications of the organization.

use http::Method;

use super::{filters::Fields, read::models};
use crate::{client::AxonPush, error::Error, event::AppId};

models! {
    /// An application of the organization.
    App in "apps" {
        /// Its id.
        app_id: AppId = "appId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// Its name.
        name: String = "name",
        /// Who created it.
        creator_user_id: Option<String> = "creatorUserId",
        /// The branch its releases are made of.
        default_branch: Option<String> = "defaultBranch",
        /// Where its code is.
        repo_url: Option<String> = "repoUrl",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }
}

impl AxonPush {
    /// Applications of the organization.
    ///
    /// ```
    /// use axonpush::{AxonPush, resources::AppUpdate};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let app = client.apps().create("checkout").await?;
    /// let channel = client.channels(&app.app_id).create("orders").await?;
    ///
    /// client.apps().update(&app.app_id, AppUpdate::new("checkout").default_branch("main")).await?;
    /// assert!(client.apps().list().await?.iter().any(|listed| listed.app_id == app.app_id));
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn apps(&self) -> Apps<'_> {
        Apps { client: self }
    }
}

/// Applications of the organization; made by [`AxonPush::apps`].
#[derive(Debug, Clone, Copy)]
pub struct Apps<'a> {
    client: &'a AxonPush,
}

impl Apps<'_> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<App>, Error> {
        self.client.operation("listing apps", Method::GET, "/apps").ask().await
    }

    /// Creates one, of a name of 1 to 120 characters.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created.
    pub async fn create(&self, name: impl Into<String>) -> Result<App, Error> {
        let body = Fields::default().set("name", name.into());
        self.client.operation("creating an app", Method::POST, "/apps").json(&body).ask().await
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn get(&self, app_id: impl Into<AppId>) -> Result<App, Error> {
        self.client.operation("reading an app", Method::GET, "/apps/{appId}").segment(app_id.into()).ask().await
    }

    /// Changes one.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn update(&self, app_id: impl Into<AppId>, update: AppUpdate) -> Result<App, Error> {
        let request = self.client.operation("changing an app", Method::PATCH, "/apps/{appId}");
        request.segment(app_id.into()).json(&update.0).ask().await
    }

    /// Deletes one, with its channels.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, app_id: impl Into<AppId>) -> Result<(), Error> {
        self.client.operation("deleting an app", Method::DELETE, "/apps/{appId}").segment(app_id.into()).ask().await
    }
}

/// What an application is to be.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a change does nothing until it is passed to `update`"]
pub struct AppUpdate(Fields);

impl AppUpdate {
    /// Its name, which the service wants said again with every change: 1 to 120 characters.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Fields::default().set("name", name.into()))
    }

    /// The branch its releases are made of; unless set it stays.
    pub fn default_branch(self, branch: impl Into<String>) -> Self {
        Self(self.0.set("defaultBranch", branch.into()))
    }

    /// Where its code is; unless set it stays.
    pub fn repo_url(self, url: impl Into<String>) -> Self {
        Self(self.0.set("repoUrl", url.into()))
    }
}

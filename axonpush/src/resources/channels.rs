//! Channels of an application: where the server files events.

use http::Method;

use super::{ApiRequest, filters::Fields, read::models};
use crate::{
    client::AxonPush,
    error::Error,
    event::{AppId, ChannelId},
};

models! {
    /// A channel: where the server files events.
    Channel in "channels" {
        /// Its id.
        channel_id: ChannelId = "channelId" | "id",
        /// The application it belongs to.
        app_id: AppId = "appId",
        /// The organization.
        org_id: String = "orgId",
        /// Its name.
        name: String = "name",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }
}

impl AxonPush {
    /// Channels of one application.
    ///
    /// ```no_run
    /// # async fn f(client: axonpush::AxonPush) -> Result<(), axonpush::Error> {
    /// for channel in client.channels("0199a3d2-…").list().await? {
    ///     println!("{} {}", channel.channel_id, channel.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn channels(&self, app_id: impl Into<AppId>) -> Channels<'_> {
        Channels { client: self, app_id: app_id.into() }
    }
}

/// Channels of one application; made by [`AxonPush::channels`].
#[derive(Debug, Clone)]
pub struct Channels<'a> {
    client: &'a AxonPush,
    app_id: AppId,
}

impl<'a> Channels<'a> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When there is no such application, the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<Channel>, Error> {
        self.all("listing channels", Method::GET).ask().await
    }

    /// Creates one, of a name of 1 to 120 characters.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created.
    pub async fn create(&self, name: impl Into<String>) -> Result<Channel, Error> {
        let body = Fields::default().set("name", name.into());
        self.all("creating a channel", Method::POST).json(&body).ask().await
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// When the application has none of this id, the server refuses, or every attempt failed.
    pub async fn get(&self, channel_id: impl Into<ChannelId>) -> Result<Channel, Error> {
        self.one("reading a channel", Method::GET, &channel_id.into()).ask().await
    }

    /// Gives one another name, of 1 to 120 characters.
    ///
    /// # Errors
    ///
    /// When the application has none of this id, the server refuses, or every attempt failed.
    pub async fn rename(&self, channel_id: impl Into<ChannelId>, name: impl Into<String>) -> Result<Channel, Error> {
        let body = Fields::default().set("name", name.into());
        self.one("renaming a channel", Method::PUT, &channel_id.into()).json(&body).ask().await
    }

    /// Deletes one.
    ///
    /// # Errors
    ///
    /// When the application has none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, channel_id: impl Into<ChannelId>) -> Result<(), Error> {
        self.one("deleting a channel", Method::DELETE, &channel_id.into()).ask().await
    }

    fn all(&self, what: &'static str, method: Method) -> ApiRequest<'a> {
        self.client.operation(what, method, "/apps/{appId}/channels").segment(&self.app_id)
    }

    fn one(&self, what: &'static str, method: Method, channel_id: &ChannelId) -> ApiRequest<'a> {
        let request = self.client.operation(what, method, "/apps/{appId}/channels/{channelId}");
        request.segment(&self.app_id).segment(channel_id)
    }
}

//! Public ingest tokens: they may publish to one channel and do nothing else.

use http::Method;

use super::{
    Secret,
    filters::Fields,
    read::{Answer, field, models, parse, unconfirmed},
};
use crate::{
    client::AxonPush,
    error::Error,
    event::{AppId, ChannelId, EnvironmentId},
};

models! {
    /// A public ingest token, as it is listed: without the token itself.
    PublicToken in "tokens" {
        /// Its id.
        token_id: String = "tokenId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// Its name.
        name: String = "name",
        /// How the token begins.
        prefix: String = "prefix",
        /// The application of its channel.
        app_id: Option<AppId> = "appId",
        /// The channel it publishes to.
        channel_id: ChannelId = "channelId",
        /// The environment its events belong to.
        environment_id: EnvironmentId = "environmentId",
        /// Whether it was not revoked.
        active: bool = "active",
        /// When it was used last.
        last_used_at: Option<String> = "lastUsedAt",
        /// When it was created.
        created_at: String = "createdAt",
    }
}

/// A public ingest token that was just created.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CreatedToken {
    /// What is known of it from now on.
    pub token: PublicToken,
    /// The token, `pt_…`, which is an [`api_key`](crate::AxonPushBuilder::api_key). It is shown this once.
    pub secret: Secret,
}

impl Answer for CreatedToken {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let token = PublicToken::read(body)?;
        let mut fields = parse(body)?;
        let secret: Option<Secret> = fields.as_object_mut().and_then(|fields| field(fields, &["token"]));
        Ok(Self { token, secret: secret.ok_or_else(|| unconfirmed(body))? })
    }
}

impl AxonPush {
    /// Public ingest tokens: what an app hands out that publishes from where everybody can read its code, such as a web
    /// page. One may publish to its channel, and do nothing else.
    ///
    /// ```
    /// # use axonpush::AxonPush;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// # let app = client.apps().create("checkout").await?;
    /// # let channel = client.channels(&app.app_id).create("orders").await?;
    /// # let environments = client.environments().list().await?;
    /// # let environment_id = &environments[0].environment_id;
    /// let created = client.tokens().create("web", &channel.channel_id, environment_id).await?;
    /// let page = AxonPush::builder().api_key(created.secret.expose());
    ///
    /// client.tokens().revoke(&created.token.token_id).await?;
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens { client: self }
    }
}

/// Public ingest tokens; made by [`AxonPush::tokens`].
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    client: &'a AxonPush,
}

impl Tokens<'_> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<PublicToken>, Error> {
        self.client.operation("listing public tokens", Method::GET, "/public-ingest-tokens").ask().await
    }

    /// Creates one, of a name of 1 to 60 characters, and shows it this once.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created, and is lost with the answer.
    pub async fn create(
        &self,
        name: impl Into<String>,
        channel_id: impl Into<ChannelId>,
        environment_id: impl Into<EnvironmentId>,
    ) -> Result<CreatedToken, Error> {
        let body = Fields::default()
            .set("name", name.into())
            .set("channelId", channel_id.into().as_str())
            .set("environmentId", environment_id.into().as_str());
        let request = self.client.operation("creating a public token", Method::POST, "/public-ingest-tokens");
        request.json(&body).ask().await
    }

    /// Revokes one: whoever uses it is refused from then on.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn revoke(&self, token_id: impl AsRef<str>) -> Result<(), Error> {
        let path = "/public-ingest-tokens/{tokenId}";
        self.client.operation("revoking a public token", Method::DELETE, path).segment(token_id).ask().await
    }
}

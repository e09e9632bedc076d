//! Webhook endpoints: where the server delivers events to.

use http::Method;

use super::{
    Secret,
    filters::Fields,
    read::{Answer, field, models, parse, unconfirmed},
};
use crate::{
    client::AxonPush,
    error::Error,
    event::{ChannelId, EventId, EventType},
};

models! {
    /// A webhook endpoint: an address that the events of a channel are delivered to.
    WebhookEndpoint {
        /// Its id.
        endpoint_id: String = "endpointId" | "id",
        /// The organization.
        org_id: Option<String> = "orgId",
        /// The channel whose events it gets.
        channel_id: ChannelId = "channelId",
        /// Where they are delivered to.
        url: String = "url",
        /// The types it gets; all if empty.
        event_types: Vec<EventType> = "eventTypes",
        /// What it is for.
        description: Option<String> = "description",
        /// Whether deliveries are signed.
        has_secret: bool = "hasSecret",
        /// Whether it gets any.
        active: bool = "active",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }

    /// One event on its way to one endpoint.
    WebhookDelivery {
        /// Its id.
        delivery_id: String = "deliveryId" | "id",
        /// The endpoint.
        endpoint_id: String = "endpointId",
        /// The event.
        event_id: EventId = "eventId",
        /// How far it got, in the server's words, such as `pending`, `success`, `failed` or `retrying`.
        status: Option<String> = "status",
        /// How often it was tried.
        attempts: Option<u64> = "attempts",
        /// What the endpoint answered last.
        status_code: Option<u64> = "statusCode",
        /// What went wrong last.
        error: Option<String> = "error",
        /// When it will be tried again.
        next_retry_at: Option<String> = "nextRetryAt",
        /// When the event called for it.
        created_at: String = "createdAt",
    }
}

/// A webhook endpoint that was just created, with the secret that signs its deliveries.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CreatedWebhook {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// What its deliveries are signed with. It is shown this once.
    pub secret: Secret,
}

impl Answer for CreatedWebhook {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let endpoint = WebhookEndpoint::read(body)?;
        let mut fields = parse(body)?;
        let secret: Option<Secret> = fields.as_object_mut().and_then(|fields| field(fields, &["rawSecret", "secret"]));
        Ok(Self { endpoint, secret: secret.ok_or_else(|| unconfirmed(body))? })
    }
}

impl AxonPush {
    /// Webhook endpoints: addresses that events are delivered to. What arrives there is verified with the feature
    /// `webhooks`.
    ///
    /// ```
    /// use axonpush::{AxonPush, EventType, resources::NewWebhook};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// # let app = client.apps().create("checkout").await?;
    /// # let channel = client.channels(&app.app_id).create("orders").await?;
    /// let webhook = NewWebhook::new("https://shop.example/hooks", &channel.channel_id)
    ///     .event_types([EventType::AgentError, EventType::from("order.failed")]);
    /// let created = client.webhooks().create(webhook).await?;
    /// assert!(created.secret.expose().starts_with("whsec_"));
    ///
    /// let endpoints = client.webhooks().list(&channel.channel_id).await?;
    /// assert_eq!(endpoints, [created.endpoint]);
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks { client: self }
    }
}

/// Webhook endpoints; made by [`AxonPush::webhooks`].
#[derive(Debug, Clone, Copy)]
pub struct Webhooks<'a> {
    client: &'a AxonPush,
}

impl Webhooks<'_> {
    /// Creates an endpoint, and shows its secret this once.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created, and its secret is lost with the
    /// answer: delete it and create another.
    pub async fn create(&self, webhook: NewWebhook) -> Result<CreatedWebhook, Error> {
        let request = self.client.operation("creating a webhook endpoint", Method::POST, "/webhooks/endpoints");
        request.json(&webhook.0).ask().await
    }

    /// The endpoints of a channel. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self, channel_id: impl Into<ChannelId>) -> Result<Vec<WebhookEndpoint>, Error> {
        let path = "/webhooks/endpoints/channel/{channelId}";
        let request = self.client.operation("listing webhook endpoints", Method::GET, path);
        request.segment(channel_id.into()).ask().await
    }

    /// Deletes an endpoint: it gets no more events.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, endpoint_id: impl AsRef<str>) -> Result<(), Error> {
        let path = "/webhooks/endpoints/{endpointId}";
        let request = self.client.operation("deleting a webhook endpoint", Method::DELETE, path);
        request.segment(endpoint_id).ask().await
    }

    /// What became of the events an endpoint was to get. A disabled client knows of none.
    ///
    /// # Errors
    ///
    /// When there is no endpoint of this id, the server refuses, or every attempt failed.
    pub async fn deliveries(&self, endpoint_id: impl AsRef<str>) -> Result<Vec<WebhookDelivery>, Error> {
        let path = "/webhooks/deliveries/{endpointId}";
        let request = self.client.operation("listing webhook deliveries", Method::GET, path);
        request.segment(endpoint_id).ask().await
    }
}

/// A webhook endpoint to be.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an endpoint is not there until it is passed to `create`"]
pub struct NewWebhook(Fields);

impl NewWebhook {
    /// An address that gets the events of a channel, all types of them unless [`event_types`](Self::event_types) says
    /// which.
    pub fn new(url: impl Into<String>, channel_id: impl Into<ChannelId>) -> Self {
        Self(Fields::default().set("url", url.into()).set("channelId", channel_id.into().as_str()))
    }

    /// The types it gets; all of them if there is none.
    pub fn event_types(self, types: impl IntoIterator<Item = impl Into<EventType>>) -> Self {
        let types: Vec<String> = types.into_iter().map(|one| one.into().to_string()).collect();
        Self(self.0.set("eventTypes", types))
    }

    /// What it is for.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self(self.0.set("description", description.into()))
    }
}

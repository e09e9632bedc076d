//! Extractors of webhooks that AxonPush delivers. Needs the feature `webhooks`.

use std::{future::poll_fn, pin::Pin};

use axonpush::webhooks::{WebhookError, WebhookEvent, WebhookPolicy};
use axum::{
    body::Body,
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as _;
use serde::de::DeserializeOwned;

/// A delivery whose signature was checked before anything parsed it, as an extractor.
///
/// `T` is what the body is read as; [`WebhookEvent`] takes those of every server. The state of the app says what to
/// believe: it is a [`WebhookPolicy`], or has one by [`FromRef`].
///
/// ```
/// use axonpush::webhooks::{WebhookEvent, WebhookPolicy};
/// use axonpush_axum::SignedWebhook;
/// use axum::{Router, routing::post};
///
/// async fn hook(SignedWebhook(event): SignedWebhook<WebhookEvent>) {
///     // A delivery may come again: do what `event.event_id` asks for once.
///     println!("{} {}", event.event_id, event.identifier);
/// }
///
/// let app: Router = Router::new().route("/hooks", post(hook)).with_state(WebhookPolicy::new("whsec_…"));
/// ```
///
/// Whatever is not to be believed is rejected with [`WebhookRejection`], before the handler runs, and what has no signature
/// before its body is read. Middleware that changes bodies, such as decompression, must not stand before it: what is
/// signed are the bytes that were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedWebhook<T = WebhookEvent>(pub T);

/// The body of a delivery whose signature was checked, byte for byte, as an extractor. See [`SignedWebhook`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBody(pub Bytes);

impl<T, S> FromRequest<S> for SignedWebhook<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    WebhookPolicy: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookRejection> {
        let policy = WebhookPolicy::from_ref(state);
        let (signature, body) = receive(request, &policy).await?;
        Ok(Self(policy.read(&body, signature.as_deref())?))
    }
}

impl<S> FromRequest<S> for VerifiedBody
where
    S: Send + Sync,
    WebhookPolicy: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookRejection> {
        let policy = WebhookPolicy::from_ref(state);
        let (signature, body) = receive(request, &policy).await?;
        policy.verify(&body, signature.as_deref()).map_err(WebhookError::from)?;
        Ok(Self(body))
    }
}

/// A webhook was turned away. Answers the [status](WebhookError::status) of its reason, and [says](WebhookError::answer) it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookRejection(pub WebhookError);

impl From<WebhookError> for WebhookRejection {
    fn from(error: WebhookError) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WebhookRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, self.0.answer()).into_response()
    }
}

/// The signature and the body, as they came. A body is read when its signature may be one.
async fn receive(request: Request, policy: &WebhookPolicy) -> Result<(Option<Vec<u8>>, Bytes), WebhookError> {
    let (parts, body) = request.into_parts();
    let signature = parts.headers.get(policy.header_name()).map(|value| value.as_bytes().to_vec());
    policy.verify_header(signature.as_deref())?;
    Ok((signature, read(body, policy.body_limit()).await?))
}

/// At most `limit` bytes. What says that it is longer is not read at all.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, WebhookError> {
    let too_large = WebhookError::TooLarge(limit);
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > limit) {
        return Err(too_large);
    }
    let mut read = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| WebhookError::Incomplete)?.into_data() else { continue };
        if read.len() + data.len() > limit {
            return Err(too_large);
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

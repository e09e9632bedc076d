//! Extractors of webhooks that AxonPush delivers. Needs the feature `webhooks`.

use std::{fmt, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use axonpush::webhooks::{WebhookError, WebhookEvent, WebhookPolicy};
use bytes::Bytes;
use serde::de::DeserializeOwned;

/// A delivery whose signature was checked before anything parsed it, as an extractor.
///
/// `T` is what the body is read as; [`WebhookEvent`] takes those of every server. The app says what to believe by a
/// [`WebhookPolicy`] in its data.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use axonpush::webhooks::{WebhookEvent, WebhookPolicy};
/// use axonpush_actix::SignedWebhook;
///
/// async fn hook(SignedWebhook(event): SignedWebhook<WebhookEvent>) -> HttpResponse {
///     // A delivery may come again: do what `event.event_id` asks for once.
///     println!("{} {}", event.event_id, event.identifier);
///     HttpResponse::Ok().finish()
/// }
///
/// let policy = WebhookPolicy::new("whsec_…");
/// let app = App::new().app_data(policy.clone()).route("/hooks", web::post().to(hook));
/// ```
///
/// Whatever is not to be believed fails with [`WebhookRejection`], before the handler runs, and what has no signature before
/// its body is read. Middleware that changes bodies, such as decompression, must not stand before it: what is signed are
/// the bytes that were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedWebhook<T = WebhookEvent>(pub T);

/// The body of a delivery whose signature was checked, byte for byte, as an extractor. See [`SignedWebhook`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBody(pub Bytes);

impl<T: DeserializeOwned + 'static> FromRequest for SignedWebhook<T> {
    type Error = WebhookRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let delivery = Delivery::of(request, payload);
        Box::pin(async move {
            let delivery = delivery?;
            let (policy, signature, body) = delivery.receive().await?;
            Ok(Self(policy.read(&body, signature.as_deref())?))
        })
    }
}

impl FromRequest for VerifiedBody {
    type Error = WebhookRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let delivery = Delivery::of(request, payload);
        Box::pin(async move {
            let delivery = delivery?;
            let (policy, signature, body) = delivery.receive().await?;
            policy.verify(&body, signature.as_deref()).map_err(WebhookError::from)?;
            Ok(Self(body))
        })
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

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WebhookRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).content_type("text/plain; charset=utf-8").body(self.0.answer())
    }
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, WebhookRejection>>>>;

/// What came, not yet read.
struct Delivery {
    policy: WebhookPolicy,
    signature: Option<Vec<u8>>,
    length: Option<usize>,
    payload: web::Payload,
}

impl Delivery {
    fn of(request: &HttpRequest, payload: &mut Payload) -> Result<Self, WebhookError> {
        let in_data = || request.app_data::<web::Data<WebhookPolicy>>().map(web::Data::get_ref);
        let policy = request.app_data::<WebhookPolicy>().or_else(in_data).ok_or(WebhookError::NoPolicy)?.clone();
        let header = |name| request.headers().get(name);
        let signature = header(policy.header_name()).map(|value| value.as_bytes().to_vec());
        let length =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let payload =
            web::Payload::from_request(request, payload).into_inner().map_err(|_| WebhookError::Incomplete)?;
        Ok(Self { policy, signature, length, payload })
    }

    /// Reads at most what the policy allows, when the signature may be one. What says that it is longer is not read at all.
    async fn receive(self) -> Result<(WebhookPolicy, Option<Vec<u8>>, Bytes), WebhookError> {
        self.policy.verify_header(self.signature.as_deref())?;
        let limit = self.policy.body_limit();
        if self.length.is_some_and(|length| length > limit) {
            return Err(WebhookError::TooLarge(limit));
        }
        let body = self.payload.to_bytes_limited(limit).await.map_err(|_| WebhookError::TooLarge(limit))?;
        Ok((self.policy, self.signature, body.map_err(|_| WebhookError::Incomplete)?))
    }
}

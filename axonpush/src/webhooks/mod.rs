//! What arrives at a webhook endpoint: whether AxonPush sent it, and what it says. Needs the feature `webhooks`.
//!
//! The service signs each delivery with the secret that [`create`](crate::resources::Webhooks::create) showed once: the
//! header `X-AxonPush-Signature` is the HMAC-SHA256 of the body, byte for byte, in hex. So the body has to be kept as it
//! came, before anything parses it:
//!
//! ```
//! use axonpush::webhooks::{self, WebhookEvent};
//!
//! let secret = "whsec_from_your_configuration";
//! # let raw_body = br#"{"id":"e-1","identifier":"order.placed","payload":{"total":9.5}}"#;
//! # let header = webhooks::sign(secret, raw_body);
//! # let header = Some(header.as_bytes());
//! // `header` is what the request has under `webhooks::SIGNATURE_HEADER`, if anything.
//! webhooks::verify(secret, raw_body, header)?;
//! let event: WebhookEvent = serde_json::from_slice(raw_body)?;
//! assert_eq!(event.identifier, "order.placed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `axonpush-axum` and `axonpush-actix` have extractors that do it, with their feature `webhooks`; a [`WebhookPolicy`]
//! tells them the secret.
//!
//! # What a signature does not say
//!
//! It covers the body and nothing else, above all no time. Whoever has seen one delivery can send it again, and the
//! service itself does when it did not hear a 2xx. So do what an event asks for once: keep the
//! [`event_id`](WebhookEvent::event_id) of those that were done, for as long as a repetition would hurt, and answer a
//! known one with 200. Keep it in the same transaction as the work, or a crash between the two does it twice.
//!
//! Answer soon, and do long work afterwards: the service takes a slow answer for a failure and delivers again.

mod event;
mod policy;
mod signature;

pub use self::{
    event::WebhookEvent,
    policy::{WebhookError, WebhookPolicy},
    signature::{SIGNATURE_HEADER, SignatureError, sign, verify},
};

//! OpenTelemetry spans and logs to AxonPush.
//!
//! Whoever instruments with OpenTelemetry, or with `tracing` by way of `tracing-opentelemetry`, keeps all of that and adds one
//! line to the provider. What else the provider exports to stays as it is.
//!
//! ```
//! use axonpush::AxonPush;
//! use axonpush_otel::{AxonPushSpanProcessor, opentelemetry_sdk::trace::SdkTracerProvider};
//! use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
//! use std::time::Duration;
//!
//! # let server = axonpush_dev::DevServer::start_blocking()?;
//! # let url = server.url();
//! let client = AxonPush::builder().api_key("ak_dev").base_url(url).service("orders", "1.4.2").build()?;
//! let tracing = SdkTracerProvider::builder().with_span_processor(AxonPushSpanProcessor::new(&client)).build();
//!
//! let mut span = tracing.tracer("shop").start("place order");
//! span.set_attribute(axonpush_otel::opentelemetry::KeyValue::new("order.id", 1042));
//! span.end();
//!
//! // When the program ends: the providers first, and then the client.
//! tracing.shutdown()?;
//! let report = client.blocking().shutdown(Duration::from_secs(5));
//! assert!(report.is_complete(), "{report}");
//! # let event = &server.events()[0];
//! # assert_eq!((&*event.identifier, event.attribute("order.id")), ("place order", Some(&1042.into())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The nouns
//!
//! - [`AxonPushSpanProcessor`] and [`AxonPushLogProcessor`] go into a provider: the client has a queue and a worker, so they
//!   need neither. Their `force_flush` and `shutdown` deliver, or say what they could not.
//! - [`AxonPushSpanExporter`] and [`AxonPushLogExporter`] do the same behind a processor of the SDK's, simple or batch.
//! - [`configure_telemetry`] sends spans and logs by OTLP, in batches, whatever the client does with other events.
//! - [`genai`] has spans for calls of models.
//!
//! # What becomes of a span
//!
//! An event of type `app.span`, named as the span is, with the span's own ids and those of its parent, remote or not. Its
//! payload has name, kind, times, status, attributes with their types, events, links, scope, and the provider's resource,
//! over which the client's own service, version and environment win. Redaction applies as to any event, with the name, the
//! status and what else belongs to the span's structure kept.
//!
//! Of attributes that share a key the last counts. A span has at most 256 KiB; events and links of it take at most 64 KiB
//! each, and those that find no room are counted in `droppedEventsCount` and `droppedLinksCount`. Links that lead nowhere have
//! ids of zeros. Log records say what they say as text, a number or a truth; lists and maps are JSON text, and bytes are
//! base64.
//!
//! # What it leaves alone
//!
//! It installs no global provider, and ends no client: several exporters share one. On the threads on which clients do
//! their own work OpenTelemetry is suppressed, so that the requests that deliver spans make no spans.
//!
//! # Versions
//!
//! | `axonpush-otel` | `opentelemetry`, `opentelemetry_sdk` | `tracing-opentelemetry` | `opentelemetry-appender-tracing` |
//! |---|---|---|---|
//! | 0.1 | 0.33 | 0.34 | 0.33 |
//!
//! Both are exported from here, so that there is no doubt which they are.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod genai;
mod handover;
mod logs;
mod spans;
mod telemetry;
mod values;

pub use self::{
    logs::{AxonPushLogExporter, AxonPushLogProcessor},
    spans::{AxonPushSpanExporter, AxonPushSpanProcessor},
    telemetry::{Telemetry, configure_telemetry},
};
pub use opentelemetry;
pub use opentelemetry_sdk;

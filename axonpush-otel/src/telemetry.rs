//! Everything at once, by OTLP.

use axonpush::{AxonPush, DeliveryLane, Error};
use opentelemetry_sdk::{
    logs::{LoggerProviderBuilder, SdkLoggerProvider},
    trace::{SdkTracerProvider, TracerProviderBuilder},
};

use crate::{AxonPushLogProcessor, AxonPushSpanProcessor};

/// Spans and logs by OTLP, in batches, to `/v1/traces` and `/v1/logs` of the client's server, whichever way its other
/// events travel. Nothing is installed: the result goes into providers.
///
/// ```
/// use axonpush::AxonPush;
/// use axonpush_otel::{configure_telemetry, opentelemetry_sdk::trace::SdkTracerProvider};
///
/// # let settings = AxonPush::builder().base_url("http://127.0.0.1:9");
/// let client = settings.api_key("ak_doc").channel_id("traces").build()?;
/// let telemetry = configure_telemetry(&client)?;
/// // Into the provider that the application has …
/// let tracing = telemetry.traces(SdkTracerProvider::builder().with_max_events_per_span(32)).build();
/// // … or into a new one.
/// let logging = telemetry.logger_provider();
/// # drop((tracing, logging));
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// # Errors
///
/// When the client has no [channel](axonpush::AxonPushBuilder::channel_id), by which the server files what comes by OTLP.
pub fn configure_telemetry(client: &AxonPush) -> Result<Telemetry, Error> {
    // The one thing that can be missing, said before anything is set up.
    AxonPushSpanProcessor::new(client).lane(DeliveryLane::Otlp)?;
    Ok(Telemetry { client: client.clone() })
}

/// What [`configure_telemetry`] made.
#[derive(Debug, Clone)]
#[must_use = "nothing is recorded before it goes into a provider"]
pub struct Telemetry {
    client: AxonPush,
}

impl Telemetry {
    /// A provider's builder, whose spans also go to AxonPush. What was in it stays.
    pub fn traces(&self, provider: TracerProviderBuilder) -> TracerProviderBuilder {
        match AxonPushSpanProcessor::new(&self.client).lane(DeliveryLane::Otlp) {
            Ok(processor) => provider.with_span_processor(processor),
            // Its settings were exchanged for some without a channel.
            Err(_) => provider.with_span_processor(AxonPushSpanProcessor::new(&self.client)),
        }
    }

    /// A provider's builder, whose records also go to AxonPush. What was in it stays.
    pub fn logs(&self, provider: LoggerProviderBuilder) -> LoggerProviderBuilder {
        match AxonPushLogProcessor::new(&self.client).lane(DeliveryLane::Otlp) {
            Ok(processor) => provider.with_log_processor(processor),
            Err(_) => provider.with_log_processor(AxonPushLogProcessor::new(&self.client)),
        }
    }

    /// A new provider of tracers. To make it the one of the whole process is up to the application.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.traces(SdkTracerProvider::builder()).build()
    }

    /// A new provider of loggers.
    pub fn logger_provider(&self) -> SdkLoggerProvider {
        self.logs(SdkLoggerProvider::builder()).build()
    }
}

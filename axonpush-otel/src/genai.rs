//! Calls of generative models as spans, in the words of OpenTelemetry's conventions for generative AI.
//!
//! ```
//! use axonpush::AxonPush;
//! use axonpush_otel::{AxonPushSpanProcessor, genai::GenAiSpan};
//! use axonpush_otel::{opentelemetry::trace::TracerProvider as _, opentelemetry_sdk::trace::SdkTracerProvider};
//!
//! # let server = axonpush_dev::DevServer::start_blocking()?;
//! # let client = AxonPush::builder().api_key("ak_doc").base_url(server.url()).build()?;
//! let tracing = SdkTracerProvider::builder().with_span_processor(AxonPushSpanProcessor::new(&client)).build();
//! let tracer = tracing.tracer("assistant");
//!
//! let mut call = GenAiSpan::chat("gpt-5", "openai").temperature(0.2).max_tokens(512).start(&tracer);
//! // … ask the model …
//! call.response_model("gpt-5-2025-08-07").input_tokens(42).output_tokens(7).finish_reason("stop");
//! drop(call);
//!
//! tracing.force_flush()?;
//! # let event = &server.events()[0];
//! # assert_eq!(event.identifier, "chat gpt-5");
//! # assert_eq!(event.attribute("gen_ai.usage.input_tokens"), Some(&42.into()));
//! # assert_eq!(event.attribute("gen_ai.response.finish_reasons").map(ToString::to_string).as_deref(), Some(r#"["stop"]"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Messages are content: what becomes of them is up to the client's [`ContentCapture`](axonpush::ContentCapture), which
//! hides them unless it is told otherwise. Other exporters of the same provider see them as they are.

use std::{borrow::Cow, fmt};

use opentelemetry::{
    Array, Context, KeyValue, StringValue, Value,
    trace::{Span, SpanBuilder, SpanContext, SpanKind, Status, Tracer},
};

/// A call of a model that is about to begin.
#[derive(Debug, Clone)]
#[must_use = "nothing is recorded before it is started"]
pub struct GenAiSpan {
    operation: Cow<'static, str>,
    model: String,
    attributes: Vec<KeyValue>,
}

impl GenAiSpan {
    /// A call of `model`, which `provider` serves: `openai`, `anthropic`, `aws.bedrock`, `gcp.vertex_ai`, …. Of the
    /// well-known operations `chat`, `text_completion`, `generate_content` and `embeddings` are such calls.
    pub fn new(
        operation: impl Into<Cow<'static, str>>,
        model: impl Into<String>,
        provider: impl Into<StringValue>,
    ) -> Self {
        let (operation, model) = (operation.into(), model.into());
        let attributes = vec![
            KeyValue::new("gen_ai.operation.name", operation.clone()),
            KeyValue::new("gen_ai.provider.name", provider.into()),
            KeyValue::new("gen_ai.request.model", model.clone()),
        ];
        Self { operation, model, attributes }
    }

    /// A turn of a conversation.
    pub fn chat(model: impl Into<String>, provider: impl Into<StringValue>) -> Self {
        Self::new("chat", model, provider)
    }

    /// Embeddings of text.
    pub fn embeddings(model: impl Into<String>, provider: impl Into<StringValue>) -> Self {
        Self::new("embeddings", model, provider)
    }

    /// `gen_ai.agent.name`: the agent on whose behalf it is made.
    pub fn agent_name(self, name: impl Into<StringValue>) -> Self {
        self.attribute("gen_ai.agent.name", name.into())
    }

    /// `gen_ai.conversation.id`: the conversation it is a part of.
    pub fn conversation_id(self, id: impl Into<StringValue>) -> Self {
        self.attribute("gen_ai.conversation.id", id.into())
    }

    /// `gen_ai.request.temperature`.
    pub fn temperature(self, temperature: f64) -> Self {
        self.attribute("gen_ai.request.temperature", temperature)
    }

    /// `gen_ai.request.max_tokens`.
    pub fn max_tokens(self, tokens: i64) -> Self {
        self.attribute("gen_ai.request.max_tokens", tokens)
    }

    /// `gen_ai.input.messages`: what the model is asked, as the JSON text of the conventions. Content.
    pub fn input_messages(self, json: impl Into<StringValue>) -> Self {
        self.attribute("gen_ai.input.messages", json.into())
    }

    /// Any other attribute.
    pub fn attribute(mut self, key: impl Into<opentelemetry::Key>, value: impl Into<Value>) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Begins the call, in the context that is in force.
    pub fn start<T: Tracer>(self, tracer: &T) -> GenAiCall<T::Span> {
        self.start_in(tracer, &Context::current())
    }

    /// Begins the call as a part of `parent`.
    pub fn start_in<T: Tracer>(self, tracer: &T, parent: &Context) -> GenAiCall<T::Span> {
        let name = format!("{} {}", self.operation, self.model);
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Client).with_attributes(self.attributes);
        GenAiCall { span: tracer.build_with_context(builder, parent), finish_reasons: Vec::new() }
    }
}

/// A call of a model under way. It ends when it is dropped.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct GenAiCall<S: Span> {
    span: S,
    finish_reasons: Vec<StringValue>,
}

impl<S: Span> GenAiCall<S> {
    /// `gen_ai.response.id`.
    pub fn response_id(&mut self, id: impl Into<StringValue>) -> &mut Self {
        self.attribute("gen_ai.response.id", id.into())
    }

    /// `gen_ai.response.model`: the model that really answered.
    pub fn response_model(&mut self, model: impl Into<StringValue>) -> &mut Self {
        self.attribute("gen_ai.response.model", model.into())
    }

    /// Adds to `gen_ai.response.finish_reasons`: `stop`, `length`, `tool_calls`, …, one for each choice.
    pub fn finish_reason(&mut self, reason: impl Into<StringValue>) -> &mut Self {
        self.finish_reasons.push(reason.into());
        self
    }

    /// `gen_ai.usage.input_tokens`, those from a cache included.
    pub fn input_tokens(&mut self, tokens: i64) -> &mut Self {
        self.attribute("gen_ai.usage.input_tokens", tokens)
    }

    /// `gen_ai.usage.output_tokens`, those of reasoning included.
    pub fn output_tokens(&mut self, tokens: i64) -> &mut Self {
        self.attribute("gen_ai.usage.output_tokens", tokens)
    }

    /// `gen_ai.usage.reasoning.output_tokens`.
    pub fn reasoning_tokens(&mut self, tokens: i64) -> &mut Self {
        self.attribute("gen_ai.usage.reasoning.output_tokens", tokens)
    }

    /// `gen_ai.usage.cache_read.input_tokens`.
    pub fn cache_read_tokens(&mut self, tokens: i64) -> &mut Self {
        self.attribute("gen_ai.usage.cache_read.input_tokens", tokens)
    }

    /// `gen_ai.usage.cache_creation.input_tokens`.
    pub fn cache_write_tokens(&mut self, tokens: i64) -> &mut Self {
        self.attribute("gen_ai.usage.cache_creation.input_tokens", tokens)
    }

    /// `gen_ai.output.messages`: what the model answered, as the JSON text of the conventions. Content.
    pub fn output_messages(&mut self, json: impl Into<StringValue>) -> &mut Self {
        self.attribute("gen_ai.output.messages", json.into())
    }

    /// It failed. `error_type` is what the provider calls it, or the error's type: `rate_limit_exceeded`, `timeout`, ….
    pub fn failed(&mut self, error_type: impl Into<StringValue>, error: &dyn fmt::Display) -> &mut Self {
        self.span.set_status(Status::error(error.to_string()));
        self.attribute("error.type", error_type.into())
    }

    /// Any other attribute.
    pub fn attribute(&mut self, key: impl Into<opentelemetry::Key>, value: impl Into<Value>) -> &mut Self {
        self.span.set_attribute(KeyValue::new(key, value));
        self
    }

    /// The span, for whatever has no name here.
    pub fn span_mut(&mut self) -> &mut S {
        &mut self.span
    }

    /// Its place in its trace.
    pub fn span_context(&self) -> &SpanContext {
        self.span.span_context()
    }
}

impl<S: Span> Drop for GenAiCall<S> {
    fn drop(&mut self) {
        if !self.finish_reasons.is_empty() {
            let reasons = Array::String(std::mem::take(&mut self.finish_reasons));
            self.span.set_attribute(KeyValue::new("gen_ai.response.finish_reasons", Value::Array(reasons)));
        }
        self.span.end();
    }
}

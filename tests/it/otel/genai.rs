//! Calls of models.

use axonpush::{ContentCapture, RedactionPolicy};
use axonpush_otel::genai::GenAiSpan;
use opentelemetry::trace::TracerProvider as _;
use rig::server;
use serde_json::json;

use super::{channelled, named, provider};

const ASKED: &str = r#"[{"role":"user","parts":[{"type":"text","content":"the capital of canary?"}]}]"#;
const ANSWERED: &str = r#"[{"role":"assistant","parts":[{"type":"text","content":"canary city"}]}]"#;

#[test]
fn a_call_is_a_client_span_in_the_words_of_the_conventions() {
    for (capture, shows) in [(ContentCapture::MetadataOnly, false), (ContentCapture::Full, true)] {
        let server = server();
        let redaction = RedactionPolicy::new().content_capture(capture);
        let client = channelled(&server).redaction(redaction).build().unwrap();
        let provider = provider(&client);
        let call = GenAiSpan::chat("gpt-5", "openai")
            .temperature(0.2)
            .max_tokens(512)
            .agent_name("researcher")
            .conversation_id("conv-7")
            .input_messages(ASKED);
        let mut call = call.start(&provider.tracer("assistant"));
        call.response_id("r-1").response_model("gpt-5-2025-08-07").input_tokens(42).output_tokens(7);
        call.reasoning_tokens(3).cache_read_tokens(40).cache_write_tokens(2).output_messages(ANSWERED);
        call.finish_reason("stop").finish_reason("length");
        drop(call);
        provider.force_flush().unwrap();
        let events = server.events();
        let event = named(&events, "chat gpt-5");
        assert_eq!(event.payload["kind"], 2);
        for (key, value) in [
            ("operation.name", json!("chat")),
            ("provider.name", json!("openai")),
            ("request.model", json!("gpt-5")),
            ("request.temperature", json!(0.2)),
            ("request.max_tokens", json!(512)),
            ("agent.name", json!("researcher")),
            ("conversation.id", json!("conv-7")),
            ("response.id", json!("r-1")),
            ("response.model", json!("gpt-5-2025-08-07")),
            ("response.finish_reasons", json!(["stop", "length"])),
            ("usage.input_tokens", json!(42)),
            ("usage.output_tokens", json!(7)),
            ("usage.reasoning.output_tokens", json!(3)),
            ("usage.cache_read.input_tokens", json!(40)),
            ("usage.cache_creation.input_tokens", json!(2)),
        ] {
            assert_eq!(event.attribute(&format!("gen_ai.{key}")), Some(&value), "{key}");
        }
        for key in ["gen_ai.input.messages", "gen_ai.output.messages"] {
            assert_eq!(event.attribute(key).unwrap().to_string().contains("canary"), shows, "{key}");
        }
    }
}

#[test]
fn a_call_that_fails_says_why() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let provider = provider(&client);
    let mut call = GenAiSpan::embeddings("embed-3", "openai").start(&provider.tracer("assistant"));
    call.failed("rate_limit_exceeded", &"try again in 20 s");
    drop(call);
    provider.force_flush().unwrap();
    let event = &server.events()[0];
    assert_eq!(event.identifier, "embeddings embed-3");
    assert_eq!(event.payload["status"], json!({"code": 2, "message": "try again in 20 s"}));
    assert_eq!(event.attribute("error.type"), Some(&json!("rate_limit_exceeded")));
}

//! `POST /v1/logs` and `POST /v1/traces`. Requests in protobuf are written with the reference
//! messages, so that the server's own reading is held against somebody else's writing.

mod encodings;
mod ingest;
mod mapping;
mod refusals;
mod scripts;

use std::io::Write;

use axonpush_dev::StoredEvent;
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::rig::Rig;

const LOGS: &str = "/v1/logs";
const TRACES: &str = "/v1/traces";
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

const TRACE_ID: [u8; 16] =
    [0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c];
const TRACE_HEX: &str = "5b8efff798038103d269b633813fc60c";
const SPAN_ID: [u8; 8] = [0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74];
const SPAN_HEX: &str = "eee19b7ec3c1b174";

impl Rig {
    /// A request that lacks nothing but its body.
    fn otlp(&self, path: &str, content_type: &str) -> RequestBuilder {
        self.request(Method::POST, path).header("X-Axonpush-Channel", "orders").header("content-type", content_type)
    }

    async fn send(&self, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        self.otlp(path, content_type).body(body.into()).send().await.unwrap()
    }

    /// Sends log records in JSON and returns the answer, which must be 200.
    async fn log(&self, records: Value) -> Value {
        let response = self.send(LOGS, JSON, logs_json(&records).to_string()).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Sends spans in JSON and returns the answer, which must be 200.
    async fn trace(&self, spans: Value) -> Value {
        let response = self.send(TRACES, JSON, spans_json(&spans).to_string()).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    fn only_event(&self) -> StoredEvent {
        let mut events = self.server.events();
        assert_eq!(events.len(), 1);
        events.remove(0)
    }
}

fn logs_json(records: &Value) -> Value {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
}

fn spans_json(spans: &Value) -> Value {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
}

fn logs_proto(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn spans_proto(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// A span with everything a span must have.
fn span_json(name: &str) -> Value {
    json!({"traceId": TRACE_HEX, "spanId": SPAN_HEX, "name": name})
}

fn any(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text(text: &str) -> AnyValue {
    any(any_value::Value::StringValue(text.to_owned()))
}

fn entry(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..Default::default() }
}

/// The attribute `key` in JSON, of the type that `field` names.
fn attribute(key: &str, field: &str, value: impl Into<Value>) -> Value {
    json!({"key": key, "value": {field: value.into()}})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What an event tells, without what every arrival gets anew.
fn told(event: &StoredEvent) -> Value {
    json!({
        "identifier": event.identifier, "type": event.event_type, "channel": event.channel_id,
        "source": event.source, "trace": event.trace_id, "span": event.span_id, "parent": event.parent_span_id,
        "dedup": event.dedup_key, "payload": event.payload, "metadata": event.metadata,
        "occurred": event.occurred_at.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos().to_string(),
        "body": String::from_utf8(event.body.to_vec()).unwrap(),
    })
}

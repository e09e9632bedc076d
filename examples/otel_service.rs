//! A service that is instrumented with OpenTelemetry: a request, the call of a model in it, and the queries around that, sent
//! to a local server, read back, and printed as a tree.
//!
//! ```sh
//! cargo run --example otel_service
//! ```
//!
//! Ends with an error unless that tree is the one which OpenTelemetry's SDK recorded.

use std::{collections::BTreeMap, error::Error, time::Duration};

use axonpush::{AxonPush, EventQuery, StoredEvent};
use axonpush_dev::DevServer;
use axonpush_otel::{AxonPushSpanProcessor, genai::GenAiSpan};
use opentelemetry::{
    Context, KeyValue,
    trace::{FutureExt as _, SpanBuilder, SpanId, SpanKind, Status, TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::start().await?;
    let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).service("assistant", "0.3.0").build()?;
    // What the provider exports to already stays; AxonPush is one more.
    let recorded = InMemorySpanExporter::default();
    let tracing = SdkTracerProvider::builder()
        .with_simple_exporter(recorded.clone())
        .with_span_processor(AxonPushSpanProcessor::new(&client))
        .build();
    let tracer = tracing.tracer("assistant");
    for question in ["where is my order?", "can I return it?", "who made this?"] {
        answer(&tracer, question).await;
    }
    tracing.force_flush()?;

    let reader = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    let stored = reader.events().search(EventQuery::new().event_type("app.span").limit(500)).await?;
    let told: Vec<_> = stored.iter().map(of_event).collect();
    let spans = recorded.get_finished_spans()?;
    let expected: Vec<_> = spans.iter().map(of_span).collect();
    let (told, expected) = (Forest::new(told), Forest::new(expected));
    told.print("", "");

    tracing.shutdown()?;
    let report = client.shutdown(PATIENCE).await;
    if told != expected || spans.len() != 3 * 4 || !report.is_complete() {
        return Err(format!("the server has another tree than the SDK recorded, which is {expected:#?}").into());
    }
    println!("\n{} spans in {} traces, as OpenTelemetry recorded them", spans.len(), told.children("").count());
    Ok(())
}

/// A request, from its parent in another service to its end.
async fn answer(tracer: &SdkTracer, question: &'static str) {
    let builder = SpanBuilder::from_name("POST /questions").with_kind(SpanKind::Server);
    let request = Context::new().with_span(builder.start_with_context(tracer, &Context::new()));
    async {
        query(tracer, "SELECT orders").await;
        let mut call = GenAiSpan::chat("gpt-5", "openai").temperature(0.2).input_messages(question).start(tracer);
        // In place of a call of the model.
        tokio::task::yield_now().await;
        if question.starts_with("who") {
            call.failed("rate_limit_exceeded", &"try again in 20 s");
        } else {
            call.input_tokens(42).output_tokens(7).finish_reason("stop");
        }
        drop(call);
        // What is spawned takes its context along.
        let (tracer, context) = (tracer.clone(), Context::current());
        let stored = tokio::spawn(async move { query(&tracer, "INSERT answers").await }.with_context(context));
        if let Err(failure) = stored.await {
            Context::current().span().set_status(Status::error(failure.to_string()));
        }
    }
    .with_context(request.clone())
    .await;
    request.span().end();
}

async fn query(tracer: &SdkTracer, name: &'static str) {
    let database = KeyValue::new("db.system.name", "postgresql");
    let span = SpanBuilder::from_name(name).with_kind(SpanKind::Client).with_attributes([database]).start(tracer);
    // In place of a database.
    tokio::task::yield_now().await;
    drop(span);
}

/// What is compared of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    id: String,
    parent: String,
    trace: String,
    name: String,
    kind: u64,
    start: u64,
    end: u64,
    failed: bool,
    tokens: Option<i64>,
}

fn of_event(event: &StoredEvent) -> Node {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let payload = &event.payload;
    Node {
        id: event.span_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        parent: event.parent_span_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        trace: event.trace_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        name: text(&payload["name"]),
        kind: payload["kind"].as_u64().unwrap_or_default(),
        start: text(&payload["startTimeUnixNano"]).parse().unwrap_or_default(),
        end: text(&payload["endTimeUnixNano"]).parse().unwrap_or_default(),
        failed: payload["status"]["code"] == 2,
        tokens: payload["attributes"][TOKENS].as_i64(),
    }
}

fn of_span(span: &SpanData) -> Node {
    let nanos = |time: std::time::SystemTime| {
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or_default()
    };
    let tokens = span.attributes.iter().find(|attribute| attribute.key.as_str() == TOKENS);
    Node {
        id: span.span_context.span_id().to_string(),
        parent: Some(span.parent_span_id)
            .filter(|id| *id != SpanId::INVALID)
            .map(|id| id.to_string())
            .unwrap_or_default(),
        trace: span.span_context.trace_id().to_string(),
        name: span.name.to_string(),
        kind: match span.span_kind {
            SpanKind::Internal => 0,
            SpanKind::Server => 1,
            SpanKind::Client => 2,
            SpanKind::Producer => 3,
            SpanKind::Consumer => 4,
        },
        start: nanos(span.start_time),
        end: nanos(span.end_time),
        failed: matches!(span.status, Status::Error { .. }),
        tokens: tokens.and_then(|tokens| tokens.value.to_string().parse().ok()),
    }
}

const TOKENS: &str = "gen_ai.usage.output_tokens";

/// Spans under their parents, in the order in which they began.
#[derive(Debug, PartialEq, Eq)]
struct Forest(BTreeMap<String, Vec<Node>>);

impl Forest {
    fn new(mut nodes: Vec<Node>) -> Self {
        nodes.sort_by(|one, another| (one.start, &one.id).cmp(&(another.start, &another.id)));
        let mut forest: BTreeMap<String, Vec<Node>> = BTreeMap::new();
        for node in nodes {
            forest.entry(node.parent.clone()).or_default().push(node);
        }
        Self(forest)
    }

    fn children(&self, parent: &str) -> impl Iterator<Item = &Node> {
        self.0.get(parent).into_iter().flatten()
    }

    fn print(&self, parent: &str, indent: &str) {
        for node in self.children(parent) {
            let tokens = node.tokens.map(|tokens| format!("  {tokens} tokens")).unwrap_or_default();
            let failed = if node.failed { "  failed" } else { "" };
            let micros = node.end.saturating_sub(node.start) / 1000;
            println!("{indent}{:<width$}{micros:>6} µs{tokens}{failed}", node.name, width = 30 - indent.len());
            self.print(&node.id, &format!("{indent}  "));
        }
    }
}

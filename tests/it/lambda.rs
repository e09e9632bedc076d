//! The example for AWS Lambda, run as Lambda runs it: this side plays the Runtime API it polls for invocations.

use std::{
    collections::VecDeque,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use axonpush_dev::{Answer, DevServer};
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{Request, Response, StatusCode},
    routing::{get, post},
};
use rig::{PATIENCE, server};
use serde_json::Value;
use tokio::sync::mpsc;

struct Invocation {
    id: &'static str,
    event: &'static str,
    kind: &'static str,
    says: &'static str,
    publishes: &'static [&'static str],
}

/// One that succeeds, one that fails, one that panics, and one for the process that survived it.
const INVOCATIONS: &[Invocation] = &[
    Invocation {
        id: "11111111-aaaa",
        event: r#"{"total_cents": 1200, "items": 3}"#,
        kind: "response",
        says: r#"{"cents_each":400}"#,
        publishes: &["order.received", "order.priced"],
    },
    Invocation {
        id: "22222222-bbbb",
        event: r#"{"total_cents": 1200}"#,
        kind: "error",
        says: "`items` is missing",
        publishes: &["order.received", "order.refused"],
    },
    Invocation {
        id: "33333333-cccc",
        event: r#"{"total_cents": 1200, "items": 0}"#,
        kind: "error",
        says: "divide by zero",
        publishes: &["order.received"],
    },
    Invocation {
        id: "44444444-dddd",
        event: r#"{"total_cents": 1200, "items": 4}"#,
        kind: "response",
        says: r#"{"cents_each":300}"#,
        publishes: &["order.received", "order.priced"],
    },
];

/// How one invocation ended, and what the AxonPush server knew at that moment.
#[derive(Debug)]
struct Ending {
    id: String,
    /// `response` or `error`.
    kind: String,
    body: Value,
    stored: Vec<(String, String)>,
}

struct Platform {
    invocations: Mutex<VecDeque<(String, String)>>,
    endings: mpsc::UnboundedSender<Ending>,
    server: Arc<DevServer>,
}

async fn next(State(platform): State<Arc<Platform>>) -> Response<Body> {
    let invocation = platform.invocations.lock().unwrap().pop_front();
    let Some((id, event)) = invocation else {
        // Nobody calls any more.
        return std::future::pending().await;
    };
    // The first attempt of each invocation fails, so that its events are still here when the handler has ended.
    platform.server.script(Answer::status(503));
    Response::builder()
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", "9999999999999")
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:price")
        .body(Body::from(event))
        .unwrap()
}

async fn ended(
    State(platform): State<Arc<Platform>>,
    Path((id, kind)): Path<(String, String)>,
    request: Request<Body>,
) -> StatusCode {
    // Lambda freezes the process as soon as this request has come; so what counts is what is stored by now.
    let events = platform.server.events().into_iter();
    let stored = events
        .map(|event| {
            let request_id = event.metadata.as_ref().and_then(|metadata| metadata["request.id"].as_str());
            (request_id.unwrap_or_default().to_owned(), event.identifier)
        })
        .collect();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    platform.endings.send(Ending { id, kind, body, stored }).unwrap();
    StatusCode::ACCEPTED
}

/// The running function, which would wait for invocations for ever.
struct Function(Child);

impl Function {
    fn start(runtime_api: &str, server: &DevServer) -> Self {
        // Next to this test's own directory; `cargo xtask test` builds it first.
        let here = std::env::current_exe().unwrap();
        let example = here.parent().and_then(std::path::Path::parent).unwrap().join("examples/lambda");
        let example = example.with_extension(std::env::consts::EXE_EXTENSION);
        assert!(example.exists(), "cargo build --example lambda");
        let child = Command::new(example)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "price")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AXONPUSH_API_KEY", "ak_test")
            .env("AXONPUSH_BASE_URL", server.url())
            // One of them panics on purpose.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

#[tokio::test]
async fn the_events_of_an_invocation_are_delivered_before_its_answer_leaves_however_it_ends() {
    let (endings, mut ended_so_far) = mpsc::unbounded_channel();
    let server = Arc::new(server());
    let platform = Arc::new(Platform {
        invocations: Mutex::new(INVOCATIONS.iter().map(|call| (call.id.to_owned(), call.event.to_owned())).collect()),
        endings,
        server: Arc::clone(&server),
    });
    let app = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(ended))
        .with_state(platform);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let runtime_api = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let _function = Function::start(&runtime_api, &server);

    let mut known = Vec::new();
    for Invocation { id, kind, says, publishes, .. } in INVOCATIONS {
        let ending = tokio::time::timeout(PATIENCE, ended_so_far.recv()).await.unwrap().unwrap();
        assert_eq!((ending.id.as_str(), ending.kind.as_str()), (*id, *kind), "{ending:?}");
        assert!(ending.body.to_string().contains(says), "{ending:?}");
        known.extend(publishes.iter().map(|event| ((*id).to_owned(), (*event).to_owned())));
        let mut stored = ending.stored;
        stored.sort();
        let mut expected = known.clone();
        expected.sort();
        assert_eq!(stored, expected, "{id} is known in full before it is answered");
    }
    serving.abort();
}

//! A started server and a client that knows its key.

use std::path::PathBuf;
use std::time::Duration;

use axonpush_dev::DevServer;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// Long enough for a busy machine; a test that works never waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Rig {
    pub(crate) server: DevServer,
    pub(crate) http: reqwest::Client,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::with(DevServer::start().await.unwrap())
    }

    pub(crate) fn with(server: DevServer) -> Self {
        Self { server, http: client() }
    }

    pub(crate) fn request(&self, method: Method, path_and_query: &str) -> RequestBuilder {
        let url = format!("{}{path_and_query}", self.server.url());
        self.http.request(method, url).header("x-axonpush-api-key", "ak_test")
    }

    pub(crate) async fn post(&self, event: &Value) -> Response {
        self.request(Method::POST, "/event").json(event).send().await.unwrap()
    }

    /// Publishes `event` and returns its id.
    pub(crate) async fn publish(&self, event: Value) -> String {
        let response = self.post(&event).await;
        assert_eq!(response.status(), 200, "{event}");
        let receipt: Value = response.json().await.unwrap();
        receipt["eventId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path_and_query: &str) -> Response {
        self.request(Method::GET, path_and_query).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path_and_query: &str) -> Value {
        let response = self.get(path_and_query).await;
        assert_eq!(response.status(), 200, "{path_and_query}");
        response.json().await.unwrap()
    }

    /// Sends a JSON body, or none when it is null, and returns the answer, which must have `status`.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        if status >= 400 {
            return problem(response, status).await;
        }
        assert_eq!(response.status(), status, "{path} {body}");
        response.json().await.unwrap()
    }

    pub(crate) async fn remove(&self, path: &str, status: u16) -> Value {
        self.ask(Method::DELETE, path, Value::Null, status).await
    }

    /// Creates an app and returns its id.
    pub(crate) async fn app(&self) -> String {
        let app = self.ask(Method::POST, "/apps", json!({"name": "an app"}), 201).await;
        app["appId"].as_str().unwrap().to_owned()
    }

    /// The operation names that `GET /events` finds, newest first.
    pub(crate) async fn search(&self, query: &[(&str, &str)]) -> Vec<String> {
        let response = self.request(Method::GET, "/events").query(query).send().await.unwrap();
        assert_eq!(response.status(), 200, "{query:?}");
        let found: Value = response.json().await.unwrap();
        names(&found["events"], "operationName")
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

/// The smallest event there is.
pub(crate) fn event(identifier: &str) -> Value {
    json!({"identifier": identifier, "payload": {}})
}

/// The text that every element of `list` has under `key`.
pub(crate) fn names(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|element| element[key].as_str().unwrap().to_owned()).collect()
}

/// Asserts that `response` is a problem document of `status` and returns it.
pub(crate) async fn problem(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers().contains_key("x-request-id"));
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["status"], json!(status), "{document}");
    assert!(document["title"].is_string() && document["detail"].is_string(), "{document}");
    document
}

/// The locations a problem document names.
pub(crate) fn locations(problem: &Value) -> Vec<String> {
    names(&problem["errors"], "location")
}

/// A file of its own for one test, removed with what the database puts beside it.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("axonpush-dev-{}.db", uuid::Uuid::new_v4())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let mut file = self.0.clone().into_os_string();
            file.push(suffix);
            let _ = std::fs::remove_file(file);
        }
    }
}

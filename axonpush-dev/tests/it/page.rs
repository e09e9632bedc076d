//! The page's files, as the server hands them out. What the page does is in `tests/page`.

use axonpush_dev::{DevServer, FailRate, Faults};
use reqwest::Response;

use crate::rig::{Rig, client, event};

async fn front(rig: &Rig, accept: &str) -> Response {
    client().get(rig.server.url()).header("accept", accept).send().await.unwrap()
}

/// The files that the page at the front door and its scripts ask for.
async fn files(rig: &Rig) -> Vec<String> {
    let html = front(rig, BROWSER).await.text().await.unwrap();
    let mut found: Vec<String> = Vec::new();
    let mut texts = vec![html];
    while let Some(text) = texts.pop() {
        for quoted in text.split('"') {
            let path = quoted.strip_prefix("./").map_or_else(|| quoted.to_owned(), |file| format!("/page/{file}"));
            let is_file = path.starts_with("/page/") && path.contains('.');
            if is_file && !found.contains(&path) {
                texts.push(rig.get(&path).await.text().await.unwrap());
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn a_browser_gets_the_page_and_everybody_else_a_few_lines_of_text() {
    let rig = Rig::start().await;
    let page = front(&rig, BROWSER).await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["vary"], "accept");
    assert!(page.text().await.unwrap().starts_with("<!doctype html>"));
    for accept in ["*/*", "application/json"] {
        assert!(front(&rig, accept).await.text().await.unwrap().contains("AXONPUSH_BASE_URL"), "{accept}");
    }
}

#[tokio::test]
async fn every_file_comes_with_the_policy_that_lets_nothing_else_in() {
    let rig = Rig::start().await;
    let files = files(&rig).await;
    assert!(files.len() > 20 && files.iter().any(|file| file.ends_with("uPlot.esm.js")), "{files:?}");
    for file in files.iter().map(String::as_str).chain(["/"]) {
        let response =
            client().get(format!("{}{file}", rig.server.url())).header("accept", BROWSER).send().await.unwrap();
        assert_eq!(response.status(), 200, "{file}");
        let headers = response.headers().clone();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none';", "script-src 'self';", "style-src 'self';", "connect-src 'self';"] {
            assert!(policy.contains(rule), "{file}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{file}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{file}");
        assert_eq!(headers["cache-control"], "no-cache", "{file}");
        let text = response.text().await.unwrap();
        let inline =
            ["<script>", "<style", " style=", " onclick=", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("];
        for forbidden in inline {
            assert!(!text.contains(forbidden), "{file} has `{forbidden}`");
        }
        assert!(!text.contains("https://") || file.contains("vendor"), "{file} leads elsewhere");
    }
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let rig = Rig::start().await;
    let first = rig.get("/page/style.css").await;
    let tag = first.headers()["etag"].clone();
    let again = client().get(format!("{}/page/style.css", rig.server.url())).header("if-none-match", tag).send().await;
    let again = again.unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
    let other =
        client().get(format!("{}/page/style.css", rig.server.url())).header("if-none-match", "\"x\"").send().await;
    assert_eq!(other.unwrap().status(), 200);
}

#[tokio::test]
async fn the_page_stays_whole_whatever_goes_wrong_on_request() {
    let faults = Faults::default().fail(FailRate::new(503, 1.0).unwrap()).rate_limit(0);
    let rig = Rig::with(DevServer::builder().faults(faults).start().await.unwrap());
    assert!(rig.post(&event("a")).await.status().is_client_error());
    assert_eq!(front(&rig, BROWSER).await.status(), 200);
    assert_eq!(rig.get("/page/main.js").await.status(), 200);
    assert_eq!(rig.get("/page/nothing.js").await.status(), 404);
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

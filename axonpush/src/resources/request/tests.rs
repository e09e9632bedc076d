use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::transport::{FarEnd, InMemory, Reply};

fn refused(request: ApiRequest<'_>) -> String {
    let error = request.checked().unwrap_err();
    assert!(error.is_invalid());
    error.to_string()
}

#[test]
fn a_path_that_leads_elsewhere_is_refused_with_the_way_out() {
    let client = AxonPush::disabled();
    for (path, why) in [
        ("", "slash"),
        ("apps", "slash"),
        ("https://evil.example/apps", "slash"),
        ("//evil.example/apps", "empty segment"),
        ("/apps//x", "empty segment"),
        ("/apps/../admin", "`.` or `..`"),
        ("/apps/.", "`.` or `..`"),
        ("/apps/%2e%2E/admin", "`.` or `..`"),
        ("/apps/.%2e", "`.` or `..`"),
        ("/apps?limit=1", "ApiRequest::query"),
        ("/apps#x", "query or fragment"),
        ("/apps\\..\\admin", "printable ASCII"),
        ("/ap ps", "printable ASCII"),
        ("/apps\r\nhost: evil", "printable ASCII"),
        ("/äpps", "printable ASCII"),
    ] {
        let error = refused(client.request(Method::GET, path));
        assert!(error.contains(why) && !error.contains('\n'), "{path}: {error}");
    }
}

#[test]
fn every_place_takes_one_id_that_names_something() {
    let client = AxonPush::disabled();
    let two = || client.request(Method::GET, "/apps/{appId}/channels/{channelId}");
    let request = two().segment("a/b?c").segment("é {x}").checked().unwrap();
    assert_eq!(request.path, "/apps/a%2Fb%3Fc/channels/%C3%A9%20%7Bx%7D");
    for (request, why) in [
        (two().segment("a"), "left without an id"),
        (two().segment("a").segment("b").segment("c"), "more ids than places"),
        (two().segment("").segment("b"), "empty"),
        (two().segment(" \t"), "empty"),
        (two().segment("a").segment(".."), "`..`"),
        (client.request(Method::GET, "/a}b{c").segment("x"), "more ids than places"),
    ] {
        let error = refused(request);
        assert!(error.contains(why) && error.contains("GET /"), "{error}");
    }
}

#[test]
fn a_body_that_is_no_json_is_told_and_not_shown() {
    let client = AxonPush::disabled();
    let unwritable = std::collections::HashMap::from([(vec!["canary"], 1)]);
    let error = refused(client.request(Method::POST, "/apps").json(&unwritable));
    assert!(error.contains("can't be written as JSON") && !error.contains("canary"), "{error}");
}

#[test]
fn an_answer_of_another_shape_is_told_without_its_values() {
    assert_eq!(read_json::<Value>(b" ").unwrap(), Value::Null);
    assert_eq!(read_json::<Option<u8>>(b"").unwrap(), None);
    assert_eq!(read_json::<Value>(br#"{"a":1}"#).unwrap(), json!({"a": 1}));
    let error = read_json::<crate::resources::App>(b"").unwrap_err();
    assert!(error.is_unconfirmed() && error.to_string().ends_with("it is something else"), "{error}");
    let error = read_json::<Vec<u32>>(br#"{"rawSecret":"canary"}"#).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(error.is_unconfirmed() && shown.contains("Vec<u32>") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_request_shows_what_it_asks_and_not_with_what() {
    let client = AxonPush::disabled();
    let request = client.request(Method::POST, "/invitations/accept").query("token", "canary-1");
    let shown = format!("{:?}", request.json(&json!({"code": "canary-2"})));
    assert!(shown.contains("POST") && shown.contains("/invitations/accept"), "{shown}");
    let bytes = format!("{:?}", Bytes::from_static(b"canary"));
    assert!(!shown.contains("canary") && !shown.contains(bytes.trim_matches(['b', '"'])), "{shown}");
}

/// Ends attempts as it is told, and then well.
#[derive(Default)]
struct Scripted {
    script: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<String>>,
}

impl FarEnd for Scripted {
    fn exchange(&self, request: &Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        self.seen.lock().unwrap().push(request.path.to_string());
        let reply = self.script.lock().unwrap().pop_front().unwrap_or_else(|| answer(200));
        Box::pin(std::future::ready(reply))
    }
}

fn answer(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap();
    Reply::Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(br#"{"appId":"a","ok":true}"#) }
}

#[tokio::test(start_paused = true)]
async fn what_would_be_done_twice_is_repeated_only_where_it_was_not_done() {
    let server = Arc::new(Scripted::default());
    let memory = InMemory::new(server.clone());
    let client = AxonPush::builder().api_key("ak_1").base_url("http://localhost").memory(memory).build().unwrap();
    for (status, post, others) in
        [(500, 1, 4), (502, 1, 4), (503, 1, 4), (408, 4, 4), (425, 4, 4), (429, 4, 4), (404, 1, 1)]
    {
        for (method, attempts) in [(Method::POST, post), (Method::PUT, others), (Method::DELETE, others)] {
            *server.script.lock().unwrap() = vec![answer(status); 4].into();
            let error = client.request(method.clone(), "/x").json(&json!({})).send_json().await.unwrap_err();
            let seen = std::mem::take(&mut *server.seen.lock().unwrap()).len();
            assert_eq!((error.status(), seen), (Some(status), attempts), "{method} {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_cannot_be_read_is_told_at_once_and_only_events_go_out_again() {
    let server = Arc::new(Scripted::default());
    let memory = InMemory::new(server.clone());
    let client = AxonPush::builder().api_key("ak_1").base_url("http://localhost").memory(memory).build().unwrap();
    let page = || Reply::Answer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"<html>portal</html>"),
    };
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::POST, Method::DELETE] {
        server.script.lock().unwrap().extend([page()]);
        let request = client.request(method.clone(), "/x").json(&json!({})).repeatable();
        assert!(request.send_json().await.unwrap_err().is_unconfirmed());
        assert_eq!(std::mem::take(&mut *server.seen.lock().unwrap()).len(), 1, "{method}");
    }
    server.script.lock().unwrap().extend((0..4).map(|_| page()));
    let published = client.events().publish(crate::Event::new("x")).await;
    assert!(published.unwrap_err().is_unconfirmed());
    assert_eq!(*server.seen.lock().unwrap(), ["/event"; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_tried_again_where_it_reached_nobody() {
    let server = Arc::new(Scripted::default());
    let memory = InMemory::new(server.clone());
    let client = AxonPush::builder().api_key("ak_1").base_url("http://localhost").memory(memory).build().unwrap();
    for (replies, attempts, is_created) in [
        (vec![Reply::NoConnection, Reply::NoConnection], 3, true),
        (vec![Reply::NoConnection, answer(429), answer(425)], 4, true),
        (vec![Reply::NoConnection, answer(500)], 2, false),
        (vec![answer(503)], 1, false),
    ] {
        server.script.lock().unwrap().extend(replies);
        assert_eq!(client.apps().create("x").await.is_ok(), is_created);
        assert_eq!(std::mem::take(&mut *server.seen.lock().unwrap()).len(), attempts);
    }
    server.script.lock().unwrap().extend([answer(500), Reply::NoConnection, answer(503)]);
    client.apps().delete("a").await.unwrap();
    assert_eq!(*server.seen.lock().unwrap(), ["/apps/a"; 4]);
}

proptest! {
    #[test]
    fn an_id_is_one_segment_whatever_it_holds(id in "\\PC{1,20}|[./%?#\\\\:@ ]{1,6}") {
        prop_assume!(!id.trim().is_empty() && id != "." && id != "..");
        let client = AxonPush::disabled();
        let request = client.request(Method::GET, "/a/{id}/b").segment(&id).checked().unwrap();
        let url = reqwest::Url::parse(&format!("http://localhost{}", request.path)).unwrap();
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        prop_assert_eq!(segments.len(), 3);
        prop_assert_eq!((segments[0], segments[2], url.query(), url.fragment()), ("a", "b", None, None));
        let pair = format!("http://localhost/?x={}", segments[1].replace('+', "%2B"));
        let decoded = reqwest::Url::parse(&pair).unwrap();
        prop_assert_eq!(decoded.query_pairs().next().unwrap().1, id);
    }
}

//! Events from the caller's hand to the server's store.

use std::collections::BTreeSet;
use std::time::Duration;

use axonpush::{AxonPush, Event, EventQuery, EventType, QueuePolicy, RequestContext, RetryPolicy};
use axonpush_dev::Answer;
use rig::{PATIENCE, client, server, settings};
use serde_json::json;

#[tokio::test]
async fn a_published_event_is_found_with_its_payload_intact() {
    let server = server();
    let client = client(&server);
    let event = Event::new("order.placed").payload(&json!({"order.id": 42, "total": 9.5, "items": ["a"]})).unwrap();
    let receipt = client.events().publish(event).await.unwrap();
    assert_eq!(receipt.status(), "queued");
    let found = client.events().search(EventQuery::new().operation_name("order.placed")).await.unwrap();
    assert_eq!(Some(&found[0].event_id), receipt.event_id());
    assert_eq!(found[0].payload, json!({"order.id": 42, "total": 9.5, "items": ["a"]}));
}

#[tokio::test]
async fn every_field_of_an_event_arrives_under_its_own_name() {
    let server = server();
    let client = settings(&server).channel_id("c-default").build().unwrap();
    let event = Event::new("tool")
        .event_type(EventType::AgentToolCallEnd)
        .agent_id("researcher")
        .channel_id("c-1")
        .trace_id("tr_abc")
        .span_id("s-1")
        .parent_span_id("s-0")
        .dedup_key("k-1")
        .metadata(&json!({"framework": "none"}))
        .unwrap()
        .payload(&json!({"tool_name": "search", "attributes": {"a": 1, "b": 2}}))
        .unwrap()
        .attribute("b", true)
        .attribute("c", f64::NAN);
    client.events().publish(event).await.unwrap();
    client.events().publish(Event::new("plain")).await.unwrap();
    let events = server.events();
    let sent: serde_json::Value = serde_json::from_slice(&events[0].body).unwrap();
    assert_eq!(
        sent,
        json!({
            "identifier": "tool", "eventType": "agent.tool_call.end", "agentId": "researcher", "channel_id": "c-1",
            "traceId": "tr_abc", "spanId": "s-1", "parentSpanId": "s-0", "dedupKey": "k-1",
            "metadata": {"framework": "none"},
            "payload": {"tool_name": "search", "attributes": {"a": 1, "b": true, "c": "NaN"}},
        })
    );
    let plain: serde_json::Value = serde_json::from_slice(&events[1].body).unwrap();
    let keys: BTreeSet<_> = plain.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(Vec::from_iter(keys), ["channel_id", "dedupKey", "identifier", "payload"]);
    assert_eq!(plain["channel_id"], "c-default");
}

#[tokio::test]
async fn the_surrounding_request_completes_an_event_and_an_explicit_trace_stays_alone() {
    let server = server();
    let client = client(&server);
    let context = RequestContext::new();
    context
        .scope(async {
            RequestContext::current().unwrap().bind("user.id", "u-1");
            client.events().enqueue(Event::new("inside").metadata(&json!({"a": 1})).unwrap());
            client.events().enqueue(Event::new("child").span_id("s-own"));
            client.events().enqueue(Event::new("elsewhere").trace_id("tr_other"));
            client.events().enqueue(Event::new("after"));
        })
        .await;
    client.events().enqueue(Event::new("outside"));
    assert!(client.flush(PATIENCE).await.is_complete());
    let events = server.events();
    let get = |name: &str| events.iter().find(|event| event.identifier == name).unwrap();
    let (trace, span) = (Some(context.trace_id()), Some(context.span_id()));
    for name in ["inside", "after"] {
        assert_eq!((get(name).trace_id.as_deref(), get(name).span_id.as_deref()), (trace, span));
    }
    assert_eq!(
        get("inside").metadata,
        Some(json!({"a": 1, "user.id": "u-1", "request.id": context.request_id().as_str()})),
    );
    assert_eq!((get("child").span_id.as_deref(), get("child").parent_span_id.as_deref()), (Some("s-own"), span));
    assert_eq!((get("elsewhere").trace_id.as_deref(), get("elsewhere").span_id.as_deref()), (Some("tr_other"), None));
    assert_eq!((get("outside").trace_id.as_deref(), get("outside").metadata.as_ref()), (None, None));
}

#[tokio::test]
async fn redaction_happens_before_anything_leaves() {
    let server = server();
    let client = client(&server);
    let event = Event::new("login")
        .payload(&json!({"password": "canary-1", "prompt": "canary-2", "user": "u"}))
        .unwrap()
        .metadata(&json!({"headers": {"authorization": "Bearer canary-3"}}))
        .unwrap();
    client.events().publish(event).await.unwrap();
    let body = String::from_utf8(server.events()[0].body.to_vec()).unwrap();
    assert!(!body.contains("canary"), "{body}");
    assert!(body.contains(r#""user":"u""#) && body.contains("[REDACTED]"));
}

#[tokio::test]
async fn enqueued_events_are_delivered_by_a_flush() {
    let server = server();
    let client = client(&server);
    for i in 0..500 {
        client.events().enqueue(Event::new("tick").attribute("i", i));
    }
    let report = client.flush(PATIENCE).await;
    assert!(report.is_complete(), "{report}");
    assert_eq!((server.len(), client.stats().delivered()), (500, 500));
    assert!(client.stats().is_balanced());
}

#[tokio::test]
async fn many_events_are_answered_one_by_one_and_in_order() {
    let server = server();
    let client = client(&server);
    let events = (0..100).map(|i| if i % 10 == 3 { Event::new("") } else { Event::new(format!("e{i}")) });
    let answers = client.events().publish_many(events).await;
    assert_eq!(answers.len(), 100);
    let stored = server.events();
    for (i, answer) in answers.iter().enumerate() {
        match answer {
            Ok(receipt) => {
                let id = receipt.event_id().unwrap();
                assert!(
                    stored.iter().any(|event| event.event_id == id.as_str() && event.identifier == format!("e{i}"))
                );
            }
            Err(error) => assert!(i % 10 == 3 && error.is_invalid(), "{i}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_refused_event_says_what_the_server_said() {
    let server = server();
    let client = client(&server);
    let problem =
        r#"{"title":"Unprocessable","status":422,"detail":"no","errors":[{"location":"body.x","message":"bad"}]}"#;
    server.script(Answer::status(422).header("content-type", "application/problem+json").body(problem));
    let error = client.events().publish(Event::new("x")).await.unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("publishing an event: 422 Unprocessable Entity: no; body.x: bad [request id "), "{said}");
    assert_eq!(server.request_count("POST", "/event"), 1, "a refusal is not retried");
}

#[tokio::test]
async fn a_transient_failure_is_retried_with_the_same_bytes() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(503).times(2));
    server.script(Answer::close_connection());
    client.events().publish(Event::new("x")).await.unwrap();
    let bodies: Vec<_> = server.requests().into_iter().filter(|r| r.method == "POST").map(|r| r.body).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn an_answer_lost_after_the_store_does_not_store_twice() {
    let server = server();
    let client = client(&server);
    server.script(Answer::store_then(Answer::close_connection()).times(3));
    for i in 0..10 {
        client.events().enqueue(Event::new(format!("e{i}")));
    }
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!((server.len(), server.duplicates()), (10, 3));
}

#[tokio::test]
async fn retries_can_be_switched_off() {
    let server = server();
    let client = settings(&server).retry(RetryPolicy::new().max_retries(0)).build().unwrap();
    server.script(Answer::status(500).always());
    let error = client.events().publish(Event::new("x")).await.unwrap_err();
    assert_eq!((error.status(), server.request_count("POST", "/event")), (Some(500), 1));
}

#[tokio::test]
async fn a_retry_after_is_waited_for() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(429).header("retry-after", "1"));
    let started = std::time::Instant::now();
    client.events().publish(Event::new("x")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn success_that_confirms_nothing_is_never_taken_for_delivery() {
    let server = server();
    let client = client(&server);
    server.script(Answer::status(200).header("content-type", "text/html").body("<html>portal</html>").always());
    client.events().enqueue(Event::new("x"));
    let report = client.flush(PATIENCE).await;
    assert_eq!(report.lost().of(axonpush::LossReason::BadResponse), 1, "{report}");
    assert_eq!(server.request_count("POST", "/event"), 4);
    assert!(client.last_error().unwrap().is_unconfirmed());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (server, elsewhere) = (server(), rig::server());
    let client = client(&server);
    server.script(Answer::status(307).header("location", format!("{}/event", elsewhere.url())));
    let error = client.events().publish(Event::new("x")).await.unwrap_err();
    assert!(error.to_string().contains("not followed") && error.status() == Some(307), "{error}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_unreachable_server_defers_or_fails_as_asked() {
    // Bound and dropped: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = AxonPush::builder()
        .api_key("ak_test")
        .base_url(format!("http://127.0.0.1:{port}"))
        .retry(RetryPolicy::new().max_retries(1))
        .shutdown_timeout(Duration::ZERO);
    let open = settings.clone().build().unwrap();
    let receipt = open.events().publish(Event::new("kept")).await.unwrap();
    assert!(receipt.is_deferred() && receipt.event_id().is_none());
    assert_eq!(open.stats().accepted(), 1);
    let closed = settings.fail_open(false).build().unwrap();
    let error = closed.events().publish(Event::new("x")).await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable(), "{error:?}");
    assert_eq!(closed.stats().accepted(), 0);

    // Once somebody does, the deferred event arrives.
    let server = axonpush_dev::DevServer::builder().port(port).start().await.unwrap();
    assert!(open.flush(PATIENCE).await.is_complete());
    assert_eq!(server.events()[0].identifier, "kept");
}

#[tokio::test]
async fn a_public_token_travels_in_its_own_header() {
    let server = server();
    for (key, header) in [("pt_canary", "x-public-token"), ("ak_canary", "x-axonpush-api-key")] {
        let client = settings(&server).api_key(key).tenant_id("org-1").environment("staging").build().unwrap();
        client.events().publish(Event::new(header)).await.unwrap();
        let request = server.requests().pop().unwrap();
        assert!(request.header(header).is_some());
        assert_eq!(request.header("x-tenant-id"), Some("org-1"));
        assert_eq!(request.header("x-axonpush-environment"), Some("staging"));
    }
}

#[tokio::test]
async fn try_enqueue_gives_the_event_back_when_there_is_no_room() {
    let server = server();
    server.script(Answer::hang().always());
    let client =
        settings(&server).queue(QueuePolicy::new().max_events(5)).shutdown_timeout(Duration::ZERO).build().unwrap();
    let mut taken = 0;
    let refused = loop {
        match client.events().try_enqueue(Event::new("x").dedup_key(format!("k{taken}"))) {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
        assert!(taken < 1000, "32 in flight and 5 waiting are all there is room for");
    };
    assert!(refused.error().is_queue_full());
    assert_eq!(refused.into_event().identifier(), "x");
    let stats = client.stats();
    assert_eq!((stats.accepted(), stats.lost().total(), stats.refused()), (taken, 0, 0));
}

#[tokio::test]
async fn malformed_events_are_refused_counted_and_explained() {
    let server = server();
    let client = client(&server);
    client.events().enqueue(Event::new(" "));
    assert!(client.last_error().unwrap().to_string().contains("`identifier`"));
    let huge = Event::new("x").payload(&json!({"parts": vec!["y".repeat(4000); 200]})).unwrap();
    client.events().enqueue(huge.clone());
    assert!(client.last_error().unwrap().to_string().contains("262144"));
    assert!(client.events().publish(huge).await.unwrap_err().is_invalid());
    let stats = client.stats();
    assert_eq!((stats.refused(), stats.accepted()), (2, 0));
    client.clear_last_error();
    assert!(client.last_error().is_none());
}

#[tokio::test]
async fn a_ten_megabyte_string_is_cut_and_says_so() {
    let server = server();
    let client = client(&server);
    let event = Event::new("x").payload(&json!({"text": "y".repeat(10 << 20)})).unwrap();
    client.events().publish(event).await.unwrap();
    let text = server.events()[0].payload["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("yyy") && text.ends_with("…[TRUNCATED]") && text.chars().count() == 4096 + 12);
}

#[tokio::test]
async fn old_servers_that_refuse_occurred_at_are_the_default_and_new_ones_a_switch() {
    let server = axonpush_dev::DevServer::builder().reject_occurred_at().start().await.unwrap();
    client(&server).events().publish(Event::new("x")).await.unwrap();
    let sending = settings(&server).send_occurred_at(true).build().unwrap();
    let error = sending.events().publish(Event::new("x")).await.unwrap_err();
    assert!(error.to_string().contains("occurredAt"), "{error}");
}

//! `POST /event`, when all is well.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, client, event};

#[tokio::test]
async fn an_accepted_event_gets_an_id_and_the_word_queued() {
    let rig = Rig::start().await;
    let response = rig.post(&event("web_search")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let receipt: Value = response.json().await.unwrap();
    let id = receipt["eventId"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().to_string(), id);
    assert_eq!(receipt, json!({"eventId": id, "id": id, "status": "queued"}));
    assert_eq!(rig.server.events()[0].event_id, id);
}

#[tokio::test]
async fn an_accepted_event_is_there_for_the_very_next_read() {
    let rig = Rig::start().await;
    for index in 0..50 {
        let id = rig.publish(event("tick")).await;
        let newest = rig.get_json("/events?limit=1").await;
        assert_eq!(newest["events"][0]["eventId"], json!(id), "event {index}");
    }
}

#[tokio::test]
async fn every_field_of_an_event_comes_back_as_it_was_sent() {
    let rig = Rig::start().await;
    let sent = json!({
        "identifier": "web_search",
        "payload": {"count": 42, "ratio": 0.1, "deep": {"a.b": [null, true, "x"]}},
        "metadata": {"framework": "langchain", "gen_ai.prompt.version": 3},
        "channel_id": "orders",
        "eventType": "agent.tool_call.start",
        "agentId": "researcher",
        "traceId": "tr_any thing/at all",
        "spanId": "sp1",
        "parentSpanId": "sp0",
        "dedupKey": "key-1",
        "occurredAt": "2026-01-02T03:04:05.123456789+01:00",
        "sync": false,
        "$schema": "https://example.com/schema.json",
    });
    rig.publish(sent.clone()).await;

    let stored = &rig.server.events()[0];
    assert_eq!(stored.identifier, "web_search");
    assert_eq!(stored.channel_id, "orders");
    assert_eq!(stored.event_type, "agent.tool_call.start");
    assert_eq!(stored.agent_id.as_deref(), Some("researcher"));
    assert_eq!(stored.trace_id.as_deref(), Some("tr_any thing/at all"));
    assert_eq!(stored.span_id.as_deref(), Some("sp1"));
    assert_eq!(stored.parent_span_id.as_deref(), Some("sp0"));
    assert_eq!(stored.dedup_key.as_deref(), Some("key-1"));
    assert_eq!(stored.payload, sent["payload"]);
    assert_eq!(stored.metadata.as_ref(), Some(&sent["metadata"]));
    assert_eq!(serde_json::from_slice::<Value>(&stored.body).unwrap(), sent);

    let shown = &rig.get_json("/events").await["events"][0];
    assert_eq!(shown["payload"], sent["payload"]);
    assert_eq!(shown["metadata"], sent["metadata"]);
    assert_eq!(shown["channelId"], "orders");
    assert_eq!(shown["eventType"], "agent.tool_call.start");
    assert_eq!(shown["operationName"], "web_search");
    assert_eq!(shown["traceId"], "tr_any thing/at all");
    assert_eq!(shown["spanId"], "sp1");
    assert_eq!(shown["parentSpanId"], "sp0");
    assert_eq!(shown["agentId"], "researcher");
    assert_eq!(shown["occurredAt"], "2026-01-02T02:04:05.123456789Z");
}

#[tokio::test]
async fn what_was_left_out_gets_the_defaults_of_the_service() {
    let rig = Rig::start().await;
    rig.publish(event("bare")).await;
    let shown = &rig.get_json("/events").await["events"][0];
    for (field, value) in [
        ("orgId", json!("org_dev")),
        ("appId", json!("app_dev")),
        ("channelId", json!("default")),
        ("eventType", json!("custom")),
        ("source", json!("app")),
        ("payloadSpilled", json!(false)),
        ("payload", json!({})),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    assert_eq!(shown["createdAt"], shown["occurredAt"]);
    assert!(shown["createdAt"].as_str().unwrap().ends_with('Z'));
    let absent = ["metadata", "traceId", "environmentId", "durationMs", "attributes"];
    assert!(absent.iter().all(|field| shown.get(field).is_none()), "{shown}");
}

#[tokio::test]
async fn numbers_keep_every_digit_they_were_sent_with() {
    let rig = Rig::start().await;
    let payload = r#"{"big":18446744073709551616000,"float":0.30000000000000004,"exact":1.10,"attributes":{"n":1e2}}"#;
    let body = format!(r#"{{"identifier":"numbers","payload":{payload}}}"#);
    let request = rig.request(Method::POST, "/event").header("content-type", "application/json").body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let shown = rig.get("/events").await.text().await.unwrap();
    assert!(shown.contains(&format!(r#""payload":{payload}"#)), "{shown}");
    assert!(shown.contains(r#""attributes":{"n":1e2}"#), "{shown}");
}

#[tokio::test]
async fn attributes_and_resource_keep_dotted_names_whole() {
    let rig = Rig::start().await;
    rig.publish(json!({
        "identifier": "GET /users/{id}",
        "payload": {
            "attributes": {"http.request.method": "GET", "http.response.status_code": 503,
                           "http.server.request.duration": 0.25, "error.type": "503"},
            "resource": {"service.name": "orders", "deployment.environment": "staging"},
        },
    }))
    .await;
    let stored = &rig.server.events()[0];
    assert_eq!(stored.attribute("http.response.status_code"), Some(&json!(503)));
    assert_eq!(stored.attribute("http"), None);
    assert_eq!(stored.resource("service.name"), Some(&json!("orders")));

    let shown = &rig.get_json("/events").await["events"][0];
    assert_eq!(shown["attributes"]["http.request.method"], "GET");
    assert_eq!(shown["resourceAttributes"]["service.name"], "orders");
    assert_eq!(shown["serviceName"], "orders");
    assert_eq!(shown["environmentId"], "staging");
    assert_eq!(shown["semanticKind"], "http");
    assert_eq!(shown["status"], "error");
    assert_eq!(shown["errorType"], "503");
    assert_eq!(shown["durationMs"], 250.0);
}

#[tokio::test]
async fn headers_of_a_publish_name_tenant_and_environment() {
    let rig = Rig::start().await;
    let request = rig.request(Method::POST, "/event").json(&json!({
        "identifier": "headers", "payload": {"resource": {"deployment.environment": "staging"}},
    }));
    request.header("X-Tenant-Id", "org_42").header("X-Axonpush-Environment", "production").send().await.unwrap();
    let stored = &rig.server.events()[0];
    assert_eq!(stored.org_id, "org_42");
    assert_eq!(stored.environment_id.as_deref(), Some("production"));
    assert_eq!(stored.header("X-TENANT-ID"), Some("org_42"));
    let shown = &rig.get_json("/events").await["events"][0];
    assert_eq!((&shown["orgId"], &shown["environmentId"]), (&json!("org_42"), &json!("production")));
}

#[tokio::test]
async fn a_key_is_accepted_in_every_header_the_service_knows_and_never_kept() {
    let rig = Rig::start().await;
    let headers = [
        ("x-axonpush-api-key", "ak_secret"),
        ("X-API-Key", "pt_secret"),
        ("X-Public-Token", "pt_secret"),
        ("Authorization", "Bearer jwt_secret"),
    ];
    for (name, value) in headers {
        let request = client().post(format!("{}/event", rig.server.url())).header(name, value).json(&event(name));
        assert_eq!(request.send().await.unwrap().status(), 200, "{name}");
    }
    let events = rig.server.events();
    assert_eq!(events.len(), headers.len());
    assert_eq!(events[0].header("x-axonpush-api-key"), Some("[REDACTED]"));
    assert!(!format!("{events:?} {:?}", rig.server.requests()).contains("secret"));
}

#[tokio::test]
async fn a_repeated_dedup_key_answers_with_the_first_id_and_stores_nothing() {
    let rig = Rig::start().await;
    let first = rig.publish(json!({"identifier": "first", "payload": {}, "dedupKey": "k"})).await;
    let repeat = rig.publish(json!({"identifier": "second", "payload": {}, "dedupKey": "k"})).await;
    let other = rig.publish(json!({"identifier": "third", "payload": {}, "dedupKey": "K"})).await;
    assert_eq!(first, repeat);
    assert_ne!(first, other);
    assert_eq!(rig.server.duplicates(), 1);
    assert_eq!(rig.search(&[]).await, ["third", "first"]);
}

#[tokio::test]
async fn equal_events_without_a_dedup_key_are_all_stored() {
    let rig = Rig::start().await;
    for dedup_key in [None, None, Some(""), Some("")] {
        let mut same = event("same");
        if let Some(key) = dedup_key {
            same["dedupKey"] = json!(key);
        }
        rig.publish(same).await;
    }
    assert_eq!((rig.server.len(), rig.server.duplicates()), (4, 0));
}

#[tokio::test]
async fn one_event_is_one_request() {
    let rig = Rig::start().await;
    rig.publish(event("one")).await;
    rig.get("/events?limit=5").await;
    assert_eq!(rig.server.request_count("POST", "/event"), 1);
    assert_eq!(rig.server.request_count("GET", "/events"), 1);
    assert_eq!(rig.server.request_count("GET", "/event"), 0);
    let requests = rig.server.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/event"));
    assert_eq!(requests[1].query.as_deref(), Some("limit=5"));
    assert_eq!(serde_json::from_slice::<Value>(&requests[0].body).unwrap(), event("one"));
}

#[tokio::test]
async fn thirty_two_parallel_clients_lose_nothing() {
    let rig = Rig::start().await;
    let clients: Vec<_> = (0..32)
        .map(|client_number| {
            let (http, url) = (client(), format!("{}/event", rig.server.url()));
            tokio::spawn(async move {
                for index in 0..100 {
                    let event = event(&format!("{client_number}/{index}"));
                    let request = http.post(&url).header("x-axonpush-api-key", "ak_test").json(&event);
                    assert_eq!(request.send().await.unwrap().status(), 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let mut identifiers: Vec<_> = rig.server.events().into_iter().map(|event| event.identifier).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 3_200);
    assert_eq!(rig.server.request_count("POST", "/event"), 3_200);
}

//! `GET /events`: what each filter finds, and what it leaves out.

use reqwest::Method;
use serde_json::json;

use crate::rig::{Rig, event, locations, names, problem};

/// Asserts that `name=value` finds the event called `hit` and not the one called `miss`, and that
/// `name=other` finds neither.
async fn check(rig: &Rig, name: &str, value: &str) {
    assert_eq!(rig.search(&[(name, value)]).await, ["hit"], "{name}={value}");
    let other = format!("{value}x");
    assert!(rig.search(&[(name, &other)]).await.is_empty(), "{name}={other}");
}

#[tokio::test]
async fn every_filter_matches_and_excludes() {
    let rig = Rig::start().await;
    rig.publish(event("miss")).await;
    rig.publish(json!({
        "identifier": "hit",
        "channel_id": "orders",
        "eventType": "agent.tool_call.end",
        "agentId": "researcher",
        "traceId": "3f2b9c1e-0000-4000-8000-000000000001",
        "payload": {
            "attributes": {"gen_ai.agent.name": "Ada", "gen_ai.tool.name": "web_search", "exception.type": "Timeout"},
            "resource": {"service.name": "shop", "deployment.environment.name": "staging"},
        },
    }))
    .await;
    for (name, value) in [
        ("channelId", "orders"),
        ("environmentId", "staging"),
        ("eventType", "agent.tool_call.end"),
        ("status", "error"),
        ("traceId", "3f2b9c1e-0000-4000-8000-000000000001"),
        ("agentId", "researcher"),
        ("agentName", "Ada"),
        ("toolName", "web_search"),
        ("semanticKind", "tool"),
        ("serviceName", "shop"),
        ("operationName", "hit"),
        ("errorType", "Timeout"),
    ] {
        check(&rig, name, value).await;
    }
    // Everything here comes from one app and one source.
    for (name, value) in [("appId", "app_dev"), ("source", "app")] {
        assert_eq!(rig.search(&[(name, value)]).await, ["hit", "miss"], "{name}");
        assert!(rig.search(&[(name, "other")]).await.is_empty(), "{name}");
    }
    assert_eq!(rig.search(&[("channelId", "orders"), ("agentId", "researcher")]).await, ["hit"]);
    assert!(rig.search(&[("channelId", "orders"), ("agentId", "writer")]).await.is_empty());
    assert_eq!(rig.search(&[("channelId", ""), ("unheardOf", "x")]).await, ["hit", "miss"]);
}

#[tokio::test]
async fn the_newest_event_comes_first_and_limit_is_fifty_unless_told() {
    let rig = Rig::start().await;
    for index in 0..60 {
        rig.publish(event(&index.to_string())).await;
    }
    let newest: Vec<_> = (10..60).rev().map(|index: i32| index.to_string()).collect();
    assert_eq!(rig.search(&[]).await, newest);
    assert_eq!(rig.search(&[("limit", "2")]).await, ["59", "58"]);
    assert_eq!(rig.search(&[("limit", "500")]).await.len(), 60);
}

#[tokio::test]
async fn more_events_of_one_moment_than_fit_an_answer_are_found_in_several() {
    let rig = Rig::start().await;
    rig.publish(event("record first")).await;
    let records: Vec<_> = (0..1_100).map(|n| json!({"body": {"stringValue": format!("record {n}")}})).collect();
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    let sent = rig.request(Method::POST, "/v1/logs").header("x-axonpush-channel", "default").json(&logs);
    assert_eq!(sent.send().await.unwrap().status(), 200);
    rig.publish(event("record last")).await;
    for filter in ["", "&q=record", "&channelId=default"] {
        let (mut ids, mut from) = (Vec::new(), String::new());
        loop {
            let page = rig.get_json(&format!("/dev/events?limit=500{filter}{from}")).await;
            ids.extend(names(&page["events"], "eventId"));
            let Some(last) = page["events"].as_array().unwrap().last() else { break };
            from =
                format!("&before={}&until={}", last["eventId"].as_str().unwrap(), last["createdAt"].as_str().unwrap());
        }
        assert_eq!(ids.len(), 1_102, "{filter}");
        let mut stored: Vec<_> = rig.server.events().into_iter().map(|event| event.event_id).collect();
        stored.reverse();
        assert!(ids == stored, "{filter}: not all of them once, the newest first");
    }
}

#[tokio::test]
async fn an_event_that_is_gone_ends_an_answer_where_it_arrived() {
    let rig = Rig::start().await;
    rig.publish(event("a")).await;
    rig.publish(event("b")).await;
    let arrived = &rig.get_json("/events").await["events"][0]["createdAt"];
    let page = rig.get_json(&format!("/dev/events?before=gone&until={}", arrived.as_str().unwrap())).await;
    assert_eq!(names(&page["events"], "operationName"), ["a"]);
    let refused = problem(rig.get("/dev/events?before=gone").await, 422).await;
    assert_eq!(locations(&refused), ["query.until"]);
}

#[tokio::test]
async fn malformed_parameters_are_refused_by_name() {
    let rig = Rig::start().await;
    for (query, location) in [
        ("limit=0", "query.limit"),
        ("limit=501", "query.limit"),
        ("limit=abc", "query.limit"),
        ("limit=-1", "query.limit"),
        ("since=yesterday", "query.since"),
        ("until=12", "query.until"),
        ("attrKey=a", "query.attrValue"),
        ("attrValue=a", "query.attrKey"),
    ] {
        let document = problem(rig.get(&format!("/events?{query}")).await, 422).await;
        assert_eq!(locations(&document), [location], "{query}");
    }
    let document = problem(rig.get("/events?limit=0&since=x&until=y").await, 422).await;
    assert_eq!(locations(&document).len(), 3);
}

#[tokio::test]
async fn a_head_request_is_read_as_the_get_it_stands_for() {
    let rig = Rig::start().await;
    for (query, status) in [("limit=500", 200), ("limit=501", 422)] {
        let response = rig.request(Method::HEAD, &format!("/events?{query}")).send().await.unwrap();
        assert_eq!(response.status(), status, "{query}");
    }
}

#[tokio::test]
async fn a_limit_that_is_none_is_told_what_one_looks_like() {
    let rig = Rig::start().await;
    for path in ["/events", "/traces"] {
        for limit in ["-1", "0", "501", "4294967296", "-99999999999999999999", "1.5", "ten", "5%20"] {
            let document = problem(rig.get(&format!("{path}?limit={limit}")).await, 422).await;
            let sent = limit.replace("%20", " ");
            let told = json!([{
                "location": "query.limit",
                "message": "expected limit to be an integer between 1 and 500",
                "value": sent,
            }]);
            assert_eq!(document["errors"], told);
        }
    }
}

#[tokio::test]
async fn a_window_includes_its_start_and_excludes_its_end() {
    let rig = Rig::start().await;
    rig.publish(event("a")).await;
    let shown = rig.get_json("/events").await;
    let at = shown["events"][0]["createdAt"].as_str().unwrap();
    assert_eq!(rig.search(&[("since", at)]).await, ["a"]);
    assert!(rig.search(&[("until", at)]).await.is_empty());
    let created: jiff::Timestamp = at.parse().unwrap();
    let later = (created + jiff::SignedDuration::from_nanos(1)).to_string();
    assert_eq!(rig.search(&[("since", at), ("until", &later)]).await, ["a"]);
    assert!(rig.search(&[("since", &later)]).await.is_empty());
}

#[tokio::test]
async fn an_open_window_is_the_last_day_before_its_end() {
    let rig = Rig::start().await;
    rig.publish(event("a")).await;
    let now = jiff::Timestamp::now();
    let hours = |hours| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    assert_eq!(rig.search(&[("until", &hours(23))]).await, ["a"]);
    assert!(rig.search(&[("until", &hours(25))]).await.is_empty());
    assert_eq!(rig.search(&[("until", &hours(25)), ("since", &hours(-1))]).await, ["a"]);
    assert_eq!(rig.search(&[("since", "0001-01-01T00:00:00Z"), ("until", "9999-12-30T00:00:00Z")]).await, ["a"]);
}

#[tokio::test]
async fn text_is_found_in_identifier_and_payload_in_any_case() {
    let rig = Rig::start().await;
    rig.publish(json!({"identifier": "Checkout", "payload": {"note": "paid with a GIFT card"}})).await;
    let escaped = r#"{"identifier":"escaped","payload":{"city":"\u004d\u00dcNCHEN"}}"#;
    let request = rig.request(Method::POST, "/event").header("content-type", "application/json").body(escaped);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(rig.search(&[("q", "checkOUT")]).await, ["Checkout"]);
    assert_eq!(rig.search(&[("q", "gift CARD")]).await, ["Checkout"]);
    assert_eq!(rig.search(&[("q", "münchen")]).await, ["escaped"]);
    assert!(rig.search(&[("q", "gift cards")]).await.is_empty());
    rig.publish(json!({"identifier": "quoted", "payload": {"said": "say \"hi\"\nto \\them"}})).await;
    for text in ["say \"hi\"", "hi\"\nto", "\\them", "SAID"] {
        assert_eq!(rig.search(&[("q", text)]).await, ["quoted"], "{text}");
    }
    assert!(rig.search(&[("q", "{\"said")]).await.is_empty(), "the punctuation of JSON is nobody's words");
    // Names of the envelope are not part of what was said.
    assert!(rig.search(&[("q", "identifier")]).await.is_empty());
}

#[tokio::test]
async fn characters_with_a_meaning_in_sql_are_plain_text() {
    let rig = Rig::start().await;
    rig.publish(event("100% sure_thing")).await;
    rig.publish(event("100 percent sure-thing")).await;
    rig.publish(event("it's; DROP TABLE events--")).await;
    assert_eq!(rig.search(&[("q", "0%")]).await, ["100% sure_thing"]);
    assert_eq!(rig.search(&[("q", "e_t")]).await, ["100% sure_thing"]);
    assert!(rig.search(&[("q", "1%sure")]).await.is_empty());
    assert_eq!(rig.search(&[("q", "'s; DROP")]).await, ["it's; DROP TABLE events--"]);
    for text in ["' OR '1'='1", "\" OR \"\"=\"", "x'); DELETE FROM events; --", "?", "\\"] {
        for name in ["q", "channelId", "traceId", "operationName", "serviceName"] {
            assert!(rig.search(&[(name, text)]).await.is_empty(), "{name}={text}");
        }
        assert!(rig.search(&[("attrKey", text), ("attrValue", text)]).await.is_empty(), "{text}");
    }
    assert_eq!(rig.server.len(), 3);
}

#[tokio::test]
async fn in_every_filter_of_every_route_hostile_text_is_just_text() {
    let rig = Rig::start().await;
    rig.publish(json!({"identifier": "100% a_b", "traceId": "t", "eventType": "agent.error", "payload": {
        "attributes": {"error.type": "E", "gen_ai.request.model": "m", "user.id": "u", "k": "v"}}}))
        .await;
    rig.app().await;
    let routes: [(&str, &[&str]); 7] = [
        (
            "/events",
            &[
                "appId",
                "channelId",
                "environmentId",
                "eventType",
                "source",
                "status",
                "traceId",
                "agentId",
                "agentName",
                "toolName",
                "semanticKind",
                "serviceName",
                "operationName",
                "errorType",
                "q",
                "attrKey",
                "attrValue",
            ],
        ),
        (
            "/traces",
            &[
                "q",
                "service",
                "operation",
                "model",
                "provider",
                "agent",
                "tool",
                "source",
                "app",
                "environment",
                "release",
                "status",
                "session",
                "user",
                "semanticKind",
            ],
        ),
        ("/errors", &["service", "assignee", "q"]),
        (
            "/analytics/timeseries",
            &[
                "source",
                "model",
                "provider",
                "app",
                "channel",
                "environment",
                "user",
                "service",
                "operation",
                "errorType",
                "filterTagKey",
                "filterTagValue",
            ],
        ),
        ("/analytics/dimensions/values", &["key", "environment"]),
        ("/audit-logs", &["action", "resourceType", "source"]),
        ("/audit-trail", &["traceId"]),
    ];
    let hostile =
        ["' OR '1'='1", "%%", "__", "*' --", "x'); DELETE FROM events; --", "\\", "?1", "[a-z]", "\u{0}", "\u{202e}"];
    for (route, filters) in routes {
        for filter in filters {
            for text in hostile {
                // These two come in pairs, and the last needs a key.
                let partner = match *filter {
                    "attrKey" => ("attrValue", "v"),
                    "attrValue" => ("attrKey", "k"),
                    "filterTagKey" => ("filterTagValue", "v"),
                    "filterTagValue" => ("filterTagKey", "k"),
                    "environment" => ("key", "k"),
                    _ => ("unheard_of", ""),
                };
                let response = rig.request(Method::GET, route).query(&[(*filter, text), partner]).send().await.unwrap();
                assert_eq!(response.status(), 200, "{route} {filter} {text}");
                let found: serde_json::Value = response.json().await.unwrap();
                let list = found.as_object().unwrap().values().find_map(|value| value.as_array());
                assert_eq!(list.map(Vec::len), Some(0), "{route} {filter} {text}: {found}");
            }
        }
    }
    assert_eq!(rig.search(&[]).await, ["100% a_b"]);
}

#[tokio::test]
async fn attributes_are_compared_by_their_json_text() {
    let rig = Rig::start().await;
    rig.publish(json!({"identifier": "hit", "payload": {"attributes": {
        "http.route": "/users/{id}", "http.response.status_code": 200, "ratio": 0.25, "cached": true,
        "quo\"te": "a\\b", "Größe": "L", "list": [1, "x"], "nothing": null,
    }}}))
    .await;
    rig.publish(json!({"identifier": "miss", "payload": {
        "http.route": "/users/{id}", "attributes": {"http": {"route": "/users/{id}"}, "other": "200"},
    }}))
    .await;
    for (key, value) in [
        ("http.route", "/users/{id}"),
        ("http.response.status_code", "200"),
        ("ratio", "0.25"),
        ("cached", "true"),
        ("quo\"te", "a\\b"),
        ("Größe", "L"),
        ("list", "[1,\"x\"]"),
        ("nothing", "null"),
    ] {
        assert_eq!(rig.search(&[("attrKey", key), ("attrValue", value)]).await, ["hit"], "{key}");
        let other = format!("{value}0");
        assert!(rig.search(&[("attrKey", key), ("attrValue", &other)]).await.is_empty(), "{key}");
    }
    assert!(rig.search(&[("attrKey", "http.ROUTE"), ("attrValue", "/users/{id}")]).await.is_empty());
    assert!(rig.search(&[("attrKey", "http.route"), ("attrValue", "/USERS/{id}")]).await.is_empty());
}

#[tokio::test]
async fn an_event_knows_its_kind_and_how_it_went() {
    let rig = Rig::start().await;
    let cases = [
        ("agent.tool_call.start", json!({}), "tool", None),
        ("agent.start", json!({}), "agent", None),
        ("agent.error", json!({}), "agent", Some("error")),
        ("app.log", json!({"severityNumber": 9}), "log", None),
        ("app.log", json!({"severityNumber": 17}), "log", Some("error")),
        ("app.span", json!({"attributes": {"db.system": "sqlite"}, "status": {"code": 1}}), "db", Some("ok")),
        ("app.span", json!({"attributes": {"gen_ai.system": "x"}, "status": {"code": 0}}), "llm", Some("unset")),
        (
            "custom",
            json!({"attributes": {"http.request.method": "GET", "http.response.status_code": 404}}),
            "http",
            Some("ok"),
        ),
    ];
    for (event_type, payload, kind, status) in cases {
        rig.publish(json!({"identifier": "x", "eventType": event_type, "payload": payload})).await;
        let shown = rig.get_json("/events?limit=1").await;
        assert_eq!(shown["events"][0]["semanticKind"], kind, "{shown}");
        assert_eq!(shown["events"][0].get("status"), status.map(|status| json!(status)).as_ref(), "{shown}");
    }
}

#[tokio::test]
async fn ids_that_are_kept_under_the_same_number_stay_apart() {
    let rig = Rig::start().await;
    // A published pair that FNV-1a of 64 bits cannot tell apart.
    let ids = ["8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ"];
    for (identifier, id) in ["a", "b"].into_iter().zip(ids) {
        let payload = json!({"attributes": {"request.id": id}});
        rig.publish(json!({"identifier": identifier, "payload": payload, "traceId": id})).await;
    }
    for (identifier, id) in ["a", "b"].into_iter().zip(ids) {
        assert_eq!(rig.search(&[("traceId", id)]).await, [identifier]);
        assert_eq!(rig.search(&[("attrKey", "request.id"), ("attrValue", id)]).await, [identifier]);
        let trace = rig.get_json(&format!("/traces/{id}")).await;
        assert_eq!(trace["spans"].as_array().unwrap().len(), 1, "{trace}");
    }
    let traces = rig.get_json("/traces").await;
    assert_eq!(traces["traces"].as_array().unwrap().len(), 2, "{traces}");
}

//! What is stored and shown again: alerts, dashboards, rules, policies and feedback.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{PATIENCE, Rig, locations, names, problem};

#[tokio::test]
async fn each_kind_lives_from_its_creation_to_its_deletion() {
    let rig = Rig::start().await;
    let alert = json!({"name": "a", "metric": "error_rate", "operator": "gt", "threshold": 0.5,
                       "destinationType": "email", "destination": "a@example.com"});
    let destination =
        json!({"name": "a", "envSlug": "development", "endpointUrl": "https://example.com/", "signals": ["logs"]});
    let spend =
        json!({"name": "a", "limitUsd": 5.5, "windowType": "daily", "rungs": [{"action": "warn", "at_percent": 80}]});
    for (path, list, id, body) in [
        ("/v2/alerts", "data", "alertRuleId", alert),
        ("/dashboards", "dashboards", "dashboardId", json!({"name": "a", "spec": {"widgets": []}})),
        ("/feedback", "feedback", "feedbackId", json!({"message": "good", "category": "praise"})),
        ("/moderation/rules", "rules", "ruleId", json!({"name": "a", "detector": "d", "action": "flag"})),
        ("/govern-policies", "policies", "policyId", json!({"name": "a", "rules": {"maxTokens": 5}})),
        ("/spend-policies", "policies", "policyId", spend),
        ("/export-destinations", "data", "destinationId", destination),
    ] {
        let created = rig.ask(Method::POST, path, body.clone(), 201).await;
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&created[name], value, "{path}");
        }
        let one = format!("{path}/{}", created[id].as_str().unwrap());
        assert_eq!(rig.get_json(&one).await, created);
        assert_eq!(rig.get_json(path).await[list], json!([created]));
        let (first, value) = body.as_object().unwrap().iter().find(|(name, _)| *name != "envSlug").unwrap();
        let patched = rig.ask(Method::PATCH, &one, json!({first: value}), 200).await;
        assert!(patched["updatedAt"].as_str() > created["createdAt"].as_str(), "{path}");
        let refused = rig.ask(Method::POST, path, json!({"colour": "red"}), 422).await;
        assert!(locations(&refused).contains(&"body.colour".to_owned()) && locations(&refused).len() > 1, "{path}");
        rig.remove(&one, 200).await;
        problem(rig.get(&one).await, 404).await;
        assert_eq!(rig.get_json(path).await[list], json!([]));
    }
}

#[tokio::test]
async fn a_telemetry_policy_counts_its_versions() {
    let rig = Rig::start().await;
    let path = "/organizations/org_dev/telemetry-policy";
    assert_eq!(rig.get_json(path).await, json!({"policy": {}, "version": 0}));
    rig.ask(Method::PATCH, path, json!({"capture": "full"}), 200).await;
    let second = rig.ask(Method::PATCH, path, json!({"capture": null}), 200).await;
    assert_eq!(second, json!({"policy": {"capture": Value::Null}, "version": 2}));
    assert_eq!(rig.get_json(path).await, second);
}

#[tokio::test]
async fn an_alert_fires_in_each_stretch_of_minutes_in_which_it_holds() {
    let rig = Rig::start().await;
    rig.server.set_time(UNIX_EPOCH + Duration::from_secs(600));
    let rule = json!({"name": "a", "metric": "error_count", "operator": "gte", "threshold": 2,
                      "destinationType": "email", "destination": "a@example.com", "service": "shop"});
    let rule = rig.ask(Method::POST, "/v2/alerts", rule, 201).await;
    let path = format!("/v2/alerts/{}", rule["alertRuleId"].as_str().unwrap());
    // Failures by minute: the rule holds in the first two and in the fifth.
    for (failures, service) in [(2, "shop"), (3, "shop"), (1, "shop"), (5, "other"), (2, "shop")] {
        for _ in 0..failures {
            rig.publish(
                json!({"identifier": "x", "payload": {"severityNumber": 17, "resource": {"service.name": service}}}),
            )
            .await;
        }
        rig.server.advance(Duration::from_secs(60));
    }
    let occurrences = rig.get_json(&format!("{path}/occurrences")).await;
    let fired = names(&occurrences["data"], "firedAt");
    assert_eq!(fired, ["1970-01-01T00:14:00Z", "1970-01-01T00:10:00Z"]);
    let first = &occurrences["data"][1];
    assert_eq!(
        (&first["value"], &first["threshold"], &first["metric"]),
        (&json!(2.0), &json!(2.0), &json!("error_count"))
    );
    assert_eq!(names(&occurrences["data"], "state"), ["resolved", "resolved"]);
    for _ in 0..2 {
        rig.publish(
            json!({"identifier": "x", "payload": {"severityNumber": 17, "resource": {"service.name": "shop"}}}),
        )
        .await;
    }
    let latest = rig.get_json(&format!("{path}/occurrences?limit=1")).await;
    assert_eq!(
        (names(&latest["data"], "state"), names(&latest["data"], "firedAt")),
        (vec!["firing".into()], vec!["1970-01-01T00:14:00Z".into()])
    );
    rig.ask(Method::PATCH, &path, json!({"enabled": false}), 200).await;
    assert_eq!(rig.get_json(&format!("{path}/occurrences")).await, json!({"data": []}));
    problem(rig.get("/v2/alerts/none/occurrences").await, 404).await;
}

#[tokio::test]
async fn a_destination_shows_the_names_of_its_headers_and_can_be_tried_out() {
    let (receiver, rig) = (Rig::start().await, Rig::start().await);
    for (signal, path) in [("logs", "/v1/logs"), ("traces", "/v1/traces")] {
        let body = json!({
            "name": "a", "envSlug": "development", "signals": [signal], "serviceName": "shop",
            "endpointUrl": format!("{}{path}", receiver.server.url()),
            "headers": {"x-api-key": "ak_secret", "x-axonpush-channel": "orders"},
        });
        let created = rig.ask(Method::POST, "/export-destinations", body, 201).await;
        assert!(!created.to_string().contains("ak_secret"));
        assert_eq!(created["headerKeys"], json!(["x-api-key", "x-axonpush-channel"]));
        let one = format!("/export-destinations/{}", created["destinationId"].as_str().unwrap());
        let test = rig.ask(Method::POST, &format!("{one}/test"), Value::Null, 202).await;
        assert_eq!(test["signal"], signal);
        receiver.server.wait_for_events(1, PATIENCE).await;
        let delivered = until(async || {
            let delivery = rig.get_json(&format!("{one}/deliveries")).await["deliveries"][0].clone();
            (delivery["status"] != "pending").then_some(delivery)
        });
        let delivered = delivered.await;
        assert_eq!((&delivered["status"], &delivered["statusCode"]), (&json!("success"), &json!(200)));
        assert_eq!((&delivered["deliveryId"], &delivered["signal"]), (&test["deliveryId"], &json!(signal)));
    }
    assert_eq!(receiver.server.find_events(|event| event.resource("service.name") == Some(&json!("shop"))).len(), 2);
    assert_eq!(rig.get_json("/export-destinations?envSlug=other").await, json!({"data": []}));
    let refused = json!({"name": "a", "envSlug": "e", "signals": ["metrics"], "endpointUrl": "ftp://x"});
    let refused = rig.ask(Method::POST, "/export-destinations", refused, 422).await;
    assert_eq!(locations(&refused), ["body.signals", "body.endpointUrl"]);
}

/// What `ask` answers once it answers something.
async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let asked = async {
        loop {
            match ask().await {
                Some(answer) => return answer,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap()
}

#[tokio::test]
async fn a_request_for_access_is_kept_and_what_only_the_hosted_service_has_says_so() {
    let rig = Rig::start().await;
    let body = json!({"email": "a@example.com", "company": "Example", "useCase": "agents"});
    let kept = rig.ask(Method::POST, "/access-requests", body, 201).await;
    assert!(kept["ok"] == true && kept["requestId"].is_string());
    for path in
        ["/admin/orgs", "/billing/usage", "/gw/openai/v1/models", "/moderation/violations", "/moderation/efficacy"]
    {
        let told = problem(rig.get(path).await, 501).await;
        assert!(told["detail"].as_str().unwrap().contains("local server"), "{path}");
    }
    problem(rig.get("/administration").await, 404).await;
}

//! What is stored and shown again: alerts, dashboards, rules, policies and feedback.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, locations, problem};

#[tokio::test]
async fn each_kind_lives_from_its_creation_to_its_deletion() {
    let rig = Rig::start().await;
    let alert = json!({"name": "a", "metric": "error_rate", "operator": "gt", "threshold": 0.5,
                       "destinationType": "email", "destination": "a@example.com"});
    let destination =
        json!({"name": "a", "envSlug": "development", "endpointUrl": "https://example.com/", "signals": ["logs"]});
    for (path, list, id, body) in [
        ("/v2/alerts", "data", "alertId", alert),
        ("/dashboards", "dashboards", "dashboardId", json!({"name": "a", "spec": {"widgets": []}})),
        ("/feedback", "feedback", "feedbackId", json!({"message": "good", "category": "praise"})),
        ("/moderation/rules", "rules", "ruleId", json!({"name": "a", "detector": "d", "action": "flag"})),
        ("/govern-policies", "policies", "policyId", json!({"name": "a"})),
        ("/spend-policies", "policies", "policyId", json!({"name": "a"})),
        ("/export-destinations", "destinations", "destinationId", destination),
    ] {
        let created = rig.ask(Method::POST, path, body.clone(), 201).await;
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&created[name], value, "{path}");
        }
        let one = format!("{path}/{}", created[id].as_str().unwrap());
        assert_eq!(rig.get_json(&one).await, created);
        assert_eq!(rig.get_json(path).await[list], json!([created]));
        let first = body.as_object().unwrap().keys().next().unwrap().clone();
        let patched = rig.ask(Method::PATCH, &one, json!({&first: body[&first]}), 200).await;
        assert!(patched["updatedAt"].is_string(), "{path}");
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

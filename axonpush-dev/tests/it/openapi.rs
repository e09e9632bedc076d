//! `/openapi.json` lists the routes there are, and its bodies are those the routes take.

use std::collections::BTreeSet;
use std::path::Path;

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::rig::{Rig, client, locations, problem};

async fn rig() -> (Rig, Map<String, Value>) {
    let rig = Rig::with(DevServer::builder().allow_fault_requests().start().await.unwrap());
    let document: Value =
        client().get(format!("{}/openapi.json", rig.server.url())).send().await.unwrap().json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{document}");
    (rig, document["paths"].as_object().unwrap().clone())
}

/// A path of the document with something in the place of its names.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn the_document_lists_the_methods_that_each_path_has() {
    let (rig, paths) = rig().await;
    for (path, methods) in paths {
        let probe = rig.request(Method::from_bytes(b"PROBE").unwrap(), &filled(&path)).send().await.unwrap();
        let allowed =
            probe.headers().get("allow").unwrap_or_else(|| panic!("{path} is no route")).to_str().unwrap().to_owned();
        let allowed: BTreeSet<_> =
            allowed.split(',').filter(|method| *method != "HEAD").map(str::to_lowercase).collect();
        let listed: BTreeSet<_> = methods.as_object().unwrap().keys().cloned().collect();
        assert_eq!(listed, allowed, "{path}");
        problem(probe, 405).await;
    }
}

#[tokio::test]
async fn every_route_in_the_code_is_in_the_document() {
    let (_rig, paths) = rig().await;
    let mut found = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let code = std::fs::read_to_string(entry).unwrap();
            for mark in [".route(", "path: "] {
                for rest in code.split(mark).skip(1) {
                    let literal = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                    let Some(path) = literal.filter(|path| path.starts_with('/')) else { continue };
                    assert!(paths.contains_key(path), "{path}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 60, "{found} routes were found in the code");
}

#[tokio::test]
async fn an_operation_that_needs_a_key_is_refused_without_one() {
    let (rig, paths) = rig().await;
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = client().request(method, format!("{}{}", rig.server.url(), filled(&path)));
            let status = request.header("content-type", "application/json").body("{}").send().await.unwrap().status();
            assert_eq!(status == 401, operation.get("security").is_some(), "{path} {status}");
        }
    }
}

/// A value that a schema allows, with nothing in it that need not be.
fn least(schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices.last().unwrap().clone();
    }
    match schema["type"].as_str() {
        Some("string") if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        Some("string") => json!("a@b"),
        Some("boolean") => json!(true),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("array") => json!([least(&schema["items"])]),
        _ => required(schema).map(|name| (name.to_owned(), least(&schema["properties"][name]))).collect(),
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap())
}

/// Every way to break `body` in one place that `schema` tells of, and where the fault is to be reported.
fn broken(schema: &Value, body: &Value, at: &str) -> Vec<(Value, String)> {
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let mut all = Vec::new();
    if schema["additionalProperties"] == json!(false) {
        all.push((with("unheard_of", json!(1)), format!("{at}.unheard_of")));
    }
    for name in required(schema) {
        let mut without = body.clone();
        without.as_object_mut().unwrap().remove(name);
        all.push((without, format!("{at}.{name}")));
    }
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{at}.{name}");
        let kind = of["type"].as_str().unwrap_or("object");
        let wrong = if kind == "string" || kind == "array" { json!(7) } else { json!("seven") };
        all.push((with(name, wrong), place.clone()));
        all.push((with(name, json!([{"deep": [[[1]]]}, 7])), place.clone()));
        if let Some(most) = of["maxLength"].as_u64() {
            all.push((with(name, json!("x".repeat(usize::try_from(most).unwrap() + 1))), place.clone()));
        }
        if of["minLength"].as_u64().is_some_and(|least| least > 0) {
            all.push((with(name, json!("")), place.clone()));
        }
        if let Some(most) = of["maximum"].as_u64() {
            all.push((with(name, json!(most + 1)), place.clone()));
        }
        if of["format"] == "date-time" || of.get("enum").is_some() {
            all.push((with(name, json!("' OR 1=1 --")), place.clone()));
        }
        if kind == "object" && of.get("properties").is_some() {
            let inner = broken(of, &least(of), &place);
            all.extend(inner.into_iter().map(|(value, at)| (with(name, value), at)));
        }
        if kind == "array" && of["items"].get("properties").is_some() {
            let inner = broken(&of["items"], &least(&of["items"]), &format!("{place}[0]"));
            all.extend(inner.into_iter().map(|(value, at)| (with(name, json!([value])), at)));
        }
    }
    all
}

#[tokio::test]
async fn whatever_is_wrong_with_a_body_is_refused_where_it_is_wrong() {
    let (rig, paths) = rig().await;
    let mut tried = 0;
    for (path, methods) in &paths {
        for (method, operation) in methods.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.get("properties").is_none() {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            for (body, expected) in broken(schema, &least(schema), "body") {
                let response = rig.request(method.clone(), &filled(path)).json(&body).send().await.unwrap();
                let text: String = body.to_string().chars().take(200).collect();
                assert_eq!(response.status(), 422, "{method} {path} {text}, wrong at {expected}");
                let document = problem(response, 422).await;
                let reported = locations(&document);
                assert!(
                    reported.iter().any(|at| at.starts_with(&expected)),
                    "{method} {path} {text}: {reported:?} for {expected}"
                );
                tried += 1;
            }
            let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
            let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
            let bodies: [(&str, &[u16]); 5] =
                [(&deep, &[400, 422]), (&huge, &[413]), ("{", &[400]), ("\"text\"", &[422]), ("\0", &[400])];
            for (body, statuses) in bodies {
                let request = rig.request(method.clone(), &filled(path)).header("content-type", "application/json");
                let response = request.body(body.to_owned()).send().await.unwrap();
                let status = response.status().as_u16();
                assert!(statuses.contains(&status), "{method} {path} {status}");
                problem(response, status).await;
            }
            let plain = rig.request(method.clone(), &filled(path)).header("content-type", "text/plain").body("{}");
            problem(plain.send().await.unwrap(), 415).await;
        }
    }
    assert!(tried > 500, "{tried} bodies");
    assert!(rig.server.is_empty());
}

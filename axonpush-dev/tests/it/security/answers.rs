//! What answers give away, and to whom.

use reqwest::Method;
use serde_json::json;

use super::routes::{METHODS, all};
use crate::rig::Rig;

#[tokio::test]
async fn no_error_tells_of_the_inside() {
    let rig = Rig::start().await;
    let odd = ["'", "\"; DROP TABLE events; --", "%00", "%ff", "..%2f..%2fetc%2fpasswd", "\u{202e}", "{}", "*", "NULL"];
    let bodies = [json!({}), json!([]), json!({"name": {"$ne": null}}), json!({"identifier": "'", "payload": 1})];
    for path in all().into_iter().filter(|path| path != "/events/stream") {
        for (method, odd) in METHODS.into_iter().flat_map(|method| odd.map(|odd| (method.clone(), odd))) {
            let path = format!("{}?q={odd}&limit={odd}&since={odd}", path.replace("/x", &format!("/{odd}")));
            let body = &bodies[odd.len() % bodies.len()];
            let answer = rig.request(method.clone(), &path).json(body).send().await.unwrap();
            assert_ne!(answer.status(), 500, "{method} {path}");
            if answer.status().is_success() {
                continue;
            }
            let text = answer.text().await.unwrap();
            // What was sent is shown again, so only what was not can give us away.
            for inside in
                ["SELECT", "sqlite", "rusqlite", "constraint", "panicked", "src/", ".rs:", "/home", "events_by_"]
            {
                assert!(!text.contains(inside), "{method} {path}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_may_run_no_script_but_its_own() {
    let rig = Rig::start().await;
    let page = rig.request(Method::GET, "/").header("accept", "text/html").send().await.unwrap();
    let html = page.headers()["content-type"].to_str().unwrap().starts_with("text/html");
    if html {
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe") && policy.contains("-src 'none'") | policy.contains("default-src 'self'"));
    }
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
}

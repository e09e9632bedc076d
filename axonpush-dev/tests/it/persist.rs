//! A file of events: what it survives, and which files are left alone.

use std::fs;
use std::path::Path;

use axonpush_dev::DevServer;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::program::Program;
use crate::rig::{Rig, Scratch, client, event, names, problem};

async fn open(file: &Scratch) -> Rig {
    Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap())
}

async fn refused(file: &Path) -> String {
    let error = DevServer::builder().persist(file).start().await.unwrap_err();
    assert!(error.is_store(), "{error}");
    let message = error.to_string();
    assert!(message.contains(file.to_str().unwrap()), "{message}");
    message
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_finds_no_room_is_refused_until_there_is_room_again() {
    let file = Scratch::new();
    let program = Program::start(&file);
    program.limit_files("2048000");
    let large = |n: usize| json!({"identifier": format!("e{n}"), "payload": {"text": "x".repeat(50_000)}});
    let mut stored = 0;
    let refusal = loop {
        let answer = program.publish(&large(stored)).send().await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the limit does not hold");
    };
    assert!(stored > 0);
    assert!(refusal.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    let document = problem(refusal, 503).await;
    assert!(!document.to_string().contains(file.0.to_str().unwrap()), "{document}");
    let list = client().get(format!("{}/events?limit=500", program.url)).header("x-axonpush-api-key", "ak");
    let found: Value = list.send().await.unwrap().json().await.unwrap();
    assert_eq!(found["events"].as_array().unwrap().len(), stored);
    // Who comes another way is told the same.
    let sentry = client().post(format!("{}/api/1/store/", program.url)).header("x-axonpush-api-key", "ak");
    problem(sentry.json(&json!({"message": "x".repeat(60_000)})).send().await.unwrap(), 503).await;
    // Resources are no better off.
    let app = client().post(format!("{}/apps", program.url)).header("x-axonpush-api-key", "ak");
    let app = app.json(&json!({"name": "x".repeat(100)})).send().await.unwrap();
    assert!(app.status() == 503 || app.status() == 201);

    program.limit_files("unlimited");
    assert_eq!(program.publish(&large(stored)).send().await.unwrap().status(), 200);
    drop(program);
    let rig = open(&file).await;
    let identifiers: Vec<_> = rig.server.events().into_iter().map(|event| event.identifier).collect();
    assert_eq!(identifiers, (0..=stored).map(|n| format!("e{n}")).collect::<Vec<_>>());
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_answered_is_there_after_a_kill() {
    let file = Scratch::new();
    for round in 0..3 {
        let mut program = Program::start(&file);
        let (told, mut answered) = tokio::sync::mpsc::unbounded_channel();
        let publishers: Vec<_> = (0..8)
            .map(|publisher| {
                let told = told.clone();
                let url = format!("{}/event", program.url);
                tokio::spawn(async move {
                    let client = client();
                    for n in 0.. {
                        let name = format!("{round}-{publisher}-{n}");
                        let request = client.post(&url).header("x-axonpush-api-key", "ak").json(&event(&name));
                        match request.send().await {
                            Ok(answer) if answer.status() == 200 => told.send(name).unwrap(),
                            _ => break,
                        }
                    }
                })
            })
            .collect();
        drop(told);
        let mut names = Vec::new();
        while names.len() < 200 {
            names.push(answered.recv().await.unwrap());
        }
        // SIGKILL: there is no end in good order.
        program.child.kill().unwrap();
        while let Some(name) = answered.recv().await {
            names.push(name);
        }
        for publisher in publishers {
            publisher.await.unwrap();
        }
        let rig = open(&file).await;
        let stored: std::collections::HashSet<_> =
            rig.server.events().into_iter().map(|event| event.identifier).collect();
        let missing: Vec<_> = names.iter().filter(|name| !stored.contains(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(rig.search(&[("q", &names[0])]).await, [names[0].clone()], "words are there, too");
    }
}

#[tokio::test]
async fn words_requests_and_headers_come_back_with_the_file() {
    let file = Scratch::new();
    let rig = open(&file).await;
    let noted = json!({
        "identifier": "a", "traceId": "T-1", "payload": {"note": "Gift card", "attributes": {"request.id": "r-1"}},
    });
    rig.publish(noted).await;
    rig.publish(event("b")).await;
    let headers = rig.server.events()[0].headers.clone();
    drop(rig);
    let rig = open(&file).await;
    assert_eq!(rig.search(&[("q", "gift CARD")]).await, ["a"]);
    for text in ["gift%20card", "t-1"] {
        let found = rig.get_json(&format!("/traces?q={text}")).await;
        assert_eq!(names(&found["traces"], "traceId"), ["T-1"]);
    }
    assert_eq!(rig.search(&[("attrKey", "request.id"), ("attrValue", "r-1")]).await, ["a"]);
    assert_eq!(rig.server.events()[0].headers, headers);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let file = Scratch::new();
    for sql in [
        "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')",
        "PRAGMA user_version = 3",
        "PRAGMA application_id = 1",
    ] {
        Connection::open(&file.0).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&file.0).unwrap();
        let message = refused(&file.0).await;
        assert!(message.contains("another program") && message.contains("another file"), "{message}");
        assert_eq!(fs::read(&file.0).unwrap(), before);
    }
}

#[tokio::test]
async fn a_file_of_another_version_is_left_alone() {
    let file = Scratch::new();
    drop(open(&file).await);
    for version in [2, 99] {
        Connection::open(&file.0).unwrap().pragma_update(None, "user_version", version).unwrap();
        let message = refused(&file.0).await;
        assert!(message.contains(&format!("version {version}")), "{message}");
    }
}

#[tokio::test]
async fn a_directory_is_no_file() {
    let message = refused(&std::env::temp_dir()).await;
    assert!(message.contains("directory"), "{message}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_written_ends_the_start() {
    use std::os::unix::fs::PermissionsExt;

    let file = Scratch::new();
    drop(open(&file).await);
    fs::set_permissions(&file.0, fs::Permissions::from_mode(0o444)).unwrap();
    // Nothing keeps the superuser from writing.
    if fs::File::options().append(true).open(&file.0).is_err() {
        let message = refused(&file.0).await;
        assert!(message.contains("may not be written"), "{message}");
    }
}

#[tokio::test]
async fn a_second_server_is_told_who_has_the_file() {
    let file = Scratch::new();
    let first = open(&file).await;
    let message = refused(&file.0).await;
    assert!(message.contains("another server"), "{message}");
    drop(first);
    drop(open(&file).await);
}

#[tokio::test]
async fn public_tokens_are_kept_as_digests() {
    let file = Scratch::new();
    let rig = open(&file).await;
    let token = json!({"name": "web", "channelId": "default", "environmentId": "development"});
    let created = rig.ask(Method::POST, "/public-ingest-tokens", token, 201).await;
    let token = created["token"].as_str().unwrap().to_owned();
    let request = client().post(format!("{}/event", rig.server.url())).header("x-public-token", &token);
    assert_eq!(request.json(&event("a")).send().await.unwrap().status(), 200);
    drop(rig);
    let kept = fs::read(&file.0).unwrap();
    // A copy of the file publishes for nobody.
    assert!(!kept.windows(token.len()).any(|window| window == token.as_bytes()));
}

#[tokio::test]
async fn what_leaves_takes_its_words_and_headers_along() {
    let file = Scratch::new();
    let rig = Rig::with(DevServer::builder().persist(&file.0).max_events(5).start().await.unwrap());
    for n in 0..40 {
        rig.publish(json!({"identifier": format!("number {n}"), "payload": {"attributes": {"request.id": "r"}}})).await;
    }
    let newest = ["number 39", "number 38", "number 37", "number 36", "number 35"];
    assert_eq!(rig.search(&[("q", "number")]).await, newest);
    assert_eq!(rig.search(&[("attrKey", "request.id"), ("attrValue", "r")]).await, newest);
    assert!(rig.search(&[("q", "number 3"), ("limit", "1")]).await == ["number 39"]);
    assert!(rig.search(&[("q", "number 12")]).await.is_empty());
    drop(rig);
    let count = |table| {
        let connection = Connection::open(&file.0).unwrap();
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((count("events"), count("arrivals")), (5, 5));
}

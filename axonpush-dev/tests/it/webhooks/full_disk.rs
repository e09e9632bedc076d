//! What cannot be noted is delivered all the same.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::receiver::{answer, read};
use crate::program::Program;
use crate::rig::{PATIENCE, Scratch, event};

async fn next(listener: &TcpListener) -> TcpStream {
    tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap().0
}

async fn ask(program: &Program, path: &str) -> Value {
    program.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_delivery_goes_on_while_its_attempts_cannot_be_noted() {
    let file = Scratch::new();
    let program = Program::start(&file);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let endpoint = program.request(Method::POST, "/webhooks/endpoints");
    let endpoint = endpoint.json(&json!({"url": url, "channelId": "default"})).send().await.unwrap();
    let endpoint: Value = endpoint.json().await.unwrap();
    let deliveries = format!("/webhooks/deliveries/{}", endpoint["endpointId"].as_str().unwrap());
    assert_eq!(program.publish(&event("a")).send().await.unwrap().status(), 200);

    let mut stream = next(&listener).await;
    let first = read(&mut stream).await.unwrap();
    program.limit_files("1");
    answer(&mut stream, 500).await;
    let mut stream = next(&listener).await;
    let second = read(&mut stream).await.unwrap();
    assert_eq!(second.body, first.body);
    answer(&mut stream, 200).await;
    // The server hangs up once it has read the answer.
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    let list = ask(&program, &deliveries).await;
    assert_eq!((&list["data"][0]["status"], &list["data"][0]["attempts"]), (&json!("pending"), &json!(0)));

    // Its end is noted as soon as there is room, so that nobody delivers it once more.
    program.limit_files("unlimited");
    let asked = tokio::time::Instant::now();
    loop {
        let list = ask(&program, &deliveries).await;
        if list["data"][0]["status"] == "success" {
            assert_eq!(list["data"][0]["attempts"], 2);
            break;
        }
        assert!(asked.elapsed() < PATIENCE, "{list}");
        tokio::task::yield_now().await;
    }
}

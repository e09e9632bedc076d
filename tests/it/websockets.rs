//! WebSocket connections: opened, closed, with their code and what went over them; by axum and actix alike.
#![expect(clippy::panic, reason = "a test that can't go on has nothing else to say")]

use std::net::SocketAddr;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use axonpush::AxonPush;
use axonpush_axum::{
    AxonPushLayer,
    ws::{ReportWebSocket, WebSocket},
};
use axonpush_dev::{DevServer, StoredEvent};
use axum::{
    Router,
    extract::ws::{CloseFrame, Message, WebSocketUpgrade},
    response::Response,
    routing::any,
};
use futures_util::{SinkExt as _, StreamExt as _};
use rig::{PATIENCE, client, server};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, protocol},
};

/// Says everything twice; hangs up with a code of its own when asked to.
async fn axum_echo(upgrade: WebSocketUpgrade, report: ReportWebSocket) -> Response {
    upgrade.on_upgrade(report.of(|mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            match message {
                Message::Text(text) if text.as_str() == "bye" => {
                    let frame = CloseFrame { code: 4000, reason: "as you wish".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                }
                Message::Text(text) if text.as_str() == "panic" => panic!("out of words"),
                Message::Text(text) => drop(socket.send(Message::Text(text)).await),
                _ => {}
            }
        }
    }))
}

async fn actix_echo(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            match message {
                actix_ws::Message::Text(text) if &*text == "bye" => {
                    let reason = actix_ws::CloseReason { code: 4000.into(), description: None };
                    let _ = session.close(Some(reason)).await;
                    return;
                }
                actix_ws::Message::Text(text) => drop(session.text(text).await),
                actix_ws::Message::Close(reason) => {
                    let _ = session.close(reason).await;
                    return;
                }
                _ => {}
            }
        }
    });
    Ok(response)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Runs `talk` against either server, and returns what is reported then.
async fn reported(axum: bool, talk: impl AsyncFnOnce(Socket)) -> Vec<StoredEvent> {
    let dev = server();
    let client = client(&dev);
    let connect = async |address: SocketAddr| {
        connect_async(format!("ws://{address}/echo")).await.unwrap_or_else(|error| panic!("{error}")).0
    };
    if axum {
        let app = Router::new().route("/echo", any(axum_echo)).layer(AxonPushLayer::new(&client));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        talk(connect(address).await).await;
        told(&dev, &client).await
    } else {
        let layer = axonpush_actix::AxonPush::new(&client);
        let server = HttpServer::new(move || App::new().wrap(layer.clone()).route("/echo", web::get().to(actix_echo)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        talk(connect(address).await).await;
        let events = told(&dev, &client).await;
        handle.stop(false).await;
        events
    }
}

/// What is reported once the connection is closed.
async fn told(dev: &DevServer, client: &AxonPush) -> Vec<StoredEvent> {
    let events = dev.wait_for_events(4, PATIENCE).await;
    assert_eq!(client.open_exchanges(), 0);
    let mut names: Vec<_> = events.iter().map(|event| event.identifier.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["http.request.completed", "http.request.started", "websocket.closed", "websocket.opened"]);
    let ids: Vec<_> = events.iter().map(|event| event.attribute("request.id").cloned()).collect();
    assert!(ids.iter().all(|id| id.is_some() && *id == ids[0]), "{ids:?}");
    events
}

fn closed(events: &[StoredEvent]) -> &StoredEvent {
    events.iter().find(|event| event.identifier == "websocket.closed").unwrap()
}

async fn echo(socket: &mut Socket, text: &str) {
    socket.send(tungstenite::Message::text(text)).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().to_text().unwrap(), text);
}

#[actix_web::test]
async fn a_connection_tells_how_much_went_over_it_and_how_it_was_closed() {
    for axum in [true, false] {
        let events = reported(axum, async |mut socket| {
            echo(&mut socket, "hello").await;
            echo(&mut socket, &"long".repeat(100)).await;
            let frame = protocol::CloseFrame { code: protocol::frame::coding::CloseCode::Normal, reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            while socket.next().await.is_some() {}
        })
        .await;
        let end = closed(&events);
        assert_eq!(end.attribute("websocket.close.code"), Some(&json!(1000)), "{axum} {end:?}");
        assert_eq!(end.attribute("websocket.messages.sent"), Some(&json!(2)), "{axum} {end:?}");
        assert_eq!(end.attribute("websocket.bytes.sent"), Some(&json!(405)));
        assert_eq!(end.attribute("http.route"), Some(&json!("/echo")));
        assert_eq!((end.payload["severityText"].as_str(), end.attribute("error.type")), (Some("INFO"), None));
        let received = axum.then(|| json!(2));
        assert_eq!(end.attribute("websocket.messages.received"), received.as_ref(), "only axum lets us see them");
        assert!(end.attribute("websocket.duration").unwrap().as_f64().unwrap() > 0.0);
        let exchange = events.iter().find(|event| event.identifier == "http.request.completed").unwrap();
        assert_eq!(exchange.attribute("http.response.status_code"), Some(&json!(101)));
    }
}

#[actix_web::test]
async fn a_client_that_vanishes_leaves_an_aborted_connection() {
    for axum in [true, false] {
        let events = reported(axum, async |mut socket| {
            echo(&mut socket, "hello").await;
            drop(socket);
        })
        .await;
        let end = closed(&events);
        assert_eq!(end.attribute("error.type"), Some(&json!("aborted")), "{axum} {end:?}");
        assert_eq!(end.payload["severityText"], "WARN");
    }
}

#[actix_web::test]
async fn a_server_that_hangs_up_says_why() {
    for axum in [true, false] {
        let events = reported(axum, async |mut socket| {
            socket.send(tungstenite::Message::text("bye")).await.unwrap();
            while socket.next().await.is_some_and(|message| message.is_ok()) {}
        })
        .await;
        let end = closed(&events);
        assert_eq!(end.attribute("websocket.close.code"), Some(&json!(4000)), "{axum} {end:?}");
        assert_eq!(end.payload["severityText"], "INFO");
    }
}

#[tokio::test]
async fn a_panic_while_working_on_a_connection_is_told() {
    let events = reported(true, async |mut socket| {
        socket.send(tungstenite::Message::text("panic")).await.unwrap();
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
    })
    .await;
    let end = closed(&events);
    assert_eq!(
        (end.attribute("error.type"), end.payload["severityText"].as_str()),
        (Some(&json!("panic")), Some("ERROR"))
    );
}

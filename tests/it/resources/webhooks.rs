//! Webhook endpoints and their deliveries.

use axonpush::{
    Event, EventType,
    resources::NewWebhook,
    webhooks::{SIGNATURE_HEADER, SignatureError, WebhookError, WebhookEvent, WebhookPolicy, sign},
};
use rig::{
    PATIENCE, client,
    receiver::{Receiver, Reply},
    server,
};

#[tokio::test]
async fn an_endpoint_gets_what_it_asked_for_until_it_is_deleted() {
    let server = server();
    let client = client(&server);
    let app = client.apps().create("shop").await.unwrap();
    let channel = client.channels(&app.app_id).create("orders").await.unwrap();
    let hook = Receiver::start(|_| Reply::status(200));
    let webhook =
        NewWebhook::new(hook.url(), &channel.channel_id).event_types([EventType::AgentError]).description("x");
    let created = client.webhooks().create(webhook).await.unwrap();
    assert!(!format!("{created:?}").contains(created.secret.expose()));
    assert_eq!(created.endpoint.event_types, [EventType::AgentError]);
    assert!(created.endpoint.active && created.endpoint.has_secret);

    let event = |kind| Event::new("order").channel_id(&channel.channel_id).event_type(kind);
    client.events().publish(event(EventType::AgentMessage)).await.unwrap();
    let receipt = client.events().publish(event(EventType::AgentError)).await.unwrap();
    let delivered = hook.wait_for(1, PATIENCE);
    assert!(delivered[0].headers.contains_key("x-axonpush-signature"));

    let patience = std::time::Instant::now();
    let delivery = loop {
        let deliveries = client.webhooks().deliveries(&created.endpoint.endpoint_id).await.unwrap();
        assert_eq!(deliveries.len(), 1, "one of the two events is of the type");
        if deliveries[0].status.as_deref() == Some("success") || patience.elapsed() > PATIENCE {
            break deliveries.into_iter().next().unwrap();
        }
    };
    assert_eq!((Some(&delivery.event_id), delivery.status_code), (receipt.event_id(), Some(200)));

    client.webhooks().delete(&created.endpoint.endpoint_id).await.unwrap();
    assert!(client.webhooks().list(&channel.channel_id).await.unwrap().is_empty());
    let gone = client.webhooks().deliveries(&created.endpoint.endpoint_id).await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
}

/// Two services whose endpoint takes signed events, and says which it did: one of axum, one of actix.
async fn services(policy: &WebhookPolicy) -> [String; 2] {
    let axum = {
        use axonpush_axum::{SignedWebhook, VerifiedBody};
        let hook = |SignedWebhook(event): SignedWebhook| async move { event.identifier };
        let raw = |VerifiedBody(body): VerifiedBody| async move { body.len().to_string() };
        let app = axum::Router::new().route("/hook", axum::routing::post(hook)).route("/raw", axum::routing::post(raw));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app.with_state(policy.clone())).into_future());
        url
    };
    let (tell, told) = std::sync::mpsc::channel();
    let policy = policy.clone();
    std::thread::spawn(move || {
        use actix_web::{App, HttpServer, web};
        use axonpush_actix::{SignedWebhook, VerifiedBody};
        actix_rt::System::new().block_on(async move {
            let app = move || {
                App::new()
                    .app_data(policy.clone())
                    .route("/hook", web::post().to(async |SignedWebhook(event): SignedWebhook| event.identifier))
                    .route("/raw", web::post().to(async |VerifiedBody(body): VerifiedBody| body.len().to_string()))
            };
            let server = HttpServer::new(app).disable_signals().workers(1).bind("127.0.0.1:0").unwrap();
            tell.send(format!("http://{}", server.addrs()[0])).unwrap();
            server.run().await.unwrap();
        });
    });
    [axum, told.recv().unwrap()]
}

#[tokio::test]
async fn extractors_take_what_the_server_signs_and_turn_the_rest_away() {
    let policy = WebhookPolicy::new("whsec_new").or_secret("whsec_old").max_bytes(100);
    let http = reqwest::Client::new();
    let body = r#"{"id":7,"identifier":"order.placed","payload":{"a":"ü"}}"#;
    let long = format!(r#"{{"identifier":"{}"}}"#, "x".repeat(100));
    for url in services(&policy).await {
        let post = |path: &str, body: &str, signature: Option<String>| {
            let request = http.post(format!("{url}{path}")).body(body.to_owned());
            let signed = signature.into_iter().fold(request, |request, text| request.header(SIGNATURE_HEADER, text));
            async move {
                let answer = signed.send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            }
        };
        for secret in ["whsec_new", "whsec_old"] {
            let signature = Some(sign(secret, body.as_bytes()));
            assert_eq!(post("/hook", body, signature.clone()).await, (200, "order.placed".to_owned()));
            assert_eq!(post("/raw", body, signature).await, (200, body.len().to_string()));
        }
        let right = sign("whsec_new", body.as_bytes());
        for (body, signature, status, said) in [
            (body, None, 401, "no signature; its header is `x-axonpush-signature`"),
            (body, Some("abc".to_owned()), 401, "odd number"),
            (body, Some("xy".to_owned()), 401, "hex digit at byte 0"),
            (body, Some("ab".to_owned()), 401, "2 characters"),
            (body, Some(sign("whsec_other", body.as_bytes())), 401, "not that of this body"),
            (&*body.replace("order", "Order"), Some(right.clone()), 401, "not that of this body"),
            ("{", Some(right), 401, "not that of this body"),
            ("{", Some(sign("whsec_new", b"{")), 422, "line 1"),
            (&*long, Some(sign("whsec_new", long.as_bytes())), 413, "longer than 100 bytes"),
        ] {
            let (found, text) = post("/hook", body, signature.clone()).await;
            assert!(found == status && text.contains(said), "{url} {body} {signature:?}: {found} {text}");
            assert!(!text.contains("whsec"));
        }
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_cut_off_at_the_limit() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let policy = WebhookPolicy::new("whsec").max_bytes(100_000);
    for url in services(&policy).await {
        let address = url.trim_start_matches("http://");
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let signature = sign("whsec", b"whatever");
        let head = format!(
            "POST /raw HTTP/1.1\r\nhost: a\r\n{SIGNATURE_HEADER}: {signature}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
        let (mut reader, mut writer) = socket.into_split();
        let endless = async { while writer.write_all(chunk.as_bytes()).await.is_ok() {} };
        let mut answer = [0; 12];
        tokio::select! {
            read = reader.read_exact(&mut answer) => drop(read.unwrap()),
            () = endless => {}
        }
        if answer == [0; 12] {
            reader.read_exact(&mut answer).await.unwrap();
        }
        assert_eq!(&answer, b"HTTP/1.1 413", "{url}");
    }
}

/// What is answered to a request of which nothing but the head comes.
async fn answer_to_head(url: &str, path: &str, signature: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{signature}content-length: 100\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Late would mean that the body was waited for.
    tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_cannot_be_signed_is_turned_away_before_its_body_comes() {
    for url in services(&WebhookPolicy::new("whsec")).await {
        for path in ["/hook", "/raw"] {
            for (signature, said) in
                [("", "no signature"), ("abc", "odd number"), ("xy", "byte 0"), ("ab", "2 characters")]
            {
                let header = Some(signature).filter(|text| !text.is_empty());
                let header = header.map(|text| format!("{SIGNATURE_HEADER}: {text}\r\n")).unwrap_or_default();
                let answer = answer_to_head(&url, path, &header).await;
                assert!(answer.starts_with("HTTP/1.1 401") && answer.contains(said), "{url} {answer}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_that_is_not_set_up_does_not_tell_strangers_why() {
    let header = format!("{SIGNATURE_HEADER}: {}\r\n", sign("whsec", b"{}"));
    for url in services(&WebhookPolicy::new(" ")).await {
        let answer = answer_to_head(&url, "/hook", &header).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{url} {answer}");
        assert!(!answer.contains("secret") && answer.contains("can't be checked here"), "{url} {answer}");
    }
}

#[test]
fn what_is_not_set_up_is_said_in_the_log() {
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> Layer<S> for Heard {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }

    let heard = Heard::default();
    let subscriber = tracing_subscriber::registry().with(heard.clone());
    tracing::subscriber::with_default(subscriber, || {
        // What strangers send wrongly is no news.
        WebhookError::Signature(SignatureError::Missing).answer();
        WebhookError::NoPolicy.answer();
    });
    let heard = heard.0.lock().unwrap();
    assert!(heard.len() == 1 && heard[0].contains("no `WebhookPolicy` here"), "{heard:?}");
}

#[tokio::test]
async fn what_the_local_server_delivers_is_believed_by_both() {
    let server = server();
    let client = client(&server);
    let app = client.apps().create("shop").await.unwrap();
    let channel = client.channels(&app.app_id).create("orders").await.unwrap();
    let hook = Receiver::start(|_| Reply::status(200));
    let created = client.webhooks().create(NewWebhook::new(hook.url(), &channel.channel_id)).await.unwrap();
    client.events().publish(Event::new("order.placed").channel_id(&channel.channel_id)).await.unwrap();
    let delivered = hook.wait_for(1, PATIENCE).remove(0);
    let signature = delivered.headers[SIGNATURE_HEADER].as_bytes();
    let policy = WebhookPolicy::new(created.secret.expose());
    let event: WebhookEvent = policy.read(&delivered.body, Some(signature)).unwrap();
    assert_eq!((event.identifier.as_str(), &event.channel_id), ("order.placed", &channel.channel_id));
    for url in services(&policy).await {
        let request = reqwest::Client::new().post(format!("{url}/hook")).header(SIGNATURE_HEADER, signature);
        assert_eq!(request.body(delivered.body.clone()).send().await.unwrap().text().await.unwrap(), "order.placed");
    }
}

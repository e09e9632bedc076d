//! The key reaches the server, and nobody else.

use std::{
    fmt::{Debug, Write as _},
    time::Duration,
};

use axonpush::{AxonPush, Event, EventQuery, RetryPolicy};
use axonpush_dev::Answer;
use rig::{server, settings};

const KEY: &str = "ak_canary_8d1f";

/// Everything an error shows: itself, its alternate forms, and its sources.
fn shown(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " {cause} {cause:?} {cause:#?}");
        source = cause.source();
    }
    text
}

fn debug(value: &dyn Debug) -> String {
    format!("{value:?} {value:#?}")
}

#[tokio::test]
async fn the_key_is_in_no_debug_display_or_error() {
    let server = server();
    let builder = settings(&server).api_key(KEY).retry(RetryPolicy::new().max_retries(0)).fail_open(false);
    let client = builder.clone().build().unwrap();
    let mut seen = vec![
        debug(&builder),
        debug(&client),
        debug(&client.events()),
        debug(&client.blocking()),
        debug(&client.blocking().events()),
        debug(&EventQuery::new()),
    ];

    for answer in [
        Answer::status(401),
        Answer::status(403).body(r#"{"message":"forbidden"}"#),
        Answer::status(422),
        Answer::status(500),
        Answer::status(302).header("location", "http://elsewhere.example/"),
        Answer::status(200).body("<html>"),
        Answer::close_connection(),
    ] {
        server.script(answer.always());
        seen.push(shown(&client.events().publish(Event::new("x")).await.unwrap_err()));
        server.clear_script();
    }
    seen.push(shown(&client.events().search(EventQuery::new().limit(0)).await.unwrap_err()));

    server.script(Answer::status(401).always());
    client.events().enqueue(Event::new("x"));
    client.events().enqueue(Event::new(""));
    // The refused key holds the event back; it is tried once more at shutdown.
    let report = client.flush(Duration::from_millis(300)).await;
    seen.extend([debug(&report), report.to_string(), debug(&client.stats()), client.stats().to_string()]);
    seen.push(shown(&*client.last_error().unwrap()));
    let _ = client.shutdown(Duration::from_millis(100)).await;
    seen.push(shown(&client.events().publish(Event::new("x")).await.unwrap_err()));
    let refused = client.events().try_enqueue(Event::new("x")).unwrap_err();
    seen.extend([shown(&refused), debug(&client)]);

    for bad in [
        AxonPush::builder().api_key(format!("{KEY} \n{KEY}")).build(),
        AxonPush::builder().api_key(KEY).base_url(format!("https://user:{KEY}@host.example")).build(),
        AxonPush::builder().api_key(KEY).base_url(format!("https://host.example/?key={KEY}")).build(),
        AxonPush::builder().api_key(KEY).base_url(KEY).build(),
        AxonPush::builder().api_key(KEY).tenant_id(format!("{KEY}\r\nx: y")).build(),
    ] {
        seen.push(shown(&bad.unwrap_err()));
    }

    assert_eq!(server.request_count("POST", "/event"), 9, "every answer above was really given");
    for text in &seen {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_header_setting_that_could_break_out_of_its_line_is_refused_by_name() {
    for value in ["a\r\nx: y", "a\nb", "é", "a b", "\u{7f}"] {
        let error = AxonPush::builder().api_key("ak_1").tenant_id(value).build().unwrap_err();
        assert!(error.is_config() && error.to_string().contains("AXONPUSH_TENANT_ID"), "{error}");
        let error = AxonPush::builder().api_key("ak_1").environment(value).build().unwrap_err();
        assert!(error.to_string().contains("AXONPUSH_ENVIRONMENT"), "{error}");
    }
}

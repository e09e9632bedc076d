//! `axonpush-dev doctor`.

use axonpush_dev::DevServer;

use crate::program::{Said, command, run};
use crate::stub::{Stub, answer};

/// The word before a check.
fn verdict<'a>(said: &'a Said, check: &str) -> &'a str {
    let line = said.out.lines().find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(&format!("{check} "))));
    line.and_then(|line| line.split(' ').next()).unwrap_or("missing")
}

#[test]
fn all_is_well_with_a_local_server() {
    let server = DevServer::start_blocking().unwrap();
    let said = run(&["doctor", "--channel", "default", "--environment", "development", "--url", server.url()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for check in
        ["url", "key", "dns", "tcp", "health", "clock", "account", "environment", "channel", "publish", "read back"]
    {
        assert_eq!(verdict(&said, check), "ok", "{check}: {said:?}");
    }
    assert_eq!(server.events()[0].identifier, "axonpush.doctor");
    assert!(!said.out.contains('\u{1b}'), "{said:?}");

    let before = server.len();
    let said = run(&["doctor", "--no-publish", "--url", server.url()]);
    assert_eq!((said.code, verdict(&said, "publish"), server.len()), (Some(0), "skip", before));
}

#[test]
fn what_is_not_there_is_told_with_what_to_correct() {
    let server = DevServer::start_blocking().unwrap();
    let arguments = ["doctor", "--channel", "nowhere", "--environment", "nothing", "--url", server.url()];
    let said = run(&arguments);
    assert_eq!((said.code, verdict(&said, "channel"), verdict(&said, "environment")), (Some(1), "fail", "fail"));
    assert!(said.out.contains("AXONPUSH_CHANNEL_ID") && said.out.contains("AXONPUSH_ENVIRONMENT"), "{said:?}");
}

#[test]
fn where_nothing_listens_the_way_ends_at_the_connection() {
    let said = run(&["doctor", "--url", "http://127.0.0.1:1"]);
    assert_eq!((said.code, verdict(&said, "dns"), verdict(&said, "tcp")), (Some(1), "ok", "fail"));
    assert!(said.out.contains("start a local server") && verdict(&said, "health") == "missing", "{said:?}");
}

#[test]
fn a_key_is_told_by_its_shape_and_never_shown() {
    let server = DevServer::start_blocking().unwrap();
    for (key, told) in [("ak_very_secret ", "white space"), ("\"ak_very_secret\"", "quoted")] {
        let said =
            crate::program::Program::spawn(command(&["doctor", "--url", server.url()]).env("AXONPUSH_API_KEY", key))
                .end();
        assert_eq!((said.code, verdict(&said, "key")), (Some(1), "fail"), "{said:?}");
        assert!(said.out.contains(told) && !said.out.contains("very_secret"), "{said:?}");
    }
    let said = run(&["doctor", "--api-key", "", "--url", "https://127.0.0.1:1"]);
    assert_eq!(verdict(&said, "key"), "ok", "{said:?}");
    let said = run(&["doctor", "--url", "not a url"]);
    assert_eq!((said.code, verdict(&said, "url")), (Some(1), "fail"));
}

#[test]
fn tls_that_fails_is_told_apart_from_a_server_that_is_not_there() {
    let stub = Stub::start(|_| answer("200 OK", "", ""));
    let said = run(&["doctor", "--url", &stub.url().replace("http:", "https:")]);
    assert_eq!((said.code, verdict(&said, "tcp"), verdict(&said, "tls")), (Some(1), "ok", "fail"), "{said:?}");
    assert!(said.out.contains("is it http"), "{said:?}");
}

#[test]
fn a_clock_that_is_wrong_and_a_server_that_is_another_are_found() {
    let stub = Stub::start(|_| answer("200 OK", "date: Mon, 04 May 2020 12:00:00 GMT\r\n", "<html>"));
    let said = run(&["doctor", "--url", &stub.url()]);
    assert_eq!((said.code, verdict(&said, "clock"), verdict(&said, "health")), (Some(1), "fail", "fail"), "{said:?}");
    assert!(said.out.contains("NTP") && said.out.contains("no AxonPush server"), "{said:?}");
}

#[test]
fn a_key_the_server_does_not_know_is_said_to_be_the_reason() {
    let stub = Stub::start(|head| {
        if head.starts_with("get /healthz") {
            return answer("200 OK", "", r#"{"status":"ok","service":"api","version":"1"}"#);
        }
        answer("401 Unauthorized", "", r#"{"detail":"unknown key"}"#)
    });
    let said = run(&["doctor", "--api-key", "ak_1", "--url", &stub.url()]);
    assert_eq!(
        (said.code, verdict(&said, "account"), verdict(&said, "publish")),
        (Some(1), "fail", "fail"),
        "{said:?}"
    );
    let said = run(&["doctor", "--api-key", "pt_1", "--no-publish", "--url", &stub.url()]);
    assert_eq!((said.code, verdict(&said, "account")), (Some(0), "skip"), "{said:?}");
}

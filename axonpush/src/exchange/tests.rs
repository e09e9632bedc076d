use std::time::Duration;

use super::{facts::lookup, outcome::Outcome, *};
use crate::{
    client::AxonPush,
    event::Severity,
    redact::{ContentCapture, RedactionPolicy},
    testing::MemorySink,
};

fn begin(headers: &[(&str, &str)]) -> ExchangeRecorder {
    let facts = RequestFacts::new("test", "GET", "/");
    ExchangePolicy::new().begin(&AxonPush::disabled(), &facts, &lookup(headers))
}

#[test]
fn the_first_well_formed_request_id_is_taken_over() {
    for (headers, expected) in [
        (vec![("x-request-id", "a"), ("x-correlation-id", "b")], Some("a")),
        (vec![("x-correlation-id", "b")], Some("b")),
        (vec![("x-request-id", "not ok"), ("x-correlation-id", "b")], Some("b")),
        (vec![("x-request-id", "a"), ("x-request-id", "c")], None),
        (vec![("x-request-id", "a\r\nset-cookie: x")], None),
        (vec![], None),
    ] {
        let recorder = begin(&headers);
        match expected {
            Some(id) => assert_eq!(recorder.request_id().as_str(), id),
            None => assert_eq!(recorder.request_id().as_str().len(), 36, "a fresh uuid for {headers:?}"),
        }
    }
}

#[test]
fn a_valid_traceparent_is_continued_and_an_invalid_one_ignored() {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let recorder = begin(&[("traceparent", &format!("00-{trace}-{span}-01"))]);
    assert_eq!((recorder.context().trace_id(), recorder.context().parent_span_id()), (trace, Some(span)));
    let recorder = begin(&[("traceparent", "00-zero-zero-01")]);
    assert_eq!(recorder.context().parent_span_id(), None);
}

#[test]
fn severity_follows_the_outcome() {
    let completed = |status| Outcome::of_status(status, None).severity(Some(status));
    assert_eq!([200, 304, 404, 500, 503].map(completed), {
        use Severity::{Error, Info, Warn};
        [Info, Info, Warn, Error, Error]
    });
    assert_eq!(Outcome::Cancelled.severity(None), Severity::Warn);
}

#[test]
fn a_disabled_client_costs_a_request_its_ids_and_nothing_else() {
    let asked = std::cell::RefCell::new(Vec::new());
    let header = |name: &str, _: &mut dyn FnMut(&'static [u8])| asked.borrow_mut().push(name.to_owned());
    let client = AxonPush::disabled();
    let mut recorder = ExchangePolicy::new().begin(&client, &RequestFacts::new("test", "GET", "/"), &header);
    assert!(format!("{recorder:?}").contains("open: false"), "{recorder:?}");
    assert!(!asked.borrow().iter().any(|name| name == "user-agent"));
    let id = recorder.request_id().clone();
    let current = recorder.run(crate::context::RequestContext::current);
    assert_eq!(current.map(|context| context.request_id().clone()), Some(id));
}

/// The events of an exchange are redacted piece by piece; a look at the whole must find nothing more to hide.
#[tokio::test]
async fn what_is_told_of_an_exchange_is_redacted_by_any_policy() {
    let policies = [
        RedactionPolicy::new(),
        RedactionPolicy::new().content_capture(ContentCapture::Redacted),
        RedactionPolicy::new().content_capture(ContentCapture::Full),
        RedactionPolicy::new().redact_keys(["url.path", "tenant", "framework"]),
        RedactionPolicy::new().max_content_length(12),
        RedactionPolicy::new().max_content_length(10_000),
    ];
    let rules = ExchangePolicy::new()
        .headers(HeaderPolicy::new().request(["authorization", "x-tenant"]))
        .lifecycle(LifecyclePolicy::new().server_spans(true).slow_after(Duration::ZERO))
        .query(QueryPolicy::Full)
        .enrich(|_, attributes| {
            attributes.insert("name", "x-api-key");
            attributes.insert("value", "canary");
            attributes.insert("http.route", "another");
        });
    let headers = [("authorization", "canary"), ("x-tenant", "t-1"), ("user-agent", "a \"quoted\" agent")];
    for policy in policies {
        let sink = MemorySink::new();
        let client = sink.builder().redaction(policy.clone()).build().unwrap();
        for ending in 0..5 {
            let facts = RequestFacts::new("test", if ending == 0 { "BREW" } else { "GET" }, "/orders/token/42")
                .with_query(Some("a=1&b=2"))
                .with_route(Some("/orders/token/{id}"))
                .with_scheme("http")
                .with_protocol_version(Some("1.1"))
                .with_peer_address(Some([192, 0, 2, 1].into()));
            let mut recorder = rules.begin(&client, &facts, &lookup(&headers));
            recorder.context().bind("db_password", "canary");
            recorder.context().bind("prompt", "p".repeat(500));
            recorder.context().set("key", "authorization");
            recorder.context().set("val", "canary");
            recorder.context().set("note", "n".repeat(5000));
            match ending {
                0 => recorder.complete(),
                1 => recorder.failed(&"\"it\" broke at https://user:canary@db/"),
                2 => {
                    recorder.body_length(10);
                    recorder.headers_sent(200, &lookup(&[]));
                    recorder.complete();
                }
                3 => {
                    recorder.cause(&format!("password=canary {}", "e".repeat(5000)));
                    recorder.headers_sent(500, &lookup(&[]));
                    recorder.complete();
                }
                _ => drop(recorder),
            }
        }
        assert!(client.flush(Duration::from_secs(10)).await.is_complete());
        assert_eq!(sink.events().len(), 15);
        for event in sink.events() {
            let text = event.as_json().to_string();
            assert!(!text.contains("canary") && text.contains("[REDACTED]"), "{text}");
            for (part, structural) in [("/payload", true), ("/metadata", false)] {
                let part = event.field(part).unwrap().to_string();
                let mut again = Vec::new();
                policy.redact(part.as_bytes(), structural, &mut again);
                assert!(again == part.as_bytes(), "{policy:?} finds more to hide in {part}");
            }
            if policy == RedactionPolicy::new() {
                assert_eq!(event.attribute("http.route").unwrap(), "/orders/token/{id}");
                assert_eq!(event.attribute("user_agent.original").unwrap(), "a \"quoted\" agent");
                assert_eq!(event.attribute("http.request.header.x-tenant").unwrap(), &serde_json::json!(["t-1"]));
                assert!(event.attribute("prompt").is_none_or(|prompt| prompt == "[REDACTED]"));
            }
        }
    }
}

/// Log records are written whole, unless redaction looks at all of them; whoever reads them sees no difference.
#[tokio::test]
async fn log_records_are_the_same_whichever_way_they_are_written() {
    let (trace, headers) = ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", |id| ("x-request-id", id));
    let told = async |policy: RedactionPolicy| {
        let sink = MemorySink::new();
        let client = sink.builder().channel_id("c-\"1\"").service("orders", "1.4.2").redaction(policy).build().unwrap();
        let rules = ExchangePolicy::new()
            .enrich(|_, attributes| attributes.insert("team", "shelves"))
            .lifecycle(LifecyclePolicy::new().slow_after(Duration::ZERO));
        for (id, route, parent) in [("r-1", Some("/orders/\"{id}\""), None), ("r-2", None, Some(trace))] {
            let facts = RequestFacts::new("test", "GET", "/orders/42").with_route(route).with_query(Some("a=1"));
            let sent: Vec<_> = [headers(id)].into_iter().chain(parent.map(|parent| ("traceparent", parent))).collect();
            let mut recorder = rules.begin(&client, &facts, &lookup(&sent));
            recorder.context().bind("tenant", "t-1");
            recorder.headers_sent(404, &lookup(&[]));
            recorder.complete();
        }
        assert!(client.flush(Duration::from_secs(10)).await.is_complete());
        let mut events: Vec<_> = sink.events().iter().map(|event| event.as_json().clone()).collect();
        for event in &mut events {
            let fields =
                ["/spanId", "/traceId", "/dedupKey", "/occurredAt", "/payload/timeUnixNano"].into_iter().chain([
                    "/payload/attributes/http.server.request.duration",
                    "/payload/attributes/http.server.time_to_headers",
                ]);
            for field in fields {
                if let Some(field) = event.pointer_mut(field) {
                    *field = serde_json::json!(field.to_string().len() > 2);
                }
            }
        }
        events
    };
    let (whole, looked_at) =
        (told(RedactionPolicy::new()).await, told(RedactionPolicy::new().redact_keys(["no such"])).await);
    assert_eq!(whole.len(), 4);
    assert_eq!(whole, looked_at);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_in_a_request_make_events_that_are_whole(
        method in "\\PC{0,12}",
        path in "(\\PC|[\\x00-\\x1f\u{202e}\"\\\\]){0,40}",
        query in proptest::option::of("(\\PC|[&=\\x00\u{202e}]){0,40}"),
        header: Vec<u8>,
    ) {
        let sink = crate::testing::MemorySink::new();
        let client = sink.client();
        let told = HeaderPolicy::new().request(["x-any"]).response(["x-any"]);
        let policy = ExchangePolicy::new().headers(told).lifecycle(LifecyclePolicy::new().server_spans(true));
        let facts = RequestFacts::new("test", &method, &path).with_query(query.as_deref()).with_route(Some(&path));
        // Every header has the same bytes, `traceparent`, `x-request-id` and `user-agent` among them.
        let mut recorder = policy.begin(&client, &facts, &|_, each| each(&header));
        recorder.headers_sent(200, &|_, each| each(&header));
        recorder.complete();
        let report = client.blocking().shutdown(std::time::Duration::from_secs(20));
        proptest::prop_assert!(report.is_complete());
        let events = sink.events();
        let ends = events.iter().filter(|event| event.identifier() == "http.request.completed");
        let [end] = ends.collect::<Vec<_>>()[..] else { panic!("{events:?}") };
        proptest::prop_assert_eq!(events.len(), 3);
        // Any bytes may be somebody's address.
        let mut told = serde_json::to_vec(&path).unwrap();
        client.snapshot().mask_string(&mut told, 0);
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        proptest::prop_assert_eq!(end.attribute("url.path"), Some(&told));
        let id = end.attribute("request.id").and_then(|id| id.as_str()).unwrap_or_default();
        proptest::prop_assert!(crate::RequestId::parse(id.as_bytes()).is_some());
        let lossy = String::from_utf8_lossy(&header);
        proptest::prop_assert_eq!(end.attribute("http.request.header.x-any"), Some(&vec![lossy.as_ref()].into()));
    }
}

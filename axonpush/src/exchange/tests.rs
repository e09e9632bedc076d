use super::{facts::lookup, outcome::Outcome, *};
use crate::{client::AxonPush, event::Severity};

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
        proptest::prop_assert_eq!(end.attribute("url.path").and_then(|path| path.as_str()), Some(path.as_str()));
        let id = end.attribute("request.id").and_then(|id| id.as_str()).unwrap_or_default();
        proptest::prop_assert!(crate::RequestId::parse(id.as_bytes()).is_some());
        let lossy = String::from_utf8_lossy(&header);
        proptest::prop_assert_eq!(end.attribute("http.request.header.x-any"), Some(&vec![lossy.as_ref()].into()));
    }
}

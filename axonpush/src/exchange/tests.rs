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

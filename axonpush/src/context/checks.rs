//! What holds of every header a stranger may send, whatever its bytes. Properties check it with bytes made for the
//! purpose, and the targets in `fuzz/` with bytes that a fuzzer finds.

#![expect(clippy::missing_panics_doc, reason = "a check is there to panic")]

use super::{Baggage, HeaderValues, RequestContext, RequestId, TraceParent, TraceState, single};

/// A `traceparent` is read as it stands, or not at all.
pub fn traceparent(header: &[u8]) {
    let Some(parent) = TraceParent::parse(header) else { return };
    let shown = parent.to_string();
    assert_eq!(header.get(3..55), shown.as_bytes().get(3..), "all but the version");
    assert_eq!(TraceParent::parse(shown.as_bytes()), Some(parent));
    assert_eq!(shown.parse().ok(), Some(parent));
    let child = parent.child();
    assert!(child.trace_id() == parent.trace_id() && child.is_sampled() == parent.is_sampled());
    assert_eq!(TraceParent::parse(child.to_string().as_bytes()), Some(child));
}

/// A `tracestate` is read within its limits, and what was read reads back.
pub fn tracestate(header: &[u8]) {
    let state = TraceState::parse(header);
    let shown = state.to_string();
    assert!(shown.len() <= TraceState::MAX_LENGTH && state.iter().count() <= TraceState::MAX_MEMBERS);
    assert_eq!(TraceState::parse(shown.as_bytes()), state);
    assert_eq!(shown.parse().ok(), Some(state.clone()));
    strictly(header, &state);
    for (key, value) in state.iter() {
        assert_eq!(state.get(key), Some(value), "a key stands there once");
    }
}

/// `baggage` is read within its limits, and what was read reads back.
pub fn baggage(header: &[u8]) {
    let baggage = Baggage::parse(header);
    let shown = baggage.to_string();
    assert!(shown.len() <= Baggage::MAX_LENGTH && baggage.iter().count() <= Baggage::MAX_MEMBERS);
    assert_eq!(Baggage::parse(shown.as_bytes()), baggage);
    assert_eq!(shown.parse().ok(), Some(baggage.clone()));
    strictly(header, &baggage);
    for (key, _value) in baggage.iter() {
        assert!(baggage.get(key).is_some());
        baggage.properties(key).for_each(drop);
    }
}

/// A request id is taken over as it stands, and only where it can break out of nothing.
pub fn request_id(header: &[u8]) {
    let Some(id) = RequestId::parse(header) else { return };
    assert!(id.as_bytes() == header && id.as_str().as_bytes() == header);
    assert!((1..=RequestId::MAX_LENGTH).contains(&header.len()));
    assert!(header.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)));
    assert_eq!(id.as_str().parse().ok(), Some(id));
}

/// Of a request whose headers all have these values, what must be single is believed only where it is, and a
/// `tracestate` only after a `traceparent`.
pub fn inbound(values: &[&[u8]]) {
    let headers: HeaderValues<'_, '_> = &|_, each| values.iter().for_each(|value| each(value));
    let context = RequestContext::builder().extract_trace(headers).extract_baggage(headers).build();
    let only = match values {
        [only] => Some(*only),
        _ => None,
    };
    assert_eq!(single(headers, "x-request-id"), only);
    let parent = only.and_then(TraceParent::parse);
    assert_eq!(context.parent_span_id(), parent.as_ref().map(TraceParent::span_id));
    match parent {
        Some(parent) => assert_eq!(context.trace_id(), parent.trace_id()),
        None => assert_eq!(context.tracestate(), None),
    }
    assert!(context.tracestate().is_none_or(|state| !state.is_empty()));
    assert_eq!(context.baggage().cloned().unwrap_or_default(), Baggage::parse(&values.join(&b',')));
}

/// Whoever is strict accepts nothing that is not read the same way leniently.
fn strictly<T: std::str::FromStr + PartialEq + std::fmt::Debug>(header: &[u8], leniently: &T) {
    if let Some(strict) = std::str::from_utf8(header).ok().and_then(|text| text.parse::<T>().ok()) {
        assert_eq!(strict, *leniently);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    /// A header's value: any bytes, or nearly a good one, which now and then is very long.
    pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            "[a-z0-9@*A ]{0,6}=?[a-z= ~é%;]{0,40}[,; \t]{0,2}".prop_map(String::into_bytes),
            "(00|cc|ff)-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3](-x)?".prop_map(String::into_bytes),
            "(for=)?\"?\\[?[0-9a-f.:]{1,20}\\]?(:[0-9]{1,5})?\"?[,;]?".prop_map(String::into_bytes),
            "[A-Za-z0-9._-]{1,130}".prop_map(String::into_bytes),
            select(vec![&b"\xff\xfe"[..], b"\0", b"\r\nx: y", b",", b"\""]).prop_map(<[u8]>::to_vec),
        ];
        let pieces = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
        (pieces, prop_oneof![9 => Just(1_usize), 1 => 1_usize..2000])
            .prop_map(|(pieces, times)| pieces.repeat(times.min(65_536 / pieces.len().max(1)).max(1)))
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_as_it_should_be_or_not_at_all(value in value()) {
            traceparent(&value);
            tracestate(&value);
            baggage(&value);
            request_id(&value);
        }

        #[test]
        fn headers_that_are_repeated_are_believed_only_where_they_may_be(
            values in prop::collection::vec(value(), 0..4)
        ) {
            inbound(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
}

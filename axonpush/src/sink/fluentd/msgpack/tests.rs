use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// As another decoder reads it, which must read all of it.
fn decoded(json: &[u8]) -> rmpv::Value {
    let mut out = Vec::new();
    value(json, &mut out);
    let mut rest = out.as_slice();
    let read = rmpv::decode::read_value(&mut rest).unwrap();
    assert!(rest.is_empty(), "{} bytes follow", rest.len());
    read
}

/// The same value, made without JSON text.
fn expected(json: &Json) -> rmpv::Value {
    match json {
        Json::Null => rmpv::Value::Nil,
        Json::Bool(value) => (*value).into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(expected).collect::<Vec<_>>().into(),
        Json::Object(entries) => {
            entries.iter().map(|(key, value)| (key.as_str().into(), expected(value))).collect::<Vec<_>>().into()
        }
        Json::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => number.into(),
            (_, Some(number), _) => number.into(),
            (.., number) => number.unwrap().into(),
        },
    }
}

fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

#[test]
fn every_kind_has_its_shortest_form() {
    let of = |json: &str| bytes(|out| value(json.as_bytes(), out));
    assert_eq!(of("null"), [0xc0]);
    assert_eq!((of("false"), of("true")), (vec![0xc2], vec![0xc3]));
    assert_eq!((of("0"), of("127"), of("128")), (vec![0], vec![127], vec![0xcc, 128]));
    assert_eq!((of("-1"), of("-32"), of("-33")), (vec![0xff], vec![0xe0], vec![0xd0, 0xdf]));
    assert_eq!((of("256"), of("65536")), (vec![0xcd, 1, 0], vec![0xce, 0, 1, 0, 0]));
    assert_eq!(of("4294967296"), [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(of("18446744073709551615"), [0xcf, 255, 255, 255, 255, 255, 255, 255, 255]);
    assert_eq!(of("-129"), [0xd1, 0xff, 0x7f]);
    assert_eq!(of("-32769"), [0xd2, 0xff, 0xff, 0x7f, 0xff]);
    assert_eq!(of("-9223372036854775808"), [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(of("1.5"), [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
    assert_eq!(of(r#""a""#), [0xa1, b'a']);
    assert_eq!((of("[]"), of("{}")), (vec![0x90], vec![0x80]));
    assert_eq!(of(r#"{"a":[1,{"b":null}],"c":""}"#), b"\x82\xa1a\x92\x01\x81\xa1b\xc0\xa1c\xa0");
}

#[test]
fn a_number_without_an_exact_form_is_its_text() {
    for number in ["18446744073709551616", "-9223372036854775809", "1e999", "-1e999"] {
        assert_eq!(decoded(number.as_bytes()), rmpv::Value::from(number));
    }
    assert_eq!(decoded(b"1e2"), rmpv::Value::from(100.0));
}

#[test]
fn a_time_beyond_the_range_of_the_extension_is_a_number_of_seconds() {
    let of = |nanos| bytes(|out| event_time(nanos, out));
    assert_eq!(of(0), [0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(of(1_795_281_323_123_456_789), b"\xd7\x00\x6b\x01\xd1\xab\x07\x5b\xcd\x15");
    assert_eq!(of(u64::from(u32::MAX) * 1_000_000_000 + 999_999_999), b"\xd7\x00\xff\xff\xff\xff\x3b\x9a\xc9\xff");
    assert_eq!(of((u64::from(u32::MAX) + 1) * 1_000_000_000), b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00");
}

#[test]
fn long_text_and_long_containers_have_long_heads() {
    for length in [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        let text = json!("é".repeat(length / 2));
        assert_eq!(decoded(text.to_string().as_bytes()), expected(&text));
        let array = Json::Array(vec![json!(7); length]);
        assert_eq!(decoded(array.to_string().as_bytes()), expected(&array));
        let map: Json =
            (0..length).map(|key| (key.to_string(), json!([key]))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(decoded(map.to_string().as_bytes()), expected(&map));
        assert_eq!(bytes(|out| binary(&vec![1; length], out)), {
            let mut out = Vec::new();
            rmpv::encode::write_value(&mut out, &rmpv::Value::Binary(vec![1; length])).unwrap();
            out
        });
    }
}

#[test]
fn what_is_nested_without_end_is_text_from_some_depth_on() {
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    let mut value = decoded(deep.as_bytes());
    for _ in 0..crate::event::json::MAX_DEPTH {
        value = value.as_array().unwrap()[0].clone();
    }
    assert_eq!(value.as_str().map(str::len), Some(deep.len() - 2 * crate::event::json::MAX_DEPTH));
}

#[test]
fn half_an_answer_is_waited_for_and_nonsense_is_refused() {
    let answer = b"\x82\xa3ack\xc4\x03abc\xa1x\x93\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc3\xcd\x01\x00";
    for end in 0..answer.len() {
        assert_eq!(read(&answer[..end]), Ok(None), "{end} bytes");
    }
    let (value, length) = read(&[answer.as_slice(), b"\x01"].concat()).unwrap().unwrap();
    assert_eq!((value.get("ack").and_then(Value::as_text), length), (Some(&b"abc"[..]), answer.len()));
    assert_eq!(value.get("x"), Some(&Value::Array(vec![Value::Other, Value::Bool(true), Value::Other])));
    assert_eq!((read(b"\xc1"), read(&[0x91; 20])), (Err(Malformed), Err(Malformed)));
    // A length is only believed as far as there is something behind it.
    assert_eq!((read(b"\xdd\xff\xff\xff\xff"), read(b"\xc6\xff\xff\xff\xff")), (Ok(None), Ok(None)));
}

fn any_json() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[\"\\\\\n\u{202e}\u{0}a]{0,40}".prop_map(Json::from),
    ];
    scalar.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Json::from),
            prop::collection::btree_map(".{0,3}", inner, 0..20)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_another_decoder_reads(json in any_json()) {
        prop_assert_eq!(decoded(json.to_string().as_bytes()), expected(&json));
    }

    #[test]
    fn what_is_written_can_be_read_back(json in any_json()) {
        let mut out = Vec::new();
        value(json.to_string().as_bytes(), &mut out);
        if let Ok(read) = read(&out) {
            prop_assert_eq!(read.map(|(_, length)| length), Some(out.len()));
        }
    }

    #[test]
    fn foreign_bytes_never_panic(bytes: Vec<u8>) {
        let mut out = Vec::new();
        value(&bytes, &mut out);
        let _read = read(&bytes);
    }
}

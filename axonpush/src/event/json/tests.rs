use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use serde::ser;

use super::*;

fn text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    write(value, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_shape_reads_as_serde_json_writes_it() {
    #[derive(Serialize)]
    enum Shape {
        Unit,
        New(u8),
        Tuple(u8, &'static str),
        Struct { a: Option<()>, b: char },
    }
    #[derive(Serialize)]
    struct All {
        shapes: [Shape; 4],
        map: BTreeMap<u8, Option<()>>,
        flags: BTreeMap<bool, i8>,
        tuple: (f32, f64, ()),
    }
    let all = All {
        shapes: [Shape::Unit, Shape::New(1), Shape::Tuple(2, "\u{1}\"x"), Shape::Struct { a: None, b: 'é' }],
        map: BTreeMap::from([(1, None), (2, Some(()))]),
        flags: BTreeMap::from([(true, -1)]),
        tuple: (0.1, 1e300, ()),
    };
    assert_eq!(text(&all), serde_json::to_string(&all).unwrap());
}

#[test]
fn what_json_has_no_number_for_becomes_a_string() {
    assert_eq!(text(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), r#"["NaN","Infinity","-Infinity"]"#);
    assert_eq!(text(&f32::NAN), r#""NaN""#);
    assert_eq!(text(&u128::MAX), r#""340282366920938463463374607431768211455""#);
    assert_eq!(text(&(7_u128, -7_i128)), "[7,-7]");
}

#[test]
fn nesting_past_the_limit_is_refused_without_recursing_further() {
    struct Nest(u32);
    impl Serialize for Nest {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 == 0 { serializer.serialize_unit() } else { serializer.collect_seq([Nest(self.0 - 1)]) }
        }
    }
    assert!(text(&Nest(100)).ends_with(']'));
    let refusal = write(&Nest(100_000), &mut Vec::new()).unwrap_err();
    assert!(refusal.to_string().contains("100 levels"), "{refusal}");
}

#[test]
fn a_huge_value_is_refused_and_a_huge_string_cut_before_it_is_copied() {
    let mut out = Vec::new();
    assert!(matches!(write(&vec![0_u8; 10 << 20], &mut out), Err(Refusal::TooLarge)));
    assert!(matches!(write(&vec!["x".repeat(1000); 10_000], &mut out), Err(Refusal::TooLarge)));
    assert!(out.capacity() <= 4 * MAX_BYTES, "{}", out.capacity());
    let cut = text(&"é".repeat(5 << 20));
    assert!(cut.len() <= MAX_STRING_BYTES + 2);
}

/// A struct as `serde_json` hands its private ones to a serializer.
struct Private(&'static str, String);

impl Serialize for Private {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct(self.0, 1)?;
        ser::SerializeStruct::serialize_field(&mut fields, self.0, &self.1)?;
        ser::SerializeStruct::end(fields)
    }
}

fn number(text: &str) -> Private {
    Private("$serde_json::private::Number", text.to_owned())
}

fn raw(text: impl Into<String>) -> Private {
    Private("$serde_json::private::RawValue", text.into())
}

#[test]
fn a_number_of_any_precision_is_written_as_it_is() {
    let digits = "3.14159265358979323846264338327950288e-10";
    assert_eq!(text(&[number("42"), number(digits), number("-0")]), format!("[42,{digits},-0]"));
    assert_eq!(text(&[number("1,\"x\":2"), number("NaN"), number("")]), r#"["1,\"x\":2","NaN",""]"#);
}

#[test]
fn raw_json_is_written_in_the_one_spelling_that_redaction_reads() {
    let spelled = " { \"b\" : {},\n\"pass\\u0077ord\":[ 1 , 2.50 ] } ";
    assert_eq!(text(&[raw(spelled)]), r#"[{"b":{},"password":[1,2.5]}]"#);
    assert_eq!(text(&raw(" [1] ")), "[1]");
    assert_eq!(text(&raw(serde_json::to_string(&"\"".repeat(100_000)).unwrap())).len(), 200_002);
    let refused = |text: String| write(&raw(text), &mut Vec::new()).unwrap_err();
    assert!(matches!(refused("{\"a\":1}{".to_owned()), Refusal::Raw));
    assert!(matches!(refused("[".repeat(120) + &"]".repeat(120)), Refusal::TooDeep));
    assert!(matches!(refused("[".repeat(100_000)), Refusal::Raw));
    assert!(matches!(refused(format!("[{}1]", "1,".repeat(5 << 20))), Refusal::TooLarge));
}

#[test]
fn a_display_that_fails_is_refused_and_an_endless_one_cut() {
    struct Shown(Option<&'static str>);
    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let Some(text) = self.0 else { return Err(std::fmt::Error) };
            let mut cut = Ok(());
            while cut.is_ok() {
                cut = f.write_str(text);
            }
            // Whoever ignores that it was enough adds nothing.
            let _ignored = f.write_str("x");
            cut
        }
    }
    impl Serialize for Shown {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    struct Failing(Option<&'static str>);
    impl Serialize for Failing {
        fn serialize<S: ser::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom(Shown(self.0)))
        }
    }
    let refusal = write(&[Shown(None)], &mut Vec::new()).unwrap_err();
    assert!(refusal.to_string().contains("`Display`"), "{refusal}");
    assert_eq!(text(&Shown(Some("é"))).len(), MAX_STRING_BYTES + 2);
    assert!(text(&Shown(Some("éa"))).ends_with("a\""));
    for failing in [Failing(None), Failing(Some("é\n"))] {
        let message = write(&failing, &mut Vec::new()).unwrap_err().to_string();
        assert!((1..=1024).contains(&message.len()), "{message}");
    }
}

#[test]
fn keys_that_are_no_scalars_are_refused() {
    let refusal = write(&BTreeMap::from([((1, 2), 3)]), &mut Vec::new()).unwrap_err();
    assert!(matches!(refusal, Refusal::Key));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|all| json!(BTreeMap::from_iter(all))),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_value_is_written_as_serde_json_writes_it(value in any_json()) {
        prop_assert_eq!(text(&value), serde_json::to_string(&value).unwrap());
    }
}

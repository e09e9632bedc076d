use proptest::prelude::*;

use super::*;
use crate::context::checks;

#[track_caller]
fn reads(header: &str, baggage: &str) {
    assert_eq!(Baggage::parse(header.as_bytes()).to_string(), baggage, "{header:?}");
}

fn members(count: usize) -> String {
    (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",")
}

#[test]
fn well_formed_baggage_is_read_as_it_is() {
    for list in [
        "",
        "a=",
        "SomeKey=SomeValue",
        "userId=Am%C3%A9lie,serverNode=DF%2028,isProduction=false",
        "key=value;property1;property2=;property3=with%20value",
        "!#$%&'*+-.^_`|~=!#$%&'()*+-./:<=>?@[]^_`{|}~",
        "a=b=c",
        "a=1,a=2",
        &members(64),
    ] {
        reads(list, list);
        assert_eq!(list.parse::<Baggage>().unwrap().to_string(), list);
    }
}

#[test]
fn white_space_around_the_parts_and_empty_parts_go() {
    reads(" a = 1\t; p ; q = 2 ;, ,\tb=2", "a=1;p;q=2,b=2");
    reads(" , ", "");
}

#[test]
fn malformed_members_are_dropped_and_the_others_stay() {
    for member in [
        "a",
        "=1",
        "a b=1",
        "a=b c",
        "a=\"b\"",
        "a=b\\c",
        "a=é",
        "ä=1",
        "a=1;p q",
        "a=1;=2",
        "a=1;p=q r",
        "a=\u{1}",
        ";a=1",
    ] {
        reads(&format!("x=1,{member},y=2"), "x=1,y=2");
        let error = format!("x=1,{member}").parse::<Baggage>().unwrap_err();
        assert!(error.is_invalid() && error.to_string().starts_with("member 2 "), "{error}");
    }
    assert_eq!(Baggage::parse(b"x=1,\xff=1,a=\xff,y=2").to_string(), "x=1,y=2");
}

#[test]
fn values_and_properties_are_decoded() {
    let baggage = Baggage::parse(b"a=1;p;q=%20,city=Z%C3%BCrich,a=2%2c3;last=%41,bad=%ff%,odd=100%zz");
    let all: Vec<_> = baggage.iter().map(|(key, value)| (key, value.into_owned())).collect();
    let expected = [("a", "1"), ("city", "Zürich"), ("a", "2,3"), ("bad", "\u{fffd}%"), ("odd", "100%zz")];
    assert_eq!(all, expected.map(|(key, value)| (key, value.to_owned())));
    assert_eq!(baggage.get("a").as_deref(), Some("2,3"));
    assert_eq!(baggage.properties("a").collect::<Vec<_>>(), [("last", Some("A".into()))]);
    assert_eq!((baggage.get("x"), baggage.properties("x").count()), (None, 0));
    let first = Baggage::parse(b"a=1;p;q=%20");
    assert_eq!(first.properties("a").collect::<Vec<_>>(), [("p", None), ("q", Some(" ".into()))]);
}

#[test]
fn what_is_too_much_is_dropped_from_outside_and_refused_from_within() {
    reads(&members(65), &members(64));
    assert!(members(65).parse::<Baggage>().unwrap_err().to_string().contains("65 members"));
    assert!(Baggage::parse(members(64).as_bytes()).with("one", "more").unwrap_err().is_invalid());
    assert!(Baggage::parse(members(64).as_bytes()).with("k0", "again").is_ok());

    let (large, most) = ("v".repeat(5000), "v".repeat(8190));
    reads(&format!("a={large},b={large},c=1"), &format!("a={large},c=1"));
    reads(&format!("a={most}"), &format!("a={most}"));
    reads(&format!("a={most}v,b=1"), "b=1");
    assert!(Baggage::new().with("a", &most).is_ok());
    assert!(Baggage::new().with("a", &format!("{most}v")).unwrap_err().to_string().contains("8193 bytes"));
}

#[test]
fn what_is_set_stands_at_the_end_and_replaces_what_had_its_key() {
    let baggage = Baggage::parse(b"a=1;p,b=2,a=3").with("a", "50% of \"x\"").unwrap();
    assert_eq!(baggage.to_string(), "b=2,a=50%25%20of%20%22x%22");
    assert_eq!(baggage.get("a").as_deref(), Some("50% of \"x\""));
    assert_eq!(baggage.without("b").without("a"), Baggage::new());
    for key in ["", "can ary", "canäry", "canary=", "canary,"] {
        let error = Baggage::new().with(key, "1").unwrap_err().to_string();
        assert!(error.contains(&format!("{} bytes", key.len())) && !error.contains("canary"), "{error}");
    }
}

/// Text that is nearly baggage, so that the branches behind the first refusal are reached.
fn nearly() -> impl Strategy<Value = String> {
    proptest::string::string_regex("([a-c%]{0,3}[ =]{0,2}[a-z%0-9= \"é]{0,200}[;,]{0,2}){0,90}").unwrap()
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_within_the_limits(bytes: Vec<u8>) {
        checks::baggage(&bytes);
    }

    #[test]
    fn anything_like_baggage_is_too(text in nearly()) {
        checks::baggage(text.as_bytes());
    }

    #[test]
    fn any_value_that_is_set_reads_back(value: String) {
        let baggage = Baggage::new().with("key", &value).unwrap();
        let read = Baggage::parse(baggage.to_string().as_bytes());
        let read_value = read.get("key");
        prop_assert_eq!(read_value.as_deref(), Some(value.as_str()));
    }
}

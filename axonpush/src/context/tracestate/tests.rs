use proptest::prelude::*;

use super::*;
use crate::context::checks;

#[track_caller]
fn reads(header: &str, state: &str) {
    assert_eq!(TraceState::parse(header.as_bytes()).to_string(), state, "{header:?}");
}

/// `count` members called `k00`, `k01`, ….
fn members(count: usize) -> String {
    (0..count).map(|n| format!("k{n:02}=v")).collect::<Vec<_>>().join(",")
}

#[test]
fn well_formed_lists_are_read_as_they_are() {
    for list in [
        "",
        "a=1",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "fw529a3039@dt=FfhqBo~!#$%&'()*+-./:;<>?@[]^_`{|}\"\\",
        "0a=level 2 lets a key begin with a digit",
        "a_-*/9=x y  z",
        "a= leading",
        &members(32),
        &format!("{}=1", "z".repeat(256)),
        &format!("{}@{}=1", "t".repeat(241), "v".repeat(14)),
        &format!("a={}", "v".repeat(256)),
    ] {
        reads(list, list);
        assert_eq!(list.parse::<TraceState>().unwrap().to_string(), list);
    }
}

#[test]
fn white_space_around_members_and_empty_members_go() {
    reads(" a=1\t, \tb=2 ,,\t, c=3", "a=1,b=2,c=3");
    reads(" , \t", "");
    assert!(TraceState::parse(b",,").is_empty());
}

#[test]
fn malformed_members_are_dropped_and_the_others_stay() {
    for member in [
        "A=1",
        "a",
        "=1",
        "a=",
        "a =1",
        "a.b=1",
        "a=1=2",
        "a=\u{7f}",
        "a=\0",
        "a=é",
        "é=1",
        "_a=1",
        "@v=1",
        "t@=1",
        "t@@v=1",
        "t@v@w=1",
        "t@1v=1",
        &format!("{}=1", "z".repeat(257)),
        &format!("{}@v=1", "t".repeat(242)),
        &format!("t@{}=1", "v".repeat(15)),
        &format!("a={}", "v".repeat(257)),
    ] {
        reads(&format!("x=1,{member},y=2"), "x=1,y=2");
        assert!(member.parse::<TraceState>().unwrap_err().is_invalid(), "{member:?}");
    }
    assert_eq!(TraceState::parse(b"x=1,\xff\xfe=1,a=\xff,y=2").to_string(), "x=1,y=2");
}

#[test]
fn of_two_members_with_one_key_the_first_is_kept() {
    reads("a=1,b=2,a=3", "a=1,b=2");
    let error = "a=1,b=2,a=3".parse::<TraceState>().unwrap_err().to_string();
    assert!(error.starts_with("member 3 "), "{error}");
}

#[test]
fn a_list_of_more_than_32_members_is_none() {
    reads(&members(33), "");
    reads(&format!("{},", members(32)), &members(32));
    assert!(members(33).parse::<TraceState>().unwrap_err().to_string().contains("33 members"));
}

#[test]
fn large_members_make_room_first_and_then_those_at_the_end() {
    let (large, medium) = ("L".repeat(200), "m".repeat(100));
    let others = format!("b={medium},c={medium},d={medium},e=1");
    reads(&format!("a={large},{others}"), &others);
    let all = format!("a={large},b={medium},c={large},d=1");
    reads(&all, &all);
    reads(&format!("a={large},b={large},c={large},d=1"), &format!("a={large},b={large},d=1"));
    let list = ["a", "b", "c", "d", "e", "f"].map(|key| format!("{key}={medium}"));
    reads(&list.join(","), &list[..4].join(","));
    reads(&format!("{}={}", "z".repeat(256), "v".repeat(256)), "");
}

#[test]
fn what_is_set_stands_in_front_and_makes_room_at_the_end() {
    let state = TraceState::parse(b"a=1,b=2").with("b", "3").unwrap().with("c", "4").unwrap();
    assert_eq!(state.to_string(), "c=4,b=3,a=1");
    assert_eq!(state.clone().without("b").to_string(), "c=4,a=1");
    assert_eq!((state.get("a"), state.get("x")), (Some("1"), None));

    let full = TraceState::parse(members(32).as_bytes()).with("new", "x").unwrap();
    assert_eq!(full.iter().count(), 32);
    assert_eq!((full.get("new"), full.get("k31")), (Some("x"), None));

    let long = TraceState::parse(members(32).as_bytes()).with("new", &"v".repeat(256)).unwrap();
    assert!(long.to_string().len() <= TraceState::MAX_LENGTH && long.get("k00") == Some("v"), "{long}");
}

#[test]
fn what_the_application_sets_is_checked_and_not_repeated() {
    for (key, value, named) in [
        ("Canary", "1", "key of 6 bytes"),
        ("", "1", "key of 0 bytes"),
        ("a", "canary,x=1", "value of 10 bytes"),
        ("a", "canary ", "value of 7 bytes"),
        ("a", "", "value of 0 bytes"),
        ("a", "canary\r\nx: y", "value of 12 bytes"),
        (&"k".repeat(256), &"v".repeat(256), "513 characters"),
    ] {
        let error = TraceState::new().with(key, value).unwrap_err();
        let message = error.to_string();
        assert!(error.is_invalid() && message.contains(named), "{message}");
        assert!(!message.to_lowercase().contains("canary"), "{message}");
    }
}

/// Text that is nearly a list, so that the branches behind the first refusal are reached.
fn nearly() -> impl Strategy<Value = String> {
    proptest::string::string_regex("([a-z0-9@*A ]{0,6}[=]?[a-z= ~é]{0,140}[, \t]{0,2}){0,40}").unwrap()
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_within_the_limits(bytes: Vec<u8>) {
        checks::tracestate(&bytes);
    }

    #[test]
    fn anything_like_a_list_is_too(text in nearly()) {
        checks::tracestate(text.as_bytes());
    }

    #[test]
    fn setting_a_member_keeps_the_limits(text in nearly(), key in "[a-z]{1,8}", value in "[!-+]{1,256}") {
        let state = TraceState::parse(text.as_bytes()).with(&key, &value).unwrap();
        prop_assert_eq!(state.iter().next(), Some((key.as_str(), value.as_str())));
        checks::tracestate(state.to_string().as_bytes());
    }
}

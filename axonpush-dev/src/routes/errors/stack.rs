//! Where in the code something failed.

use serde_json::{Value, json};

use super::super::resource::object;
use crate::event::EventBody;

/// The frames of an event, the innermost last: those it was sent with, else what its stack trace or its place in the code
/// can be read as.
pub(super) fn frames(body: &EventBody) -> Vec<Value> {
    if let Some(frames) = body.payload.get("stack").and_then(Value::as_array) {
        return frames.clone();
    }
    let text = |name| body.attribute(name).and_then(Value::as_str);
    let read: Vec<_> = text("exception.stacktrace").map(read).unwrap_or_default();
    if !read.is_empty() {
        return read;
    }
    let first = |names: &[&str]| names.iter().find_map(|name| body.attribute(name));
    let file = first(&["code.file.path", "code.filepath"]);
    let function = first(&["code.function.name", "code.function"]);
    if file.is_none() && function.is_none() {
        return Vec::new();
    }
    let frame = json!({
        "file": file, "function": function, "line": first(&["code.line.number", "code.lineno"]), "inApp": true,
    });
    vec![Value::Object(object(frame))]
}

/// Reads a stack trace of Python, Rust, Java or JavaScript. Lines that are none of theirs are passed over.
fn read(trace: &str) -> Vec<Value> {
    let mut frames = Vec::new();
    let mut function = None;
    let mut innermost_first = false;
    for line in trace.lines().map(str::trim).take(MAX_LINES) {
        if let Some((file, rest)) = line.strip_prefix("File \"").and_then(|rest| rest.split_once("\", line ")) {
            let (number, name) = rest.split_once(", in ").unwrap_or((rest, ""));
            frames.push(frame(file, number, name));
        } else if let Some(at) = line.strip_prefix("at ") {
            innermost_first = true;
            // Rust tells of the function in the line before; Java and JavaScript have it in this one.
            let called = at.strip_suffix(')').and_then(|at| at.rsplit_once('('));
            let (name, place) = match (function.take(), called) {
                (None, Some((name, place))) => (name.trim().to_owned(), place),
                (name, _) => (name.unwrap_or_default(), at),
            };
            let (file, number) = split_place(place);
            frames.push(frame(file, number, &name));
        } else if let Some((number, name)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            function = Some(name.to_owned());
        }
    }
    if innermost_first {
        frames.reverse();
    }
    frames
}

/// `file:line`, or `file:line:column`.
fn split_place(place: &str) -> (&str, &str) {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match place.rsplit_once(':') {
        Some((rest, last)) if is_number(last) => match rest.rsplit_once(':') {
            Some((file, line)) if is_number(line) => (file, line),
            _ => (rest, last),
        },
        _ => (place, ""),
    }
}

fn frame(file: &str, line: &str, function: &str) -> Value {
    let foreign = ["/site-packages/", "/node_modules/", "/.cargo/registry/", "/rustc/", "node:"];
    let in_app = !file.is_empty() && !foreign.iter().any(|part| file.contains(part));
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Value::Object(object(json!({
        "file": text(file), "line": line.trim().parse::<u64>().ok(), "function": text(function), "inApp": in_app,
    })))
}

/// A trace that goes deeper than that went round in circles.
const MAX_LINES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_several_languages_are_read_with_the_innermost_last() {
        let python = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in main\n    pay()\n  \
                      File \"/usr/lib/site-packages/pay.py\", line 9, in pay\nValueError: no";
        let java = "Timeout: slow\n  at shop.Pay.charge(Pay.java:9)\n  at shop.Main.main(Main.java:3)";
        let javascript = "Error: no\n    at pay (/app/node_modules/pay.js:9:13)\n    at /app/main.js:3:1";
        let rust =
            "0: pay::charge\n          at /rustc/abc/pay.rs:9:5\n   1: shop::main\n          at /app/main.rs:3:1";
        for (trace, inner_is_ours) in [(python, false), (java, true), (javascript, false), (rust, false)] {
            let frames = read(trace);
            let lines: Vec<_> = frames.iter().map(|frame| frame["line"].as_u64().unwrap()).collect();
            assert_eq!(lines, [3, 9], "{trace}");
            assert_eq!((&frames[0]["inApp"], &frames[1]["inApp"]), (&json!(true), &json!(inner_is_ours)), "{trace}");
        }
        assert_eq!(read(rust)[1]["function"], "pay::charge");
        assert_eq!(read(javascript)[1]["function"], "pay");
        assert!(read("nothing like a trace: at all\n12: \nat \nFile \"x").is_empty());
    }
}

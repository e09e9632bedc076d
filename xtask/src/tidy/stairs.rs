//! The import stairs of `axonpush`: a room may use the rooms on lower steps and no others.
//!
//! So every room can be read knowing only what lies below it, and a cycle cannot begin. Tests may
//! import what they like. `lib.rs` is the facade above everything: it re-exports, and nobody
//! inside goes through it.

use std::collections::BTreeSet;

use super::Finding;
use super::rust::{Rust, leading_name, words};
use super::tree::Tree;

/// Every room and its step, lowest first. Rooms on one step do not know each other.
const STEPS: &[(&str, usize)] = &[
    ("error", 0),
    ("clock", 0),
    ("fork", 0),
    ("setting", 0),
    ("sync", 0),
    ("event", 1),
    ("loss", 1),
    ("context", 2),
    ("redact", 2),
    ("queue", 2),
    ("retry", 2),
    ("spool", 2),
    ("pipeline", 3),
    ("task", 3),
    ("propagation", 3),
    ("transport", 3),
    ("sink", 4),
    ("publisher", 5),
    ("outlet", 5),
    ("config", 6),
    ("metrics", 6),
    ("client", 7),
    ("exchange", 8),
    ("fluent", 8),
    ("capture", 8),
    ("panic_hook", 8),
    ("relay", 8),
    ("resources", 8),
    ("signal", 8),
    ("serverless", 8),
    ("testing", 8),
    ("watch", 8),
    ("init", 9),
    ("webhooks", 9),
];

/// Imports against the stairs that we live with: `(from, to, why)`. One that is no longer needed
/// is reported too.
const ALLOWED: &[(&str, &str, &str)] = &[];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, ALLOWED)
}

fn check_with(tree: &Tree, allowed: &[(&str, &str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rooms: BTreeSet<&str> = tree.paths().iter().filter_map(|path| room(path)).collect();
    let mut reported = BTreeSet::new();
    let mut needed = BTreeSet::new();

    for (file, rust) in tree.rust().filter(|(file, _)| !tree.is_test(&file.path)) {
        let Some(from) = room(&file.path) else {
            continue;
        };
        let Some(from_step) = step(from) else {
            if reported.insert(from) {
                let what = format!("room `{from}` has no step");
                findings.push(Finding::new(&file.path, 1, what, format!("give room `{from}` a step in {HERE}")));
            }
            continue;
        };
        for (offset, to) in references(rust, depth(&file.path), &rooms) {
            if rust.is_test(offset) || to == from {
                continue;
            }
            if allowed.iter().any(|(f, t, _)| *f == from && *t == to) {
                needed.insert((from, to));
                continue;
            }
            let line = rust.line(offset);
            match step(&to) {
                Some(to_step) if to_step < from_step => {}
                Some(to_step) => findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{from}` (step {from_step}) uses `{to}` (step {to_step})"),
                    format!("hand in what is needed from above, or move it below step {from_step}"),
                )),
                // A room without a step is reported once, where it lives.
                None if rooms.contains(to.as_str()) => {}
                None => findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{from}` uses `crate::{to}`, which is no room"),
                    format!("name the room it lives in: `crate::<room>::{to}`"),
                )),
            }
        }
    }

    for (from, to, why) in allowed {
        if !needed.contains(&(*from, (*to).to_owned())) {
            let what = format!("nothing in `{from}` uses `{to}` any more ({why})");
            findings.push(Finding::new(HERE, 1, what, "remove it from ALLOWED"));
        }
    }
    findings
}

const HERE: &str = "xtask/src/tidy/stairs.rs";
const HOME: &str = "axonpush/src/";

/// The room a file of the SDK belongs to; `None` for the facade and for other crates.
fn room(path: &str) -> Option<&str> {
    let inside = path.strip_prefix(HOME)?.strip_suffix(".rs")?;
    let room = inside.split('/').next()?;
    (room != "lib").then_some(room)
}

fn step(room: &str) -> Option<usize> {
    STEPS.iter().find(|(name, _)| *name == room).map(|(_, step)| *step)
}

/// How many `super::` lead from a file to the crate root.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix(HOME).unwrap_or(path);
    inside.strip_suffix("/mod.rs").unwrap_or(inside).split('/').count()
}

/// Every name taken from the crate root, by `crate::` or by enough `super::`, with its place.
fn references(rust: &Rust, depth: usize, rooms: &BTreeSet<&str>) -> Vec<(usize, String)> {
    let code = rust.code.as_str();
    let mut found = Vec::new();
    for at in words(code, "crate") {
        // `$crate::` is a macro speaking from its caller's place, which only sees the facade.
        if !code[..at].ends_with('$')
            && let Some(after) = path_separator(&code[at + "crate".len()..])
        {
            found.extend(names(code, code.len() - after.len()));
        }
    }
    for at in words(code, "super").filter(|at| !code[..*at].trim_end().ends_with("::")) {
        let mut path = &code[at..];
        let mut climbed = 0;
        while let Some(after) = path.strip_prefix("super").and_then(path_separator) {
            (path, climbed) = (after, climbed + 1);
        }
        if climbed == depth {
            // An inline module takes one `super::` to leave, so only real rooms count here.
            let names = names(code, code.len() - path.len());
            found.extend(names.into_iter().filter(|(_, name)| rooms.contains(name.as_str())));
        }
    }
    found
}

/// What follows the `::` that `code` begins with.
fn path_separator(code: &str) -> Option<&str> {
    code.trim_start().strip_prefix("::").map(str::trim_start)
}

/// The first name of each path at `at`: one, or those of a `{…}` group. Macros are left out, as
/// they have no room.
fn names(code: &str, at: usize) -> Vec<(usize, String)> {
    let mut starts = vec![at];
    if code[at..].starts_with('{') {
        starts.clear();
        let mut nesting = 0_usize;
        for (offset, byte) in code[at..].bytes().enumerate() {
            match byte {
                b'{' => nesting += 1,
                b'}' => nesting -= 1,
                b',' => {}
                _ => continue,
            }
            if nesting == 0 {
                break;
            }
            if nesting == 1 && byte != b'}' {
                starts.push(at + offset + 1);
            }
        }
    }
    let mut found = Vec::new();
    for start in starts {
        let start = code.len() - code[start..].trim_start().len();
        let name = leading_name(&code[start..]);
        let after = &code[start + name.len()..];
        if code[start..].starts_with('*') {
            found.push((start, "*".to_owned()));
        } else if !name.is_empty() && !after.starts_with('!') {
            found.push((start, name.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Finding, check_with};
    use crate::tidy::{places, tree::Tree};

    const ROOMS: [(&str, &str); 3] =
        [("axonpush/src/error.rs", ""), ("axonpush/src/retry.rs", ""), ("axonpush/src/client.rs", "")];

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        let mut files = ROOMS.to_vec();
        files.push((path, text));
        check_with(&Tree::of(&files), &[])
    }

    #[track_caller]
    fn clean(path: &str, text: &str) {
        assert_eq!(findings(path, text), []);
    }

    #[track_caller]
    fn violates(path: &str, text: &str, line: usize) {
        assert_eq!(places(&findings(path, text)), [format!("{path}:{line}")]);
    }

    #[test]
    fn a_room_may_use_lower_steps_and_itself() {
        clean("axonpush/src/queue/mod.rs", "use crate::error::Error;\nuse crate::queue::overflow::X;\n");
        clean("axonpush/src/queue/mod.rs", "use crate::{error::{Error, Kind}, loss::Loss};\n");
        clean("axonpush/src/queue/mod.rs", "pub(crate) struct A;\npub(in crate::queue) struct B;\n");
    }

    #[test]
    fn a_room_may_not_use_its_own_step_or_a_higher_one() {
        violates("axonpush/src/queue/mod.rs", "\nuse crate::retry::RetryPolicy;\n", 2);
        violates("axonpush/src/queue/mod.rs", "\nuse crate::client::AxonPush;\n", 2);
        violates("axonpush/src/queue/mod.rs", "use crate::{\n    error::Error,\n    client::{A, B},\n};\n", 3);
        violates("axonpush/src/queue/mod.rs", "fn f() {\n    crate::client::go();\n}\n", 2);
    }

    #[test]
    fn climbing_with_super_is_the_same_import() {
        violates("axonpush/src/queue/mod.rs", "use super::retry::RetryPolicy;\n", 1);
        violates("axonpush/src/queue/overflow.rs", "use super::super::client::X;\n", 1);
        clean("axonpush/src/queue/overflow.rs", "use super::retry;\nuse super::super::error::Error;\n");
    }

    #[test]
    fn tests_comments_and_strings_import_what_they_like() {
        clean("axonpush/src/queue/tests.rs", "use crate::client::X;\n");
        clean("axonpush/src/queue.rs", "#[cfg(test)]\nmod tests {\n    use crate::client::X;\n}\n");
        clean("axonpush/src/queue.rs", "/// See [`crate::client::X`].\nconst A: &str = \"crate::client::X\";\n");
    }

    #[test]
    fn the_facade_sees_everything_and_nobody_goes_through_it() {
        clean("axonpush/src/lib.rs", "pub use crate::client::AxonPush;\n");
        violates("axonpush/src/queue.rs", "use crate::Error;\n", 1);
        clean("axonpush/src/queue.rs", "fn f() { crate::debug!(); $crate::Error }\n");
    }

    #[test]
    fn a_room_without_a_step_is_asked_for_one() {
        violates("axonpush/src/attic/mod.rs", "\nuse crate::client::X;\n", 1);
        clean("axonpush-axum/src/attic.rs", "use crate::layer::X;\n");
    }

    #[test]
    fn an_allowed_import_passes_while_it_is_needed() {
        let allowed = [("queue", "retry", "a reason")];
        let tree = |text| Tree::of(&[("axonpush/src/queue.rs", text)]);
        assert_eq!(check_with(&tree("use crate::retry::X;"), &allowed), []);
        assert_eq!(check_with(&tree(""), &allowed).len(), 1);
    }
}

//! Words that should not be left behind: markers, unfinished code, waiting tests, machine paths.
//!
//! A `// tidy: <reason>` at the end of the line or alone on the line above excuses a sleep, an
//! ignored test and a path, as these three can be right. The others cannot.

use super::Finding;
use super::rust::{Rust, words};
use super::tree::{File, Tree};

// Written in halves so that this file passes its own check.
const MARKERS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const REGISTRY_SETTINGS: [&str; 5] = ["[source.", "[registries", "[registry]", "replace-with", "index-url"];

const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| !is_foreign(&file.path)) {
        markers(file, &mut findings);
        machine_paths(file, &mut findings);
        registries(file, &mut findings);
        if let Some(rust) = &file.rust {
            unfinished(file, rust, &mut findings);
            ignored_tests(file, rust, &mut findings);
            sleeps(file, rust, tree.is_test(&file.path), &mut findings);
        }
    }
    findings
}

/// Code we carry but did not write keeps its own manners.
fn is_foreign(path: &str) -> bool {
    path.split('/').any(|folder| folder == "vendor")
}

/// In Rust only comments can hold a marker; prose may talk about them.
fn markers(file: &File, findings: &mut Vec<Finding>) {
    let text = match &file.rust {
        Some(rust) => &rust.comments,
        None if file.extension() == "md" || file.path == "Cargo.lock" => return,
        None => &file.text,
    };
    for (number, line) in numbered(text) {
        for marker in MARKERS {
            if words(line, marker).next().is_some() {
                let what = format!("a stray {marker}");
                findings.push(Finding::new(&file.path, number, what, "open an issue, or do it now"));
            }
        }
    }
}

fn machine_paths(file: &File, findings: &mut Vec<Finding>) {
    for (number, line) in numbered(&file.text) {
        for path in MACHINE_PATHS {
            // `https://host/home/` and `$DIR/work/` are paths of something else.
            let own = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || ".-_})]".contains(c));
            if line.match_indices(path).any(|(at, _)| !own(at)) && !excused(&file.text, number) {
                let what = format!("`{path}` is a path on somebody's machine");
                findings.push(Finding::new(&file.path, number, what, "start paths at the workspace root"));
            }
        }
    }
}

/// Everybody builds from crates.io; a mirror is the business of one machine.
fn registries(file: &File, findings: &mut Vec<Finding>) {
    let is_cargo_config = file.path.ends_with(".cargo/config.toml") || file.path.ends_with("Cargo.toml");
    for (number, line) in numbered(&file.text) {
        let foreign_lock = file.path.ends_with("Cargo.lock")
            && line.strip_prefix("source = ").is_some_and(|source| source.trim_matches('"') != CRATES_IO);
        let setting = is_cargo_config && REGISTRY_SETTINGS.iter().any(|setting| line.contains(setting));
        if foreign_lock || setting {
            let what = "a source other than crates.io";
            findings.push(Finding::new(&file.path, number, what, "keep mirrors in your own cargo configuration"));
        }
    }
}

fn unfinished(file: &File, rust: &Rust, findings: &mut Vec<Finding>) {
    for name in UNFINISHED {
        for at in words(&rust.code, name) {
            if rust.code[at + name.len()..].starts_with('!') {
                let what = format!("`{name}!` is left in the code");
                findings.push(Finding::new(&file.path, rust.line(at), what, "finish it, or leave it out"));
            }
        }
    }
}

fn ignored_tests(file: &File, rust: &Rust, findings: &mut Vec<Finding>) {
    for (at, _) in rust.code.match_indices("#[ignore") {
        let line = rust.line(at);
        if !excused(&file.text, line) {
            let way_out = "make it pass or remove it; `// tidy: <reason>` keeps it";
            findings.push(Finding::new(&file.path, line, "an ignored test", way_out));
        }
    }
}

fn sleeps(file: &File, rust: &Rust, is_test: bool, findings: &mut Vec<Finding>) {
    for name in ["sleep", "sleep_until"] {
        for at in words(&rust.code, name) {
            let calls = rust.code[at + name.len()..].starts_with('(');
            let line = rust.line(at);
            if calls && is_real_sleep(&rust.code[..at]) && (is_test || rust.is_test(at)) && !excused(&file.text, line) {
                let way_out = "wait for the event itself or move the clock; `// tidy: <reason>` keeps it";
                findings.push(Finding::new(&file.path, line, "a test that sleeps", way_out));
            }
        }
    }
}

/// Whether the call after `before` is the system's or the runtime's sleep, and not somebody's own:
/// `sleep`, `thread::sleep` and `time::sleep` are, `clock.sleep` and `fn sleep` are not.
fn is_real_sleep(before: &str) -> bool {
    match before.strip_suffix("::") {
        Some(path) => path.ends_with("thread") || path.ends_with("time"),
        None => !before.ends_with('.') && !before.trim_end().ends_with("fn"),
    }
}

/// Whether the line, or the one above, carries `// tidy:` with a reason.
fn excused(text: &str, line: usize) -> bool {
    let excuses = |line: &str| {
        line.split_once("// tidy:")
            .or_else(|| line.split_once("# tidy:"))
            .is_some_and(|(_, why)| !why.trim().is_empty())
    };
    let mut lines = text.lines().skip(line.saturating_sub(2));
    match lines.next() {
        _ if line == 1 => text.lines().next().is_some_and(excuses),
        Some(above) => {
            let alone = above.trim_start().starts_with(['/', '#']) && excuses(above);
            alone || lines.next().is_some_and(excuses)
        }
        None => false,
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

#[cfg(test)]
mod tests {
    use super::{MACHINE_PATHS, MARKERS, check};
    use crate::tidy::{places, tree::Tree};

    #[track_caller]
    fn clean(path: &str, text: &str) {
        assert_eq!(check(&Tree::of(&[(path, text)])), []);
    }

    #[track_caller]
    fn violates(path: &str, text: &str, line: usize) {
        let findings = check(&Tree::of(&[(path, text)]));
        assert_eq!(places(&findings), [format!("{path}:{line}")]);
    }

    #[test]
    fn markers_are_found_in_comments_and_configuration() {
        for marker in MARKERS {
            violates("a/src/b.rs", &format!("\n// {marker}: later\n"), 2);
            violates("Cargo.toml", &format!("# {marker}\n"), 1);
            clean("a/src/b.rs", &format!("const A: &str = \"{marker}\";\n// {marker}S\n"));
            clean("CONTRIBUTING.md", &format!("No {marker}s, no {marker}.\n"));
            clean("a/vendor/b.js", &format!("// {marker}\n"));
        }
    }

    #[test]
    fn unfinished_code_is_found() {
        violates("a/src/b.rs", "fn f() {\n    todo!()\n}\n", 2);
        violates("a/src/b.rs", "fn f() { dbg!(1); }\n", 1);
        clean("a/src/b.rs", "// todo!()\nfn todo() {}\n");
    }

    #[test]
    fn an_ignored_test_needs_a_reason() {
        violates("a/src/b.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n", 2);
        clean("a/src/b.rs", "#[test]\n#[ignore] // tidy: needs an account\nfn f() {}\n");
    }

    #[test]
    fn tests_do_not_sleep() {
        violates("tests/it/a.rs", "fn f() {\n    std::thread::sleep(D);\n}\n", 2);
        violates("a/src/b/tests.rs", "fn f() { tokio::time::sleep(D).await; }\n", 1);
        violates("a/src/b.rs", "#[cfg(test)]\nmod tests {\n    fn f() { sleep(D); }\n}\n", 3);
        clean("a/src/b.rs", "fn f() { std::thread::sleep(D); }\n");
        clean("tests/it/a.rs", "use tokio::time::sleep;\nfn sleep() {}\nfn f() { clock.sleep(D); Rig::sleep(D) }\n");
    }

    #[test]
    fn a_sleep_with_a_reason_stays() {
        clean("tests/it/a.rs", "// tidy: the server under test is slow\nsleep(D);\n");
        clean("tests/it/a.rs", "sleep(D); // tidy: the server under test is slow\n");
        violates("tests/it/a.rs", "sleep(D); // tidy:\n", 1);
        violates("tests/it/a.rs", "sleep(D); // tidy: why\nsleep(D);\n", 2);
    }

    #[test]
    fn machine_paths_are_found_in_any_text() {
        for path in MACHINE_PATHS {
            violates("docs/a.md", &format!("see {path}x\n"), 1);
            violates("a/src/b.rs", &format!("const A: &str = \"{path}x\";\n"), 1);
            clean("docs/a.md", &format!("see https://example.com{path}x and ${{DIR}}{path}\n"));
        }
    }

    #[test]
    fn crates_come_from_the_public_registry() {
        clean("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n");
        violates("Cargo.lock", "\nsource = \"registry+https://mirror.example/index\"\n", 2);
        violates(".cargo/config.toml", "[source.crates-io]\n", 1);
    }
}

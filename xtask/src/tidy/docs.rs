//! The written pages: README code is compiled, links lead somewhere, decisions are numbered.

use std::collections::BTreeMap;

use super::Finding;
use super::markdown::{Kind, lines, links};
use super::tree::{File, Tree};

const CHANGELOG: &str = "CHANGELOG.md";
const DECISIONS: &str = "docs/adr/";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in pages(tree) {
        broken_links(tree, file, &mut findings);
        if file.path == "README.md" || file.path.ends_with("/README.md") {
            uncompiled_code(tree, file, &mut findings);
        }
    }
    findings.extend(decisions(tree));
    findings.extend(changelog(tree));
    findings
}

/// The Markdown files.
pub(crate) fn pages(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files().iter().filter(|file| file.extension() == "md")
}

fn broken_links(tree: &Tree, file: &File, findings: &mut Vec<Finding>) {
    for line in lines(&file.text).iter().filter(|line| line.kind == Kind::Prose) {
        for link in links(line.text) {
            let target = link.split(['#', '?']).next().unwrap_or_default();
            let elsewhere = target.contains(':') || target.starts_with("//");
            if target.is_empty() || elsewhere {
                continue;
            }
            if !resolve(&file.path, target).is_some_and(|path| tree.exists(&path)) {
                let what = format!("the link `{link}` leads nowhere");
                findings.push(Finding::new(&file.path, line.number, what, "point it at a file of this repository"));
            }
        }
    }
}

/// `target` as seen from `from`, from the root; `None` when it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Rust blocks in a README must be doc tests, which they are once some source includes the file.
fn uncompiled_code(tree: &Tree, readme: &File, findings: &mut Vec<Finding>) {
    let mut blocks = 0;
    for line in lines(&readme.text) {
        let Kind::Opens(info) = line.kind else {
            continue;
        };
        let mut words = info.split([',', ' ']);
        if words.next() != Some("rust") {
            continue;
        }
        blocks += 1;
        if words.any(|word| word.starts_with("ignore")) {
            let way_out = "use `no_run`, or hide the setup behind `# `";
            findings.push(Finding::new(&readme.path, line.number, "an example nobody compiles", way_out));
        }
    }
    if blocks > 0 && !tree.rust().any(|(file, _)| includes(file, &readme.path)) {
        let way_out = "add `#[doc = include_str!(\"…/README.md\")]` to the crate's lib.rs";
        findings.push(Finding::new(&readme.path, 1, format!("{blocks} Rust blocks nobody compiles"), way_out));
    }
}

/// Whether `file` takes the page at `path` into its docs.
fn includes(file: &File, path: &str) -> bool {
    let docs = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    docs.filter_map(|line| line.split_once("doc = include_str!(\""))
        .filter_map(|(_, rest)| rest.split('"').next())
        .any(|target| resolve(&file.path, target).as_deref() == Some(path))
}

/// `docs/adr/NNNN-what-we-chose.md`, counted from 0001 with no number missing or used twice.
fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbered: BTreeMap<usize, &str> = BTreeMap::new();
    for path in tree.paths().iter().filter(|path| path.starts_with(DECISIONS)) {
        let name = &path[DECISIONS.len()..];
        if name == "README.md" {
            continue;
        }
        let stem = name.strip_suffix(".md");
        let number = stem.and_then(|stem| stem.split_once('-')).filter(|(digits, _)| digits.len() == 4);
        let Some(number) = number.and_then(|(digits, _)| digits.parse().ok()) else {
            findings.push(Finding::new(path, 1, "not named like a decision", "call it `NNNN-what-we-chose.md`"));
            continue;
        };
        if let Some(first) = numbered.insert(number, path) {
            let what = format!("its number is taken by {first}");
            findings.push(Finding::new(path, 1, what, "take the next free number"));
        }
    }
    for (expected, (number, path)) in (1..).zip(&numbered) {
        if *number != expected {
            let what = format!("number {expected:04} is missing before it");
            findings.push(Finding::new(path, 1, what, "number decisions from 0001 without gaps"));
            break;
        }
    }
    findings
}

fn changelog(tree: &Tree) -> Option<Finding> {
    let file = tree.files().iter().find(|file| file.path == CHANGELOG);
    let has_section = file.is_some_and(|file| {
        file.text.lines().any(|line| {
            let title = line.strip_prefix("## ").unwrap_or_default();
            title.trim_start_matches('[').starts_with("Unreleased")
        })
    });
    let way_out = "add `## [Unreleased]`: a change gets its line in the commit that earns it";
    (!has_section).then(|| Finding::new(CHANGELOG, 1, "no section for what is not released yet", way_out))
}

#[cfg(test)]
mod tests {
    use super::{changelog, check, decisions};
    use crate::tidy::{places, tree::Tree};

    const CHANGES: (&str, &str) = ("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n");

    #[track_caller]
    fn found(files: &[(&str, &str)], expected: &[&str]) {
        let mut files = files.to_vec();
        files.push(CHANGES);
        assert_eq!(places(&check(&Tree::of(&files))), expected);
    }

    #[test]
    fn links_lead_to_files_and_folders() {
        let text = "[a](b.md#x) [c](../README.md) [d](./adr/) [e](https://x.y/z) [f](#here) [g](mailto:a@b.c)\n";
        found(&[("docs/a.md", text), ("docs/b.md", ""), ("README.md", ""), ("docs/adr/0001-a.md", "")], &[]);
        found(&[("docs/a.md", "\n[a](missing.md)\n")], &["docs/a.md:2"]);
        found(&[("docs/a.md", "[a](../../outside.md)\n")], &["docs/a.md:1"]);
        found(&[("docs/a.md", "```md\n[a](missing.md)\n```\n")], &[]);
    }

    #[test]
    fn readme_code_is_compiled() {
        let readme = ("README.md", "# A\n```rust,no_run\nf();\n```\n");
        let include = "#[cfg(doctest)]\n#[doc = include_str!(\"../../README.md\")]\nstruct Readme;\n";
        found(&[readme, ("axonpush/src/lib.rs", include)], &[]);
        found(&[readme, ("axonpush/src/lib.rs", "// #[doc = include_str!(\"../../README.md\")]\n")], &["README.md:1"]);
        found(&[readme, ("axonpush/src/lib.rs", "#[doc = include_str!(\"../README.md\")]\n")], &["README.md:1"]);
        found(&[("README.md", "```sh\ncargo run\n```\n")], &[]);
    }

    #[test]
    fn an_ignored_readme_example_is_found() {
        let include = ("a/src/lib.rs", "#![doc = include_str!(\"../../README.md\")]\n");
        found(&[("README.md", "\n```rust,ignore\nf();\n```\n"), include], &["README.md:2"]);
    }

    #[test]
    fn decisions_are_numbered_without_gaps_or_twins() {
        let count = |paths: &[&str]| {
            let files: Vec<_> = paths.iter().map(|path| (*path, "")).collect();
            decisions(&Tree::of(&files)).len()
        };
        assert_eq!(count(&["docs/adr/0001-a.md", "docs/adr/0002-b.md", "docs/adr/README.md"]), 0);
        assert_eq!(count(&["docs/adr/0001-a.md", "docs/adr/0003-b.md"]), 1);
        assert_eq!(count(&["docs/adr/0001-a.md", "docs/adr/0001-b.md"]), 1);
        assert_eq!(count(&["docs/adr/first.md"]), 1);
    }

    #[test]
    fn the_changelog_has_room_for_the_next_change() {
        assert!(changelog(&Tree::of(&[CHANGES])).is_none());
        assert!(changelog(&Tree::of(&[("CHANGELOG.md", "## 0.1.0\n")])).is_some());
        assert!(changelog(&Tree::of(&[])).is_some());
    }
}

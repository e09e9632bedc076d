//! File sizes and room names: ten seconds to any feature.

use super::Finding;
use super::tree::{File, Tree};

/// Longer than this is worth a thought.
const NOTE_ABOVE: usize = 300;
/// Longer than this hides a second noun.
const LIMIT: usize = 400;

/// Names that say nothing about what is inside.
const NAMELESS: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "shared"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, lines) in library_files(tree).filter(|(_, lines)| *lines > LIMIT) {
        let what = format!("{lines} lines, and {LIMIT} is the most");
        findings.push(Finding::new(&file.path, lines, what, "look for the second noun and give it a file"));
    }
    for (file, _) in tree.rust() {
        let module = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        if let Some(name) = module.split('/').find(|part| NAMELESS.contains(part)) {
            let what = format!("`{name}` is not the name of a room");
            findings.push(Finding::new(&file.path, 1, what, "name it with the word a user would search for"));
        }
    }
    findings
}

/// Files that are still fine, and soon will not be.
pub(crate) fn notes(tree: &Tree) -> Vec<String> {
    library_files(tree)
        .filter(|(_, lines)| (NOTE_ABOVE + 1..=LIMIT).contains(lines))
        .map(|(file, lines)| format!("{}: {lines} lines; most files stay under {NOTE_ABOVE}", file.path))
        .collect()
}

/// Sources of the published crates, without files that are all tests.
fn library_files(tree: &Tree) -> impl Iterator<Item = (&File, usize)> {
    tree.rust()
        .filter(|(file, _)| file.path.starts_with("axonpush") && file.path.contains("/src/"))
        .filter(|(file, _)| !tree.is_test(&file.path))
        .map(|(file, _)| (file, file.text.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::{check, notes};
    use crate::tidy::{places, tree::Tree};

    #[test]
    fn a_long_file_is_noted_and_a_very_long_one_refused() {
        let file = |lines| Tree::of(&[("axonpush/src/queue.rs", &*"\n".repeat(lines))]);
        assert!(check(&file(300)).is_empty() && notes(&file(300)).is_empty());
        assert!(check(&file(400)).is_empty() && notes(&file(400)).len() == 1);
        assert_eq!(places(&check(&file(401))), ["axonpush/src/queue.rs:401"]);
        assert!(notes(&file(401)).is_empty());
    }

    #[test]
    fn tests_and_other_folders_may_be_long() {
        let long = "\n".repeat(500);
        for path in ["axonpush/src/queue/tests.rs", "tests/it/flush.rs", "examples/examples/a.rs"] {
            assert!(check(&Tree::of(&[(path, &*long)])).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_room_needs_a_name() {
        let tree = Tree::of(&[
            ("axonpush/src/utils.rs", ""),
            ("tests/common/mod.rs", ""),
            ("axonpush/src/commonplace.rs", ""),
        ]);
        assert_eq!(places(&check(&tree)), ["axonpush/src/utils.rs:1", "tests/common/mod.rs:1"]);
    }
}

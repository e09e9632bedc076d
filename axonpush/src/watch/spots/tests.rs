use std::os::unix::fs::symlink;

use super::{super::tests::Folder, *};

/// What the entries are called, below `folder`.
fn entries(folder: &Path, path: &Path) -> Vec<String> {
    let spots = Spots::of(path);
    for entry in &spots.entries {
        assert!(spots.directories.contains(entry.parent().unwrap()), "{spots:?}");
    }
    let below = |entry: &PathBuf| entry.strip_prefix(folder).unwrap().display().to_string();
    spots.entries.iter().map(below).collect()
}

#[test]
fn every_link_on_the_way_counts_and_what_lies_beside_it_does_not() {
    let folder = Folder::new();
    let root = fs::canonicalize(folder.path("")).unwrap();
    fs::create_dir_all(root.join("real/deep")).unwrap();
    fs::write(root.join("real/deep/a.toml"), "").unwrap();
    symlink("real/deep", root.join("current")).unwrap();
    symlink(root.join("current/../deep/a.toml"), root.join("b.toml")).unwrap();
    assert_eq!(entries(&root, &root.join("real/../real/./deep/a.toml")), ["real/deep/a.toml"]);
    assert_eq!(entries(&root, &root.join("current/a.toml")), ["current", "real/deep/a.toml"]);
    assert_eq!(entries(&root, &root.join("b.toml")), ["b.toml", "current", "real/deep/a.toml"]);
}

#[test]
fn a_way_that_leads_nowhere_is_watched_where_it_breaks_off() {
    let folder = Folder::new();
    let root = fs::canonicalize(folder.path("")).unwrap();
    assert_eq!(entries(&root, &root.join("no/such/a.toml")), ["no"]);
    symlink("gone/a.toml", root.join("a.toml")).unwrap();
    assert_eq!(entries(&root, &root.join("a.toml")), ["a.toml", "gone"]);
    symlink("two", root.join("one")).unwrap();
    symlink("one", root.join("two")).unwrap();
    assert_eq!(entries(&root, &root.join("one")), ["one", "two"]);
}

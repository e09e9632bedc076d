//! The files git knows or would add, as the rules see them.

use std::collections::BTreeSet;
use std::process::Command;

use super::rust::Rust;
use crate::run;

/// Every file of the repository, by its path from the root with forward slashes.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    paths: BTreeSet<String>,
    files: Vec<File>,
    test_modules: BTreeSet<String>,
}

/// A file that is text.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Set for `.rs` files.
    pub(crate) rust: Option<Rust>,
}

impl File {
    /// What follows the last dot.
    pub(crate) fn extension(&self) -> &str {
        extension(&self.path)
    }
}

impl Tree {
    pub(crate) fn load() -> run::Result<Self> {
        let mut tree = Self::default();
        for path in listed_by_git().map_or_else(walked, Ok)? {
            // A file deleted but not yet committed is still listed.
            if let Ok(bytes) = std::fs::read(&path) {
                tree.add(path, bytes);
            }
        }
        if tree.files.is_empty() {
            return Err("tidy found no files to read".into());
        }
        Ok(tree)
    }

    /// A tree of the given `(path, text)` pairs.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add((*path).to_owned(), text.as_bytes().to_vec());
        }
        tree
    }

    fn add(&mut self, path: String, bytes: Vec<u8>) {
        self.paths.insert(path.clone());
        // Golden bytes and pictures exist, which is all that links ask of them.
        let Ok(text) = String::from_utf8(bytes) else {
            return;
        };
        let rust = (extension(&path) == "rs").then(|| Rust::read(&text));
        if let Some(rust) = &rust {
            let home = module_folder(&path);
            self.test_modules.extend(rust.test_modules.iter().map(|name| format!("{home}{name}")));
        }
        self.files.push(File { path, text, rust });
    }

    pub(crate) fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// The Rust files, each with its reading.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &Rust)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// Whether `path` is a file, or a folder with files in it.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.paths.iter().any(|known| known == path || known.starts_with(&folder))
    }

    /// Whether the whole file is test code: by its place, or by the `#[cfg(test)]` on its `mod`.
    pub(crate) fn is_test(&self, path: &str) -> bool {
        if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") {
            return true;
        }
        let module = path.strip_suffix(".rs").unwrap_or(path);
        self.test_modules
            .iter()
            .any(|test| module.strip_prefix(test.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Where a file's own modules live, with a slash at the end.
fn module_folder(path: &str) -> String {
    for root in ["mod.rs", "lib.rs", "main.rs"] {
        if let Some(folder) = path.strip_suffix(root) {
            return folder.to_owned();
        }
    }
    format!("{}/", path.strip_suffix(".rs").unwrap_or(path))
}

/// Committed files and those not committed yet, but nothing ignored. `None` outside a repository.
fn listed_by_git() -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty())?;
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// The same list where there is no git: an unpacked archive, say.
fn walked() -> run::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let here = if folder.is_empty() { "." } else { folder.as_str() };
        for entry in std::fs::read_dir(here)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if !entry.file_type()?.is_dir() {
                found.push(path);
            } else if name != "target" && name != ".git" {
                folders.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn folders_exist_when_they_hold_a_file() {
        let tree = Tree::of(&[("docs/adr/0001-a.md", "")]);
        assert!(tree.exists("docs/adr") && tree.exists("docs/adr/0001-a.md"));
        assert!(!tree.exists("docs/ad"));
    }

    #[test]
    fn test_files_are_known_by_place_or_by_their_mod_line() {
        let tree = Tree::of(&[
            ("axonpush/src/lib.rs", "mod queue;\n#[cfg(test)]\nmod rig;\n"),
            ("axonpush/src/queue/mod.rs", "#[cfg(test)]\nmod fake;\n"),
        ]);
        for path in ["tests/it/flush.rs", "axonpush/tests/a.rs", "axonpush/src/queue/tests.rs"] {
            assert!(tree.is_test(path), "{path}");
        }
        for path in ["axonpush/src/rig.rs", "axonpush/src/rig/clock.rs", "axonpush/src/queue/fake.rs"] {
            assert!(tree.is_test(path), "{path}");
        }
        for path in ["axonpush/src/queue/mod.rs", "axonpush/src/rigged.rs"] {
            assert!(!tree.is_test(path), "{path}");
        }
    }
}

//! What decides which file a path leads to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

/// Links followed before a path counts as leading nowhere, as Linux has it.
const MAX_LINKS: usize = 40;

/// Every link on the way to a file and the file itself, or the first entry that is missing, each with the directory it
/// stands in.
///
/// To watch the file alone would be to lose sight of it with the first editor that writes another one beside it and renames
/// that. Where settings are mounted into a container, a link to a directory is what changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spots {
    pub(super) entries: BTreeSet<PathBuf>,
    pub(super) directories: BTreeSet<PathBuf>,
}

impl Spots {
    /// Those of `path`, which is absolute, as they are now.
    pub(super) fn of(path: &Path) -> Self {
        let mut spots = Self::default();
        let mut path = path.to_path_buf();
        for _ in 0..MAX_LINKS {
            match spots.follow(&path) {
                Some(next) => path = next,
                None => break,
            }
        }
        spots
    }

    /// Walks to the end of `path`, or to its first link: then it says where that leads.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut at = PathBuf::new();
        let mut parts = path.components();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                if part == Component::ParentDir {
                    // No part of the way to here is a link; and above the root is the root.
                    let _at_root = at.pop();
                } else {
                    at.push(part);
                }
                continue;
            };
            let entry = at.join(name);
            let found = fs::symlink_metadata(&entry);
            if found.as_ref().is_ok_and(fs::Metadata::is_symlink) {
                let target = fs::read_link(&entry);
                // Links in the root are the system's own. Everything that happens there would have to be looked at.
                if at.parent().is_some() {
                    self.add(at.clone(), entry);
                }
                return target.ok().map(|target| at.join(target).join(parts.as_path()));
            }
            if found.is_ok_and(|found| found.is_dir()) {
                at = entry;
            } else {
                self.add(at, entry);
                return None;
            }
        }
        None
    }

    fn add(&mut self, directory: PathBuf, entry: PathBuf) {
        self.directories.insert(directory);
        self.entries.insert(entry);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;

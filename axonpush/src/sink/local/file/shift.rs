//! Old files and their numbers.

use std::{fs, io, path::Path};

use super::numbered;

/// Gives the file at `path` the number 1, and each that has a number the next one, up to the first that is free. Where
/// none is, the oldest is deleted.
///
/// Whenever it is interrupted, every file still has a name, and the next time makes good use of the gap.
pub(super) fn shift(path: &Path, keep: usize) -> io::Result<()> {
    if keep == 0 {
        return fs::remove_file(path);
    }
    let free = (1..=keep).find(|number| fs::symlink_metadata(numbered(path, *number)).is_err());
    if free.is_none() {
        fs::remove_file(numbered(path, keep))?;
    }
    let free = free.unwrap_or(keep);
    for number in (1..free).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    fs::rename(path, numbered(path, 1))
}

/// Deletes files that an earlier run kept and this one doesn't.
pub(super) fn tidy(path: &Path, keep: usize) {
    let beyond = (keep + 1..).map(|number| numbered(path, number));
    // The first that can't be deleted is most likely the first that is not there.
    let _deleted = beyond.take_while(|old| fs::remove_file(old).is_ok()).count();
}

//! One server for one file.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;

/// Held while a server has its file open: counts are kept in memory, so a second one would keep wrong ones.
///
/// The lock is on a file beside it. The database has locks of its own on the file itself, and closing the file a second
/// time would let go of those.
#[derive(Debug)]
pub(super) struct FileLock {
    // Left where it is at the end: a lock on a file that was removed keeps nobody out.
    _file: File,
}

impl FileLock {
    /// # Errors
    /// When another server has the file, or no lock can be put beside it.
    pub(super) fn take(file: &Path) -> Result<Self, Error> {
        if file.is_dir() {
            return Err(Error::directory(file));
        }
        let mut path = file.to_owned().into_os_string();
        path.push("-lock");
        let lock = File::options().create(true).truncate(false).write(true).open(path);
        let lock = lock.map_err(|error| Error::lock(file, error))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _file: lock }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Error::file_in_use(file)),
                Err(TryLockError::Error(error)) => return Err(Error::lock(file, error)),
            }
        }
    }
}

/// A server that is just ending gets this long to let go of the file.
const PATIENCE: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_millis(5);

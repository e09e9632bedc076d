//! What the store says when it cannot do as it was asked.

use rusqlite::ErrorCode;

/// The store gave no answer. What the database said stays inside: clients must not read SQL or paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFailure {
    /// The file cannot be written now: most likely there is no room for more. Later it may be different.
    Unwritable,
    /// Nobody answers, or the database says that something is wrong with the question.
    Gone,
}

impl From<rusqlite::Error> for StoreFailure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked,
            ) => Self::Unwritable,
            _ => Self::Gone,
        }
    }
}

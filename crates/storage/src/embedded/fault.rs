//! What SQLite and the operating system say when something fails, in storage's own words.

use crate::StorageError;
use std::io;

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StorageError::Full,
            // A broken constraint means that a stored invariant did not hold.
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation,
            ) => StorageError::Corrupt(error.to_string()),
            Some(_) => StorageError::Unavailable(error.to_string()),
            None => match error {
                Error::FromSqlConversionFailure(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::InvalidColumnType(..) => StorageError::Corrupt(error.to_string()),
                other => StorageError::Unavailable(other.to_string()),
            },
        }
    }
}

/// An error of the operating system; `what` names the file or the act.
pub(super) fn io_fault(what: &str, error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full,
        _ => StorageError::Unavailable(format!("{what}: {error}")),
    }
}

/// Something stored that cannot be understood.
pub(super) fn damaged(what: impl std::fmt::Display) -> StorageError {
    StorageError::Corrupt(what.to_string())
}

/// The store was closed, or its threads are gone.
pub(super) fn closed() -> StorageError {
    StorageError::Unavailable("the store is closed".to_owned())
}

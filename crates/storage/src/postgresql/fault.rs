//! What PostgreSQL says when something fails, in storage's own words.

use crate::{OpenError, StorageError};
use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

impl From<tokio_postgres::Error> for StorageError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            return StorageError::Unavailable(sentence(&error));
        };
        // Classes of SQLSTATE: 23 is a broken constraint, which means that a stored invariant did not hold.
        match code {
            &SqlState::DISK_FULL => StorageError::Full,
            &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => {
                StorageError::Corrupt(sentence(&error))
            }
            // PostgreSQL keeps no text with NUL, and nothing has a name with one.
            &SqlState::CHARACTER_NOT_IN_REPERTOIRE => StorageError::Refused("a text with NUL"),
            code if code.code().starts_with("23") => StorageError::Corrupt(sentence(&error)),
            _ => StorageError::Unavailable(sentence(&error)),
        }
    }
}

impl From<PoolError> for StorageError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Closed => closed(),
            PoolError::Timeout(_) => {
                let problem = "no connection to PostgreSQL became free in time";
                StorageError::Unavailable(problem.to_owned())
            }
            other => StorageError::Unavailable(other.to_string()),
        }
    }
}

/// Something stored that cannot be understood.
pub(super) fn damaged(what: impl std::fmt::Display) -> StorageError {
    StorageError::Corrupt(what.to_string())
}

/// The store was closed.
pub(super) fn closed() -> StorageError {
    StorageError::Unavailable("the store is closed".to_owned())
}

/// Why a database cannot be opened.
pub(super) fn opening(place: &str, error: &tokio_postgres::Error) -> OpenError {
    OpenError::Engine { place: place.to_owned(), problem: sentence(error) }
}

/// The error with what caused it, which alone says something. Never has the password.
fn sentence(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return db.message().to_owned();
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

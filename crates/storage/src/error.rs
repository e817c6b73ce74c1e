//! What can go wrong in storage. Each protocol turns this into its own words in one place.

/// Why an operation was not carried out. Nothing of it has happened, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The login is void: its account's epoch was raised above it, or account, service or
    /// credential are gone. The session must end.
    #[error("the login is no longer valid")]
    Void,
    /// The thing named does not exist.
    #[error("{0} does not exist")]
    NotFound(What),
    /// The name is taken.
    #[error("{0} already exists")]
    Exists(What),
    /// The account's storage limit would be exceeded.
    #[error("over quota")]
    OverQuota,
    /// A bound on the number of folders, keywords, names … is reached.
    #[error("limit reached: {0}")]
    Limit(&'static str),
    /// The operation is not possible on this object: the inbox cannot be deleted, for example.
    #[error("not possible: {0}")]
    Refused(&'static str),
    /// The disk is full. The service comes back by itself when there is space.
    #[error("no space left")]
    Full,
    /// Storage cannot serve at the moment (I/O error, shutting down, queue full). The change was
    /// not acknowledged; whether it happened is unknown for I/O errors at commit.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// What is stored fails its checksum or cannot be understood.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
}

/// A kind of thing that is named in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A company.
    Company,
    /// A domain, or the alias of one.
    Domain,
    /// An account or alias: an address.
    Address,
    /// A folder.
    Folder,
    /// An entry of a folder.
    Entry,
    /// A token.
    Token,
    /// An app password of an account.
    AppPassword,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            What::Company => "the company",
            What::Domain => "the domain",
            What::Address => "the address",
            What::Folder => "the folder",
            What::Entry => "the message",
            What::Token => "the token",
            What::AppPassword => "the app password",
        })
    }
}

/// Why a store cannot be opened. Nothing on disk was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer version of this program.
    #[error(
        "{path}: made by a newer version (schema {found}, this program knows up to {known}); use that version, or restore a backup"
    )]
    Newer {
        /// The file.
        path: String,
        /// Schema version found.
        found: u32,
        /// Newest schema version known here.
        known: u32,
    },
    /// Damaged, or not a store at all.
    #[error("{path}: not a usable store: {problem}")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Another process has it open.
    #[error("{path}: already in use by another process")]
    InUse {
        /// The lock file.
        path: String,
    },
    /// A server that keeps a part of the store cannot be reached, or refuses.
    #[error("{place}: {problem}")]
    Engine {
        /// Which server.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

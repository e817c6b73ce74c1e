//! Operations that are still to be written.

use super::Postgresql;
use crate::*;
use terms::*;

impl Postgresql {
    // directory
    pub(crate) async fn create_company(
        &self,
        _name: &str,
        _at: UnixTime,
    ) -> Result<Company, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn company(&self, _name: &str) -> Result<Option<Company>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn companies(&self) -> Result<Vec<Company>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn create_domain(
        &self,
        _new: NewDomain,
        _at: UnixTime,
    ) -> Result<Domain, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn domain(&self, _name: &DomainName) -> Result<Option<Domain>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn domains(&self, _company: CompanyId) -> Result<Vec<Domain>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn change_domain(
        &self,
        _id: DomainId,
        _change: DomainChange,
    ) -> Result<(Domain, Vec<Raised>), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn find(&self, _address: &Address) -> Result<Option<Found>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn account(&self, _id: AccountId) -> Result<Option<Account>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn create_account(
        &self,
        _new: NewAccount,
        _at: UnixTime,
        _history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn change_account(
        &self,
        _id: AccountId,
        _change: AccountChange,
        _history: HistoryEntry,
    ) -> Result<(Account, Option<Raised>), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn delete_account(
        &self,
        _id: AccountId,
        _at: UnixTime,
        _history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn rename_account(
        &self,
        _id: AccountId,
        _to: Address,
        _history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn restore_account(
        &self,
        _id: AccountId,
        _to: Address,
        _deleted_since: UnixTime,
        _history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn accounts(
        &self,
        _domain: DomainId,
        deleted: bool,
    ) -> Result<Vec<AccountSummary>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn count_accounts(
        &self,
        _domain: DomainId,
    ) -> Result<(u64, u64), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn raise_epoch(
        &self,
        _id: AccountId,
        _scope: Scope,
        _history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn upgrade_password(
        &self,
        _id: AccountId,
        _epoch: Epoch,
        _old: &str,
        _new: String,
    ) -> Result<(), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn add_app_password(
        &self,
        _new: NewAppPassword,
        _history: HistoryEntry,
    ) -> Result<AppPassword, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn remove_app_password(
        &self,
        _account: AccountId,
        _tag: &str,
        _history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn create_token(
        &self,
        _token: NewToken,
        _now: UnixTime,
        _history: Option<HistoryEntry>,
    ) -> Result<TokenId, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn spend_token(&self, _id: TokenId) -> Result<bool, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn next_token_expiry(&self) -> Result<Option<UnixTime>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn expire_tokens(
        &self,
        _now: UnixTime,
        _history: HistoryEntry,
    ) -> Result<Vec<Raised>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn token(
        &self,
        _hash: &str,
        _now: UnixTime,
    ) -> Result<Option<Token>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn history(
        &self,
        _id: AccountId,
        _limit: usize,
    ) -> Result<Vec<HistoryEntry>, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) async fn note_history(&self, _entry: HistoryEntry) -> Result<(), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
    // directory
    pub(crate) fn note_login(&self, _attempt: LoginAttempt) {}
}

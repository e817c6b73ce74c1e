//! Who exists, as rows: one module per noun.

pub(crate) mod account;
pub(crate) mod account_address;
pub(crate) mod account_change;
pub(crate) mod app_password;
pub(crate) mod attempt;
pub(crate) mod company;
pub(crate) mod domain;
pub(crate) mod epoch;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod name;
pub(crate) mod token;

use crate::embedded::Embedded;
use crate::{
    Account, AccountChange, AccountSummary, AppPassword, Company, Domain, DomainChange, Found,
    HistoryEntry, NewAccount, NewAppPassword, NewDomain, NewToken, Raised, StorageError, Token,
};
use terms::{AccountId, Address, CompanyId, DomainId, DomainName, Epoch, Scope, TokenId, UnixTime};

/// The operations of [`crate::Storage`] of these names, but for those that need more than rows (`embedded.rs`).
impl Embedded {
    pub(crate) async fn create_company(
        &self,
        name: &str,
        at: UnixTime,
    ) -> Result<Company, StorageError> {
        let name = name.to_owned();
        self.write(move |write| company::create(write, &name, at)).await
    }

    pub(crate) async fn company(&self, name: &str) -> Result<Option<Company>, StorageError> {
        let name = name.to_owned();
        self.read(move |reader| company::by_name(&reader.conn, &name)).await
    }

    pub(crate) async fn companies(&self) -> Result<Vec<Company>, StorageError> {
        self.read(|reader| company::all(&reader.conn)).await
    }

    pub(crate) async fn create_domain(
        &self,
        new: NewDomain,
        at: UnixTime,
    ) -> Result<Domain, StorageError> {
        self.write(move |write| domain::create(write, new, at)).await
    }

    pub(crate) async fn domain(&self, name: &DomainName) -> Result<Option<Domain>, StorageError> {
        let name = name.clone();
        self.read(move |reader| domain::by_name(&reader.conn, &name)).await
    }

    pub(crate) async fn domains(&self, company: CompanyId) -> Result<Vec<Domain>, StorageError> {
        self.read(move |reader| domain::of_company(&reader.conn, company)).await
    }

    pub(crate) async fn change_domain(
        &self,
        id: DomainId,
        change: DomainChange,
    ) -> Result<(Domain, Vec<Raised>), StorageError> {
        self.write(move |write| domain::apply(write, id, change)).await
    }

    pub(crate) async fn find(&self, address: &Address) -> Result<Option<Found>, StorageError> {
        let address = address.clone();
        self.read(move |reader| name::find(reader, &address)).await
    }

    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Account>, StorageError> {
        self.read(move |reader| account::by_id(reader, id)).await
    }

    pub(crate) async fn create_account(
        &self,
        new: NewAccount,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        self.write(move |write| account_change::create(write, new, at, history)).await
    }

    pub(crate) async fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
        history: HistoryEntry,
    ) -> Result<(Account, Option<Raised>), StorageError> {
        self.write(move |write| account_change::change(write, id, change, history)).await
    }

    pub(crate) async fn delete_account(
        &self,
        id: AccountId,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        self.write(move |write| account_change::delete(write, id, at, history)).await
    }

    pub(crate) async fn rename_account(
        &self,
        id: AccountId,
        to: Address,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        self.write(move |write| account_address::rename(write, id, &to, history)).await
    }

    pub(crate) async fn restore_account(
        &self,
        id: AccountId,
        to: Address,
        deleted_since: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        self.write(move |write| account_address::restore(write, id, &to, deleted_since, history))
            .await
    }

    pub(crate) async fn accounts(
        &self,
        domain: DomainId,
        deleted: bool,
    ) -> Result<Vec<AccountSummary>, StorageError> {
        self.read(move |reader| listing::accounts(reader, domain, deleted)).await
    }

    pub(crate) async fn count_accounts(
        &self,
        domain: DomainId,
    ) -> Result<(u64, u64), StorageError> {
        self.read(move |reader| listing::count(&reader.conn, domain)).await
    }

    pub(crate) async fn raise_epoch(
        &self,
        id: AccountId,
        scope: Scope,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        self.write(move |write| epoch::raise_noted(write, id, scope, history)).await
    }

    pub(crate) async fn upgrade_password(
        &self,
        id: AccountId,
        epoch: Epoch,
        old: &str,
        new: String,
    ) -> Result<(), StorageError> {
        let old = old.to_owned();
        self.write(move |write| account_change::upgrade_password(write.conn, id, epoch, &old, &new))
            .await
    }

    pub(crate) async fn add_app_password(
        &self,
        new: NewAppPassword,
        history: HistoryEntry,
    ) -> Result<AppPassword, StorageError> {
        self.write(move |write| app_password::add(write, new, history)).await
    }

    pub(crate) async fn remove_app_password(
        &self,
        account: AccountId,
        tag: &str,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        let tag = tag.to_owned();
        self.write(move |write| app_password::remove(write, account, &tag, history)).await
    }

    pub(crate) async fn create_token(
        &self,
        token: NewToken,
        now: UnixTime,
        history: Option<HistoryEntry>,
    ) -> Result<TokenId, StorageError> {
        self.write(move |write| token::create(write, &token, now, history)).await
    }

    pub(crate) async fn spend_token(&self, id: TokenId) -> Result<bool, StorageError> {
        self.write(move |write| token::spend(write.conn, id)).await
    }

    pub(crate) async fn next_token_expiry(&self) -> Result<Option<UnixTime>, StorageError> {
        self.read(|reader| token::next_expiry(&reader.conn)).await
    }

    pub(crate) async fn expire_tokens(
        &self,
        now: UnixTime,
        history: HistoryEntry,
    ) -> Result<Vec<Raised>, StorageError> {
        self.write(move |write| token::expire(write, now, &history)).await
    }

    pub(crate) async fn token(
        &self,
        hash: &str,
        now: UnixTime,
    ) -> Result<Option<Token>, StorageError> {
        let hash = hash.to_owned();
        self.read(move |reader| token::by_hash(&reader.conn, &hash, now)).await
    }

    pub(crate) async fn history(
        &self,
        id: AccountId,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StorageError> {
        self.read(move |reader| history::latest(&reader.conn, id, limit)).await
    }

    pub(crate) async fn note_history(&self, entry: HistoryEntry) -> Result<(), StorageError> {
        self.write(move |write| history::add(write.conn, entry)).await
    }
}

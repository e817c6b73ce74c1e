//! Who exists, as rows: one module per noun.

mod account;
mod account_address;
mod account_change;
mod app_password;
pub(super) mod attempt;
mod company;
mod domain;
mod domain_change;
mod epoch;
mod history;
mod listing;
pub(super) mod name;
mod token;

use super::transaction::Write;
use super::{Postgresql, carried_out};
use crate::{
    Account, AccountChange, AccountSummary, AppPassword, Company, Domain, DomainChange, Found,
    HistoryEntry, LoginAttempt, NewAccount, NewAppPassword, NewDomain, NewToken, Raised,
    StorageError, Token,
};
use std::sync::atomic::Ordering;
use terms::{AccountId, Address, CompanyId, DomainId, DomainName, Epoch, Scope, TokenId, UnixTime};

/// Carries out a change in a transaction of its own. Each may make logins void, and no other does.
macro_rules! change {
    ($engine:expr, |$write:ident| $act:expr) => {{
        let engine = $engine.clone();
        carried_out(async move {
            let mut client = engine.client().await?;
            let write = Write::begin(&mut client, engine.feed()).await?;
            let $write = &write;
            let answer = $act.await?;
            let committed = write.commit().await;
            // Before anybody is answered; and also when the answer was lost, for it may have been done.
            engine.shared.voided.fetch_add(1, Ordering::Release);
            committed.map(|()| answer)
        })
        .await
    }};
}

/// The operations of [`crate::Storage`] of these names. What is read is read by one statement.
impl Postgresql {
    pub(crate) async fn create_company(
        &self,
        name: &str,
        at: UnixTime,
    ) -> Result<Company, StorageError> {
        let name = name.to_owned();
        change!(self, |write| company::create(write, &name, at))
    }

    pub(crate) async fn company(&self, name: &str) -> Result<Option<Company>, StorageError> {
        company::by_name(&self.client().await?, name).await
    }

    pub(crate) async fn companies(&self) -> Result<Vec<Company>, StorageError> {
        company::all(&self.client().await?).await
    }

    pub(crate) async fn create_domain(
        &self,
        new: NewDomain,
        at: UnixTime,
    ) -> Result<Domain, StorageError> {
        change!(self, |write| domain::create(write, new, at))
    }

    pub(crate) async fn domain(&self, name: &DomainName) -> Result<Option<Domain>, StorageError> {
        domain::by_name(&self.client().await?, name).await
    }

    pub(crate) async fn domains(&self, company: CompanyId) -> Result<Vec<Domain>, StorageError> {
        domain::of_company(&self.client().await?, company).await
    }

    pub(crate) async fn change_domain(
        &self,
        id: DomainId,
        change: DomainChange,
    ) -> Result<(Domain, Vec<Raised>), StorageError> {
        change!(self, |write| domain_change::change(write, id, change))
    }

    pub(crate) async fn find(&self, address: &Address) -> Result<Option<Found>, StorageError> {
        let found = account::find(&self.client().await?, address).await?;
        Ok(found.map(|found| match found {
            Found::Account(account) => Found::Account(Box::new(self.with_noted(*account))),
            Found::Alias(account) => Found::Alias(Box::new(self.with_noted(*account))),
        }))
    }

    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Account>, StorageError> {
        let found = account::stored(&self.client().await?, id).await?;
        Ok(found.map(|account| self.with_noted(account)))
    }

    pub(crate) async fn create_account(
        &self,
        new: NewAccount,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        change!(self, |write| account_change::create(write, new, at, history))
    }

    pub(crate) async fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
        history: HistoryEntry,
    ) -> Result<(Account, Option<Raised>), StorageError> {
        let (account, raised) =
            change!(self, |write| account_change::change(write, id, change, history))?;
        Ok((self.with_noted(account), raised))
    }

    pub(crate) async fn delete_account(
        &self,
        id: AccountId,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        change!(self, |write| account_change::delete(write, id, at, history))
    }

    pub(crate) async fn rename_account(
        &self,
        id: AccountId,
        to: Address,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        change!(self, |write| account_address::rename(write, id, &to, history))
    }

    pub(crate) async fn restore_account(
        &self,
        id: AccountId,
        to: Address,
        deleted_since: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        let restored = change!(self, |write| account_address::restore(
            write,
            id,
            &to,
            deleted_since,
            history
        ))?;
        Ok(self.with_noted(restored))
    }

    pub(crate) async fn accounts(
        &self,
        domain: DomainId,
        deleted: bool,
    ) -> Result<Vec<AccountSummary>, StorageError> {
        listing::accounts(&self.client().await?, &self.shared.logins, domain, deleted).await
    }

    pub(crate) async fn count_accounts(
        &self,
        domain: DomainId,
    ) -> Result<(u64, u64), StorageError> {
        listing::count(&self.client().await?, domain).await
    }

    pub(crate) async fn raise_epoch(
        &self,
        id: AccountId,
        scope: Scope,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        change!(self, |write| epoch::raise_noted(write, id, scope, history))
    }

    pub(crate) async fn upgrade_password(
        &self,
        id: AccountId,
        epoch: Epoch,
        old: &str,
        new: String,
    ) -> Result<(), StorageError> {
        let old = old.to_owned();
        change!(self, |write| account_change::upgrade_password(write, id, epoch, &old, &new))
    }

    pub(crate) async fn add_app_password(
        &self,
        new: NewAppPassword,
        history: HistoryEntry,
    ) -> Result<AppPassword, StorageError> {
        change!(self, |write| app_password::add(write, new, history))
    }

    pub(crate) async fn remove_app_password(
        &self,
        account: AccountId,
        tag: &str,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        let tag = tag.to_owned();
        change!(self, |write| app_password::remove(write, account, &tag, history))
    }

    pub(crate) async fn create_token(
        &self,
        token: NewToken,
        now: UnixTime,
        history: Option<HistoryEntry>,
    ) -> Result<TokenId, StorageError> {
        change!(self, |write| token::create(write, &token, now, history))
    }

    pub(crate) async fn spend_token(&self, id: TokenId) -> Result<bool, StorageError> {
        change!(self, |write| token::spend(write, id))
    }

    pub(crate) async fn next_token_expiry(&self) -> Result<Option<UnixTime>, StorageError> {
        token::next_expiry(&self.client().await?).await
    }

    pub(crate) async fn expire_tokens(
        &self,
        now: UnixTime,
        history: HistoryEntry,
    ) -> Result<Vec<Raised>, StorageError> {
        change!(self, |write| token::expire(write, now, &history))
    }

    pub(crate) async fn token(
        &self,
        hash: &str,
        now: UnixTime,
    ) -> Result<Option<Token>, StorageError> {
        token::by_hash(&self.client().await?, hash, now).await
    }

    pub(crate) async fn history(
        &self,
        id: AccountId,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StorageError> {
        history::latest(&self.client().await?, id, limit).await
    }

    pub(crate) async fn note_history(&self, entry: HistoryEntry) -> Result<(), StorageError> {
        change!(self, |write| history::add(write, entry))
    }

    pub(crate) fn note_login(&self, attempt: LoginAttempt) {
        self.shared.logins.note(attempt);
    }

    /// The account with logins that are noted but not written yet.
    fn with_noted(&self, mut account: Account) -> Account {
        account.last_login = self.shared.logins.merged(account.id, account.last_login);
        account
    }
}

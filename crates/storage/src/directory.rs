//! Who exists: companies, domains, accounts, names, roles, tokens, epochs, history.
//!
//! These operations are for administration and for logging in; they take no [`crate::Login`].

use crate::storage::{Engine, ask};
use crate::{
    Account, AccountChange, AccountSummary, AppPassword, Company, Domain, DomainChange, Found,
    HistoryEntry, LoginAttempt, NewAccount, NewAppPassword, NewDomain, NewToken, Raised, Storage,
    StorageError, Token,
};
use terms::{AccountId, Address, CompanyId, DomainId, DomainName, Epoch, Scope, TokenId, UnixTime};

impl Storage {
    // Companies and domains.

    /// Makes a company. `Exists` if the name is taken.
    pub async fn create_company(&self, name: &str, at: UnixTime) -> Result<Company, StorageError> {
        ask!(self, create_company(name, at))
    }

    /// The company of that name, in any letter case.
    pub async fn company(&self, name: &str) -> Result<Option<Company>, StorageError> {
        ask!(self, company(name))
    }

    /// All companies, by name. For start-up checks and the operator's tools.
    pub async fn companies(&self) -> Result<Vec<Company>, StorageError> {
        ask!(self, companies())
    }

    /// Makes a domain with the workgroup `staff`. `Exists` if it or an alias of it is taken as a
    /// domain or alias.
    pub async fn create_domain(
        &self,
        new: NewDomain,
        at: UnixTime,
    ) -> Result<Domain, StorageError> {
        ask!(self, create_domain(new, at))
    }

    /// The domain of that name or alias.
    pub async fn domain(&self, name: &DomainName) -> Result<Option<Domain>, StorageError> {
        ask!(self, domain(name))
    }

    /// The domains of a company, by name.
    pub async fn domains(&self, company: CompanyId) -> Result<Vec<Domain>, StorageError> {
        ask!(self, domains(company))
    }

    /// Changes a domain. Disabling raises the epoch of every account in it, whose list is answered.
    pub async fn change_domain(
        &self,
        id: DomainId,
        change: DomainChange,
    ) -> Result<(Domain, Vec<Raised>), StorageError> {
        ask!(self, change_domain(id, change))
    }

    // Accounts.

    /// What an address stands for: an account, an alias of one, or (through an alias of the domain)
    /// one of the same local part. Deleted accounts are not found.
    pub async fn find(&self, address: &Address) -> Result<Option<Found>, StorageError> {
        ask!(self, find(address))
    }

    /// The account, deleted or not.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StorageError> {
        ask!(self, account(id))
    }

    /// Makes an account with its inbox and the folders Drafts, Sent, Spam (junk) and Trash, all
    /// subscribed. `Exists` if its address or one of its aliases is taken, `NotFound` if its domain is
    /// not there. The line of history gets the new account's number, whatever it names.
    pub async fn create_account(
        &self,
        new: NewAccount,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        ask!(self, create_account(new, at, history))
    }

    /// Changes an account, raising its epoch if `change.void` says so, and writes its history, in one
    /// transaction.
    pub async fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
        history: HistoryEntry,
    ) -> Result<(Account, Option<Raised>), StorageError> {
        ask!(self, change_account(id, change, history))
    }

    /// Deletes an account (restorable; its names are free again) and raises its epoch. `NotFound` if
    /// it was deleted before.
    pub async fn delete_account(
        &self,
        id: AccountId,
        at: UnixTime,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        ask!(self, delete_account(id, at, history))
    }

    /// Gives an account another address of its domain (`Refused` for one of another), raises its epoch,
    /// and makes the old address free. Folders, mail and aliases stay. `Exists` if the new address is
    /// taken, if only by an alias of its own.
    pub async fn rename_account(
        &self,
        id: AccountId,
        to: Address,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        ask!(self, rename_account(id, to, history))
    }

    /// Brings back an account that was deleted no earlier than `deleted_since`, under a free address
    /// of its domain, with those of its aliases that are free. Earlier logins stay void. `NotFound`
    /// if there is no such deleted account, `Exists` if the address is taken.
    pub async fn restore_account(
        &self,
        id: AccountId,
        to: Address,
        deleted_since: UnixTime,
        history: HistoryEntry,
    ) -> Result<Account, StorageError> {
        ask!(self, restore_account(id, to, deleted_since, history))
    }

    /// Accounts and aliases of a domain, by name; deleted accounts only if `deleted`, and then only
    /// those.
    pub async fn accounts(
        &self,
        domain: DomainId,
        deleted: bool,
    ) -> Result<Vec<AccountSummary>, StorageError> {
        ask!(self, accounts(domain, deleted))
    }

    /// How many accounts (not deleted) and aliases a domain has.
    pub async fn count_accounts(&self, domain: DomainId) -> Result<(u64, u64), StorageError> {
        ask!(self, count_accounts(domain))
    }

    // Logins.

    /// Raises an account's epoch: every earlier login in `scope` is void once this answers. `NotFound`
    /// for a deleted account.
    pub async fn raise_epoch(
        &self,
        id: AccountId,
        scope: Scope,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        ask!(self, raise_epoch(id, scope, history))
    }

    /// Confirms a login after it was registered: whether a login of this account checked at `epoch` in
    /// `protocol` is still valid (floors, services, deletion, domain). The counterpart of
    /// [`Storage::raise_epoch`] in login races. Never served from a cache.
    pub async fn login_stands(&self, login: &crate::Login) -> Result<bool, StorageError> {
        ask!(self, login_stands(login))
    }

    /// Notes an attempt to log in, for the time of the latest login and for the account's history. Merged
    /// with others and written a little later: no login costs a write. May be lost in a crash.
    pub fn note_login(&self, attempt: LoginAttempt) {
        match &self.engine {
            Engine::Embedded(engine) => engine.note_login(attempt),
            Engine::Postgresql(engine) => engine.note_login(attempt),
        }
    }

    /// Replaces the stored hash by a better one of the same password, unless the password changed
    /// meanwhile (`epoch` or `old` differ). Raises nothing.
    pub async fn upgrade_password(
        &self,
        id: AccountId,
        epoch: Epoch,
        old: &str,
        new: String,
    ) -> Result<(), StorageError> {
        ask!(self, upgrade_password(id, epoch, old, new))
    }

    /// Adds an app password; the line of history gets its tag. `Exists` if the tag is in use, `Limit`
    /// if there are four. Makes no login void.
    pub async fn add_app_password(
        &self,
        new: NewAppPassword,
        history: HistoryEntry,
    ) -> Result<AppPassword, StorageError> {
        ask!(self, add_app_password(new, history))
    }

    /// Removes an app password and raises the account's epoch: logins made with it are void. `NotFound`
    /// if there is none of that tag.
    pub async fn remove_app_password(
        &self,
        account: AccountId,
        tag: &str,
        history: HistoryEntry,
    ) -> Result<Raised, StorageError> {
        ask!(self, remove_app_password(account, tag, history))
    }

    /// Stores a token. `Exists` if its hash is there, `Limit` if the account has too many.
    pub async fn create_token(
        &self,
        token: NewToken,
        now: UnixTime,
        history: Option<HistoryEntry>,
    ) -> Result<TokenId, StorageError> {
        ask!(self, create_token(token, now, history))
    }

    /// Takes the one use that a token for one use is good for. False: somebody else has had it, or the
    /// token is gone. Sessions made with it go on until it expires.
    pub async fn spend_token(&self, id: TokenId) -> Result<bool, StorageError> {
        ask!(self, spend_token(id))
    }

    /// When the next token expires, or has, if [`Storage::expire_tokens`] was not told yet.
    pub async fn next_token_expiry(&self) -> Result<Option<UnixTime>, StorageError> {
        ask!(self, next_token_expiry())
    }

    /// Removes tokens that have expired at `now`, some hundred at a time, and raises the epochs of
    /// accounts that could have logged in to mail with them, with a line of history each (whatever
    /// account it names). Ask again until [`Storage::next_token_expiry`] lies ahead.
    pub async fn expire_tokens(
        &self,
        now: UnixTime,
        history: HistoryEntry,
    ) -> Result<Vec<Raised>, StorageError> {
        ask!(self, expire_tokens(now, history))
    }

    /// The token of that hash, unless it has expired at `now` or was for one use and had it.
    pub async fn token(&self, hash: &str, now: UnixTime) -> Result<Option<Token>, StorageError> {
        ask!(self, token(hash, now))
    }

    // History.

    /// The account's history, latest first.
    pub async fn history(
        &self,
        id: AccountId,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StorageError> {
        ask!(self, history(id, limit))
    }

    /// Adds a line to the history.
    pub async fn note_history(&self, entry: HistoryEntry) -> Result<(), StorageError> {
        ask!(self, note_history(entry))
    }
}

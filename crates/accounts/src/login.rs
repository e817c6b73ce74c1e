//! Proving who you are, for a session.
//!
//! 1. The account, with its epoch, is read *before* the secret is checked, and the [`Login`] carries
//!    that epoch. Whatever voids logins meanwhile raises it, and the login is refused at registration.
//! 2. A name that does not exist, an account without a password and a wrong password are told apart
//!    neither by the answer nor by its timing.
//! 3. Whether the account may log in is looked at only after the secret was right.
//! 4. App passwords and tokens open the account they belong to. An administrator who acts for others does
//!    so by his password.

use crate::hashing::HashingPool;
use crate::throttle::{Claimed, Failure, Verdict};
use crate::verified::{Fingerprint, Known};
use crate::{
    Accounts, Action, Actor, Identity, Proof, Target, app_password, authz, credential, name,
};
use std::net::IpAddr;
use std::time::Duration;
use storage::{
    Account, AccountStatus, AttemptResult, Found, Login, LoginAttempt, StorageError, Token,
};
use terms::{AccountId, Address, AppPasswordId, Credential, Epoch, Protocol, Secret, UnixTime};

/// The longest secret looked at, in bytes. None of ours is longer; a longer one matches nothing.
const SECRET_MAX: usize = 512;

/// Credentials as a client presented them.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// For sessions of this protocol.
    pub protocol: Protocol,
    /// The name whose secret is presented (SASL's authentication identity), as the client wrote it.
    pub name: String,
    /// The account to open instead, if another one was named (SASL's authorization identity).
    pub on_behalf_of: Option<String>,
    /// The password.
    pub secret: Secret,
}

/// A login that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginRefusal {
    /// Why.
    pub reason: Refusal,
    /// How long to wait before telling the client.
    pub delay: Duration,
}

/// Why a login was refused. What a client is told never shows whether an account exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Name or secret is wrong.
    #[error("authentication failed")]
    Invalid,
    /// The secret is right, but the account may not log in by this protocol.
    #[error("the account may not log in here")]
    NotAllowed,
    /// Too many failures from this network lately.
    #[error("too many failed logins, try again later")]
    Throttled,
    /// It cannot be checked at the moment: storage does not answer, or too many are waiting.
    #[error("login is unavailable at the moment")]
    Unavailable,
}

impl From<Refusal> for LoginRefusal {
    fn from(reason: Refusal) -> Self {
        Self { reason, delay: Duration::ZERO }
    }
}

impl Accounts {
    /// Checks credentials for a session. `peer` is the client's address, `now` the time.
    ///
    /// The account may be named by its address or an alias, in any letter case. With
    /// `on_behalf_of`, `name` is an administrator with rights over that account.
    ///
    /// The login is good for registration only: it may have become void since the account was read.
    pub async fn log_in(
        &self,
        credentials: Credentials,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<Login, LoginRefusal> {
        let Credentials { protocol, name, on_behalf_of, secret } = credentials;
        let claimed = self.look_up(&name).await?;
        let behalf = match on_behalf_of.as_deref().filter(|other| !other.is_empty()) {
            Some(other) if name::login_name(other).is_none_or(|it| Some(it) != claimed.address) => {
                Some(self.look_up(other).await?)
            }
            _ => None,
        };

        let attempt = attempt(&claimed, behalf.as_ref(), protocol, peer, now);
        let proved = self.prove(claimed, behalf, protocol, &secret, peer, now).await;
        let result = match &proved {
            Ok(_) => Some(AttemptResult::Succeeded),
            Err(refusal) if refusal.reason == Refusal::Unavailable => None,
            Err(_) => Some(AttemptResult::Failed),
        };
        if let (Some(attempt), Some(result)) = (attempt, result) {
            self.inner.storage.note_login(LoginAttempt { result, ..attempt });
        }
        let (account, credential, alias) = proved?;
        let name = on_behalf_of.filter(|other| !other.is_empty()).unwrap_or(name);
        Ok(Login {
            account: account.id,
            address: account.address,
            epoch: account.epoch,
            protocol,
            credential,
            name,
            alias,
        })
    }

    /// Who is let in, by which credential, under which alias.
    async fn prove(
        &self,
        claimed: Named,
        behalf: Option<Named>,
        protocol: Protocol,
        secret: &Secret,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<(Account, Credential, Option<Address>), LoginRefusal> {
        let (account, proved, alias) = match behalf {
            None => {
                let alias = claimed.alias.clone();
                let (account, proved) = self.check_mail_secret(claimed, secret, peer, now).await?;
                (account, proved, alias)
            }
            Some(target) => {
                let line = &self.inner.hashing;
                let holder =
                    self.check_password(line, for_mail(claimed), secret, peer, now).await?;
                let (administrator, epoch) = (holder.id, holder.epoch);
                let alias = target.alias.clone();
                let account = on_behalf(holder, target)?;
                (account, Proved::OnBehalf { administrator, epoch }, alias)
            }
        };
        if account.status() != AccountStatus::Active || !account.services.admits(protocol) {
            return Err(Refusal::NotAllowed.into());
        }
        let credential = match proved {
            Proved::Password => Credential::Password,
            Proved::OnBehalf { administrator, epoch } => {
                Credential::OnBehalf { administrator, epoch }
            }
            Proved::AppPassword(id) => Credential::AppPassword(id),
            Proved::Token(token) => {
                self.spend(&token).await?;
                Credential::Token(token.id)
            }
        };
        Ok((account, credential, alias))
    }

    /// Checks whether a secret opens an account's mail: an app password, a token, or, if there are no
    /// app passwords, the account's own.
    async fn check_mail_secret(
        &self,
        named: Named,
        secret: &Secret,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<(Account, Proved), LoginRefusal> {
        self.admit(named.claimed, peer, now)?;
        let proved = match &named.account {
            Some(account) => match app_password::matching(account, secret) {
                Some(id) => Some(Proved::AppPassword(id)),
                None => self.mail_token(account, secret, now).await?.map(Proved::Token),
            },
            None => None,
        };
        match (proved, named) {
            (Some(proved), Named { account: Some(account), claimed, .. }) => {
                self.note_right(claimed, peer);
                Ok((account, proved))
            }
            (_, named) => {
                let line = &self.inner.hashing;
                let account = self.check_password(line, for_mail(named), secret, peer, now).await?;
                Ok((account, Proved::Password))
            }
        }
    }

    async fn mail_token(
        &self,
        account: &Account,
        secret: &Secret,
        now: UnixTime,
    ) -> Result<Option<Token>, LoginRefusal> {
        if !account.has_tokens {
            return Ok(None);
        }
        let token = self.check_token(Some(account), secret, now).await.map_err(unavailable)?;
        Ok(token.filter(|token| token.use_for.for_mail()))
    }

    /// Reads whom a name means.
    pub(crate) async fn look_up(&self, name: &str) -> Result<Named, LoginRefusal> {
        let address = name::login_name(name);
        let account = match &address {
            Some(address) => self.inner.storage.find(address).await.map_err(unavailable)?,
            None => None,
        };
        let is_alias = matches!(account, Some(Found::Alias(_)));
        let alias = address.clone().filter(|_| is_alias);
        let account = account.map(|found| *found.into_account());
        let claimed = match (&account, &address) {
            (Some(account), _) => Claimed::Account(account.id),
            (None, Some(address)) => self.inner.verified.stranger(address.as_str()),
            (None, None) => self.inner.verified.stranger(name),
        };
        Ok(Named { address, account, alias, claimed })
    }

    /// Checks a password against an account read before, waiting in that line if it must be hashed;
    /// answers the account.
    pub(crate) async fn check_password(
        &self,
        line: &HashingPool,
        named: Named,
        secret: &Secret,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<Account, LoginRefusal> {
        let inner = &self.inner;
        self.admit(named.claimed, peer, now)?;
        let fingerprint = match &named.account {
            Some(account) => inner.verified.fingerprint(account, secret),
            None => {
                let name = named.address.as_ref().map_or("", Address::as_str);
                inner.verified.fingerprint_of_stranger(name, secret)
            }
        };
        if let Some(known) = self.remembered(&fingerprint, &named, peer, now) {
            return known;
        }
        let trusted = inner.trusted.iter().any(|network| network.contains(peer));
        let turn = line.turn((!trusted).then_some(peer)).await;
        let turn = turn.map_err(|_| Refusal::Unavailable)?;
        // Others may have failed while this one waited: a burst of parallel guesses gets no further
        // than the same guesses one by one. And others may have been right: of a storm of clients that
        // log in again, one is hashed.
        self.admit(named.claimed, peer, now)?;
        if let Some(known) = self.remembered(&fingerprint, &named, peer, now) {
            return known;
        }
        let Named { claimed, account, .. } = named;
        let check = Check {
            secret: secret.clone(),
            stored: account.as_ref().and_then(|account| account.password.clone()),
            unmatchable: inner.unmatchable.clone(),
        };
        let checked = turn.run(move || check.run()).await;
        match (checked.map_err(|_| Refusal::Unavailable)?, account) {
            (Checked::Right { upgrade }, Some(account)) => {
                inner.verified.was_right(fingerprint);
                self.note_right(claimed, peer);
                self.upgrade(&account, secret, upgrade).await;
                Ok(account)
            }
            _ => {
                inner.verified.was_wrong(fingerprint);
                Err(self.note_wrong(claimed, peer, now, Failure::Guess))
            }
        }
    }

    /// What is known of this very secret already, if it was checked before.
    fn remembered(
        &self,
        fingerprint: &Fingerprint,
        named: &Named,
        peer: IpAddr,
        now: UnixTime,
    ) -> Option<Result<Account, LoginRefusal>> {
        match (self.inner.verified.recall(fingerprint), &named.account) {
            (Known::Right, Some(account)) => {
                self.note_right(named.claimed, peer);
                Some(Ok(account.clone()))
            }
            (Known::Wrong, _) => {
                Some(Err(self.note_wrong(named.claimed, peer, now, Failure::Repeated)))
            }
            _ => None,
        }
    }

    /// Stores a better hash of the password that was just right.
    async fn upgrade(&self, account: &Account, secret: &Secret, upgrade: Option<String>) {
        let (Some(old), Some(new)) = (account.password.as_deref(), upgrade) else { return };
        let better: Fingerprint = self.inner.verified.fingerprint_of(account, &new, secret);
        // If it fails now, it is tried again at the next login.
        let storage = &self.inner.storage;
        if storage.upgrade_password(account.id, account.epoch, old, new).await.is_ok() {
            self.inner.verified.was_right(better);
        }
    }

    pub(crate) fn admit(
        &self,
        whom: Claimed,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<(), LoginRefusal> {
        match &self.inner.throttle {
            Some(throttle) if throttle.lock().check(whom, peer, now) == Verdict::Refuse => {
                Err(Refusal::Throttled.into())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn note_right(&self, whom: Claimed, peer: IpAddr) {
        if let Some(throttle) = &self.inner.throttle {
            throttle.lock().succeeded(whom, peer);
        }
    }

    pub(crate) fn note_wrong(
        &self,
        whom: Claimed,
        peer: IpAddr,
        now: UnixTime,
        failure: Failure,
    ) -> LoginRefusal {
        let throttle = self.inner.throttle.as_ref();
        let delay = throttle.map(|throttle| throttle.lock().failed(whom, peer, now, failure));
        LoginRefusal { reason: Refusal::Invalid, delay: delay.unwrap_or_default() }
    }
}

/// Whom a name means, as read before any secret is checked.
pub(crate) struct Named {
    /// The name, if it can be one here.
    pub(crate) address: Option<Address>,
    /// The account, if there is one.
    pub(crate) account: Option<Account>,
    /// The name, if it is an alias of the account.
    pub(crate) alias: Option<Address>,
    /// Whose failure it is if the secret is wrong.
    pub(crate) claimed: Claimed,
}

/// What proved a login.
enum Proved {
    Password,
    OnBehalf { administrator: AccountId, epoch: Epoch },
    AppPassword(AppPasswordId),
    Token(Token),
}

/// The same, its own password left out if that does not open mail. Then any password is as wrong as one
/// for an account that has none.
fn for_mail(mut named: Named) -> Named {
    if let Some(account) = &mut named.account
        && !account.app_passwords.is_empty()
    {
        account.password = None;
    }
    named
}

/// The attempt as its account's history will tell it, result open; none if there is no such account.
fn attempt(
    claimed: &Named,
    behalf: Option<&Named>,
    protocol: Protocol,
    peer: IpAddr,
    now: UnixTime,
) -> Option<LoginAttempt> {
    // The address and not the name: what strangers write is not for the history.
    let actor = claimed.account.as_ref()?.address.to_string();
    let account = behalf.unwrap_or(claimed).account.as_ref()?.id;
    let result = AttemptResult::Failed;
    Some(LoginAttempt { account, protocol, peer, actor, at: now, result })
}

/// The account that `holder`, whose password was right, may open instead of his own.
fn on_behalf(holder: Account, target: Named) -> Result<Account, LoginRefusal> {
    if holder.status() != AccountStatus::Active {
        return Err(Refusal::NotAllowed.into());
    }
    // An unknown account and one that is not his look the same.
    let account = target.account.ok_or(Refusal::Invalid)?;
    let actor = Actor::new(Identity::of(&holder), Proof::Password);
    authz::permit(&actor, Action::LogInOnBehalf, &Target::account(&account))
        .map_err(|_| Refusal::Invalid)?;
    Ok(account)
}

/// One computation for the hashing threads.
struct Check {
    secret: Secret,
    stored: Option<String>,
    unmatchable: std::sync::Arc<str>,
}

enum Checked {
    Right {
        /// A better hash of the same password, if the stored one is weak.
        upgrade: Option<String>,
    },
    Wrong,
}

impl Check {
    fn run(self) -> Checked {
        let fits = self.secret.reveal().len() <= SECRET_MAX;
        if let Some(stored) = self.stored.filter(|_| fits) {
            let weak = credential::needs_upgrade(&stored);
            if credential::verify(&self.secret, &stored) {
                let upgrade = if weak { credential::hash(&self.secret).ok() } else { None };
                return Checked::Right { upgrade };
            }
            if !weak {
                return Checked::Wrong;
            }
        }
        // Invariant 2: as long as it takes for a password of ours.
        let secret = if fits { self.secret } else { Secret::new("") };
        credential::verify(&secret, &self.unmatchable);
        Checked::Wrong
    }
}

fn unavailable(_: StorageError) -> LoginRefusal {
    Refusal::Unavailable.into()
}

#[cfg(test)]
mod tests;

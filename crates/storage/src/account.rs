//! An account: one owner of mail.

use crate::AppPassword;
use serde_json::{Map, Value};
use terms::{
    AccountId, Address, CompanyId, DomainId, DomainName, Epoch, Protocol, Scope, UnixTime,
};

/// One owner of mail: address, credentials, folders, limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its number; stays through renames, is never reused.
    pub id: AccountId,
    /// Its real name.
    pub address: Address,
    /// Its domain.
    pub domain: DomainId,
    /// Its domain's name.
    pub domain_name: DomainName,
    /// Whether its domain is disabled.
    pub domain_disabled: bool,
    /// The owner of its domain.
    pub company: CompanyId,
    /// The owner's name.
    pub company_name: String,
    /// Its workgroup in the domain.
    pub workgroup: String,
    /// What becomes of its mail.
    pub kind: AccountKind,
    /// Other addresses of the account.
    pub aliases: Vec<Address>,
    /// The hashed password with its scheme (`$argon2id$…`, `{SCHEME}…`); absent: cannot log in by password.
    pub password: Option<String>,
    /// Its epoch: what a login checked now carries.
    pub epoch: Epoch,
    /// Logins with an epoch below this one are void, in IMAP.
    pub imap_floor: Epoch,
    /// Logins with an epoch below this one are void, in POP3.
    pub pop3_floor: Epoch,
    /// Its app passwords, oldest first. As long as there are any, its own password does not open mail.
    pub app_passwords: Vec<AppPassword>,
    /// Whether there are tokens for it, if only expired ones.
    pub has_tokens: bool,
    /// Which services it may use.
    pub services: Services,
    /// Bytes of mail it may keep; absent: the domain's default, or no limit.
    pub quota: Option<u64>,
    /// Its role, if any.
    pub role: Option<RoleGrant>,
    /// Everything else that was set, by the API's attribute names.
    pub attributes: Map<String, Value>,
    /// When it was made.
    pub created: UnixTime,
    /// When it was deleted, if it was.
    pub deleted: Option<UnixTime>,
    /// Latest successful login per service.
    pub last_login: LastLogin,
}

impl Account {
    /// The epoch below which logins in `protocol` are void.
    pub fn floor(&self, protocol: Protocol) -> Epoch {
        match protocol {
            Protocol::Imap => self.imap_floor,
            Protocol::Pop3 => self.pop3_floor,
        }
    }

    /// Active, suspended or deleted.
    pub fn status(&self) -> AccountStatus {
        if self.deleted.is_some() {
            AccountStatus::Deleted
        } else if self.domain_disabled || self.services.all_suspended() {
            AccountStatus::Suspended
        } else {
            AccountStatus::Active
        }
    }
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// Works.
    Active,
    /// All services suspended, or the domain disabled.
    Suspended,
    /// Deleted, restorable for a while.
    Deleted,
}

/// What becomes of an account's mail: OpenSRS's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// Kept here: `mailbox`.
    Local,
    /// Passed on: `forward`.
    Forward,
    /// Scanned and passed on: `filter`.
    Filter,
}

/// Something an account may be allowed to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Log in by IMAP.
    Imap4,
    /// Log in by POP3.
    Pop3,
    /// Receive mail.
    SmtpIn,
    /// Submit mail over SMTP.
    SmtpRelay,
    /// Send from webmail.
    SmtpRelayWebmail,
    /// Log in to webmail.
    Webmail,
}

/// Whether a service works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceState {
    /// It works.
    #[default]
    Enabled,
    /// Not part of the plan.
    Disabled,
    /// Taken away by an administrator.
    Suspended,
}

/// The state of each service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// [`Service::Imap4`]
    pub imap4: ServiceState,
    /// [`Service::Pop3`]
    pub pop3: ServiceState,
    /// [`Service::SmtpIn`]
    pub smtpin: ServiceState,
    /// [`Service::SmtpRelay`]
    pub smtprelay: ServiceState,
    /// [`Service::SmtpRelayWebmail`]
    pub smtprelay_webmail: ServiceState,
    /// [`Service::Webmail`]
    pub webmail: ServiceState,
}

impl Services {
    /// Whether every service is suspended, which is how clients suspend an account.
    pub fn all_suspended(&self) -> bool {
        [self.imap4, self.pop3, self.smtpin, self.smtprelay, self.smtprelay_webmail, self.webmail]
            .iter()
            .all(|state| *state == ServiceState::Suspended)
    }

    /// Sets the state of one service.
    pub fn set(&mut self, service: Service, state: ServiceState) {
        match service {
            Service::Imap4 => self.imap4 = state,
            Service::Pop3 => self.pop3 = state,
            Service::SmtpIn => self.smtpin = state,
            Service::SmtpRelay => self.smtprelay = state,
            Service::SmtpRelayWebmail => self.smtprelay_webmail = state,
            Service::Webmail => self.webmail = state,
        }
    }

    /// The state of one service.
    pub fn state(&self, service: Service) -> ServiceState {
        match service {
            Service::Imap4 => self.imap4,
            Service::Pop3 => self.pop3,
            Service::SmtpIn => self.smtpin,
            Service::SmtpRelay => self.smtprelay,
            Service::SmtpRelayWebmail => self.smtprelay_webmail,
            Service::Webmail => self.webmail,
        }
    }

    /// Whether the account may log in by `protocol`.
    pub fn admits(&self, protocol: Protocol) -> bool {
        let state = match protocol {
            Protocol::Imap => self.imap4,
            Protocol::Pop3 => self.pop3,
        };
        state == ServiceState::Enabled
    }
}

/// A role of the API (OMA reference 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in the company.
    Company,
    /// View all, edit non-billable settings of accounts.
    CompanyMail,
    /// As `CompanyMail` without passwords and tokens.
    CompanyMail2,
    /// View all, non-billable changes to accounts and domains.
    CompanyView,
    /// View all.
    CompanyRo,
    /// Make single-sign-on tokens only.
    CompanyTokenOnly,
    /// Everything in its domains.
    Domain,
    /// Existing accounts of its domains.
    Mail,
    /// Accounts of its workgroups.
    Workgroup,
}

/// A role, and what it was given over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    /// The role.
    pub role: Role,
    /// Company names, domain names, or `domain/workgroup`, according to the role.
    pub objects: Vec<String>,
}

/// Latest successful login per service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastLogin {
    /// By IMAP.
    pub imap4: Option<UnixTime>,
    /// By POP3.
    pub pop3: Option<UnixTime>,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its address; its domain must exist.
    pub address: Address,
    /// What becomes of its mail.
    pub kind: AccountKind,
    /// What is set from the start.
    pub change: AccountChange,
}

/// What to change; absent members stay as they are.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The hashed password. The account's tokens go with the former one.
    pub password: Option<String>,
    /// Replaces the aliases.
    pub aliases: Option<Vec<Address>>,
    /// Replaces the states of all services.
    pub services: Option<Services>,
    /// Sets the states of these services, after [`AccountChange::services`], and leaves the others.
    pub service_states: Vec<(Service, ServiceState)>,
    /// Sets, or with `Some(None)` unsets, the quota in bytes.
    pub quota: Option<Option<u64>>,
    /// Moves to a workgroup, which must exist.
    pub workgroup: Option<String>,
    /// Gives a role in place of any former one, or with `Some(None)` takes it away.
    pub role: Option<Option<RoleGrant>>,
    /// Attributes to set, or to unset with `null`.
    pub attributes: Map<String, Value>,
    /// Which earlier logins this change makes void. The epoch is raised in the same transaction. Void
    /// besides: logins by an alias that the change takes away; when it moves the account to another
    /// workgroup, those of administrators; when it leaves every service suspended, those on behalf of
    /// others.
    pub void: Vec<Scope>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The real name of an account.
    Account(Box<Account>),
    /// An alias (of the account, or through an alias of its domain) of this account.
    Alias(Box<Account>),
}

impl Found {
    /// The account, whichever way it was named.
    pub fn into_account(self) -> Box<Account> {
        match self {
            Found::Account(account) | Found::Alias(account) => account,
        }
    }
}

/// An account, or one of its aliases, as a search lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSummary {
    /// The name listed.
    pub address: Address,
    /// The account it is or stands for.
    pub account: AccountId,
    /// For an alias: the real name.
    pub alias_target: Option<Address>,
    /// The account's kind.
    pub kind: AccountKind,
    /// Its workgroup.
    pub workgroup: String,
    /// Where it stands.
    pub status: AccountStatus,
    /// When it was made.
    pub created: UnixTime,
    /// When it was deleted, if it was.
    pub deleted: Option<UnixTime>,
    /// Latest successful login over all services.
    pub last_login: Option<UnixTime>,
}

/// That an account's epoch was raised: order "end all below `epoch`" for `scopes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Whose.
    pub account: AccountId,
    /// The new epoch.
    pub epoch: Epoch,
    /// Which logins are void.
    pub scopes: Vec<Scope>,
}

//! From a name in a request to what it means, in the order that the API promises: rights over the
//! object (9), existence (2), alias (3).
//!
//! What is outside the caller's reach answers the same, after the same work, whether it exists or not.

use crate::call::Call;
use crate::error::{ErrorNumber, Failure};
use accounts::{Action, Permit, Target, authz};
use futures::future::join;
use storage::{Account, Domain, Found, Role};
use terms::{Address, DomainName};

/// An account that the caller named and may do something to.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) account: Account,
    pub(crate) domain: Domain,
    /// That he may do what he asked for.
    pub(crate) permit: Permit,
}

/// What the name of a user came to.
#[derive(Debug)]
pub(crate) enum User {
    /// An account, and the caller may do what he asks for.
    There(Box<Reached>),
    /// Nobody has this name, in a domain where the caller may know that. The address is none if the
    /// name could be nobody's.
    Missing { domain: Box<Domain>, address: Option<Address> },
}

impl Call {
    /// The account that `user` names, for `action`. An alias is an error.
    pub(crate) async fn user(&self, user: &str, action: Action) -> Result<User, Failure> {
        let domain = user.rsplit_once('@').and_then(|(_, domain)| DomainName::parse(domain).ok());
        let domain = domain.ok_or(ErrorNumber::Rights)?;
        let address = Address::parse(user).ok();
        let found = async {
            match &address {
                Some(address) => self.storage().find(address).await,
                None => Ok(None),
            }
        };
        // Both at once: one wait for storage rather than two.
        let (domain, found) = join(self.storage().domain(&domain), found).await;
        let (domain, found) = (domain?.ok_or(ErrorNumber::Rights)?, found?);
        let own = self.actor.identity();
        // Without a role one has only oneself; the same answer as for any stranger's.
        let reaches = authz::reaches_into(&self.actor, &domain);
        if !reaches && own.domain != domain.id {
            return Err(ErrorNumber::Rights.into());
        }
        let Some(found) = found else {
            if !reaches {
                return Err(ErrorNumber::Rights.into());
            }
            return Ok(User::Missing { domain: Box::new(domain), address });
        };
        let is_alias = matches!(found, Found::Alias(_));
        let account = *found.into_account();
        let permit = authz::permit(&self.actor, action, &Target::account(&account))?;
        if is_alias {
            return Err(ErrorNumber::Alias.into());
        }
        Ok(User::There(Box::new(Reached { account, domain, permit })))
    }

    /// The same, where a missing account is an error.
    pub(crate) async fn existing_user(&self, action: Action) -> Result<Reached, Failure> {
        match self.user(self.fields.text("user")?, action).await? {
            User::There(reached) => Ok(*reached),
            User::Missing { .. } => Err(ErrorNumber::NotFound.into()),
        }
    }

    /// The domain of that name, and whether the name is an alias of it. Nothing: it is free, and the
    /// caller could make it.
    pub(crate) async fn domain(&self, name: &str) -> Result<Option<(Domain, bool)>, Failure> {
        let parsed = DomainName::parse(name).ok();
        let found = match &parsed {
            Some(name) => self.storage().domain(name).await?,
            None => None,
        };
        match found {
            Some(domain) if authz::reaches_into(&self.actor, &domain) => {
                let is_alias = parsed.is_some_and(|name| name != domain.name);
                Ok(Some((domain, is_alias)))
            }
            None if self.may_create_domains() => Ok(None),
            _ => Err(ErrorNumber::Rights.into()),
        }
    }

    /// Whether the caller may make domains, in any company.
    pub(crate) fn may_create_domains(&self) -> bool {
        self.actor.identity().role.as_ref().is_some_and(|grant| grant.role == Role::Company)
    }

    /// Whether the caller may do `action` to the account.
    pub(crate) fn may(&self, action: Action, target: &Target) -> bool {
        authz::permit(&self.actor, action, target).is_ok()
    }
}

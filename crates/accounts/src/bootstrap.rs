//! The first company and its administrator, and other things an operator makes on the machine itself.

use crate::accounts::HashUnavailable;
use crate::history::Request;
use crate::password::PasswordError;
use crate::{Accounts, credential, password};
use serde_json::Map;
use storage::{
    Account, AccountChange, AccountKind, Company, Domain, DomainChange, Found, NewAccount,
    NewDomain, Role, RoleGrant, StorageError, What,
};
use terms::{AccountId, Address, DomainName, Secret, UnixTime};

/// Who acts, in the history.
const SERVICE: &str = "bootstrap";
/// The longest company name, in characters.
const COMPANY_MAX: usize = 64;

/// Why something could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The company's name cannot be one.
    #[error("a company name has 1 to {COMPANY_MAX} printable characters and no \"/\"")]
    Company,
    /// The domain belongs to somebody else.
    #[error("the domain {0} belongs to another company")]
    ForeignDomain(DomainName),
    /// The address is in use.
    #[error("the address {0} is in use already")]
    Taken(Address),
    /// The password is not allowed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password was not hashed.
    #[error(transparent)]
    Hashing(#[from] HashUnavailable),
    /// Storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Accounts {
    /// Makes the company and its first administrator, and the administrator's domain if it is missing.
    /// May be repeated after a crash; an administrator that exists is an error.
    pub async fn bootstrap(
        &self,
        company: &str,
        administrator: &Address,
        secret: &Secret,
        now: UnixTime,
    ) -> Result<Account, BootstrapError> {
        let company = self.ensure_company(company, now).await?;
        let name = DomainName::parse(administrator.domain())
            .map_err(|_| StorageError::NotFound(What::Domain))?;
        self.ensure_domain(&company, &name, DomainChange::default(), now).await?;
        let role = RoleGrant { role: Role::Company, objects: vec![company.name] };
        self.create_with_role(administrator, secret, Some(role), now).await
    }

    /// The company of that name, made if it is missing.
    pub async fn ensure_company(
        &self,
        name: &str,
        now: UnixTime,
    ) -> Result<Company, BootstrapError> {
        let length = name.chars().count();
        let printable = name.chars().all(|c| !c.is_control() && c != '/');
        if !(1..=COMPANY_MAX).contains(&length) || !printable || name.trim() != name {
            return Err(BootstrapError::Company);
        }
        match self.inner.storage.company(name).await? {
            Some(company) => Ok(company),
            None => Ok(self.inner.storage.create_company(name, now).await?),
        }
    }

    /// The company's domain of that name, made with `change` if it is missing.
    pub async fn ensure_domain(
        &self,
        company: &Company,
        name: &DomainName,
        change: DomainChange,
        now: UnixTime,
    ) -> Result<Domain, BootstrapError> {
        match self.inner.storage.domain(name).await? {
            Some(domain) if domain.company == company.id && domain.name == *name => Ok(domain),
            Some(_) => Err(BootstrapError::ForeignDomain(name.clone())),
            None => {
                let new = NewDomain { name: name.clone(), company: company.id, change };
                Ok(self.inner.storage.create_domain(new, now).await?)
            }
        }
    }

    /// Makes an account with a password, and a role if one is given. Its domain must exist.
    pub async fn create_with_role(
        &self,
        address: &Address,
        secret: &Secret,
        role: Option<RoleGrant>,
        now: UnixTime,
    ) -> Result<Account, BootstrapError> {
        let name = DomainName::parse(address.domain());
        let name = name.map_err(|_| StorageError::NotFound(What::Domain))?;
        let domain = self.inner.storage.domain(&name).await?;
        let domain = domain.ok_or(StorageError::NotFound(What::Domain))?;
        let found: Option<Found> = self.inner.storage.find(address).await?;
        if found.is_some() {
            return Err(BootstrapError::Taken(address.clone()));
        }
        password::check(secret, crate::attributes::password_strength(&domain), address)?;
        let change = AccountChange {
            password: Some(self.hash_password(secret).await?),
            role: role.map(Some),
            attributes: Map::new(),
            ..AccountChange::default()
        };
        let new = NewAccount { address: address.clone(), kind: AccountKind::Local, change };
        // The account has no number yet; storage puts the real one in.
        let history = Request::of_service(SERVICE, now).entry(AccountId(0), "change_user");
        Ok(self.inner.storage.create_account(new, now, history).await?)
    }

    /// A random password that satisfies every strength, for an account whose owner gets it shown once.
    pub fn random_password(&self) -> Result<Secret, BootstrapError> {
        credential::random_password().map_err(|_| HashUnavailable.into())
    }
}

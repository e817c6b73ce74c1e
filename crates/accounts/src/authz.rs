//! May they? A pure table: actor, action, target → [`Permit`] or [`Denied`].
//!
//! 1. A role reaches its objects and what lies in them, nothing else. Roles below company level
//!    reach no further than their holder's own company: a name that once was in it gives no rights
//!    over what another company makes of it.
//! 2. Nobody gains power through another account: what would let the actor become the target, or
//!    remove it, is refused unless the actor's power contains the target's ([`role::contains`]).
//! 3. A [`Permit`] can be had here only, and is what the API's methods demand.
//!
//! Where OpenSRS's documentation leaves it open who may do something, the table decides; the OMA
//! reference, sections 5.2 and 5.3 and the methods' own pages, says what is known.

mod table;

pub use table::Action;

use crate::actor::{Actor, Identity};
use crate::role::{self, Level};
use storage::{Account, Domain, Role, RoleGrant};
use terms::{AccountId, CompanyId, DomainName};

/// What an action is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    company: Option<(CompanyId, String)>,
    domain: Option<DomainName>,
    workgroup: Option<String>,
    account: Option<(AccountId, Option<RoleGrant>)>,
}

impl Target {
    /// A company.
    pub fn company(id: CompanyId, name: &str) -> Self {
        let company = Some((id, name.to_owned()));
        Self { company, domain: None, workgroup: None, account: None }
    }

    /// A domain, and what is not in a particular workgroup of it.
    pub fn domain(domain: &Domain) -> Self {
        let name = Some(domain.name.clone());
        Self { domain: name, ..Self::company(domain.company, &domain.company_name) }
    }

    /// A workgroup of a domain, or an account to be made in it.
    pub fn workgroup(domain: &Domain, workgroup: &str) -> Self {
        Self { workgroup: Some(workgroup.to_owned()), ..Self::domain(domain) }
    }

    /// An account.
    pub fn account(account: &Account) -> Self {
        Self {
            company: Some((account.company, account.company_name.clone())),
            domain: Some(account.domain_name.clone()),
            workgroup: Some(account.workgroup.clone()),
            account: Some((account.id, account.role.clone())),
        }
    }
}

/// Why an action is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The target is outside what the actor's role is over, or he has no role.
    #[error("the object is out of reach")]
    OutOfReach,
    /// The target is within reach, but the role does not allow the action.
    #[error("the role does not allow this")]
    NotInRole,
    /// The target has power that the actor does not have.
    #[error("the account has rights that the requestor does not have")]
    Outranked,
}

/// Proof that an actor may do one thing to one target.
#[derive(Debug)]
pub struct Permit {
    action: Action,
    target: Target,
}

impl Permit {
    /// What is permitted.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The account that `action` is permitted for.
    pub(crate) fn account(&self, action: Action) -> Result<AccountId, Denied> {
        if self.action == action { self.any_account() } else { Err(Denied::NotInRole) }
    }

    /// The account that anything is permitted for.
    pub(crate) fn any_account(&self) -> Result<AccountId, Denied> {
        self.target.account.as_ref().map(|(id, _)| *id).ok_or(Denied::OutOfReach)
    }

    /// Whether an account may be made in this domain and workgroup.
    pub(crate) fn new_account(&self, domain: &str, workgroup: Option<&str>) -> Result<(), Denied> {
        let there = self.target.account.is_none()
            && self.target.domain.as_ref().is_some_and(|name| name.as_str() == domain)
            && self.target.workgroup.as_deref() == workgroup;
        if self.action == Action::CreateUser && there { Ok(()) } else { Err(Denied::OutOfReach) }
    }

    /// Whether `action` is permitted for this domain.
    pub(crate) fn domain(&self, action: Action, domain: &DomainName) -> Result<(), Denied> {
        let it = self.action == action && self.target.domain.as_ref() == Some(domain);
        if it { Ok(()) } else { Err(Denied::OutOfReach) }
    }

    /// Whether a domain of this company may be made.
    pub(crate) fn new_domain(&self, company: CompanyId) -> Result<(), Denied> {
        let it = self.target.company.as_ref().is_some_and(|(id, _)| *id == company);
        if self.action == Action::CreateDomain && it { Ok(()) } else { Err(Denied::OutOfReach) }
    }
}

/// Decides. Looks at nothing but its arguments.
pub fn permit(actor: &Actor, action: Action, target: &Target) -> Result<Permit, Denied> {
    let who = actor.identity();
    let itself = target.account.as_ref().is_some_and(|(id, _)| *id == who.account);
    if !(itself && action.by_owner()) {
        let grant = who.role.as_ref().ok_or(Denied::OutOfReach)?;
        if !reaches(who, grant, target) {
            return Err(Denied::OutOfReach);
        }
        if !action.allowed_for(grant.role) {
            return Err(Denied::NotInRole);
        }
        let theirs = target.account.as_ref().and_then(|(_, role)| role.as_ref());
        if !itself && action.gains_power() && theirs.is_some_and(|it| !role::contains(grant, it)) {
            return Err(Denied::Outranked);
        }
    }
    Ok(Permit { action, target: target.clone() })
}

/// Whether anything of a domain is within the actor's reach: whether a name in it that does not exist
/// may be told apart from one that is not his.
pub fn reaches_into(actor: &Actor, domain: &Domain) -> bool {
    let who = actor.identity();
    if who.domain == domain.id && who.role.is_none() {
        return false;
    }
    match &who.role {
        Some(grant) if role::level(grant.role) == Level::Workgroup => {
            who.company == domain.company && !workgroups_in(actor, &domain.name).is_empty()
        }
        Some(grant) => reaches(who, grant, &Target::domain(domain)),
        None => false,
    }
}

/// The workgroups of a domain that a workgroup administrator is limited to. Empty for other roles.
pub fn workgroups_in(actor: &Actor, domain: &DomainName) -> Vec<String> {
    let grant = actor.identity().role.as_ref().filter(|grant| grant.role == Role::Workgroup);
    let objects = grant.map(|grant| grant.objects.as_slice()).unwrap_or_default();
    objects
        .iter()
        .filter_map(|object| object.split_once('/'))
        .filter(|(of, _)| of.eq_ignore_ascii_case(domain.as_str()))
        .map(|(_, workgroup)| workgroup.to_owned())
        .collect()
}

/// Whether the actor may give `role` over an object: it is below his own, and the object is his.
pub fn may_give(actor: &Actor, role: Role, object: &Target) -> Result<(), Denied> {
    let who = actor.identity();
    let grant = who.role.as_ref().ok_or(Denied::OutOfReach)?;
    if !reaches(who, grant, object) {
        return Err(Denied::OutOfReach);
    }
    if role::outranks(grant.role, role) && Action::SetRole.allowed_for(grant.role) {
        Ok(())
    } else {
        Err(Denied::NotInRole)
    }
}

/// Invariant 1.
fn reaches(who: &Identity, grant: &RoleGrant, target: &Target) -> bool {
    let Some((company, company_name)) = &target.company else { return false };
    let at_home = who.company == *company;
    match (role::level(grant.role), &target.domain, &target.workgroup) {
        (Level::Company, _, _) => role::is_over(grant, company_name),
        (Level::Domain, Some(domain), _) => at_home && role::is_over(grant, domain.as_str()),
        (Level::Workgroup, Some(domain), Some(workgroup)) => {
            at_home && role::is_over(grant, &role::workgroup_object(domain, workgroup))
        }
        _ => false,
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Proof;
    use terms::{Address, DomainId};

    const ACME: (CompanyId, &str) = (CompanyId(1), "acme");
    const OTHER: (CompanyId, &str) = (CompanyId(2), "other");

    fn grant(role: Role, objects: &[&str]) -> Option<RoleGrant> {
        Some(RoleGrant { role, objects: objects.iter().map(|it| (*it).to_owned()).collect() })
    }

    fn actor(role: Option<RoleGrant>) -> Actor {
        let identity = Identity {
            account: AccountId(7),
            address: Address::parse("boss@a.example").unwrap(),
            domain: DomainId(1),
            company: ACME.0,
            company_name: ACME.1.to_owned(),
            workgroup: "staff".to_owned(),
            role,
        };
        Actor::new(identity, Proof::Password)
    }

    fn account(
        company: (CompanyId, &str),
        domain: &str,
        workgroup: &str,
        role: Option<RoleGrant>,
    ) -> Target {
        Target {
            company: Some((company.0, company.1.to_owned())),
            domain: Some(DomainName::parse(domain).unwrap()),
            workgroup: Some(workgroup.to_owned()),
            account: Some((AccountId(8), role)),
        }
    }

    fn check(
        who: Option<RoleGrant>,
        action: Action,
        target: &Target,
        expected: Result<(), Denied>,
    ) {
        let permit = permit(&actor(who.clone()), action, target).map(|_| ());
        assert_eq!(permit, expected, "{who:?} {action:?} {target:?}");
    }

    /// Who can end whose sessions.
    #[test]
    fn reach() {
        let here = account(ACME, "a.example", "staff", None);
        let press = account(ACME, "a.example", "press", None);
        let beside = account(ACME, "b.example", "staff", None);
        let foreign = account(OTHER, "a.example", "staff", None);
        let rows = [
            (grant(Role::Company, &["ACME"]), [true, true, true, false]),
            (grant(Role::Company, &["other"]), [false, false, false, true]),
            (grant(Role::Company, &["acme", "other"]), [true, true, true, true]),
            (grant(Role::Domain, &["A.example"]), [true, true, false, false]),
            (grant(Role::Domain, &["b.example"]), [false, false, true, false]),
            (grant(Role::Mail, &["a.example", "b.example"]), [true, true, true, false]),
            (grant(Role::Workgroup, &["a.example/staff"]), [true, false, false, false]),
            (grant(Role::Workgroup, &["a.example/Press"]), [false, true, false, false]),
            (grant(Role::Workgroup, &["a.example"]), [false, false, false, false]),
            (grant(Role::Domain, &["a.example/staff"]), [false, false, false, false]),
            (grant(Role::Domain, &["*"]), [false, false, false, false]),
            (grant(Role::Domain, &["acme"]), [false, false, false, false]),
            (grant(Role::Company, &["a.example"]), [false, false, false, false]),
            (grant(Role::Company, &[]), [false, false, false, false]),
            (None, [false, false, false, false]),
        ];
        for (who, expected) in rows {
            for (target, ok) in [&here, &press, &beside, &foreign].into_iter().zip(expected) {
                let expected = if ok { Ok(()) } else { Err(Denied::OutOfReach) };
                check(who.clone(), Action::LogoutUser, target, expected);
            }
        }
    }

    #[test]
    fn readers_within_reach_are_refused_what_changes() {
        let target = account(ACME, "a.example", "staff", None);
        let ro = grant(Role::CompanyRo, &["acme"]);
        check(ro.clone(), Action::GetUser, &target, Ok(()));
        check(ro, Action::LogoutUser, &target, Err(Denied::NotInRole));
        let tokens = grant(Role::CompanyTokenOnly, &["acme"]);
        check(tokens.clone(), Action::LogoutUser, &target, Err(Denied::NotInRole));
        check(tokens, Action::GetUser, &target, Err(Denied::NotInRole));
    }

    /// Invariant 2.
    #[test]
    fn nobody_gains_power() {
        let target = |role| account(ACME, "a.example", "staff", role);
        let company = target(grant(Role::Company, &["acme"]));
        let domain = target(grant(Role::Domain, &["a.example"]));
        let wider = target(grant(Role::Domain, &["a.example", "b.example"]));
        let workgroup = target(grant(Role::Workgroup, &["a.example/press"]));
        let admin = grant(Role::Domain, &["a.example"]);
        let rows = [
            (&admin, &company, Err(Denied::Outranked)),
            (&admin, &domain, Ok(())),
            (&admin, &wider, Err(Denied::Outranked)),
            (&admin, &workgroup, Ok(())),
            (&grant(Role::Mail, &["a.example"]), &domain, Err(Denied::Outranked)),
            (&grant(Role::Mail, &["a.example"]), &workgroup, Err(Denied::Outranked)),
            (&grant(Role::CompanyMail, &["acme"]), &domain, Err(Denied::Outranked)),
            (&grant(Role::Company, &["acme"]), &company, Ok(())),
            (&grant(Role::Workgroup, &["a.example/staff"]), &workgroup, Err(Denied::Outranked)),
        ];
        for (who, target, expected) in rows {
            check(who.clone(), Action::ChangeUserPassword, target, expected);
            check(who.clone(), Action::LogInOnBehalf, target, expected);
            // What gives no power is not refused.
            check(who.clone(), Action::LogoutUser, target, Ok(()));
        }
    }

    #[test]
    fn oneself() {
        let mut own = account(ACME, "a.example", "staff", None);
        own.account = Some((AccountId(7), None));
        check(None, Action::GetUser, &own, Ok(()));
        check(None, Action::ChangeUser, &own, Err(Denied::OutOfReach));
        check(None, Action::LogoutUser, &own, Err(Denied::OutOfReach));
        let role = grant(Role::Company, &["acme"]);
        own.account = Some((AccountId(7), role.clone()));
        check(role, Action::ChangeUserPassword, &own, Ok(()));
        let role = grant(Role::CompanyTokenOnly, &["acme"]);
        check(role, Action::GetUser, &own, Ok(()));
    }

    #[test]
    fn giving_roles() {
        let company = Target::company(ACME.0, ACME.1);
        let domain =
            Target { account: None, workgroup: None, ..account(ACME, "a.example", "", None) };
        let workgroup = Target { account: None, ..account(ACME, "a.example", "press", None) };
        let admin = grant(Role::Company, &["acme"]);
        let rows = [
            (&admin, Role::Company, &company, Err(Denied::NotInRole)),
            (&admin, Role::CompanyRo, &company, Ok(())),
            (&admin, Role::CompanyTokenOnly, &company, Ok(())),
            (&admin, Role::Domain, &domain, Ok(())),
            (&admin, Role::Workgroup, &workgroup, Ok(())),
            (&grant(Role::Domain, &["a.example"]), Role::Mail, &domain, Ok(())),
            (&grant(Role::Domain, &["a.example"]), Role::Workgroup, &workgroup, Ok(())),
            (&grant(Role::Domain, &["a.example"]), Role::Domain, &domain, Err(Denied::NotInRole)),
            (
                &grant(Role::Domain, &["a.example"]),
                Role::CompanyRo,
                &company,
                Err(Denied::OutOfReach),
            ),
            (&grant(Role::Domain, &["b.example"]), Role::Mail, &domain, Err(Denied::OutOfReach)),
            (
                &grant(Role::CompanyView, &["acme"]),
                Role::CompanyRo,
                &company,
                Err(Denied::NotInRole),
            ),
            (&grant(Role::Company, &["other"]), Role::Domain, &domain, Err(Denied::OutOfReach)),
            (&None, Role::Mail, &domain, Err(Denied::OutOfReach)),
        ];
        for (who, role, object, expected) in rows {
            assert_eq!(may_give(&actor(who.clone()), role, object), expected, "{who:?} {role:?}");
        }
    }

    /// A permit is good for what it was given for.
    #[test]
    fn permits_are_bound() {
        let admin = actor(grant(Role::Company, &["acme"]));
        let target = account(ACME, "a.example", "staff", None);
        let read = permit(&admin, Action::GetUser, &target).unwrap();
        assert_eq!(read.account(Action::GetUser), Ok(AccountId(8)));
        assert_eq!(read.account(Action::DeleteUser), Err(Denied::NotInRole));
        assert!(read.new_account("a.example", Some("staff")).is_err());
        assert!(read.new_domain(ACME.0).is_err());
        let create =
            permit(&admin, Action::CreateDomain, &Target::company(ACME.0, ACME.1)).unwrap();
        assert_eq!(create.new_domain(ACME.0), Ok(()));
        assert!(create.new_domain(OTHER.0).is_err());
        assert!(create.account(Action::CreateDomain).is_err());
    }
}

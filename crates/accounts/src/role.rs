//! Roles: their names, their order, and whose power contains whose (OMA reference, section 5.2).

use storage::{Role, RoleGrant};
use terms::DomainName;

/// What kind of object a role is given over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Companies, by name.
    Company,
    /// Domains, by name.
    Domain,
    /// Workgroups, as `domain/workgroup`.
    Workgroup,
}

/// Every role.
pub const ALL: [Role; 9] = [
    Role::Company,
    Role::CompanyView,
    Role::CompanyMail,
    Role::CompanyMail2,
    Role::CompanyRo,
    Role::CompanyTokenOnly,
    Role::Domain,
    Role::Mail,
    Role::Workgroup,
];

/// The role's name in the API.
pub fn name(role: Role) -> &'static str {
    match role {
        Role::Company => "company",
        Role::CompanyView => "company_view",
        Role::CompanyMail => "company_mail",
        Role::CompanyMail2 => "company_mail2",
        Role::CompanyRo => "company_ro",
        Role::CompanyTokenOnly => "company_token_only",
        Role::Domain => "domain",
        Role::Mail => "mail",
        Role::Workgroup => "workgroup",
    }
}

/// The role of that name.
pub fn parse(text: &str) -> Option<Role> {
    ALL.into_iter().find(|role| name(*role) == text)
}

/// What the role is given over.
pub fn level(role: Role) -> Level {
    match role {
        Role::Company
        | Role::CompanyView
        | Role::CompanyMail
        | Role::CompanyMail2
        | Role::CompanyRo
        | Role::CompanyTokenOnly => Level::Company,
        Role::Domain | Role::Mail => Level::Domain,
        Role::Workgroup => Level::Workgroup,
    }
}

/// Whether `upper` stands above `lower`. A partial order: neither of two may.
pub fn outranks(upper: Role, lower: Role) -> bool {
    match upper {
        Role::Company => lower != Role::Company,
        Role::CompanyView => {
            matches!(lower, Role::CompanyMail | Role::CompanyMail2 | Role::CompanyRo)
        }
        Role::CompanyMail => matches!(lower, Role::CompanyMail2 | Role::CompanyRo),
        Role::CompanyMail2 => lower == Role::CompanyRo,
        Role::Domain => matches!(lower, Role::Mail | Role::Workgroup),
        Role::CompanyRo | Role::CompanyTokenOnly | Role::Mail | Role::Workgroup => false,
    }
}

/// Whether who holds `upper` can do whatever who holds `lower` can: becoming him would gain nothing.
///
/// Both are of one company, as far as roles below company level are concerned: those reach no
/// further than the company of their holder.
pub fn contains(upper: &RoleGrant, lower: &RoleGrant) -> bool {
    if upper.role != lower.role && !outranks(upper.role, lower.role) {
        return false;
    }
    match (level(upper.role), level(lower.role)) {
        (Level::Company, Level::Domain | Level::Workgroup) => true,
        (Level::Domain, Level::Workgroup) => lower
            .objects
            .iter()
            .all(|object| object.split_once('/').is_some_and(|(domain, _)| is_over(upper, domain))),
        _ => lower.objects.iter().all(|object| is_over(upper, object)),
    }
}

/// Whether the grant names the object; letter case does not matter.
pub fn is_over(grant: &RoleGrant, object: &str) -> bool {
    // `to_lowercase` and not ASCII only: company and workgroup names may hold any letter.
    let object = object.to_lowercase();
    grant.objects.iter().any(|own| own.to_lowercase() == object)
}

/// How a role is given over a workgroup.
pub fn workgroup_object(domain: &DomainName, workgroup: &str) -> String {
    format!("{domain}/{workgroup}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for role in ALL {
            assert_eq!(parse(name(role)), Some(role));
        }
        assert_eq!((parse(""), parse("Company"), parse("root")), (None, None, None));
    }

    #[test]
    fn order() {
        let above = |role: Role| -> Vec<&str> {
            ALL.into_iter().filter(|upper| outranks(*upper, role)).map(name).collect()
        };
        assert!(above(Role::Company).is_empty());
        assert_eq!(above(Role::CompanyView), ["company"]);
        assert_eq!(above(Role::CompanyMail), ["company", "company_view"]);
        assert_eq!(above(Role::CompanyMail2), ["company", "company_view", "company_mail"]);
        assert_eq!(above(Role::CompanyRo).len(), 4);
        assert_eq!(above(Role::CompanyTokenOnly), ["company"]);
        assert_eq!(above(Role::Domain), ["company"]);
        assert_eq!(above(Role::Mail), ["company", "domain"]);
        assert_eq!(above(Role::Workgroup), ["company", "domain"]);
    }

    #[test]
    fn containment() {
        let grant = |role, objects: &[&str]| RoleGrant {
            role,
            objects: objects.iter().map(|object| (*object).to_owned()).collect(),
        };
        let rows = [
            (grant(Role::Company, &["acme"]), grant(Role::Company, &["Acme"]), true),
            (grant(Role::Company, &["acme"]), grant(Role::Company, &["acme", "other"]), false),
            (grant(Role::Company, &["acme"]), grant(Role::Domain, &["a.example"]), true),
            (grant(Role::CompanyMail, &["acme"]), grant(Role::Domain, &["a.example"]), false),
            (grant(Role::CompanyMail, &["acme"]), grant(Role::CompanyRo, &["acme"]), true),
            (grant(Role::CompanyRo, &["acme"]), grant(Role::CompanyMail, &["acme"]), false),
            (grant(Role::Domain, &["a.example"]), grant(Role::Mail, &["a.example"]), true),
            (grant(Role::Domain, &["a.example"]), grant(Role::Mail, &["b.example"]), false),
            (grant(Role::Domain, &["a.example"]), grant(Role::Workgroup, &["a.example/x"]), true),
            (grant(Role::Domain, &["a.example"]), grant(Role::Workgroup, &["b.example/x"]), false),
            (grant(Role::Domain, &["a.example"]), grant(Role::Company, &["acme"]), false),
            (grant(Role::Workgroup, &["a/x", "a/y"]), grant(Role::Workgroup, &["a/y"]), true),
            (grant(Role::Workgroup, &["a/x"]), grant(Role::Workgroup, &["a/y"]), false),
        ];
        for (upper, lower, expected) in rows {
            assert_eq!(contains(&upper, &lower), expected, "{upper:?} {lower:?}");
        }
    }
}

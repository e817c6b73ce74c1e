//! Which earlier logins an act makes void, and what their sessions are told. A pure table.
//!
//! Some of it only storage can know, in its own transaction: which aliases are gone, which number an app
//! password or token had, whether all services of the account are suspended now. It adds those scopes
//! itself, and what was voided is said by `storage::Raised`.
//!
//! Whether an administrator would still have a right to what he has open is never worked out: what could
//! take it ends his sessions there, and he may log in again.

use storage::{Service, ServiceState};
use terms::{EndReason, Protocol, Scope};

/// Something that is done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its sessions are to end, nothing else.
    LogOut,
    /// The password is set, even to the same one.
    SetPassword,
    /// An app password is removed.
    RemoveAppPassword,
    /// A token's time is over.
    ExpireToken,
    /// The aliases are set.
    SetAliases,
    /// A role is given or taken away.
    SetRole,
    /// The states of some services are set, even to what they were.
    SetServices(Vec<(Service, ServiceState)>),
    /// Deleted.
    Delete,
    /// Given another address.
    Rename,
    /// Its domain is disabled or deleted: of every account in it.
    DisableDomain,
    /// Its domain's aliases are set: of every account in it.
    SetDomainAliases,
    /// Its domain is given to another company: of every account in it.
    MoveDomain,
    /// The workgroup is set.
    SetWorkgroup,
    /// Anything else: name, quota …
    Other,
}

/// What an act means for logins made before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    /// Which of them are void, besides those that storage finds.
    pub scopes: Vec<Scope>,
    /// Why, for those whose sessions end.
    pub reason: EndReason,
}

/// The table.
pub fn voided(act: &Act) -> Voided {
    let these = |scopes: &[Scope], reason| Voided { scopes: scopes.to_vec(), reason };
    // Of an administrator, also his sessions at others. Ending his own sessions and renaming him take
    // nothing from him.
    let own = [Scope::Everything];
    let all = [Scope::Everything, Scope::OnBehalf];
    match act {
        Act::LogOut => these(&own, EndReason::LoggedOut),
        Act::SetPassword => these(&all, EndReason::PasswordChanged),
        Act::Delete => these(&all, EndReason::Deleted),
        Act::Rename => these(&own, EndReason::Renamed),
        Act::DisableDomain => these(&all, EndReason::DomainDisabled),
        // His rights over others, and those of others over him: who has more power than they cannot be
        // opened by them.
        Act::SetRole => {
            these(&[Scope::OnBehalf, Scope::ByAdministrators], EndReason::CredentialRevoked)
        }
        Act::RemoveAppPassword | Act::ExpireToken | Act::MoveDomain | Act::SetWorkgroup => {
            these(&[], EndReason::CredentialRevoked)
        }
        Act::SetAliases | Act::SetDomainAliases => these(&[], EndReason::Renamed),
        // Whether the service worked before does not matter: when the end of its sessions could not
        // be confirmed, the request is repeated, and must end them then.
        Act::SetServices(states) => {
            let off = states.iter().filter(|(_, state)| *state != ServiceState::Enabled);
            let scopes = off.filter_map(|(service, _)| scope_of(*service)).collect();
            Voided { scopes, reason: EndReason::ServiceOff }
        }
        Act::Other => Voided { scopes: Vec::new(), reason: EndReason::LoggedOut },
    }
}

/// The logins that a service admits.
fn scope_of(service: Service) -> Option<Scope> {
    match service {
        Service::Imap4 => Some(Scope::Protocol(Protocol::Imap)),
        Service::Pop3 => Some(Scope::Protocol(Protocol::Pop3)),
        Service::SmtpIn | Service::SmtpRelay | Service::SmtpRelayWebmail | Service::Webmail => None,
    }
}

/// What several acts of one request mean together: all their scopes, the first reason that ends
/// something.
pub fn voided_by_all(acts: &[Act]) -> Voided {
    let mut all = voided(&Act::Other);
    for one in acts.iter().map(voided) {
        if all.scopes.is_empty() {
            all.reason = one.reason;
        }
        all.scopes.extend(one.scopes);
    }
    if all.scopes.contains(&Scope::Everything) {
        all.scopes.retain(|scope| matches!(scope, Scope::Everything | Scope::OnBehalf));
    }
    all.scopes.sort();
    all.scopes.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::ServiceState::{Disabled, Enabled, Suspended};

    const IMAP: Scope = Scope::Protocol(Protocol::Imap);
    const POP3: Scope = Scope::Protocol(Protocol::Pop3);

    fn set(imap4: ServiceState, pop3: ServiceState) -> Act {
        // Services without sessions here have no say.
        let (imap4, pop3) = ((Service::Imap4, imap4), (Service::Pop3, pop3));
        Act::SetServices(vec![
            (Service::SmtpIn, Suspended),
            imap4,
            pop3,
            (Service::Webmail, Disabled),
        ])
    }

    fn check(acts: &[Act], scopes: &[Scope], reason: EndReason) {
        assert_eq!(voided_by_all(acts), Voided { scopes: scopes.to_vec(), reason }, "{acts:?}");
    }

    #[test]
    fn what_voids_what() {
        use EndReason::*;
        let own = &[Scope::Everything];
        let all = &[Scope::Everything, Scope::OnBehalf];
        check(&[Act::LogOut], own, LoggedOut);
        check(&[Act::SetPassword], all, PasswordChanged);
        check(&[Act::Delete], all, Deleted);
        check(&[Act::Rename], own, Renamed);
        check(&[Act::DisableDomain], all, DomainDisabled);
        let rights = &[Scope::OnBehalf, Scope::ByAdministrators];
        check(&[Act::SetRole], rights, CredentialRevoked);
        check(&[Act::MoveDomain], &[], CredentialRevoked);
        check(&[Act::SetWorkgroup], &[], CredentialRevoked);
        check(&[Act::RemoveAppPassword], &[], CredentialRevoked);
        check(&[Act::ExpireToken], &[], CredentialRevoked);
        check(&[Act::SetAliases], &[], Renamed);
        check(&[Act::SetDomainAliases], &[], Renamed);
        check(&[set(Enabled, Enabled), Act::SetAliases], &[], Renamed);
        check(&[set(Enabled, Disabled), Act::SetAliases], &[POP3], ServiceOff);
        check(&[Act::SetRole, Act::SetPassword], all, CredentialRevoked);
        check(&[Act::Other], &[], LoggedOut);
        check(&[], &[], LoggedOut);
        check(&[set(Enabled, Enabled)], &[], ServiceOff);
        check(&[Act::SetServices(vec![])], &[], ServiceOff);
        check(&[Act::SetServices(vec![(Service::Pop3, Disabled)])], &[POP3], ServiceOff);
        check(&[set(Disabled, Enabled)], &[IMAP], ServiceOff);
        check(&[set(Enabled, Suspended)], &[POP3], ServiceOff);
        check(&[set(Suspended, Disabled)], &[IMAP, POP3], ServiceOff);
        check(&[Act::Other, set(Suspended, Suspended)], &[IMAP, POP3], ServiceOff);
        check(&[Act::SetPassword, set(Suspended, Suspended)], all, PasswordChanged);
        check(&[set(Suspended, Suspended), Act::SetPassword], all, ServiceOff);
    }
}

//! Which earlier logins an act makes void, and what their sessions are told. A pure table.
//!
//! Not covered: an administrator's sessions on behalf of others, when his role or password changes.
//! They belong to the accounts they opened, under those accounts' epochs; nothing kept says which
//! these are. They last until their connection ends.

use storage::{Service, ServiceState};
use terms::{EndReason, Protocol, Scope};

/// Something that is done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its sessions are to end, nothing else.
    LogOut,
    /// The password is set, even to the same one.
    SetPassword,
    /// The states of some services are set, even to what they were.
    SetServices(Vec<(Service, ServiceState)>),
    /// Deleted.
    Delete,
    /// Given another address.
    Rename,
    /// Its domain is disabled or deleted: of every account in it.
    DisableDomain,
    /// Anything else: name, quota, aliases, role …
    Other,
}

/// What an act means for logins made before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    /// Which of them are void. Empty: none.
    pub scopes: Vec<Scope>,
    /// Why, for those whose sessions end.
    pub reason: EndReason,
}

/// The table.
pub fn voided(act: &Act) -> Voided {
    let everything = |reason| Voided { scopes: vec![Scope::Everything], reason };
    match act {
        Act::LogOut => everything(EndReason::LoggedOut),
        Act::SetPassword => everything(EndReason::PasswordChanged),
        Act::Delete => everything(EndReason::Deleted),
        Act::Rename => everything(EndReason::Renamed),
        Act::DisableDomain => everything(EndReason::DomainDisabled),
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
        all.scopes = vec![Scope::Everything];
    }
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
        let all = &[Scope::Everything];
        check(&[Act::LogOut], all, LoggedOut);
        check(&[Act::SetPassword], all, PasswordChanged);
        check(&[Act::Delete], all, Deleted);
        check(&[Act::Rename], all, Renamed);
        check(&[Act::DisableDomain], all, DomainDisabled);
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

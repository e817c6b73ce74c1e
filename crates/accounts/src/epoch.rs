//! Which earlier logins an act makes void, and what their sessions are told. A pure table.
//!
//! Not covered: an administrator's sessions on behalf of others, when his role or password changes.
//! They belong to the accounts they opened, under those accounts' epochs; nothing kept says which
//! these are. They last until their connection ends.

use storage::{ServiceState, Services};
use terms::{EndReason, Protocol, Scope};

/// Something that is done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its sessions are to end, nothing else.
    LogOut,
    /// The password is set, even to the same one.
    SetPassword,
    /// The states of its services change.
    SetServices {
        /// Before.
        from: Services,
        /// After.
        to: Services,
    },
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
pub fn voided(act: Act) -> Voided {
    let everything = |reason| Voided { scopes: vec![Scope::Everything], reason };
    match act {
        Act::LogOut => everything(EndReason::LoggedOut),
        Act::SetPassword => everything(EndReason::PasswordChanged),
        Act::Delete => everything(EndReason::Deleted),
        Act::Rename => everything(EndReason::Renamed),
        Act::DisableDomain => everything(EndReason::DomainDisabled),
        Act::SetServices { from, to } => {
            let leaves = |before: ServiceState, after: ServiceState| {
                before == ServiceState::Enabled && after != ServiceState::Enabled
            };
            let mut scopes = Vec::new();
            if leaves(from.imap4, to.imap4) {
                scopes.push(Scope::Protocol(Protocol::Imap));
            }
            if leaves(from.pop3, to.pop3) {
                scopes.push(Scope::Protocol(Protocol::Pop3));
            }
            Voided { scopes, reason: EndReason::ServiceOff }
        }
        Act::Other => Voided { scopes: Vec::new(), reason: EndReason::LoggedOut },
    }
}

/// What several acts of one request mean together: all their scopes, the first reason that ends
/// something.
pub fn voided_by_all(acts: &[Act]) -> Voided {
    let mut all = voided(Act::Other);
    for one in acts.iter().map(|act| voided(*act)) {
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
    use ServiceState::{Disabled, Enabled, Suspended};

    const IMAP: Scope = Scope::Protocol(Protocol::Imap);
    const POP3: Scope = Scope::Protocol(Protocol::Pop3);

    fn services(imap4: ServiceState, pop3: ServiceState) -> Services {
        Services { imap4, pop3, ..Services::default() }
    }

    fn set(from: Services, to: Services) -> Act {
        Act::SetServices { from, to }
    }

    fn check(acts: &[Act], scopes: &[Scope], reason: EndReason) {
        assert_eq!(voided_by_all(acts), Voided { scopes: scopes.to_vec(), reason }, "{acts:?}");
    }

    #[test]
    fn what_voids_what() {
        let on = services(Enabled, Enabled);
        let off = services(Suspended, Suspended);
        check(&[Act::LogOut], &[Scope::Everything], EndReason::LoggedOut);
        check(&[Act::SetPassword], &[Scope::Everything], EndReason::PasswordChanged);
        check(&[Act::Delete], &[Scope::Everything], EndReason::Deleted);
        check(&[Act::Rename], &[Scope::Everything], EndReason::Renamed);
        check(&[Act::DisableDomain], &[Scope::Everything], EndReason::DomainDisabled);
        check(&[Act::Other], &[], EndReason::LoggedOut);
        check(&[], &[], EndReason::LoggedOut);
        check(&[set(on, services(Disabled, Enabled))], &[IMAP], EndReason::ServiceOff);
        check(&[set(on, services(Enabled, Disabled))], &[POP3], EndReason::ServiceOff);
        check(&[set(on, off)], &[IMAP, POP3], EndReason::ServiceOff);
        // Switched off before: whoever was in is gone already.
        check(&[set(off, services(Disabled, Suspended))], &[], EndReason::ServiceOff);
        check(&[set(off, on)], &[], EndReason::ServiceOff);
        check(&[set(on, on)], &[], EndReason::ServiceOff);
        // Services that have no sessions here.
        let no_mail = Services { smtpin: Suspended, webmail: Disabled, ..on };
        check(&[set(on, no_mail)], &[], EndReason::ServiceOff);
        check(&[Act::Other, set(on, off)], &[IMAP, POP3], EndReason::ServiceOff);
        check(
            &[Act::SetPassword, set(on, off)],
            &[Scope::Everything],
            EndReason::PasswordChanged,
        );
        check(&[set(on, off), Act::SetPassword], &[Scope::Everything], EndReason::ServiceOff);
    }
}

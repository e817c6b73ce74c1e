//! The numbers that stand for words in the databases of all engines. They never change their meaning.

use crate::{AccountKind, Role, ServiceState, Services, SpecialUse, StorageError, TokenUse};

/// The number of an account's kind.
pub(crate) fn kind_number(kind: AccountKind) -> i64 {
    match kind {
        AccountKind::Local => 0,
        AccountKind::Forward => 1,
        AccountKind::Filter => 2,
    }
}

/// The kind of that number.
pub(crate) fn kind(number: i64) -> Result<AccountKind, StorageError> {
    match number {
        0 => Ok(AccountKind::Local),
        1 => Ok(AccountKind::Forward),
        2 => Ok(AccountKind::Filter),
        _ => Err(unknown("kind of an account", number)),
    }
}

/// The numbers of the states of all services, in the order of [`services`]. "Enabled" is 0, which the fences rely on.
pub(crate) fn service_numbers(services: &Services) -> [i64; 6] {
    let Services { imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail } = *services;
    [imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail].map(|state| match state {
        ServiceState::Enabled => 0,
        ServiceState::Disabled => 1,
        ServiceState::Suspended => 2,
    })
}

/// The services in those states.
pub(crate) fn services(numbers: [i64; 6]) -> Result<Services, StorageError> {
    let [imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail] = numbers;
    Ok(Services {
        imap4: service_state(imap4)?,
        pop3: service_state(pop3)?,
        smtpin: service_state(smtpin)?,
        smtprelay: service_state(smtprelay)?,
        smtprelay_webmail: service_state(smtprelay_webmail)?,
        webmail: service_state(webmail)?,
    })
}

fn service_state(number: i64) -> Result<ServiceState, StorageError> {
    match number {
        0 => Ok(ServiceState::Enabled),
        1 => Ok(ServiceState::Disabled),
        2 => Ok(ServiceState::Suspended),
        _ => Err(unknown("state of a service", number)),
    }
}

/// The number of a role.
pub(crate) fn role_number(role: Role) -> i64 {
    match role {
        Role::Company => 0,
        Role::CompanyMail => 1,
        Role::CompanyMail2 => 2,
        Role::CompanyView => 3,
        Role::CompanyRo => 4,
        Role::CompanyTokenOnly => 5,
        Role::Domain => 6,
        Role::Mail => 7,
        Role::Workgroup => 8,
    }
}

/// The role of that number.
pub(crate) fn role(number: i64) -> Result<Role, StorageError> {
    match number {
        0 => Ok(Role::Company),
        1 => Ok(Role::CompanyMail),
        2 => Ok(Role::CompanyMail2),
        3 => Ok(Role::CompanyView),
        4 => Ok(Role::CompanyRo),
        5 => Ok(Role::CompanyTokenOnly),
        6 => Ok(Role::Domain),
        7 => Ok(Role::Mail),
        8 => Ok(Role::Workgroup),
        _ => Err(unknown("role", number)),
    }
}

/// The number of a token's use.
pub(crate) fn token_use_number(use_for: TokenUse) -> i64 {
    match use_for {
        TokenUse::Api => 0,
        TokenUse::Mail => 1,
        TokenUse::ApiAndMail => 2,
    }
}

/// The token's use of that number.
pub(crate) fn token_use(number: i64) -> Result<TokenUse, StorageError> {
    match number {
        0 => Ok(TokenUse::Api),
        1 => Ok(TokenUse::Mail),
        2 => Ok(TokenUse::ApiAndMail),
        _ => Err(unknown("use of a token", number)),
    }
}

/// The number of a folder's special use.
pub(crate) fn special_use_number(special_use: SpecialUse) -> i64 {
    match special_use {
        SpecialUse::Drafts => 0,
        SpecialUse::Junk => 1,
        SpecialUse::Sent => 2,
        SpecialUse::Trash => 3,
        SpecialUse::Archive => 4,
    }
}

/// The special use of that number.
pub(crate) fn special_use(number: i64) -> Result<SpecialUse, StorageError> {
    match number {
        0 => Ok(SpecialUse::Drafts),
        1 => Ok(SpecialUse::Junk),
        2 => Ok(SpecialUse::Sent),
        3 => Ok(SpecialUse::Trash),
        4 => Ok(SpecialUse::Archive),
        _ => Err(unknown("special use of a folder", number)),
    }
}

fn unknown(what: &str, number: i64) -> StorageError {
    StorageError::Corrupt(format!("unknown {what}: {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each number up to the first unknown one stands for a word that has this number.
    fn check<W>(words: i64, word: fn(i64) -> Result<W, StorageError>, number: fn(W) -> i64) {
        for wanted in 0..words {
            assert_eq!(number(word(wanted).unwrap()), wanted);
        }
        for unknown in [-1, words, i64::MAX] {
            assert!(matches!(word(unknown), Err(StorageError::Corrupt(_))));
        }
    }

    #[test]
    fn words_and_numbers_are_inverses() {
        check(3, kind, kind_number);
        check(9, role, role_number);
        check(3, token_use, token_use_number);
        check(5, special_use, special_use_number);
        check(3, |number| services([number; 6]), |all| service_numbers(&all)[5]);
        assert_eq!(service_numbers(&services([0, 1, 2, 0, 1, 2]).unwrap()), [0, 1, 2, 0, 1, 2]);
    }
}

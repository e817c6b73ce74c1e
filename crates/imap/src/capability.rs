//! What this server says it can do. Nothing stands here that is not complete.

use carrier::Security;

/// Always there: RFC 3501, 2342, 2177, 2971, 3348, 3691, 4315, 6851, 7888.
const ALWAYS: &str = "IMAP4rev1 LITERAL+ ID IDLE NAMESPACE UIDPLUS UNSELECT MOVE CHILDREN";

/// What is said before login, by how the connection is protected.
///
/// Whoever may not send a password yet is not offered a way to (RFC 3501 §6.2.3, §11.1).
pub(crate) fn before_login(security: Security) -> String {
    let mut list = ALWAYS.to_owned();
    if security.starttls {
        list.push_str(" STARTTLS");
    }
    list.push_str(if security.plaintext_login { " SASL-IR AUTH=PLAIN" } else { " LOGINDISABLED" });
    list
}

/// What is said after login.
pub(crate) fn after_login() -> String {
    ALWAYS.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_state() {
        let check = |tls, starttls, plaintext_login, has: &[&str], hasnt: &[&str]| {
            let list = before_login(Security { tls, starttls, plaintext_login });
            let words: Vec<&str> = list.split(' ').collect();
            assert!(has.iter().all(|word| words.contains(word)), "{list}");
            assert!(!hasnt.iter().any(|word| words.contains(word)), "{list}");
        };
        check(false, true, false, &["STARTTLS", "LOGINDISABLED"], &["AUTH=PLAIN", "SASL-IR"]);
        check(false, true, true, &["STARTTLS", "AUTH=PLAIN"], &["LOGINDISABLED"]);
        check(true, false, true, &["SASL-IR", "AUTH=PLAIN"], &["STARTTLS", "LOGINDISABLED"]);
    }
}

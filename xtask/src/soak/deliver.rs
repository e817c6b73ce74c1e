//! The MTA: delivers letters to one or several accounts. Nothing that happens to them may disturb it.

use super::history::Outcome;
use super::letter;
use super::wire::Wire;
use super::{Account, Actor};
use std::sync::Arc;

/// Letters on one connection, at most.
const LETTERS: usize = 40;
/// Recipients of a letter, at most.
const RECIPIENTS: usize = 3;

/// Delivers some letters over a connection.
pub(super) async fn visit(actor: &mut Actor, accounts: &[Arc<Account>]) {
    let Ok(mut wire) = Wire::connect(actor.soak.site.ports.lmtp, None).await else {
        return actor.soak.wrong("an LMTP connection was refused".into());
    };
    wire.say(b"LHLO mta.example\r\n").await;
    if !answered(&mut wire, b'2').await || !answered(&mut wire, b'2').await {
        return actor.soak.wrong("an LMTP connection was not greeted".into());
    }
    for _ in 0..actor.chance.below(LETTERS) {
        if actor.is_over() {
            break;
        }
        let first = actor.chance.below(accounts.len());
        let count = 1 + actor.chance.below(RECIPIENTS);
        let recipients: Vec<_> = accounts.iter().cycle().skip(first).take(count).cloned().collect();
        deliver(actor, &mut wire, &recipients).await;
        actor.pause(30).await;
    }
    wire.say(b"QUIT\r\n").await;
    answered(&mut wire, b'2').await;
}

async fn deliver(actor: &mut Actor, wire: &mut Wire, recipients: &[Arc<Account>]) {
    let id = actor.soak.next_letter();
    let mut envelope = "MAIL FROM:<soak@sender.example>\r\n".to_owned();
    for account in recipients {
        envelope.push_str(&format!("RCPT TO:<{}>\r\n", account.name));
        account.history.sends(id, None);
    }
    envelope.push_str("DATA\r\n");
    wire.say(envelope.as_bytes()).await;
    let mut going = answered(wire, b'2').await;
    for _ in recipients {
        going &= answered(wire, b'2').await;
    }
    if !going || !answered(wire, b'3').await {
        return actor.soak.wrong(format!("letter {} could not be sent", id.0));
    }
    let mut data = letter::write(id);
    data.extend_from_slice(b".\r\n");
    wire.say(&data).await;
    for account in recipients {
        if answered(wire, b'2').await {
            account.history.sent(id, Outcome::Done);
        } else {
            account.history.wrong(format!("the delivery of letter {} was not acknowledged", id.0));
        }
    }
}

/// Whether the answer is of that class (its first digit).
async fn answered(wire: &mut Wire, class: u8) -> bool {
    loop {
        match wire.line().await {
            Ok(line) if line.first() != Some(&class) => return false,
            Ok(line) if line.get(3) == Some(&b'-') => {}
            other => return other.is_ok(),
        }
    }
}

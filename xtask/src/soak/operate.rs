//! The operator: ends sessions, and changes passwords, of whoever it is.

use super::{Account, Actor};

/// Passwords are changed instead so many times in a hundred.
const CHANGES: usize = 25;

/// Gives one order.
pub(super) async fn order(actor: &mut Actor, account: &Account) {
    let site = &actor.soak.site;
    let outcome = if actor.chance.percent(CHANGES) {
        // Of two changes at once, nobody could say which one was the last.
        let _turn = account.changing.lock().await;
        let password = format!("pencil{}", actor.chance.below(1 << 40));
        let order = account.history.order(Some(password.clone()));
        let outcome = site.set_password(account.number, &password).await;
        outcome.map(|()| account.history.obeyed(order))
    } else {
        let order = account.history.order(None);
        let outcome = site.log_out(account.number).await;
        outcome.map(|()| account.history.obeyed(order))
    };
    if let Err(problem) = outcome {
        account.history.wrong(format!("an order was not obeyed: {problem}"));
    }
}

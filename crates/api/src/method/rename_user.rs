//! `rename_user`: gives an account another address in its domain; mail and settings stay (OMA reference,
//! 14.15). Its sessions end. The old address is free at once, and no alias.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use accounts::Action;
use storage::Domain;
use terms::Address;

pub(crate) async fn run(call: &Call) -> Outcome {
    let wanted = call.fields.text("new_name")?;
    let user = call.existing_user(Action::RenameUser).await?;
    let new_name = new_address(wanted, &user.domain)?;
    let request = call.request();
    let renamed = call.accounts().rename_account(&user.permit, new_name, &request);
    let (raised, voided) = renamed.await?;
    call.end_sessions(&[raised], voided.reason).await?;
    Ok(Reply::done())
}

/// An address of the domain: whole, or the part before the `@` alone.
pub(crate) fn new_address(text: &str, domain: &Domain) -> Result<Address, Failure> {
    let whole =
        if text.contains('@') { text.to_owned() } else { format!("{text}@{}", domain.name) };
    let address = Address::parse(&whole).ok();
    address.filter(|address| address.domain() == domain.name.as_str()).ok_or_else(|| {
        let reason = "is not an address that an account of the domain can have";
        Failure::with_hint(ErrorNumber::Value, "new_name", reason)
    })
}

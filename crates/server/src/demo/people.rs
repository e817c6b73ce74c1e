//! Who lives in the demo, and their first mail.

use super::{COMPANY_ADMIN, DOMAIN_ADMIN, JANE, JOE, PASSWORD};
use crate::assemble::Server;
use crate::config::Config;
use crate::failure::Failure;
use crate::host::now;
use accounts::BootstrapError;
use folders::Incoming;
use serde_json::json;
use storage::{DomainChange, Recipient, Role, RoleGrant, StorageError};
use terms::{Address, DomainName, Flags, FolderName, InternalDate, Secret};

const COMPANY: &str = "demo";
const DOMAIN: &str = "example.com";

/// Why the demo's accounts cannot be made.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Address(#[from] terms::AddressError),
    #[error(transparent)]
    Domain(#[from] terms::DomainNameError),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::Other(format!("the demo's accounts cannot be made: {problem}"))
    }
}

/// Makes company, domain, accounts and sample mail, unless a former demo in this folder has.
pub(super) async fn settle(server: &Server, config: &Config) -> Result<(), Failure> {
    settle_all(server, config).await.map_err(Failure::from)
}

async fn settle_all(server: &Server, config: &Config) -> Result<(), Problem> {
    let (storage, accounts) = (&server.services.storage, &server.services.accounts);
    if storage.find(&Address::parse(JANE)?).await?.is_some() {
        return Ok(());
    }
    let secret = Secret::new(PASSWORD);
    let company = accounts.ensure_company(COMPANY, now()).await?;
    let mut weak = DomainChange::default();
    weak.attributes.insert("password_strength".into(), json!("weak"));
    for name in [DOMAIN, "demo.adm"] {
        accounts.ensure_domain(&company, &DomainName::parse(name)?, weak.clone(), now()).await?;
    }
    let role = |role, object: &str| Some(RoleGrant { role, objects: vec![object.to_owned()] });
    // Jane comes last: once she is there, all are.
    for (address, role) in [
        (COMPANY_ADMIN, role(Role::Company, COMPANY)),
        (DOMAIN_ADMIN, role(Role::Domain, DOMAIN)),
        (JOE, None),
        (JANE, None),
    ] {
        let address = Address::parse(address)?;
        if storage.find(&address).await?.is_some() {
            continue;
        }
        let account = accounts.create_with_role(&address, &secret, role, now()).await?;
        for (subject, text) in LETTERS {
            let mut incoming = Incoming::new(storage, None);
            incoming.write(letter(&address, subject, text, config).as_bytes()).await?;
            let received = incoming.finish().await?;
            let date = InternalDate { at: now(), offset_minutes: 0 };
            let entry = received.into_entry(Flags::default(), date);
            let inbox = Recipient { account: account.id, folder: FolderName::inbox() };
            for outcome in storage.deliver(entry, vec![inbox]).await? {
                outcome?;
            }
        }
    }
    Ok(())
}

const LETTERS: [(&str, &str); 3] = [
    ("Welcome", "This account is part of a demo. Everything in it goes away with it."),
    ("Try IDLE", "Leave a mail client open, and deliver something over LMTP."),
    ("Lost a phone?", "One call to logout_user ends every session, and says so when it is true."),
];

fn letter(to: &Address, subject: &str, text: &str, config: &Config) -> String {
    let date = jiff::Timestamp::from_second(now().0).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let host = config.hostname.as_str();
    format!(
        "From: Posthouse <postmaster@example.com>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\n\
         Message-ID: <{}.{}@{host}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        subject.len(),
        to.local(),
    )
}

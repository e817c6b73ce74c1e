//! `posthouse bootstrap`: the first company and its administrator, made in the store directly while
//! no server runs. Everything else is then done over the API.

use crate::cli::BootstrapArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::host::now;
use crate::passwords::given;
use accounts::{Accounts, Options};
use std::io::{self, Write};
use storage::{OpenError, Storage};
use terms::Secret;

/// Makes the company and its administrator; prints the password if it made it.
///
/// # Errors
/// The configuration is wrong, a server runs on this store, or what was asked for is not allowed.
pub async fn run(args: &BootstrapArgs) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let given = given()?;
    let storage = open(&config).await?;
    let made = make(args, &storage, given).await;
    storage.close().await;
    let made = made?;
    say(&format!("made {} the administrator of the company {:?}", args.admin, args.company))?;
    if let Some(password) = made {
        say(&format!("password: {} (not shown again)", password.reveal()))?;
    }
    Ok(())
}

async fn open(config: &Config) -> Result<Storage, Failure> {
    let options = config.storage.options(&config.data_dir)?;
    Storage::open(options).await.map_err(|error| match error {
        OpenError::InUse { .. } => {
            Failure::Other(format!("{error}: stop the running server first"))
        }
        other => other.into(),
    })
}

/// The password, if it was made here.
async fn make(
    args: &BootstrapArgs,
    storage: &Storage,
    given: Option<Secret>,
) -> Result<Option<Secret>, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::Other(format!("cannot make {} the administrator: {error}", args.admin))
    };
    let accounts =
        Accounts::new(storage.clone(), Options::default()).map_err(|error| failed(&error))?;
    let (password, made) = match given {
        Some(password) => (password, false),
        None => (accounts.random_password().map_err(|error| failed(&error))?, true),
    };
    accounts
        .bootstrap(&args.company, &args.admin, &password, now())
        .await
        .map_err(|error| failed(&error))?;
    Ok(made.then_some(password))
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}")
        .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}

//! `posthouse bootstrap`: the first company and its administrator, made in the store directly while
//! no server runs. Everything else is then done over the API.

use crate::cli::BootstrapArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::host::now;
use accounts::{Accounts, Options};
use std::io::{self, BufRead, IsTerminal, Write};
use storage::{OpenError, Storage};
use terms::Secret;

/// The longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;

/// Makes the company and its administrator; prints the password if it made it.
///
/// # Errors
/// The configuration is wrong, a server runs on this store, or what was asked for is not allowed.
pub async fn run(args: &BootstrapArgs) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let given = given_password()?;
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
    let options = storage::Options { data_dir: config.data_dir.clone(), readers: 1 };
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

/// The first line of standard input. Nothing if it is empty, or if a person sits there: passwords
/// are not typed where they can be read.
fn given_password() -> Result<Option<Secret>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    first_line(stdin.lock()).map_err(|error| {
        Failure::Other(format!("the password cannot be read from standard input: {error}"))
    })
}

fn first_line(input: impl BufRead) -> io::Result<Option<Secret>> {
    let mut line = String::new();
    input.take(LONGEST_LINE).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| Secret::new(password)))
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}")
        .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line() {
        for (input, password) in [
            ("", None),
            ("\n", None),
            ("pencil75", Some("pencil75")),
            ("pencil75\n", Some("pencil75")),
            ("pen cil75 \r\nmore\n", Some("pen cil75 ")),
        ] {
            let read = first_line(input.as_bytes()).unwrap();
            assert_eq!(read.as_ref().map(Secret::reveal), password, "{input:?}");
        }
        assert!(first_line(&b"\xff\n"[..]).is_err());
    }
}

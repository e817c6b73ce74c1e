//! The command line.

use crate::operate::Url;
use crate::telemetry::LogFormat;
use clap::{ArgGroup, Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;
use terms::{Address, DomainName};

/// What was asked on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "posthouse",
    version,
    about = "A mail server for IMAP, POP3 and LMTP, run over an API"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server in the foreground
    Serve(ServeArgs),
    /// Try it without any configuration: a server on 127.0.0.1 with sample accounts and mail
    Demo(DemoArgs),
    /// Check configuration, certificates and storage, one line per check
    Check(CheckArgs),
    /// First start: create a company and its first administrator
    ///
    /// The administrator's password is read from standard input; on a terminal, or from empty
    /// input, one is made and printed once.
    Bootstrap(BootstrapArgs),
    /// See who is connected to a running server, and end sessions
    Sessions(SessionsArgs),
    /// Make, show, change, delete and list the accounts of a running server
    Account(AccountArgs),
    /// Make, show, disable and enable the domains of a running server
    Domain(DomainArgs),
}

/// `posthouse serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// How to log [default: text on a terminal, json otherwise]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Print the effective configuration with secrets masked, and do nothing else
    #[arg(long)]
    pub print_config: bool,
}

/// `posthouse demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep everything in this folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// IMAP on N+143, IMAPS on N+993, POP3 on N+110, POP3S on N+995, LMTP on N+24, API on N+80
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = port_base)]
    pub port_base: u16,
    /// Log two users in, end the sessions of one of them, say what each client saw, and exit
    #[arg(long)]
    pub once: bool,
}

/// `posthouse check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Check everything that is stored, too: read every message and recount every counter. The server
    /// must not run
    #[arg(long)]
    pub storage: bool,
}

/// `posthouse bootstrap`
#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The company's name
    #[arg(long, value_name = "NAME")]
    pub company: String,
    /// The administrator's address; its domain belongs to the company afterwards
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub admin: Address,
}

/// Which server, and with whose rights
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Where the server's API is; http:// on this machine only
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: Url,
    /// A TOML file with user and password (or token), readable by nobody else [default: from the
    /// environment, POSTHOUSE_USER and POSTHOUSE_PASSWORD or POSTHOUSE_TOKEN]
    #[arg(long, global = true, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Trust the certificates in this file, and no others
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// Take any certificate, on this machine's own addresses
    #[arg(long, global = true)]
    pub insecure: bool,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// `posthouse sessions`
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: SessionsCommand,
}

/// What can be done about sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Who is connected
    List(Whose),
    /// Who is connected, again and again
    Watch(WatchArgs),
    /// End sessions: by their ids, or those of a user or a domain that all conditions hold for
    ///
    /// They may log in again at once; with --all (logout_user) what was logged in before is void.
    End(EndArgs),
}

/// Whose sessions.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// Of this user
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub user: Option<Address>,
    /// Of all users of this domain
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    pub domain: Option<DomainName>,
}

/// `posthouse sessions watch`
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Whose
    #[command(flatten)]
    pub whose: Whose,
    /// How often, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub interval: Duration,
    /// Stop after so many times
    #[arg(long, value_name = "N")]
    pub rounds: Option<u64>,
}

/// `posthouse sessions end`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(false).args(["user", "domain", "ids"])))]
#[command(group(ArgGroup::new("which").multiple(true).conflicts_with("ids")
    .args(["protocol", "network", "credential", "app_password", "all"])))]
pub struct EndArgs {
    /// Sessions by their ids
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Of this user
    #[arg(long, value_name = "ADDRESS", value_parser = address, requires = "which")]
    pub user: Option<Address>,
    /// Of all users of this domain, one after the other
    #[arg(long, value_name = "DOMAIN", value_parser = domain, requires = "which")]
    pub domain: Option<DomainName>,
    /// Only sessions of this protocol
    #[arg(long, value_name = "imap|pop3")]
    pub protocol: Option<String>,
    /// Only sessions from this network or address
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// Only sessions logged in with password, app_password, token or on_behalf
    #[arg(long, value_name = "KIND")]
    pub credential: Option<String>,
    /// Only sessions logged in with this app password
    #[arg(long, value_name = "ID")]
    pub app_password: Option<String>,
    /// All sessions, and make the logins void
    #[arg(long, conflicts_with_all = ["protocol", "network", "credential", "app_password"])]
    pub all: bool,
}

/// `posthouse account`
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: AccountCommand,
}

/// What can be done about accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// The accounts and aliases of a domain
    List {
        /// The domain
        #[arg(value_name = "DOMAIN", value_parser = domain)]
        domain: DomainName,
        /// Only names that fit; * and ? stand for anything
        #[arg(long = "match", value_name = "PATTERN")]
        pattern: Option<String>,
    },
    /// What is known of an account
    Show {
        /// Its address
        #[arg(value_name = "ADDRESS", value_parser = address)]
        address: Address,
    },
    /// Make an account; the password is read from standard input, or made and printed once
    Create {
        /// Its address
        #[arg(value_name = "ADDRESS", value_parser = address)]
        address: Address,
        /// An attribute of the API; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<Setting>,
    },
    /// Change an account's password, and end its sessions; it is read as for create
    Password {
        /// Its address
        #[arg(value_name = "ADDRESS", value_parser = address)]
        address: Address,
    },
    /// Delete an account, so that it can be restored, and end its sessions
    Delete {
        /// Its address
        #[arg(value_name = "ADDRESS", value_parser = address)]
        address: Address,
    },
}

/// `posthouse domain`
#[derive(Debug, Args)]
pub struct DomainArgs {
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: DomainCommand,
}

/// What can be done about domains.
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
    /// Make a domain
    Create {
        /// Its name
        #[arg(value_name = "DOMAIN", value_parser = domain)]
        name: DomainName,
        /// An attribute of the API; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<Setting>,
    },
    /// What is known of a domain
    Show {
        /// Its name
        #[arg(value_name = "DOMAIN", value_parser = domain)]
        name: DomainName,
    },
    /// Let nobody of a domain log in any more, and end all sessions
    Disable {
        /// Its name
        #[arg(value_name = "DOMAIN", value_parser = domain)]
        name: DomainName,
    },
    /// Let a domain's users log in again
    Enable {
        /// Its name
        #[arg(value_name = "DOMAIN", value_parser = domain)]
        name: DomainName,
    },
}

/// An attribute and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the API.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The largest port used is N+995.
fn port_base(text: &str) -> Result<u16, String> {
    const HIGHEST: u16 = u16::MAX - 995;
    text.parse()
        .ok()
        .filter(|base| *base <= HIGHEST)
        .ok_or_else(|| format!("must be a whole number from 0 to {HIGHEST}"))
}

fn domain(text: &str) -> Result<DomainName, String> {
    DomainName::parse(text).map_err(|error| error.to_string())
}

/// Passwords are not for the command line, where every process of the machine sees them.
fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some(("password", _)) => Err("the password is read from standard input".to_owned()),
        Some((name, value)) if !name.is_empty() => {
            Ok(Setting { name: name.to_owned(), value: value.to_owned() })
        }
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 1);
    seconds.map(Duration::from_secs).ok_or_else(|| "must be a whole number from 1".to_owned())
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands() {
        let Ok(Command::Serve(serve)) = parse("posthouse serve --config a --log-format json")
        else {
            panic!("serve");
        };
        assert_eq!((serve.log_format, serve.print_config), (Some(LogFormat::Json), false));
        let Ok(Command::Demo(demo)) = parse("posthouse demo --once") else { panic!("demo") };
        assert_eq!((demo.port_base, demo.once), (10_000, true));
        let line = "posthouse bootstrap --config a --company b --admin Ops@Acme.adm";
        let Ok(Command::Bootstrap(bootstrap)) = parse(line) else { panic!("bootstrap") };
        assert_eq!(bootstrap.admin.as_str(), "ops@acme.adm");
        let line = "posthouse sessions end --domain a.example --network 192.0.2.0/24 --json";
        let Ok(Command::Sessions(sessions)) = parse(line) else { panic!("sessions") };
        let SessionsCommand::End(end) = &sessions.command else { panic!("end") };
        assert_eq!((end.network.as_deref(), sessions.server.json), (Some("192.0.2.0/24"), true));
        for fine in [
            "posthouse sessions list --user a@b.example",
            "posthouse sessions watch --domain b.example --interval 5",
            "posthouse sessions end 1.17.2 1.17.3",
            "posthouse sessions end --user a@b.example --all",
            "posthouse sessions end --user a@b.example --protocol imap --network 192.0.2.1",
            "posthouse account create a@b.example --set name=Lee --set quota=10",
            "posthouse domain disable b.example --url https://mail.example.com --ca x",
        ] {
            assert!(parse(fine).is_ok(), "{fine}: {:?}", parse(fine).err());
        }
        for wrong in [
            "posthouse",
            "posthouse sessions list",
            "posthouse sessions list --user a@b.example --domain b.example",
            "posthouse sessions end",
            "posthouse sessions end --all",
            "posthouse sessions end --user a@b.example",
            "posthouse sessions end --domain b.example",
            "posthouse sessions end --user a@b.example --all --protocol imap",
            "posthouse sessions end 1.17.2 --user a@b.example",
            "posthouse sessions end 1.17.2 --protocol imap",
            "posthouse sessions watch --user a@b.example --interval 0",
            "posthouse account create a@b.example --set password=x",
            "posthouse account list --password x",
            "posthouse domain show b.example --url http://mail.example.com",
            "posthouse serve",
            "posthouse demo --port-base 64541",
            "posthouse bootstrap --config a --company b --admin ops",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! The command line.

use crate::telemetry::LogFormat;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use terms::Address;

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

/// The largest port used is N+995.
fn port_base(text: &str) -> Result<u16, String> {
    const HIGHEST: u16 = u16::MAX - 995;
    text.parse()
        .ok()
        .filter(|base| *base <= HIGHEST)
        .ok_or_else(|| format!("must be a whole number from 0 to {HIGHEST}"))
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
        for wrong in [
            "posthouse",
            "posthouse serve",
            "posthouse demo --port-base 64541",
            "posthouse bootstrap --config a --company b --admin ops",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

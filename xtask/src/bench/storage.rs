//! `cargo xtask bench storage`: what users feel of storage, through the protocols.

mod engine;
mod growth;
mod limits;
mod memory;
mod read;
mod work;
mod write;

use super::load::Load;
use super::null::Null;
use super::process::Process;
use super::{machine, table};
use crate::Outcome;
use crate::site::{Build, Ports, Site};
use clap::Args;
use engine::Engine;

/// How much to measure.
#[derive(Args)]
pub(super) struct Options {
    /// Runs of each; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Messages in the folders that are read. Targets are for 10,000.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// Messages in the largest folder. 1,000,000 takes a few minutes and gigabytes.
    #[arg(long, default_value_t = 100_000)]
    largest: usize,
    /// Accounts over which deliveries are spread at most. 10,000 takes a minute or two to make.
    #[arg(long, default_value_t = 100)]
    accounts: usize,
    /// Only this part: write, read, growth or memory.
    #[arg(long)]
    only: Option<String>,
    /// What keeps the mail.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
}

impl Options {
    fn has(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

/// Accounts that every part uses: the first writes, the second reads, the third has the largest folder.
const ACCOUNTS: usize = 11;

pub(super) async fn run(build: Build, options: &Options) -> Outcome {
    let (mut site, _services) = options.engine.start(build)?;
    site.settle(0, ACCOUNTS).await?;
    let null = Null::start(&site)?;
    table::print(&format!("Mail is kept {}.\n", options.engine.description()));
    table::heading("Limits of this machine");
    machine::describe(&site.data_dir());
    limits::run(&site.data_dir())?;
    if options.has("write") {
        write::run(&site, &null, options.runs)?;
    }
    if options.has("read") {
        read::run(&mut site, &null, options)?;
    }
    if options.has("growth") {
        growth::run(&mut site, options).await?;
    }
    if options.has("memory") {
        // The parts before have filled caches.
        site.restart()?;
        memory::run(&site, options).await?;
    }
    Ok(())
}

/// The medians of `runs` measurements against ours, and of as many against nothing.
fn compare(
    site: &Site,
    null: &Null,
    runs: usize,
    measure: impl Fn(Process, Ports) -> Result<Load, String>,
) -> Result<(Load, Load), String> {
    let (mut ours, mut nothing) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(measure(Process(site.pid()), site.ports)?);
        nothing.push(measure(Process(null.pid()), null.ports)?);
    }
    Ok((Load::median(&ours), Load::median(&nothing)))
}

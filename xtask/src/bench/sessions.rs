//! `cargo xtask bench sessions`: what sessions cost, and what logging in costs.

mod logins;
mod memory;
mod storm;

use super::{machine, table};
use crate::Outcome;
use crate::command::say;
use crate::site::{Build, Site};
use clap::Args;
use rustix::process::{Resource, getrlimit};

/// File descriptors that are not sessions.
const SPARE: u64 = 500;

/// How much to measure.
#[derive(Args)]
pub(super) struct Options {
    /// Idle sessions; fewer if `ulimit -n` allows no more.
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// Runs of each; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only this part: memory, logins or storm.
    #[arg(long)]
    only: Option<String>,
}

impl Options {
    fn has(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

pub(super) async fn run(build: Build, options: &Options) -> Outcome {
    if options.has("memory") {
        memory::run(build, possible(options.count)).await?;
    }
    if options.has("logins") {
        let site = Site::start(build)?;
        logins::run(&site, options.runs).await?;
    }
    if options.has("storm") {
        let site = Site::start(build)?;
        storm::run(&site).await?;
    }
    Ok(())
}

/// As many sessions as server and client, a process each, may have file descriptors.
fn possible(count: usize) -> usize {
    let allowed = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| {
        usize::try_from(limit.saturating_sub(SPARE)).unwrap_or(usize::MAX)
    });
    if allowed < count {
        say(&format!("`ulimit -n` allows {allowed} sessions only"));
    }
    count.min(allowed)
}

fn begin(title: &str, site: &Site) {
    table::heading(title);
    machine::describe(&site.data_dir());
}

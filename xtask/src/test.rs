//! `cargo xtask test` and `cargo xtask check`.

use crate::command::{cargo, cargo_install, install, run, say};
use crate::services::Services;
use crate::{Outcome, clients, crash, root, soak, tidy};
use std::process::Command;
use std::time::Instant;

/// The version of cargo-deny that `deny.toml` is written for.
const DENY: &str = "0.20.2";

/// Everything that must hold.
pub(crate) fn everything() -> Outcome {
    let started = Instant::now();
    check()?;
    // Lets system calls fail in tests of storage.
    install(&[("strace", "strace")])?;
    let services = Services::start()?;
    run(cargo(&["test", "--workspace", "--quiet"]).envs(services.variables()))?;
    drop(services);
    clients::run()?;
    soak::short()?;
    crash::short()?;
    say(&format!("all passed in {} s", started.elapsed().as_secs()));
    Ok(())
}

/// What can be said without running the product.
pub(crate) fn check() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    tidy::run()?;
    dependencies()?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// `cargo deny`, installed below `target/` if it is missing.
fn dependencies() -> Outcome {
    let deny = cargo_install("cargo-deny", DENY, &[])?;
    let mut check = Command::new(deny);
    check.args(["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    run(check.current_dir(root()))
}

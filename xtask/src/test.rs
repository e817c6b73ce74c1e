//! `cargo xtask test` and `cargo xtask check`.

use crate::command::{cargo, run, say};
use crate::{Outcome, clients, tidy};
use std::time::Instant;

/// Everything that must hold.
pub(crate) fn everything() -> Outcome {
    let started = Instant::now();
    check()?;
    run(&mut cargo(&["test", "--workspace", "--quiet"]))?;
    clients::run()?;
    say(&format!("all passed in {} s", started.elapsed().as_secs()));
    Ok(())
}

/// What can be said without running the product.
pub(crate) fn check() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    tidy::run()?;
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

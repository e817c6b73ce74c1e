//! Running programs, and telling which.

use crate::{Outcome, root};
use rustix::process::geteuid;
use std::io::stderr;
use std::path::PathBuf;
use std::process::Command;

/// A line of progress.
#[expect(clippy::print_stderr, reason = "a chore talks to a person")]
pub(crate) fn say(line: &str) {
    eprintln!("xtask: {line}");
}

/// `cargo` as the one that runs us, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}").replace('"', "");
    say(&shown);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` cannot be run: {error}")),
    }
}

/// Whether a program is installed.
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// Installs Debian packages for the programs that are missing.
pub(crate) fn install(needed: &[(&str, &str)]) -> Outcome {
    let missing: Vec<&str> = needed
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() { Ok(()) } else { install_packages(&missing) }
}

/// Installs Debian packages, as root or by sudo.
pub(crate) fn install_packages(packages: &[&str]) -> Outcome {
    let apt_get = || {
        let mut command = Command::new(if geteuid().is_root() { "apt-get" } else { "sudo" });
        if !geteuid().is_root() {
            command.arg("apt-get");
        }
        // Standard output is for what a chore was asked for.
        command.stdout(stderr());
        command
    };
    run(apt_get().args(["-qq", "update"]))?;
    run(apt_get()
        .args(["-qq", "-y", "--no-install-recommends", "install"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Installs a program from crates.io below `target/`, if it is not there in this version; where it is.
pub(crate) fn cargo_install(
    name: &str,
    version: &str,
    arguments: &[&str],
) -> Result<PathBuf, String> {
    let tools = root().join("target/tools");
    let program = tools.join("bin").join(name);
    // Cargo's own list of what it installed there.
    let installed = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if !program.is_file() || !installed.contains(&format!("\"{name} {version} (")) {
        // Without optimization: it takes less time to run than to be optimized.
        run(cargo(&["install", "--quiet", "--locked", "--debug", "--version", version, name])
            .args(arguments)
            .arg("--root")
            .arg(&tools))?;
    }
    Ok(program)
}

/// What a program says on its standard output, without the white space around it.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command.output().map_err(|error| format!("`{shown}` cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{shown}` ended with {}: {}", output.status, said.trim()));
    }
    String::from_utf8(output.stdout)
        .map(|said| said.trim().to_owned())
        .map_err(|error| format!("`{shown}`: {error}"))
}

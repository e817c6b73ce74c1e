//! The house rules that no other tool knows: words, lengths, heads of files.

mod length;
mod words;

use crate::command::say;
use crate::{Outcome, root};
use std::path::{Path, PathBuf};

/// A Rust source file of ours.
struct Source {
    /// Path from the workspace's root.
    path: PathBuf,
    text: String,
}

/// Checks every rule, and names every place that breaks one.
pub(crate) fn run() -> Outcome {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root().join(folder), &mut sources)
            .map_err(|error| format!("{folder} cannot be read: {error}"))?;
    }
    let mut problems: Vec<String> = Vec::new();
    for source in &sources {
        length::check(source, &mut problems);
        words::check(source, &mut problems);
    }
    for problem in &problems {
        say(problem);
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(format!("tidy found {count} problems")),
    }
}

fn collect(folder: &Path, sources: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let path = path.strip_prefix(root()).unwrap_or(&path).to_path_buf();
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

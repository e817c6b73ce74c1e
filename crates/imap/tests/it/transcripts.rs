//! Plays every transcript of `scripts/`, each in a house of its own.

use crate::stage::House;
use std::path::PathBuf;
use testkit::script::{Script, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_transcripts_go_as_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    // `SCRIPT=idle` plays only those whose name holds the word.
    if let Ok(only) = std::env::var("SCRIPT") {
        files.retain(|path| path.to_string_lossy().contains(&only));
    }
    let mut playing = tokio::task::JoinSet::new();
    for path in files {
        playing.spawn(async move {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let script = Script::parse(&std::fs::read_to_string(&path).unwrap());
            let result = match script {
                Ok(script) => play(&script, &mut House::new().await).await,
                Err(error) => Err(error),
            };
            result.err().map(|problem| format!("{name}: {problem}"))
        });
    }
    let problems: Vec<String> = playing.join_all().await.into_iter().flatten().collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_command_has_a_transcript() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("src/command")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let script = root.join("scripts").join(path.file_stem().unwrap()).with_extension("txt");
            assert!(script.exists(), "{} is missing", script.display());
        }
    }
}

//! What a disk would hold if it lost everything that was not synced: for tests, which take it away at any moment.
//!
//! Of a segment it is the content at its latest sync, and nothing of a file whose name was not made durable. Of the
//! database it is the log at the latest commit, which SQLite syncs (`synchronous = FULL`), with the database
//! beside it: whatever of that was written or not by then, the log repeats. That SQLite syncs when it says so is
//! taken for granted.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    files: Mutex<Option<BTreeMap<PathBuf, Vec<u8>>>>,
}

impl Shadow {
    /// From now on notes what is durable, beginning with all that is in `dir`.
    pub(super) fn begin(&self, dir: &Path) {
        let mut files = BTreeMap::new();
        for dir in [dir.to_owned(), dir.join("segments")] {
            for file in std::fs::read_dir(dir).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_file() && !name.ends_with("-shm") {
                    files.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        *self.files.lock() = Some(files);
    }

    /// A segment's name is durable.
    pub(super) fn named(&self, path: &Path) {
        if let Some(files) = self.files.lock().as_mut() {
            files.entry(path.to_owned()).or_default();
        }
    }

    /// A segment is about to be synced. What it holds now is durable when `sync` succeeds.
    pub(super) fn syncing(
        &self,
        path: &Path,
        sync: impl FnOnce() -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let content = self.files.lock().is_some().then(|| std::fs::read(path).unwrap_or_default());
        sync()?;
        if let Some(files) = self.files.lock().as_mut()
            && let Some(content) = content
            && let Some(known) = files.get_mut(path)
        {
            *known = content;
        }
        Ok(())
    }

    /// A transaction was committed to the database in `path`. Called by the one thread that writes its log.
    pub(super) fn committed(&self, path: &Path) {
        if let Some(files) = self.files.lock().as_mut() {
            let log = PathBuf::from(format!("{}-wal", path.display()));
            // The log last: what is copied to the database meanwhile is in it.
            for path in [path.to_owned(), log] {
                files.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }

    /// What would be there after a crash now. Removed segments are still there, because nobody makes their removal
    /// durable.
    pub(super) fn image(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.files.lock().clone().unwrap()
    }
}

//! Objects as files, one each, in 256 folders. A file gets its name after its bytes are on disk.

use super::disk::{Disk, fault};
use super::{Body, Listed, PAGE, folder, missing, name, number, too_short};
use crate::{OpenError, StorageError};
use bytes::Bytes;
use std::fs::{DirBuilder, File};
use std::io::{self, Seek, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// How many threads may be at the disk. Those stuck there count until the disk lets them go.
const AT_THE_DISK: usize = 32;

/// Longer than any file is without its name: one older than that was left by a crash.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Says whose the objects are.
const OWNER: &str = "owner";

/// Where files grow.
const INCOMING: &str = "incoming";

/// Objects below one directory.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    disk: Disk,
    /// Tells growing files from each other, and from those of other processes.
    counter: AtomicU64,
    opened: u128,
}

impl Files {
    /// Makes what is absent, and clears away what a crash left.
    pub(super) fn open(root: PathBuf) -> Result<Self, OpenError> {
        prepare(&root).map_err(|source| {
            let path = root.display().to_string();
            OpenError::Io { path, source }
        })?;
        let opened = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
        let disk = Disk::new("the disk", AT_THE_DISK);
        Ok(Self { root, disk, counter: AtomicU64::new(0), opened })
    }

    pub(super) fn name(&self) -> String {
        self.root.display().to_string()
    }

    pub(super) async fn probe(&self) -> Result<(), OpenError> {
        let growing = self.growing();
        self.open_error(move || {
            let body = Body::Memory(Bytes::from_static(b"probe"));
            write(&growing, &body)?;
            let read = std::fs::read(&growing);
            std::fs::remove_file(&growing)?;
            match read? == b"probe" {
                true => Ok(()),
                false => Err(io::Error::other("what was written is not what is read")),
            }
        })
        .await
    }

    /// The owner, which is `store` if there was none.
    pub(super) async fn claim(&self, store: &str) -> Result<String, OpenError> {
        let (growing, path) = (self.growing(), self.root.join(OWNER));
        let (root, store) = (self.root.clone(), store.to_owned());
        self.open_error(move || {
            if !path.exists() {
                write(&growing, &Body::Memory(store.into()))?;
                // A link fails where a renaming would replace another's claim.
                let linked = std::fs::hard_link(&growing, &path);
                std::fs::remove_file(&growing)?;
                match linked {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    _ => sync_folder(&root)?,
                }
            }
            std::fs::read_to_string(&path)
        })
        .await
    }

    pub(super) async fn put(&self, number: u64, body: Body) -> Result<(), StorageError> {
        let (growing, path) = (self.growing(), self.path(number));
        self.at_the_disk(number, move || {
            let stored = write(&growing, &body)
                .and_then(|()| std::fs::rename(&growing, &path))
                .and_then(|()| path.parent().map_or(Ok(()), sync_folder));
            if stored.is_err() {
                // If it is not there any more, so much the better.
                let _ = std::fs::remove_file(&growing);
            }
            stored
        })
        .await
    }

    pub(super) async fn read(&self, number: u64, range: Range<u64>) -> Result<Bytes, StorageError> {
        let path = self.path(number);
        self.at_the_disk(number, move || {
            let file = File::open(path)?;
            // Before memory is taken for bytes that are not there.
            if file.metadata()?.len() < range.end {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.read_exact_at(&mut bytes, range.start)?;
            Ok(bytes.into())
        })
        .await
    }

    pub(super) async fn delete(&self, number: u64) -> Result<(), StorageError> {
        let path = self.path(number);
        self.at_the_disk(number, move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    pub(super) async fn list(&self, after: Option<u64>) -> Result<Vec<Listed>, StorageError> {
        let root = self.root.clone();
        let work = move || -> io::Result<Vec<Listed>> {
            let mut page = Vec::new();
            for folder_number in after.map_or(0, |after| after & 0xff)..=0xff {
                let folder_name = folder(folder_number);
                let place = root.join(&folder_name);
                let mut numbers = Vec::new();
                for entry in std::fs::read_dir(&place)? {
                    let file_name = entry?.file_name();
                    let number = file_name.to_str().and_then(|file| number(&folder_name, file));
                    numbers.extend(number.filter(|number| match after {
                        Some(after) if after & 0xff == folder_number => *number > after,
                        _ => true,
                    }));
                }
                numbers.sort_unstable();
                for number in numbers {
                    if page.len() == PAGE {
                        return Ok(page);
                    }
                    match std::fs::metadata(place.join(name(number))) {
                        Ok(file) => page.push(Listed { number, size: file.len() }),
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(page)
        };
        self.disk.run(work).await?.map_err(|error| fault(&self.name(), &error))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.root.join(folder(number)).join(name(number))
    }

    fn growing(&self) -> PathBuf {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        self.root.join(INCOMING).join(format!("{}-{number}", self.opened))
    }

    /// Work on one object.
    async fn at_the_disk<T: Send + 'static>(
        &self,
        number: u64,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.disk.run(work).await?.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(number),
            io::ErrorKind::UnexpectedEof => too_short(number),
            _ => fault(&format!("blob {number}"), &error),
        })
    }

    /// Work while a store is opened.
    async fn open_error<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, OpenError> {
        let worked = match self.disk.run(work).await {
            Ok(worked) => worked,
            Err(error) => Err(io::Error::other(error)),
        };
        worked.map_err(|source| OpenError::Io { path: self.name(), source })
    }
}

fn prepare(root: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    let incoming = root.join(INCOMING);
    // Made last, so that all the others are there if it is.
    if !incoming.is_dir() {
        for folder_number in 0..=0xff {
            builder.create(root.join(folder(folder_number)))?;
        }
        builder.create(&incoming)?;
        sync_folder(root)?;
        root.parent().map_or(Ok(()), sync_folder)?;
    }
    for entry in std::fs::read_dir(incoming)? {
        let entry = entry?;
        // Another process of the same machine may be writing: its files are young.
        if entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > ABANDONED) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a file and has it on disk.
fn write(path: &Path, body: &Body) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    match body {
        Body::Memory(bytes) => file.write_all(bytes)?,
        Body::Spooled(spooled, size) => {
            let mut from = spooled.as_ref();
            from.rewind()?;
            if io::copy(&mut from, &mut file)? != *size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

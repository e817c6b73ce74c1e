//! Room on the disk that messages may not fill: when they have filled the rest, flags, expunging and the raising of
//! epochs still have the little room that a commit needs.
//!
//! Whoever brings a message or a copy asks [`Spare::check`], which costs nothing while there is room: the threads
//! that write look at the disk. What is written between two looks is far less than what is spared.

use super::complaint::Complaints;
use crate::StorageError;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Bytes kept free of messages.
const SPARED: u64 = 64 * 1024 * 1024;
/// Of a small disk, this part of all of it.
const PART_OF_SMALL: u64 = 20;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Spare {
    /// A directory on the disk.
    dir: PathBuf,
    /// As of the latest look.
    short: AtomicBool,
    complaints: Mutex<Complaints>,
    #[cfg(test)]
    pretended: Mutex<Option<Disk>>,
}

/// A disk's sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    pub(super) total: u64,
    pub(super) free: u64,
}

impl Disk {
    /// What is to be kept free.
    fn spared(self) -> u64 {
        SPARED.min(self.total / PART_OF_SMALL)
    }
}

impl Spare {
    /// For the disk that holds `dir`.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            short: AtomicBool::new(false),
            complaints: Mutex::default(),
            #[cfg(test)]
            pretended: Mutex::default(),
        }
    }

    /// Whether a message may be stored: `Full`.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        // Somebody may have made room since.
        if self.short.load(Ordering::Relaxed) && self.look() {
            return Err(StorageError::Full);
        }
        Ok(())
    }

    /// Whether messages may be moved on the disk, which makes room in the end, but needs some first: `Full`
    /// when only half of what is spared is left.
    pub(super) fn check_moving(&self) -> Result<(), StorageError> {
        match self.disk() {
            Some(disk) if disk.free < disk.spared() / 2 => Err(StorageError::Full),
            _ => Ok(()),
        }
    }

    /// Looks at the disk: whether it is too full for messages. A disk that does not tell never is.
    pub(super) fn look(&self) -> bool {
        let Some(disk) = self.disk() else { return false };
        let short = disk.free < disk.spared();
        if self.short.swap(short, Ordering::Relaxed) != short {
            if !short {
                tracing::info!(free = disk.free, "there is room for messages again");
            } else if let Some(before) = self.complaints.lock().due(Instant::now()) {
                tracing::error!(free = disk.free, before, "no room for messages");
            }
        }
        short
    }

    fn disk(&self) -> Option<Disk> {
        #[cfg(test)]
        if let Some(disk) = *self.pretended.lock() {
            return Some(disk);
        }
        let found = rustix::fs::statvfs(&self.dir).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        // Some file systems have no size of their own.
        (found.f_blocks > 0)
            .then(|| Disk { total: bytes(found.f_blocks), free: bytes(found.f_bavail) })
    }

    /// From now on the disk is this one.
    #[cfg(test)]
    pub(super) fn pretend(&self, disk: Disk) {
        *self.pretended.lock() = Some(disk);
        self.look();
    }
}

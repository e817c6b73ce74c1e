//! Segments: append-only files that hold the bytes of messages.
//!
//! A record is a header (magic, version, size, checksum) and the bytes. Records are written side by
//! side at places reserved under a lock: long ones by those who bring them, short ones are left in memory
//! ([`Segments::leave`]) and written together by the committer. All become durable in [`Segments::sync`],
//! which is done before each commit. What a crash leaves behind without a row in `blob` is dead space.
//!
//! Behind the last record the file is filled with zeros for a while ahead: syncing bytes within a file's
//! length is twice as fast as syncing bytes that make it longer.
//!
//! A blob that no entry refers to yet may get its first entry only while its segment takes *first
//! references*: while it is the one being filled, and for a while after. Later the segment's live blobs only
//! become fewer, so it can go when there are none left.

use super::checked::Checked;
use super::fault::{damaged, io_fault};
use super::open_blob::OpenBlob;
use super::tuning::Tuning;
use crate::{BlobRef, StorageError};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Bytes of a record's header: magic 4, version 4, size 8, checksum 32, all numbers little-endian.
pub(super) const HEADER: u64 = 48;
const MAGIC: [u8; 4] = *b"PhBl";
const VERSION: u32 = 1;
/// Open files kept for reading.
const OPEN_FILES: usize = 64;
/// Bytes that may be left in memory.
const LEFT_BOUND: usize = 16 * 1024 * 1024;
/// Records that could not be written and are remembered one by one.
const LOST_BOUND: usize = 10_000;
/// Zeros are written when fewer than these are ahead.
const AHEAD_LEAST: u64 = 128 * 1024;
/// How many zeros there are ahead then.
const AHEAD: u64 = 512 * 1024;

/// The bytes of all messages. See the module's head.
#[derive(Debug)]
pub(super) struct Segments {
    dir: PathBuf,
    tuning: Tuning,
    filling: Mutex<Filling>,
    /// Taken after `filling`, where both are.
    left: Mutex<Left>,
    standing: Mutex<Standing>,
    open: Mutex<VecDeque<(u32, Arc<File>)>>,
    checked: Arc<Checked>,
    #[cfg(test)]
    pub(super) shadow: super::shadow::Shadow,
}

/// The segment being filled.
#[derive(Debug)]
struct Filling {
    number: u32,
    end: u64,
    /// Up to here there are zeros.
    ahead: u64,
    /// Opened with the first record.
    file: Option<Arc<File>>,
}

/// Records in memory that have their places already.
#[derive(Debug, Default)]
struct Left {
    runs: Vec<Run>,
    bytes: usize,
}

/// Records that follow each other in a file.
#[derive(Debug)]
struct Run {
    segment: u32,
    file: Arc<File>,
    start: u64,
    records: Vec<u8>,
    blobs: Vec<u64>,
}

#[derive(Debug, Default)]
struct Standing {
    /// Written since they were last synced.
    dirty: BTreeMap<u32, Arc<File>>,
    /// Filled in this process's life, and when.
    filled: HashMap<u32, Instant>,
    /// Syncing failed: what was written and not synced must be taken for lost.
    failed: HashSet<u32>,
    /// Blobs that could not be written, and why.
    lost: HashMap<(u32, u64), StorageError>,
    /// Cannot be emptied.
    kept: HashSet<u32>,
    /// Filled, and perhaps without live blobs.
    maybe_dead: HashSet<u32>,
    #[cfg(test)]
    sync_fails: bool,
}

/// A place for one record.
#[derive(Debug)]
pub(super) struct Place {
    /// Where the bytes will be; the header stands before them.
    pub(super) blob: BlobRef,
    file: Arc<File>,
}

impl Segments {
    /// Takes over the segments in `dir`; `filling` is the number and length of the one to go on with.
    pub(super) fn new(dir: PathBuf, tuning: Tuning, filling: (u32, u64)) -> Self {
        let (number, end) = filling;
        Self {
            dir,
            tuning,
            filling: Mutex::new(Filling { number, end, ahead: end, file: None }),
            left: Mutex::default(),
            standing: Mutex::default(),
            open: Mutex::default(),
            checked: Arc::default(),
            #[cfg(test)]
            shadow: super::shadow::Shadow::default(),
        }
    }

    /// The file of a segment.
    pub(super) fn path(dir: &Path, number: u32) -> PathBuf {
        dir.join(format!("{number:08}.seg"))
    }

    /// The number of the segment being filled.
    pub(super) fn filling(&self) -> u32 {
        self.filling.lock().number
    }

    /// Reserves a place for `size` bytes and their header. May create a file.
    pub(super) fn reserve(&self, size: u64) -> Result<Place, StorageError> {
        let mut filling = self.filling.lock();
        if !self.has_room(&filling, size) {
            let next = filling
                .number
                .checked_add(1)
                .ok_or_else(|| StorageError::Unavailable("no segment numbers left".to_owned()))?;
            let mut standing = self.standing.lock();
            standing.filled.insert(filling.number, Instant::now());
            standing.maybe_dead.insert(filling.number);
            drop(standing);
            *filling = Filling { number: next, end: 0, ahead: 0, file: None };
        }
        let file = match &filling.file {
            Some(file) => Arc::clone(file),
            None => {
                let file = Arc::new(self.create(filling.number)?);
                filling.file = Some(Arc::clone(&file));
                file
            }
        };
        let offset = filling.end + HEADER;
        filling.end = offset + size;
        Ok(Place { blob: BlobRef { segment: filling.number, offset, size }, file })
    }

    fn has_room(&self, filling: &Filling, size: u64) -> bool {
        let fits = filling.end == 0 || filling.end + HEADER + size <= self.tuning.segment_limit;
        fits && !self.standing.lock().failed.contains(&filling.number)
    }

    /// Reserves a place for these bytes and keeps them in memory until [`Segments::write_left`]. Does not
    /// block; none: there is no room in memory, or no file yet.
    pub(super) fn leave(&self, bytes: &[u8]) -> Option<BlobRef> {
        let header = header(bytes.len() as u64, blake3::hash(bytes));
        let mut filling = self.filling.lock();
        let file = Arc::clone(filling.file.as_ref()?);
        let length = header.len() + bytes.len();
        let mut left = self.left.lock();
        if !self.has_room(&filling, bytes.len() as u64) || left.bytes + length > LEFT_BOUND {
            return None;
        }
        let (segment, start) = (filling.number, filling.end);
        filling.end += length as u64;
        left.bytes += length;
        let follows =
            |run: &Run| run.segment == segment && run.start + run.records.len() as u64 == start;
        if !left.runs.last().is_some_and(follows) {
            left.runs.push(Run { segment, file, start, records: Vec::new(), blobs: Vec::new() });
        }
        let offset = start + HEADER;
        if let Some(run) = left.runs.last_mut() {
            run.records.extend_from_slice(&header);
            run.records.extend_from_slice(bytes);
            run.blobs.push(offset);
        }
        Some(BlobRef { segment, offset, size: bytes.len() as u64 })
    }

    /// Writes what was left in memory before this call. What cannot be written gets no reference.
    pub(super) fn write_left(&self) {
        let left = std::mem::take(&mut *self.left.lock());
        for run in left.runs {
            let written = run.file.write_all_at(&run.records, run.start);
            let mut standing = self.standing.lock();
            match written {
                Ok(()) => {
                    standing.dirty.insert(run.segment, run.file);
                }
                Err(error) if standing.lost.len() + run.blobs.len() > LOST_BOUND => {
                    tracing::error!(segment = run.segment, %error, "messages could not be stored");
                    standing.failed.insert(run.segment);
                    standing.lost.clear();
                }
                Err(error) => {
                    let error = io_fault("segment", &error);
                    let lost = run.blobs.iter().map(|at| ((run.segment, *at), error.clone()));
                    standing.lost.extend(lost);
                }
            }
        }
    }

    /// Writes zeros behind the last record, if there are few; says whether it did. To be called when
    /// nobody waits.
    pub(super) fn write_ahead(&self) -> bool {
        let mut filling = self.filling.lock();
        let end = filling.end;
        let limit = self.tuning.segment_limit;
        let Some(file) = filling.file.clone() else { return false };
        if filling.ahead >= (end + AHEAD_LEAST).min(limit) {
            return false;
        }
        // Nobody has a place there while `filling` is locked.
        let from = filling.ahead.max(end);
        let to = (end + AHEAD).min(limit).max(from);
        let zeros = vec![0; (to - from) as usize];
        // It is no harm if there is no space.
        let written = file.write_all_at(&zeros, from).is_ok();
        filling.ahead = to;
        if written {
            self.standing.lock().dirty.insert(filling.number, file);
        }
        written
    }

    /// Cuts off the zeros at the end. Nothing may be written after this.
    pub(super) fn end(&self) {
        self.write_left();
        let filling = self.filling.lock();
        if let Some(file) = &filling.file
            && filling.ahead > filling.end
            && let Err(error) = file.set_len(filling.end)
        {
            tracing::warn!(%error, "the zeros at a segment's end stay");
        }
    }

    /// Whether something was written since it was last synced.
    pub(super) fn is_dirty(&self) -> bool {
        !self.standing.lock().dirty.is_empty()
    }

    /// Opens the file to be filled, making its name durable.
    fn create(&self, number: u32) -> Result<File, StorageError> {
        let path = Self::path(&self.dir, number);
        let fault = |error| io_fault("segment", &error);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(fault)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(fault)?;
        #[cfg(test)]
        self.shadow.named(&path);
        Ok(file)
    }

    /// Writes header and bytes in one go.
    pub(super) fn write_whole(&self, place: &Place, bytes: &[u8]) -> Result<(), StorageError> {
        let mut record = Vec::with_capacity(HEADER as usize + bytes.len());
        record.extend_from_slice(&header(place.blob.size, blake3::hash(bytes)));
        record.extend_from_slice(bytes);
        self.put(place, 0, &record)?;
        self.mark_dirty(place);
        Ok(())
    }

    /// Writes a part of the bytes, `at` from their beginning.
    pub(super) fn write_part(
        &self,
        place: &Place,
        at: u64,
        bytes: &[u8],
    ) -> Result<(), StorageError> {
        self.put(place, HEADER + at, bytes)
    }

    /// Writes the header, after the last part.
    pub(super) fn write_header(
        &self,
        place: &Place,
        checksum: blake3::Hash,
    ) -> Result<(), StorageError> {
        self.put(place, 0, &header(place.blob.size, checksum))?;
        self.mark_dirty(place);
        Ok(())
    }

    fn put(&self, place: &Place, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        place
            .file
            .write_all_at(bytes, place.blob.offset - HEADER + at)
            .map_err(|error| io_fault("segment", &error))
    }

    fn mark_dirty(&self, place: &Place) {
        self.standing.lock().dirty.insert(place.blob.segment, Arc::clone(&place.file));
    }

    /// Makes all records written before this call durable. When that fails, what was not durable before is
    /// lost: a later success of fdatasync would say nothing about it.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        let dirty = std::mem::take(&mut self.standing.lock().dirty);
        let mut outcome = Ok(());
        for (number, file) in dirty {
            #[cfg(test)]
            let synced = self.sync_or_fail(number, &file);
            #[cfg(not(test))]
            let synced = file.sync_data();
            if let Err(error) = synced {
                tracing::error!(segment = number, %error, "syncing a segment failed");
                self.standing.lock().failed.insert(number);
                outcome = Err(io_fault("segment", &error));
            }
        }
        outcome
    }

    /// Leaves the segment being filled, as if it were full.
    #[cfg(test)]
    pub(super) fn begin_another(&self) {
        let mut filling = self.filling.lock();
        let mut standing = self.standing.lock();
        standing.filled.insert(filling.number, Instant::now());
        standing.maybe_dead.insert(filling.number);
        *filling = Filling { number: filling.number + 1, end: 0, ahead: 0, file: None };
    }

    /// Lets the next sync fail, as a disk would.
    #[cfg(test)]
    pub(super) fn fail_next_sync(&self) {
        self.standing.lock().sync_fails = true;
    }

    #[cfg(test)]
    fn sync_or_fail(&self, number: u32, file: &File) -> std::io::Result<()> {
        if std::mem::take(&mut self.standing.lock().sync_fails) {
            return Err(std::io::Error::other("made to fail"));
        }
        self.shadow.syncing(&Self::path(&self.dir, number), || file.sync_data())
    }

    /// The checksum of a blob that no entry refers to yet.
    pub(super) fn first_reference(&self, blob: BlobRef) -> Result<blake3::Hash, StorageError> {
        if let Some(error) = self.standing.lock().lost.get(&(blob.segment, blob.offset)) {
            return Err(error.clone());
        }
        if !self.takes_first_references(blob.segment) {
            return Err(StorageError::Unavailable("the blob was given up".to_owned()));
        }
        let not_there = || damaged(format_args!("no blob at {}:{}", blob.segment, blob.offset));
        let at = blob.offset.checked_sub(HEADER).ok_or_else(not_there)?;
        let mut record = [0; HEADER as usize];
        self.file(blob.segment)?
            .read_exact_at(&mut record, at)
            .map_err(|error| io_fault("segment", &error))?;
        let mut checksum = [0; 32];
        checksum.copy_from_slice(&record[16..]);
        let checksum = blake3::Hash::from_bytes(checksum);
        if record == header(blob.size, checksum) { Ok(checksum) } else { Err(not_there()) }
    }

    fn takes_first_references(&self, number: u32) -> bool {
        let filling = self.filling();
        let standing = self.standing.lock();
        let in_grace =
            || standing.filled.get(&number).is_some_and(|then| then.elapsed() < self.tuning.grace);
        !standing.failed.contains(&number) && (number == filling || in_grace())
    }

    /// All bytes of a blob, checked against `checksum`.
    pub(super) fn read_checked(
        &self,
        blob: BlobRef,
        checksum: blake3::Hash,
    ) -> Result<Vec<u8>, StorageError> {
        let open = OpenBlob { checked: None, ..self.hold(blob, checksum)? };
        open.read(0, blob.size as usize)
    }

    /// Opens a blob. A read of all of it is checked against `checksum`, unless that was done lately.
    pub(super) fn hold(
        &self,
        blob: BlobRef,
        checksum: blake3::Hash,
    ) -> Result<OpenBlob, StorageError> {
        let (file, checked) = (self.file(blob.segment)?, Some(Arc::clone(&self.checked)));
        Ok(OpenBlob { blob, checksum, file, checked })
    }

    /// The open file of a segment.
    fn file(&self, number: u32) -> Result<Arc<File>, StorageError> {
        let mut open = self.open.lock();
        if let Some(at) = open.iter().position(|(n, _)| *n == number) {
            let (_, file) = &open[at];
            let file = Arc::clone(file);
            if at > 0 {
                open.swap(at, at / 2);
            }
            return Ok(file);
        }
        drop(open);
        let file = File::open(Self::path(&self.dir, number)).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                damaged(format_args!("segment {number} is missing"))
            } else {
                io_fault("segment", &error)
            }
        })?;
        let file = Arc::new(file);
        let mut open = self.open.lock();
        open.truncate(OPEN_FILES - 1);
        open.push_front((number, Arc::clone(&file)));
        Ok(file)
    }

    /// Notes that a segment may have lost its last live blob.
    pub(super) fn note_freed(&self, numbers: impl IntoIterator<Item = u32>) {
        self.standing.lock().maybe_dead.extend(numbers);
    }

    /// The segments that may be without live blobs and take no first references any more.
    pub(super) fn maybe_dead(&self) -> Vec<u32> {
        let some: Vec<u32> = self.standing.lock().maybe_dead.iter().copied().collect();
        some.into_iter().filter(|number| !self.in_use(*number)).collect()
    }

    fn in_use(&self, number: u32) -> bool {
        self.filling() == number
            || self
                .standing
                .lock()
                .filled
                .get(&number)
                .is_some_and(|then| then.elapsed() < self.tuning.grace)
    }

    /// Whether so little of a segment lives that what lives should move.
    pub(super) fn is_mostly_dead(&self, number: u32, live_bytes: u64) -> bool {
        if self.in_use(number) || self.standing.lock().kept.contains(&number) {
            return false;
        }
        let length = std::fs::metadata(Self::path(&self.dir, number)).map_or(0, |file| file.len());
        live_bytes < length / 2
    }

    /// Something in this segment cannot move: it is not tried again until the next start.
    pub(super) fn keep(&self, number: u32) {
        self.standing.lock().kept.insert(number);
    }

    /// Forgets that a segment may be dead: it lives, or is gone.
    pub(super) fn judged(&self, number: u32) {
        let mut standing = self.standing.lock();
        standing.maybe_dead.remove(&number);
        standing.filled.remove(&number);
    }

    /// Removes a segment without live blobs. Open readers keep what they have open.
    pub(super) fn remove(&self, number: u32) -> std::io::Result<()> {
        self.open.lock().retain(|(n, _)| *n != number);
        std::fs::remove_file(Self::path(&self.dir, number))
    }
}

fn header(size: u64, checksum: blake3::Hash) -> [u8; HEADER as usize] {
    let mut header = [0; HEADER as usize];
    header[..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&VERSION.to_le_bytes());
    header[8..16].copy_from_slice(&size.to_le_bytes());
    header[16..].copy_from_slice(checksum.as_bytes());
    header
}

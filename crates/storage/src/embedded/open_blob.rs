//! Blobs in open files, and reading them: one range of one, or ranges of several in as few reads as their
//! places allow.
//!
//! Bytes of a segment never change while they are referred to, and a segment goes only by losing its name: what
//! is open can be read to its end whatever becomes of the blob.

use super::checked::Checked;
use super::fault::{damaged, io_fault};
use crate::{BlobRef, StorageError};
use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bytes between two ranges that are read too, rather than reading twice.
const GAP: u64 = 4096;
/// Bytes that one read takes, unless a single range is longer.
const RUN: u64 = 512 * 1024;

/// A blob in an open file.
#[derive(Clone, Debug)]
pub(super) struct OpenBlob {
    pub(super) blob: BlobRef,
    /// A read of the whole blob is checked against it.
    pub(super) checksum: blake3::Hash,
    pub(super) file: Arc<File>,
    /// Whether it was checked lately; none: it is checked in any case.
    pub(super) checked: Option<Arc<Checked>>,
}

/// A range of an open blob.
#[derive(Clone, Debug)]
pub(super) struct OpenRange {
    open: OpenBlob,
    /// Where in the file.
    place: Range<u64>,
}

impl OpenBlob {
    /// Up to `length` bytes from `offset` on.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, StorageError> {
        let place = self.place(offset, length);
        let bytes = read_exact(&self.file, &place).map_err(|error| self.fault(&error))?;
        self.check(&place, &bytes)?;
        Ok(bytes)
    }

    /// The same, into a buffer that may have been used before.
    pub(super) fn read_to(
        &self,
        buffer: &mut Vec<u8>,
        offset: u64,
        length: usize,
    ) -> Result<(), StorageError> {
        let place = self.place(offset, length);
        read_exact_to(buffer, &self.file, &place).map_err(|error| self.fault(&error))?;
        self.check(&place, buffer)
    }

    /// The same for [`read_ranges`].
    pub(super) fn range(self, offset: u64, length: usize) -> OpenRange {
        OpenRange { place: self.place(offset, length), open: self }
    }

    fn place(&self, offset: u64, length: usize) -> Range<u64> {
        let from = offset.min(self.blob.size);
        let to = from.saturating_add(length as u64).min(self.blob.size);
        self.blob.offset + from..self.blob.offset + to
    }

    /// Refuses a whole blob that is not what was written.
    fn check(&self, place: &Range<u64>, bytes: &[u8]) -> Result<(), StorageError> {
        if place.end - place.start < self.blob.size {
            return Ok(());
        }
        if self.checked.as_ref().is_some_and(|checked| checked.knows(self.blob)) {
            return Ok(());
        }
        if blake3::hash(bytes) != self.checksum {
            return Err(spoilt(self.blob));
        }
        if let Some(checked) = &self.checked {
            checked.note(self.blob);
        }
        Ok(())
    }

    fn fault(&self, error: &io::Error) -> StorageError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => spoilt(self.blob),
            _ => io_fault("segment", error),
        }
    }
}

/// Reads ranges. Those that follow each other in a file, as the messages of a folder often do, are read
/// together and share their memory.
pub(super) fn read_ranges(ranges: &[OpenRange]) -> Vec<Result<Bytes, StorageError>> {
    let mut found = Vec::with_capacity(ranges.len());
    let mut rest = ranges;
    while let Some(first) = rest.first() {
        let count = 1 + rest.windows(2).take_while(|pair| pair[1].follows(first, &pair[0])).count();
        let (run, after) = rest.split_at(count);
        rest = after;
        let whole = first.place.start..run.last().map_or(first.place.end, |last| last.place.end);
        match read_exact(&first.open.file, &whole).map(Bytes::from) {
            Ok(bytes) => found.extend(run.iter().map(|range| {
                let at = |place: u64| (place - whole.start) as usize;
                let bytes = bytes.slice(at(range.place.start)..at(range.place.end));
                range.open.check(&range.place, &bytes).map(|()| bytes)
            })),
            Err(error) if count == 1 => found.push(Err(first.open.fault(&error))),
            // One that cannot be read must not hide the others.
            Err(_) => found.extend(run.iter().map(OpenRange::read)),
        }
    }
    found
}

impl OpenRange {
    fn read(&self) -> Result<Bytes, StorageError> {
        let bytes = read_exact(&self.open.file, &self.place);
        let bytes = bytes.map_err(|error| self.open.fault(&error))?;
        self.open.check(&self.place, &bytes)?;
        Ok(bytes.into())
    }

    /// Whether it can be read together with `before`, in a run that begins with `first`.
    fn follows(&self, first: &Self, before: &Self) -> bool {
        self.open.blob.segment == before.open.blob.segment
            && self.place.start >= before.place.end
            && self.place.start - before.place.end <= GAP
            && self.place.end - first.place.start <= RUN
    }
}

/// The bytes of a file in that range.
fn read_exact(file: &File, place: &Range<u64>) -> io::Result<Vec<u8>> {
    let length = (place.end - place.start) as usize;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length)?;
    while bytes.len() < length {
        let at = place.start + bytes.len() as u64;
        match pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The allocator may have given more room than was asked for.
    bytes.truncate(length);
    Ok(bytes)
}

/// The same, into a buffer. Its room is larger than the range, often, and is not to be filled.
fn read_exact_to(buffer: &mut Vec<u8>, file: &File, place: &Range<u64>) -> io::Result<()> {
    let length = (place.end - place.start) as usize;
    buffer.try_reserve_exact(length.saturating_sub(buffer.len()))?;
    buffer.resize(length, 0);
    let mut done = 0;
    while done < length {
        match pread(file, &mut buffer[done..], place.start + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn spoilt(blob: BlobRef) -> StorageError {
    damaged(format_args!(
        "segment {} at {}: {} bytes fail their checksum",
        blob.segment, blob.offset, blob.size
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Blobs of a file that holds the numbers 0 to 255 again and again, as (segment, offset, size).
    fn check(blobs: &[(u32, u64, u64)], damaged: &[usize]) {
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        file.write_all(&content).unwrap();
        let file = Arc::new(file);
        let part = |offset: u64, size: u64| {
            content.get(offset as usize..(offset + size) as usize).unwrap_or_default()
        };
        let open = |index: usize| {
            let (segment, offset, size) = blobs[index];
            let right = if damaged.contains(&index) { b"else" } else { part(offset, size) };
            OpenBlob {
                blob: BlobRef { segment, offset, size },
                checksum: blake3::hash(right),
                file: Arc::clone(&file),
                checked: Some(Arc::default()),
            }
        };
        let ranges: Vec<_> =
            (0..blobs.len()).map(|index| open(index).range(0, usize::MAX)).collect();
        let found = read_ranges(&ranges);
        assert_eq!(found.len(), blobs.len());
        for (index, found) in found.into_iter().enumerate() {
            let (_, offset, size) = blobs[index];
            match damaged.contains(&index) {
                true => assert!(matches!(found, Err(StorageError::Corrupt(_))), "{index}"),
                false => assert_eq!(found.unwrap(), part(offset, size), "{index}"),
            }
            let alone = open(index).read(0, usize::MAX);
            assert_eq!(alone.is_err(), damaged.contains(&index));
        }
    }

    #[test]
    fn several_are_read_as_one_by_one() {
        check(&[], &[]);
        check(&[(1, 48, 100)], &[]);
        check(&[(1, 48, 100), (1, 196, 5000), (1, 5244, 0), (1, 5292, 10)], &[]);
        // Not in order, overlapping, far apart, of several segments.
        check(&[(1, 5000, 10), (1, 48, 100), (1, 50, 7), (1, 90_000, 10), (2, 90_058, 10)], &[]);
        // A damaged one in the middle; one beyond the end of the file.
        check(&[(1, 48, 100), (1, 196, 100), (1, 344, 100)], &[1]);
        check(&[(1, 99_000, 100), (1, 99_148, 10_000), (1, 99_300, 50)], &[1]);
    }

    #[test]
    fn ranges_of_blobs() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let open = OpenBlob {
            blob: BlobRef { segment: 1, offset: 2, size: 5 },
            checksum: blake3::hash(b"else"),
            file: Arc::new(file),
            checked: None,
        };
        let check = |offset, length, expected: &[u8]| {
            assert_eq!(open.read(offset, length).unwrap(), expected);
            let ranges = [open.clone().range(offset, length)];
            assert_eq!(read_ranges(&ranges)[0].as_deref(), Ok(expected));
        };
        check(0, 4, b"2345");
        check(1, 9, b"3456");
        check(5, 1, b"");
        check(u64::MAX, usize::MAX, b"");
        // Only a read of the whole can be checked.
        assert!(open.read(0, 5).is_err());
    }
}

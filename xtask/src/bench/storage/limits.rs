//! What the machine can do at best: how often it syncs, how fast it reads and copies.

use super::read::drop_caches;
use crate::Outcome;
use crate::bench::letter::SIZE;
use crate::bench::table::{figure, header, median, row};
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long each is tried.
const TIME: Duration = Duration::from_secs(1);
const RUNS: usize = 5;
/// More than any cache holds.
const BLOCK: usize = 256 << 20;
/// As much as the messages that are read cold.
const FILE: usize = 100 << 20;
/// How much of it is read at a time.
const PIECE: usize = 512 << 10;

pub(super) fn run(data_dir: &Path) -> Outcome {
    header(&["Limit", "Figure"]);
    let failed = |error: std::io::Error| format!("the file system cannot be measured: {error}");
    let rates =
        (0..RUNS).map(|_| syncs(data_dir)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    row(&[
        "Append 10 KiB to a file and fdatasync, one after the other, per second",
        &figure(median(rates)),
    ]);
    let rates = (0..RUNS).map(|_| read_cold(data_dir)).collect::<Result<Option<Vec<_>>, _>>();
    if let Some(rates) = rates.map_err(failed)? {
        let name = "Read a file of 100 MiB that the kernel has dropped from its page cache, MB/s";
        row(&[name, &figure(median(rates))]);
    }
    row(&["Copy memory, MB/s", &figure(median((0..RUNS).map(|_| copied()).collect()))]);
    Ok(())
}

fn syncs(data_dir: &Path) -> std::io::Result<f64> {
    let path = data_dir.join("sync-test");
    let mut file = File::create(&path)?;
    let (started, mut count) = (Instant::now(), 0);
    while started.elapsed() < TIME {
        file.write_all(&[b'x'; SIZE])?;
        file.sync_data()?;
        count += 1;
    }
    let elapsed = started.elapsed();
    std::fs::remove_file(path)?;
    Ok(f64::from(count) / elapsed.as_secs_f64())
}

/// None: the cache cannot be emptied.
fn read_cold(data_dir: &Path) -> std::io::Result<Option<f64>> {
    let path = data_dir.join("read-test");
    let mut piece = vec![0; PIECE];
    let mut file = File::create(&path)?;
    for number in 0..FILE / PIECE {
        // No two blocks are alike, so that nothing below the file system can share them.
        piece.chunks_mut(512).enumerate().for_each(|(at, block)| {
            block[..16].copy_from_slice(&[number.to_ne_bytes(), at.to_ne_bytes()].concat());
        });
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    let rate = drop_caches().then(|| -> std::io::Result<f64> {
        let mut file = File::open(&path)?;
        let started = Instant::now();
        while file.read(&mut piece)? > 0 {}
        Ok(FILE as f64 / 1e6 / started.elapsed().as_secs_f64())
    });
    std::fs::remove_file(path)?;
    rate.transpose()
}

fn copied() -> f64 {
    let from = vec![1u8; BLOCK];
    let mut to = vec![0u8; BLOCK];
    let started = Instant::now();
    to.copy_from_slice(black_box(&from));
    black_box(&to);
    BLOCK as f64 / 1e6 / started.elapsed().as_secs_f64()
}

//! What the machine can do at best: how often it syncs, how fast it copies.

use crate::Outcome;
use crate::bench::letter::SIZE;
use crate::bench::table::{figure, header, median, row};
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long each is tried.
const TIME: Duration = Duration::from_secs(1);
const RUNS: usize = 5;
/// More than any cache holds.
const BLOCK: usize = 256 << 20;

pub(super) fn run(data_dir: &Path) -> Outcome {
    header(&["Limit", "Figure"]);
    let failed = |error: std::io::Error| format!("the file system cannot be measured: {error}");
    let rates =
        (0..RUNS).map(|_| syncs(data_dir)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    row(&[
        "Append 10 KiB to a file and fdatasync, one after the other, per second",
        &figure(median(rates)),
    ]);
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

fn copied() -> f64 {
    let from = vec![1u8; BLOCK];
    let mut to = vec![0u8; BLOCK];
    let started = Instant::now();
    to.copy_from_slice(black_box(&from));
    black_box(&to);
    BLOCK as f64 / 1e6 / started.elapsed().as_secs_f64()
}

//! Many clients at once, for a while: what they got done, and what it cost the server.

use super::process::Process;
use super::table::median;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// Units of work per second.
    pub(super) per_second: f64,
    /// The server's processor time for one unit, in microseconds.
    pub(super) cpu_micros: f64,
}

impl Load {
    /// Each figure's median.
    pub(super) fn median(loads: &[Load]) -> Load {
        Load {
            per_second: median(loads.iter().map(|load| load.per_second).collect()),
            cpu_micros: median(loads.iter().map(|load| load.cpu_micros).collect()),
        }
    }
}

/// Has every worker do its step again and again, side by side, for at least `time`. A step answers how many
/// units of work it did.
pub(super) fn run<W>(server: Process, time: Duration, workers: Vec<W>) -> Result<Load, String>
where
    W: FnMut() -> io::Result<u64> + Send,
{
    let (done, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let cpu = server.cpu()?;
    let started = Instant::now();
    let outcomes: Vec<io::Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|mut step| {
                let (done, failed) = (&done, &failed);
                scope.spawn(move || {
                    while started.elapsed() < time && !failed.load(Ordering::Relaxed) {
                        let units =
                            step().inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
                        done.fetch_add(units, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_| Err(io::Error::other("a worker panicked")))
            })
            .collect()
    });
    let elapsed = started.elapsed();
    for outcome in outcomes {
        outcome.map_err(|error| format!("a worker failed: {error}"))?;
    }
    let done = done.into_inner() as f64;
    let cpu = server.cpu()?.saturating_sub(cpu);
    Ok(Load {
        per_second: done / elapsed.as_secs_f64(),
        cpu_micros: cpu.as_secs_f64() * 1e6 / done.max(1.0),
    })
}

/// How long each of `count` runs of a step takes; the median.
pub(super) fn latency(
    count: usize,
    mut step: impl FnMut() -> io::Result<()>,
) -> Result<Duration, String> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        step().map_err(|error| format!("a step failed: {error}"))?;
        times.push(started.elapsed());
    }
    Ok(super::table::percentile(&mut times, 0.5))
}

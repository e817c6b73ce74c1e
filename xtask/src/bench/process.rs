//! What Linux tells about a process: memory and processor time (proc(5)).

use std::time::Duration;

/// A tick of the times in `/proc/PID/stat`. It is 100 to the second on every machine we know.
const TICK: Duration = Duration::from_millis(10);

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(pub(super) u32);

impl Process {
    /// Its share of the machine's memory (PSS), in kB of 1024 bytes.
    pub(super) fn memory(self) -> Result<u64, String> {
        self.field("smaps_rollup", "Pss:")
    }

    /// The most memory that it ever had resident, in kB; since [`Process::forget_peak`] if the kernel allows.
    pub(super) fn peak(self) -> Result<u64, String> {
        self.field("status", "VmHWM:")
    }

    /// Begins the peak anew. Needs root.
    pub(super) fn forget_peak(self) {
        // Without it, the peak is the one since the start.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.0), "5");
    }

    /// Processor time so far, in user and kernel mode, of all threads.
    pub(super) fn cpu(self) -> Result<Duration, String> {
        let stat = self.file("stat")?;
        // The name, in parentheses, may hold spaces. utime and stime are fields 14 and 15 of all.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u32>().ok());
        Ok(TICK * ticks.sum::<u32>())
    }

    fn field(self, file: &str, name: &str) -> Result<u64, String> {
        self.file(file)?
            .lines()
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| format!("no {name} in /proc/{}/{file}", self.0))
    }

    fn file(self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.0);
        std::fs::read_to_string(&path).map_err(|error| format!("{path} cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_have_memory_and_time() {
        let us = Process(std::process::id());
        assert!(us.memory().unwrap() > 100);
        assert!(us.peak().unwrap() > 100);
        assert!(us.cpu().unwrap() < Duration::from_secs(3600));
    }
}

//! On what it was measured.

use super::table::print;
use std::path::Path;

/// Prints cores, memory, kernel, file system and load.
pub(super) fn describe(data: &Path) {
    let cpu = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = first("/proc/meminfo", "MemTotal")
        .and_then(|total| total.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    print(&format!(
        "Machine: {cores} × {}, {} GiB, Linux {}, {}; load average at the beginning {}.",
        cpu.trim(),
        memory >> 20,
        kernel.trim(),
        file_system(data),
        read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" "),
    ));
}

/// The file system that holds a folder: the mount with the longest path above it.
fn file_system(folder: &Path) -> String {
    read("/proc/mounts")
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (device, on, kind) = (fields.next()?, fields.next()?, fields.next()?);
            folder.starts_with(on).then(|| (on.len(), format!("{kind} on {device}")))
        })
        .max()
        .map_or_else(|| "unknown file system".into(), |(_, shown)| shown)
}

fn first(path: &str, name: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

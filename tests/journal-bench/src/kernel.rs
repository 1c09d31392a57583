//! What the kernel says about this process and its disk.

use std::fs::{self, File};
use std::io;
use std::ops::Sub;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use rustix::fs::Advice;
use serde::Serialize;

use crate::counting::Counts;

/// The unit in which the kernel counts blocks of files and devices, whatever their own blocks are.
const STATISTICS_UNIT_BYTES: u64 = 512;

/// The kernel's own tally for this process, from `/proc/self/io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Io {
    /// Calls that write.
    pub write_calls: u64,
    /// Bytes handed over by them.
    pub written: u64,
    /// Bytes that came from the device rather than from the cache.
    pub read_from_device: u64,
}

impl Io {
    /// The tally now; `None` where the kernel keeps none.
    pub fn now() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/io").ok()?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.and_then(|number| number.trim().parse().ok())
        };
        Some(Self { write_calls: field("syscw")?, written: field("wchar")?, read_from_device: field("read_bytes")? })
    }

    /// An error when something wrote past the functions that count.
    pub fn agrees_with(&self, counted: Counts) -> io::Result<()> {
        if (self.write_calls, self.written) == (counted.writes, counted.bytes) {
            return Ok(());
        }
        Err(io::Error::other(format!("the kernel saw {self:?} where the benchmark counted {counted:?}")))
    }
}

impl Sub for Io {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            write_calls: self.write_calls - earlier.write_calls,
            written: self.written - earlier.written,
            read_from_device: self.read_from_device - earlier.read_from_device,
        }
    }
}

/// The block device that a folder is on.
pub struct Device {
    statistics: PathBuf,
}

impl Device {
    /// Looks a folder up; `None` where its file system is not on one block device.
    pub fn of(folder: &Path) -> Option<Self> {
        let device = fs::metadata(folder).ok()?.dev();
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        let statistics = PathBuf::from(format!("/sys/dev/block/{major}:{minor}/stat"));
        statistics.exists().then_some(Self { statistics })
    }

    /// Bytes that were written to it since the machine started, by anybody: the journal of the file system is in it,
    /// and so is what else the machine does.
    pub fn written(&self) -> Option<u64> {
        let text = fs::read_to_string(&self.statistics).ok()?;
        let sectors: u64 = text.split_whitespace().nth(6)?.parse().ok()?;
        Some(sectors * STATISTICS_UNIT_BYTES)
    }
}

/// Lets this process, and the threads and processes it starts, go before all others: on a machine that works, a commit
/// otherwise takes as long as a compiler is allowed to keep the processor. False where the user may not.
pub fn go_first() -> bool {
    schedule(&["--fifo", "--pid", "1"])
}

/// Ends [`go_first`].
pub fn step_back() -> bool {
    schedule(&["--other", "--pid", "0"])
}

/// Processes that wanted to run in the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

/// Memory of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Resident now. KiB.
    pub resident_kib: u64,
    /// The most that was ever resident. KiB.
    pub peak_kib: u64,
}

impl Memory {
    /// What `/proc/self/status` says.
    pub fn now() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Ok(Self { resident_kib: field("VmRSS:"), peak_kib: field("VmHWM:") })
    }
}

/// The kind of file system a folder is on.
pub struct FileSystem {
    /// Its name, or its number in hex where it is not one of the usual.
    pub name: String,
    /// Whether it lives in memory, so that a sync costs nothing and proves nothing.
    pub in_memory: bool,
}

impl FileSystem {
    /// Looks a folder up.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let kind = rustix::fs::statfs(folder)?.f_type as u32;
        let name = match kind {
            0x0102_1994 => "tmpfs",
            0x8584_58f6 => "ramfs",
            0x0000_ef53 => "ext4",
            0x5846_5342 => "xfs",
            0x9123_683e => "btrfs",
            0xf2f5_2010 => "f2fs",
            0x794c_7630 => "overlay",
            other => return Ok(Self { name: format!("{other:#x}"), in_memory: false }),
        };
        Ok(Self { name: name.to_owned(), in_memory: matches!(name, "tmpfs" | "ramfs") })
    }
}

/// Bytes a user may still write in a folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Makes every file under a folder durable and drops it from the cache, so that the next read comes from the device. The
/// host of a virtual machine may still have it in its own memory.
pub fn forget(folder: &Path) -> io::Result<()> {
    for_each_file(folder, &mut |file| {
        file.sync_all()?;
        Ok(rustix::fs::fadvise(file, 0, None, Advice::DontNeed)?)
    })
}

/// Reads every file under a folder once, so that the next read comes from the cache.
pub fn warm(folder: &Path) -> io::Result<()> {
    for_each_file(folder, &mut |mut file| io::copy(&mut file, &mut io::sink()).map(drop))
}

/// Bytes of disk that the files under a folder occupy.
pub fn occupied(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for_each_file(folder, &mut |file| {
        total += file.metadata()?.blocks() * STATISTICS_UNIT_BYTES;
        Ok(())
    })?;
    Ok(total)
}

fn schedule(arguments: &[&str]) -> bool {
    let mut change = Command::new("chrt");
    change.args(arguments).arg(process::id().to_string()).stderr(Stdio::null());
    change.status().is_ok_and(|status| status.success())
}

fn for_each_file(folder: &Path, each: &mut dyn FnMut(&File) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            for_each_file(&path, each)?;
        } else {
            each(&File::open(&path)?)?;
        }
    }
    Ok(())
}

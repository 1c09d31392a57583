//! File systems that lie about sync.
//!
//! The journal's whole promise rests on one word of the kernel: that `fdatasync` returns when the bytes are on the
//! medium. Some file systems, and some ways to mount honest ones, give that word and do not keep it. [`judge`] reads
//! `/proc/self/mountinfo` and says which one a folder is on; production refuses what it says is not honest.
//!
//! Not seen from here: a disk or controller whose own cache lies; ext4 made without a journal; settings of a layer
//! below the file system (a loop device, a virtual disk's cache mode). Only a power cut shows those.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Most overlays looked through, one below the other. The kernel stacks no more than two.
const MAX_OVERLAYS: usize = 2;

/// Keep what was synced over a power cut, by their authors' word and years of use, unless an option says otherwise.
const HONEST: [&str; 6] = ["btrfs", "ext3", "ext4", "f2fs", "ubifs", "xfs"];
const MEMORY: [&str; 4] = ["devtmpfs", "ramfs", "rootfs", "tmpfs"];
const NETWORK: [&str; 11] =
    ["9p", "afs", "ceph", "cifs", "coda", "lustre", "nfs", "nfs4", "smb3", "vboxsf", "virtiofs"];
/// Without a journal or copies of their own tables: a power cut while any file changes may damage this one.
const UNPROTECTED: [&str; 6] = ["exfat", "ext2", "msdos", "ntfs", "ntfs3", "vfat"];
/// No flush command reaches the device: every sync is a lie. `nointegrity` is what jfs calls it.
const NO_FLUSH: [&str; 5] = ["nobarrier", "barrier=0", "barrier=none", "barrier=off", "fsync_mode=nobarrier"];
/// f2fs, mounted so that the next start forgets what was synced since the last checkpoint. Android does the first of
/// them while an update is on trial.
const NO_ROLL_FORWARD: [&str; 3] = ["checkpoint=disable", "disable_roll_forward", "norecovery"];

/// What a folder is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// Where it is mounted; of an overlay, where its upper layer is.
    pub mount_point: PathBuf,
    /// As the kernel names it: `ext4`.
    pub file_system: String,
    /// Why its word on sync is not to be trusted; `None` if nothing is known against it.
    pub fault: Option<SyncFault>,
}

/// Why a sync on this medium proves nothing, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SyncFault {
    /// Memory.
    #[error(
        "operator: {mount_point} is {file_system}, which is memory and gone with the power; keep the journal on a disk \
         with ext4, f2fs, xfs, btrfs or ubifs"
    )]
    Memory {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
    },
    /// Mounted so that no flush reaches the device.
    #[error(
        "operator: {mount_point} ({file_system}) is mounted with {option}, so what was synced may still be in the \
         disk's cache when the power goes; mount it without that option"
    )]
    NoFlush {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
        /// The option.
        option: String,
    },
    /// f2fs without what brings synced files back after a power cut.
    #[error(
        "operator: {mount_point} (f2fs) is mounted with {option}, so a power cut takes it back to an older state; mount \
         it without that option, or wait until the system's update is finished"
    )]
    NoRollForward {
        /// Where.
        mount_point: String,
        /// The option.
        option: String,
    },
    /// An overlay told not to sync.
    #[error("operator: {mount_point} is an overlay mounted with volatile, which ignores every sync; mount it without")]
    VolatileOverlay {
        /// Where.
        mount_point: String,
    },
    /// An overlay whose upper layer cannot be seen from here, as in most containers.
    #[error(
        "operator: {mount_point} is an overlay, and what lies under it cannot be seen from here; mount a folder of a real \
         disk there (a volume, in a container) and keep the journal on it"
    )]
    Overlay {
        /// Where.
        mount_point: String,
    },
    /// Another machine.
    #[error(
        "operator: {mount_point} is {file_system}: when its bytes are safe is up to another machine, which cannot be \
         checked from here; keep the journal on a disk of this one"
    )]
    Network {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
    },
    /// A program.
    #[error(
        "operator: {mount_point} is {file_system}: when its bytes are safe is up to a program, which cannot be checked \
         from here; keep the journal on the disk below it (on Android in the app's own folder, not the shared one)"
    )]
    Program {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
    },
    /// No journal, no copies.
    #[error(
        "operator: {mount_point} is {file_system}, where a power cut while any file is written can damage all others; \
         format it as ext4 or f2fs, or keep the journal elsewhere"
    )]
    Unprotected {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
    },
    /// Nothing is known of it.
    #[error(
        "operator: {mount_point} is {file_system}, of which this program does not know whether it keeps what was synced; \
         keep the journal on ext4, f2fs, xfs, btrfs or ubifs"
    )]
    Unknown {
        /// Where.
        mount_point: String,
        /// What.
        file_system: String,
    },
}

/// Why nothing can be said of a folder.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MediumError {
    /// The system would not say.
    #[error("storage: cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// The kernel's table is not in a form this program knows.
    #[error("terminal: line {line} of /proc/self/mountinfo cannot be read, so it is not known what the journal is on")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// No mounted file system holds the folder, or its path is not absolute.
    #[error(
        "operator: it is not known what {path} is on; name the journal's folder by a full path, and run where \
         /proc/self/mountinfo shows it"
    )]
    NotMounted {
        /// Which.
        path: PathBuf,
    },
}

/// Judges what `path` is on, in the system this program runs in. What does not exist yet is judged by the folder it
/// would be made in.
///
/// # Errors
/// Nothing can be said; production refuses that too.
pub fn of(path: &Path) -> Result<Medium, MediumError> {
    let table = Path::new("/proc/self/mountinfo");
    let bytes = fs::read(table).map_err(io_error("read", table))?;
    judge(&String::from_utf8_lossy(&bytes), &resolve(path)?)
}

/// Judges what `path` is on, by the text of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`). The path is absolute and
/// has no links in it.
///
/// # Errors
/// [`MediumError::Line`], [`MediumError::NotMounted`].
pub fn judge(mountinfo: &str, path: &Path) -> Result<Medium, MediumError> {
    let lines = mountinfo.lines().enumerate();
    let mounts: Vec<Mount<'_>> = lines
        .map(|(index, line)| Mount::parse(line).ok_or(MediumError::Line { line: index + 1 }))
        .collect::<Result<_, _>>()?;
    let mut mount = find(&mounts, path).ok_or_else(|| MediumError::NotMounted { path: path.to_owned() })?;
    for _ in 0..=MAX_OVERLAYS {
        if mount.file_system != "overlay" || mount.has("volatile") {
            break;
        }
        // The upper layer's path is as whoever mounted it saw it. Where we see another world, it leads back here.
        match mount.upper_layer().and_then(|upper| find(&mounts, &upper)).filter(|below| below.id != mount.id) {
            Some(below) => mount = below,
            None => break,
        }
    }
    Ok(Medium {
        mount_point: mount.mount_point.clone(),
        file_system: mount.file_system.to_owned(),
        fault: mount.fault(),
    })
}

/// One line of the table.
struct Mount<'a> {
    id: u64,
    parent: u64,
    mount_point: PathBuf,
    /// Of the file system itself; `barrier=0` is among them.
    options: &'a str,
    file_system: &'a str,
}

impl<'a> Mount<'a> {
    /// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: number, parent's number,
    /// device, root, mount point, options of this mount, any number of optional fields, a dash, type, source, options
    /// of the file system.
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(' ');
        let (id, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let mount_point = unescape(fields.nth(2)?);
        fields.next()?;
        fields.find(|&field| field == "-")?;
        let file_system = fields.next()?;
        // The source may be empty; the options come last either way.
        let options = fields.next_back()?;
        mount_point.is_absolute().then_some(Self { id, parent, mount_point, options, file_system })
    }

    fn has(&self, option: &str) -> bool {
        self.options().any(|candidate| candidate == option)
    }

    fn options(&self) -> impl Iterator<Item = &'a str> {
        self.options.split(',')
    }

    /// Of an overlay: where what is written goes.
    fn upper_layer(&self) -> Option<PathBuf> {
        self.options().find_map(|option| option.strip_prefix("upperdir=")).map(unescape)
    }

    fn fault(&self) -> Option<SyncFault> {
        let (mount_point, file_system) = (self.mount_point.display().to_string(), self.file_system.to_owned());
        let among = |names: &[&str]| names.contains(&self.file_system);
        if among(&HONEST) {
            return self.faulty_option();
        }
        Some(match self.file_system {
            _ if among(&MEMORY) => SyncFault::Memory { mount_point, file_system },
            _ if among(&NETWORK) => SyncFault::Network { mount_point, file_system },
            _ if among(&UNPROTECTED) => SyncFault::Unprotected { mount_point, file_system },
            "overlay" if self.has("volatile") => SyncFault::VolatileOverlay { mount_point },
            "overlay" => SyncFault::Overlay { mount_point },
            // sdcardfs and esdfs: what Android put before its shared storage until FUSE came back.
            "fuse" | "fuseblk" | "sdcardfs" | "esdfs" => SyncFault::Program { mount_point, file_system },
            other if other.starts_with("fuse.") => SyncFault::Program { mount_point, file_system },
            _ => SyncFault::Unknown { mount_point, file_system },
        })
    }

    fn faulty_option(&self) -> Option<SyncFault> {
        let mount_point = self.mount_point.display().to_string();
        // `checkpoint=disable:12%` says how much room it may take.
        let is = |option: &str, name: &str| {
            option == name || option.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
        };
        if let Some(option) = self.options().find(|option| NO_FLUSH.contains(option)) {
            let (file_system, option) = (self.file_system.to_owned(), option.to_owned());
            return Some(SyncFault::NoFlush { mount_point, file_system, option });
        }
        let older = self.options().find(|option| NO_ROLL_FORWARD.iter().any(|name| is(option, name)));
        let option = older.filter(|_| self.file_system == "f2fs")?.to_owned();
        Some(SyncFault::NoRollForward { mount_point, option })
    }
}

/// The mount that holds `path`, found as the kernel walks: from the root down, at each mount the child that is met
/// first. So a mount that lies hidden under a later one is not taken for the one on top.
fn find<'m, 'a>(mounts: &'m [Mount<'a>], path: &Path) -> Option<&'m Mount<'a>> {
    let ids: BTreeSet<u64> = mounts.iter().map(|mount| mount.id).collect();
    let is_root = |mount: &&Mount<'_>| mount.parent == mount.id || !ids.contains(&mount.parent);
    let mut at = mounts.iter().filter(|mount| mount.mount_point == Path::new("/")).find(is_root)?;
    // A table in which a mount is its own descendant is none the kernel made; it must not make us walk in circles.
    let mut passed = BTreeSet::from([at.id]);
    loop {
        let children = mounts.iter().filter(|mount| mount.parent == at.id && !passed.contains(&mount.id));
        let on_the_way = children.filter(|child| path.starts_with(&child.mount_point));
        // Of two at one place the later lies on top; the minimum takes the first it meets.
        match on_the_way.rev().min_by_key(|child| child.mount_point.as_os_str().len()) {
            Some(child) => at = child,
            None => return path.is_absolute().then_some(at),
        }
        passed.insert(at.id);
    }
}

/// Space, tab, newline, backslash and `#` stand as three octal digits behind a backslash.
fn unescape(field: &str) -> PathBuf {
    let mut bytes = field.as_bytes();
    let mut path = Vec::with_capacity(bytes.len());
    while let Some((&first, rest)) = bytes.split_first() {
        let digits = rest.first_chunk::<3>().filter(|_| first == b'\\');
        let octal = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|octal| u8::from_str_radix(octal, 8).ok()) {
            Some(byte) => {
                path.push(byte);
                bytes = rest.get(3..).unwrap_or_default();
            }
            None => {
                path.push(first);
                bytes = rest;
            }
        }
    }
    PathBuf::from(OsString::from_vec(path))
}

/// Without links; what does not exist yet is put behind what does.
fn resolve(path: &Path) -> Result<PathBuf, MediumError> {
    let absolute = std::path::absolute(path).map_err(io_error("resolve", path))?;
    for ancestor in absolute.ancestors() {
        match ancestor.canonicalize() {
            Ok(resolved) => {
                let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
                return Ok(resolved.join(rest));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error("resolve", ancestor)(error)),
        }
    }
    Err(MediumError::NotMounted { path: path.to_owned() })
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MediumError {
    move |source| MediumError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;

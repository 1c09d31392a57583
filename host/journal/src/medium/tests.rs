use proptest::prelude::*;

use super::*;

/// A Debian terminal on eMMC.
const DEBIAN: &str = "\
22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
24 27 0:6 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=984120k,nr_inodes=246030,mode=755
25 24 0:23 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw
27 1 179:2 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw,errors=remount-ro
28 27 0:24 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=198440k,mode=755
30 27 179:1 / /boot/efi rw,relatime shared:30 - vfat /dev/mmcblk0p1 rw,fmask=0077,dmask=0077,codepage=437
40 27 179:3 / /var/lib/acquit rw,noatime shared:31 - ext4 /dev/mmcblk0p3 rw,data=writeback,nodelalloc
41 27 179:4 / /srv/fast rw,noatime shared:32 - ext4 /dev/mmcblk0p4 rw,nobarrier
42 27 179:5 / /srv/old rw,noatime - ext3 /dev/mmcblk0p5 rw,barrier=0,data=ordered
43 27 0:50 / /mnt/office rw,relatime shared:40 - nfs4 10.0.0.1:/export rw,vers=4.2,hard,proto=tcp,sec=sys
44 27 8:1 / /media/till/USB\\040STICK rw,nosuid,nodev,relatime shared:41 - exfat /dev/sda1 rw,uid=1000,iocharset=utf8
45 27 0:51 / /mnt/ntfs rw,relatime - fuseblk /dev/sdb1 rw,user_id=0,group_id=0,allow_other,blksize=4096
46 27 0:52 /journal /srv/bound rw,relatime - xfs /dev/sdc1 rw,attr2,inode64,logbufs=8,noquota
47 27 0:53 /@data /srv/btrfs rw,relatime - btrfs /dev/sdd1 rw,ssd,space_cache=v2,subvolid=257,subvol=/@data
48 27 0:54 / /srv/pool rw,relatime - zfs pool/data rw,xattr,noacl
49 27 0:55 / /srv/nand rw,relatime - ubifs ubi0:data rw,assert=read-only,ubi=0,vol=1
";

/// A terminal with Android 13, and what apps see of the shared storage.
const ANDROID: &str = "\
1204 1203 254:5 / / ro,nodev,noatime master:1 - erofs /dev/block/dm-5 ro,seclabel,user_xattr,acl,cache_strategy=readaround
1220 1204 0:19 / /dev rw,nosuid,relatime master:2 - tmpfs tmpfs rw,seclabel,size=1872236k,nr_inodes=468059,mode=755
1290 1204 0:34 / /apex rw,nosuid,nodev,noexec,relatime master:25 - tmpfs tmpfs rw,seclabel,mode=755
1304 1204 253:44 / /data rw,nosuid,nodev,noatime master:40 - f2fs /dev/block/dm-44 rw,lazytime,seclabel,background_gc=on,\
nogc_merge,discard,no_heap,user_xattr,inline_xattr,acl,inline_data,inline_dentry,noflush_merge,extent_cache,mode=adaptive,\
active_logs=6,reserve_root=32768,resuid=0,resgid=1065,inlinecrypt,alloc_mode=default,checkpoint_merge,fsync_mode=posix
1310 1304 253:44 /data /data/user/0 rw,nosuid,nodev,noatime master:40 - f2fs /dev/block/dm-44 rw,lazytime,fsync_mode=posix
1320 1204 0:120 / /storage/emulated rw,nosuid,nodev,noexec,noatime master:61 - fuse /dev/fuse rw,lazytime,user_id=0,\
group_id=0,allow_other
1330 1204 0:121 / /mnt/legacy rw,nosuid,nodev,noexec,noatime - sdcardfs /data/media rw,fsuid=1023,fsgid=1023
";

fn fault(table: &str, path: &str) -> Option<SyncFault> {
    judge(table, Path::new(path)).unwrap().fault
}

/// Of the remedy, the part that names the file system and the reason.
fn said(table: &str, path: &str) -> String {
    fault(table, path).map_or_else(|| "honest".to_owned(), |fault| fault.to_string())
}

#[test]
fn a_terminals_folders_are_judged_by_what_they_are_on() {
    let cases = [
        ("/var/lib/acquit", "honest"),
        ("/var/lib/acquit/journal/000001.log", "honest"),
        ("/var/lib/acquit-old", "honest"),
        ("/srv/bound", "honest"),
        ("/srv/btrfs/journal", "honest"),
        ("/srv/nand", "honest"),
        ("/run/acquit", "operator: /run is tmpfs, which is memory and gone with the power"),
        ("/dev/shm", "operator: /dev/shm is tmpfs, which is memory"),
        ("/dev/x", "operator: /dev is devtmpfs, which is memory"),
        ("/boot/efi", "operator: /boot/efi is vfat, where a power cut while any file is written can damage all others"),
        ("/srv/fast/j", "operator: /srv/fast (ext4) is mounted with nobarrier, so what was synced may still be in"),
        ("/srv/old", "operator: /srv/old (ext3) is mounted with barrier=0, so what was synced may still be in"),
        ("/mnt/office/journal", "operator: /mnt/office is nfs4: when its bytes are safe is up to another machine"),
        ("/media/till/USB STICK/j", "operator: /media/till/USB STICK is exfat, where a power cut"),
        ("/media/till/USB", "honest"),
        ("/mnt/ntfs/j", "operator: /mnt/ntfs is fuseblk: when its bytes are safe is up to a program"),
        ("/srv/pool", "operator: /srv/pool is zfs, of which this program does not know whether it keeps"),
    ];
    for (path, expected) in cases {
        let said = said(DEBIAN, path);
        assert!(said.starts_with(expected), "{path}: {said}");
    }
}

#[test]
fn a_bind_mount_is_judged_by_its_own_line_and_the_longest_mount_point_counts() {
    let medium = judge(DEBIAN, Path::new("/srv/bound/2026")).unwrap();
    assert_eq!((medium.mount_point.as_path(), medium.file_system.as_str()), (Path::new("/srv/bound"), "xfs"));
    let medium = judge(DEBIAN, Path::new("/srv")).unwrap();
    assert_eq!((medium.mount_point.as_path(), medium.file_system.as_str()), (Path::new("/"), "ext4"));
}

#[test]
fn android_keeps_a_journal_in_the_apps_folder_and_not_on_the_shared_storage() {
    assert_eq!(fault(ANDROID, "/data/user/0/cn.example.acquit/files/journal"), None);
    assert_eq!(judge(ANDROID, Path::new("/data/user/0/x")).unwrap().mount_point, Path::new("/data/user/0"));
    for path in ["/storage/emulated/0/journal", "/mnt/legacy/journal"] {
        assert!(said(ANDROID, path).contains("in the app's own folder"), "{path}");
    }
    assert!(
        matches!(fault(ANDROID, "/system/etc"), Some(SyncFault::Unknown { file_system, .. }) if file_system == "erofs")
    );
    assert!(matches!(fault(ANDROID, "/apex"), Some(SyncFault::Memory { .. })));
}

#[test]
fn android_vendors_f2fs_options_are_read() {
    let with = |option: &str| said(&ANDROID.replace("fsync_mode=posix", option), "/data/acquit");
    assert_eq!(with("fsync_mode=strict"), "honest");
    assert!(
        with("fsync_mode=nobarrier").contains("mounted with fsync_mode=nobarrier, so what was synced may still be in")
    );
    assert!(with("fsync_mode=posix,nobarrier").contains("mounted with nobarrier"));
    assert!(
        with("fsync_mode=posix,checkpoint=disable:0").contains("mounted with checkpoint=disable:0, so a power cut")
    );
    assert!(with("fsync_mode=posix,disable_roll_forward").contains("wait until the system's update is finished"));
    // Other file systems have options of these names that mean something else.
    assert_eq!(said("1 0 8:1 / / rw - ext4 /dev/sda1 rw,norecovery", "/a"), "honest");
}

#[test]
fn an_overlay_is_judged_by_its_upper_layer_where_that_can_be_seen() {
    let terminal = "\
27 1 0:30 / / rw,relatime - overlay overlay rw,lowerdir=/rom,upperdir=/media/rw/upper,workdir=/media/rw/work
30 27 179:2 / /rom ro,relatime - squashfs /dev/root ro,errors=continue
31 27 179:3 / /media/rw rw,noatime - ext4 /dev/mmcblk0p3 rw
";
    let medium = judge(terminal, Path::new("/var/lib/acquit")).unwrap();
    assert_eq!((medium.mount_point.as_path(), medium.fault), (Path::new("/media/rw"), None));

    let in_memory = terminal.replace("ext4 /dev/mmcblk0p3 rw", "tmpfs tmpfs rw");
    assert!(said(&in_memory, "/var/lib/acquit").contains("/media/rw is tmpfs"));

    let volatile = terminal.replace("workdir=/media/rw/work", "workdir=/media/rw/work,volatile");
    assert!(matches!(fault(&volatile, "/var"), Some(SyncFault::VolatileOverlay { .. })));

    let container = "\
812 700 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AAA,\
upperdir=/var/lib/docker/overlay2/b1/diff,workdir=/var/lib/docker/overlay2/b1/work
815 812 8:1 /var/lib/docker/volumes/j/_data /journal rw,relatime - ext4 /dev/sda1 rw,discard
";
    assert!(
        said(container, "/var/lib/acquit").contains("mount a folder of a real disk there (a volume, in a container)")
    );
    assert_eq!(fault(container, "/journal"), None);
}

/// A later mount hides what lies below it, deeper ones too: a table that is searched for the longest mount point alone
/// would take the hidden ext4 for what is written to.
#[test]
fn what_is_hidden_under_a_later_mount_is_not_taken_for_it() {
    let table = "\
27 1 8:1 / / rw - ext4 /dev/sda1 rw
30 27 8:2 / /data rw - ext4 /dev/sda2 rw
31 30 8:3 / /data/acquit rw - ext4 /dev/sda3 rw
32 30 0:40 / /data rw - tmpfs tmpfs rw
";
    assert!(said(table, "/data/acquit").contains("/data is tmpfs"));
    let initramfs = "1 1 0:2 / / rw - rootfs rootfs rw\n20 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n";
    assert_eq!(fault(initramfs, "/var"), None);
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_a_verdict() {
    let second = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 8:2 / /data rw ext4 /dev/sda2 rw\n";
    assert!(matches!(judge(second, Path::new("/data")), Err(MediumError::Line { line: 2 })));
    assert!(matches!(judge("", Path::new("/data")), Err(MediumError::NotMounted { .. })));
    assert!(matches!(judge(DEBIAN, Path::new("var/lib")), Err(MediumError::NotMounted { .. })));
}

#[test]
fn this_machine_says_what_a_folder_is_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = of(folder.path()).unwrap();
    assert!(folder.path().canonicalize().unwrap().starts_with(&here.mount_point));
    assert_eq!(of(&folder.path().join("not/yet/there")).unwrap(), here);
    assert!(of(Path::new("/proc/self")).unwrap().fault.is_some(), "proc is no place for a journal");
    // The kernel's own answer to the same question: the device number stands in the line that was chosen.
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let device = rustix::fs::stat(folder.path()).unwrap().st_dev;
    let number = format!(" {}:{} ", rustix::fs::major(device), rustix::fs::minor(device));
    if ["ext4", "xfs", "tmpfs"].contains(&here.file_system.as_str()) {
        let point = format!(" {} ", here.mount_point.display());
        assert!(table.lines().any(|line| line.contains(&number) && line.contains(&point)), "{number} {point}");
    }
}

#[test]
fn a_link_is_followed_before_the_folder_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/proc/self", folder.path().join("journal")).unwrap();
    assert_eq!(of(&folder.path().join("journal")).unwrap().file_system, "proc");
}

proptest! {
    #[test]
    fn any_text_is_a_verdict_or_an_error(table in any::<String>(), path in any::<String>()) {
        let _ = judge(&table, Path::new(&path));
    }

    #[test]
    fn any_table_of_lines_is_a_verdict_or_an_error(
        lines in prop::collection::vec(
            (0_u64..6, 0_u64..6, "(/[ab]{0,2}){1,3}", "(ext4|tmpfs|overlay|fuse[.]x|f2fs)", "(upperdir=/[ab]|rw|nobarrier|\\\\[0-9]{0,3}){1,2}"),
            0..8,
        ),
        path in "(/[ab]{0,2}){1,4}",
    ) {
        let line = |(id, parent, point, kind, options): &(u64, u64, String, String, String)| {
            format!("{id} {parent} 0:1 / {point} rw - {kind} none {options}\n")
        };
        let table: String = lines.iter().map(line).collect();
        if let Ok(medium) = judge(&table, Path::new(&path)) {
            let overlays = lines.iter().any(|line| line.3 == "overlay");
            prop_assert!(overlays || Path::new(&path).starts_with(&medium.mount_point));
        }
    }
}

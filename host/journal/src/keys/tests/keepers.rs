use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use super::super::{CountingEntropy, FileKey, KeyError, KeyWrap, SystemEntropy};
use super::counting_key;

fn made(folder: &tempfile::TempDir) -> (PathBuf, FileKey) {
    let path = folder.path().join("journal.kek");
    let key = FileKey::create(&path, &SystemEntropy).unwrap();
    (path, key)
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_key_file_opens_what_it_wrapped_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = made(&folder);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["journal.kek"]);
    let wrapped = key.wrap(&counting_key(), b"context").unwrap();
    drop(key);
    let opened = FileKey::open(&path).unwrap();
    assert_eq!(opened.unwrap(&wrapped, b"context").unwrap(), counting_key());
    assert_ne!(opened.wrap(&counting_key(), b"context").unwrap(), wrapped, "every wrapping has a nonce of its own");
    let other = FileKey::create(&folder.path().join("other.kek"), &SystemEntropy).unwrap();
    assert!(matches!(other.unwrap(&wrapped, b"context"), Err(KeyError::OtherKey { .. })));
    assert_eq!(format!("{opened:?}"), format!("FileKey {{ path: {path:?}, key: [redacted] }}"));
}

#[test]
fn a_key_file_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder);
    let before = fs::read(&path).unwrap();
    assert!(matches!(FileKey::create(&path, &SystemEntropy), Err(KeyError::Exists { .. })));
    assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (before, vec!["journal.kek".to_owned()]));
}

#[test]
fn of_many_who_make_it_at_once_one_does_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.kek");
    let tries: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| FileKey::create(&path, &SystemEntropy))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made: Vec<_> = tries.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(made.len(), 1);
    assert!(tries.iter().all(|result| matches!(result, Ok(_) | Err(KeyError::Exists { .. }))));
    let wrapped = made[0].wrap(&counting_key(), b"").unwrap();
    assert_eq!(FileKey::open(&path).unwrap().unwrap(&wrapped, b"").unwrap(), counting_key());
    assert_eq!(names(folder.path()), ["journal.kek"]);
}

#[test]
fn a_key_file_that_others_may_touch_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder);
    for (mode, good) in [(0o640, false), (0o604, false), (0o620, false), (0o601, false), (0o400, true), (0o600, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match FileKey::open(&path) {
            Ok(_) => assert!(good, "{mode:o}"),
            Err(KeyError::Exposed { mode: found, .. }) => assert!(!good && found == mode, "{mode:o}"),
            Err(other) => panic!("{mode:o}: {other}"),
        }
    }
}

#[test]
fn a_key_file_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder);
    // Root gives its own file away; anyone else looks at one of root's.
    let foreign = if rustix::process::geteuid().is_root() {
        chown(&path, Some(65_534), None).unwrap();
        path
    } else {
        PathBuf::from("/etc/passwd")
    };
    assert!(matches!(FileKey::open(&foreign), Err(KeyError::Foreign { .. })));
}

#[test]
fn what_is_not_a_plain_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder);
    let [link, pipe, inside] = ["link", "pipe", "folder"].map(|name| folder.path().join(name));
    symlink(&path, &link).unwrap();
    fs::create_dir(&inside).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    for other in [link, pipe, inside] {
        assert!(matches!(FileKey::open(&other), Err(KeyError::NotAFile { .. })), "{}", other.display());
    }
    assert!(matches!(FileKey::open(&folder.path().join("no such")), Err(KeyError::Missing { .. })));
}

#[test]
fn every_changed_bit_and_every_other_length_of_a_key_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder);
    let good = fs::read(&path).unwrap();
    assert_eq!(good.len(), 44);
    let damaged = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        matches!(FileKey::open(&path), Err(KeyError::DamagedFile { .. }))
    };
    for bit in 0..good.len() * 8 {
        let mut changed = good.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(damaged(&changed), "bit {bit}");
    }
    assert!((0..good.len()).all(|length| damaged(&good[..length])));
    assert!(damaged(&[good.as_slice(), b"\n"].concat()));
    assert!(!damaged(&good));
}

#[test]
fn a_failed_making_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    fs::create_dir(&path).unwrap();
    assert!(matches!(FileKey::create(&path, &CountingEntropy::new(0)), Err(KeyError::Exists { .. })));
    assert_eq!(names(folder.path()), ["taken"]);
    let nowhere = folder.path().join("no such folder/key");
    assert!(matches!(FileKey::create(&nowhere, &SystemEntropy), Err(KeyError::Io { doing: "create", .. })));
}

#[cfg(target_os = "linux")]
mod keyring {
    use std::process;

    use linux_keyutils::{KeyRing, KeyRingIdentifier};

    use super::super::super::KeyringKey;
    use super::*;

    /// A description of this test's own; the key under it is taken away again.
    struct Named(String);

    impl Named {
        fn new(test: &str) -> Self {
            Self(format!("acquit-test-{test}-{}", process::id()))
        }
    }

    impl Drop for Named {
        fn drop(&mut self) {
            let Ok(ring) = KeyRing::from_special_id(KeyRingIdentifier::User, false) else { return };
            if let Ok(key) = ring.search(&self.0) {
                // What is only unlinked can be read by its number until the kernel has collected it.
                key.revoke().unwrap();
                ring.unlink_key(key).unwrap();
            }
        }
    }

    /// The keeper, or `None` where this machine forbids keyrings, and then the error has to say so.
    fn here(made: Result<KeyringKey, KeyError>) -> Option<KeyringKey> {
        match made {
            Ok(key) => Some(key),
            Err(error @ (KeyError::NoKeyrings | KeyError::KeyringForbidden { .. })) => {
                let text = error.to_string();
                assert!(text.starts_with("operator: ") && text.contains("keep the key in a file instead"), "{text}");
                None
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_key_in_the_keyring_opens_what_it_wrapped_and_is_made_once() {
        let name = Named::new("once");
        let Some(key) = here(KeyringKey::create(&name.0, &SystemEntropy)) else { return };
        let wrapped = key.wrap(&counting_key(), b"context").unwrap();
        assert_eq!(KeyringKey::open(&name.0).unwrap().unwrap(&wrapped, b"context").unwrap(), counting_key());
        assert!(matches!(KeyringKey::create(&name.0, &SystemEntropy), Err(KeyError::KeyringExists { .. })));
        assert!(key.name().contains(&name.0));
        // Not by `keyctl add` either, which overwrites a key it may write.
        let ring = KeyRing::from_special_id(KeyRingIdentifier::User, false).unwrap();
        ring.add_key(&name.0, &[7; 40]).unwrap_err();
        assert_eq!(key.unwrap(&wrapped, b"context").unwrap(), counting_key());
    }

    #[test]
    fn a_key_file_is_loaded_into_the_keyring_after_a_restart() {
        let (name, folder) = (Named::new("load"), tempfile::tempdir().unwrap());
        let (_, file) = made(&folder);
        let Some(key) = here(KeyringKey::load(&name.0, &file)) else { return };
        let wrapped = key.wrap(&counting_key(), b"context").unwrap();
        drop(name);
        let error = key.unwrap(&wrapped, b"context").unwrap_err();
        assert!(matches!(error, KeyError::KeyringMissing { .. }), "{error}");
        let name = Named::new("load");
        let again = KeyringKey::load(&name.0, &file).unwrap();
        assert_eq!(again.unwrap(&wrapped, b"context").unwrap(), counting_key());
        // The same key in the other keeper is still the other keeper.
        let error = file.unwrap(&wrapped, b"context").unwrap_err().to_string();
        assert!(
            error.contains("under a key in the kernel's keyring, and the journal was opened with the key file"),
            "{error}"
        );
    }

    #[test]
    fn what_is_missing_foreign_or_wrongly_named_is_said() {
        let name = Named::new("foreign");
        let Some(key) = here(KeyringKey::create(&name.0, &SystemEntropy)) else { return };
        let missing = KeyringKey::open("acquit-test-no-such-key").unwrap_err().to_string();
        assert!(missing.contains("the system's start must do before this program's"), "{missing}");
        let other = Named::new("other");
        let ring = KeyRing::from_special_id(KeyRingIdentifier::User, false).unwrap();
        for payload in [&[0; 40][..], b"ACQJKEK\x01", b"x", &[b"ACQJKEK\x01".as_slice(), &[0; 33]].concat()] {
            ring.add_key(&other.0, payload).unwrap();
            assert!(matches!(KeyringKey::open(&other.0), Err(KeyError::KeyringContents { .. })));
        }
        for wrong in ["", "two words", "a\nb", "a\0b", &"a".repeat(65)] {
            assert!(matches!(KeyringKey::open(wrong), Err(KeyError::KeyringName { limit: 64 })), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), format!("KeyringKey {{ description: {:?}, .. }}", name.0));
    }
}

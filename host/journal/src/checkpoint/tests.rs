use super::*;
use proptest::prelude::*;

/// The example of the reference implementation of signed notes, with its key (Go, `sumdb/note`).
const NEUMANN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_SEED: &str = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
const NEUMANN_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NEUMANN_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The example with a key of C2SP `signed-note`.
const FOO_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const FOO_NOTE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The examples without a key of C2SP `signed-note`, whose text has an empty line, and of `tlog-checkpoint`.
const QUASIMODO_NOTE: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
const SOFA_NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

fn signer() -> Signer {
    Signer::from_seed("example.com/terminal-7", &[7; 32]).unwrap()
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: signer().key().name().to_owned(), size, root: Hash([size as u8; 32]) }
}

fn note(size: u64) -> SignedNote {
    signer().sign(&checkpoint(size)).unwrap()
}

fn key(text: &str) -> VerifyingKey {
    text.parse().unwrap()
}

#[test]
fn the_published_notes_verify_and_are_signed_alike() {
    let neumann: SignedNote = NEUMANN_NOTE.parse().unwrap();
    assert_eq!(neumann.verify_text(&key(NEUMANN_KEY)), Ok(NEUMANN_TEXT));
    assert_eq!(FOO_NOTE.parse::<SignedNote>().unwrap().verify_text(&key(FOO_KEY)), Ok("This is an example message.\n"));

    let seed: [u8; 32] = BASE64.decode(NEUMANN_SEED).unwrap().try_into().unwrap();
    let signer = Signer::from_seed("PeterNeumann", &seed).unwrap();
    assert_eq!(signer.key().to_string(), NEUMANN_KEY);
    assert_eq!(signer.sign_text(NEUMANN_TEXT, MAX_NOTE_BYTES).unwrap(), neumann);
}

#[test]
fn the_published_checkpoint_and_a_text_with_an_empty_line_are_read() {
    let sofa = SOFA_NOTE.parse::<SignedNote>().unwrap().claimed().unwrap();
    assert_eq!((sofa.origin.as_str(), sofa.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(sofa.root.to_string(), "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
    assert_eq!(Checkpoint::from_text(&sofa.to_text()), Ok(sofa));
    let quasimodo: SignedNote = QUASIMODO_NOTE.parse().unwrap();
    assert_eq!(quasimodo.as_str(), QUASIMODO_NOTE);
    assert!(matches!(quasimodo.claimed(), Err(NoteError::CheckpointSize)));
}

#[test]
fn a_checkpoint_verifies_by_its_key_and_by_no_other() {
    let note = note(300);
    assert_eq!(note.verify(signer().key()), Ok(checkpoint(300)));
    assert_eq!(note.as_str().parse(), Ok(note.clone()));

    let other = Signer::from_seed("example.com/terminal-7", &[8; 32]).unwrap();
    assert!(matches!(note.verify(other.key()), Err(NoteError::NotSignedBy { .. })));
    let renamed = VerifyingKey::new("example.com/terminal-8", *signer().key().bytes()).unwrap();
    assert!(matches!(note.verify(&renamed), Err(NoteError::NotSignedBy { .. })));

    // Another key's line is passed over; a wrong line of the known key is not.
    let mut lines = note.as_str().to_owned();
    lines.push_str(NEUMANN_NOTE.lines().next_back().unwrap());
    lines.push('\n');
    assert_eq!(lines.parse::<SignedNote>().unwrap().verify(signer().key()), Ok(checkpoint(300)));
    lines.push_str(self::note(301).as_str().lines().next_back().unwrap());
    lines.push('\n');
    assert!(matches!(lines.parse::<SignedNote>().unwrap().verify(signer().key()), Err(NoteError::Signature { .. })));
}

#[test]
fn a_key_speaks_for_the_log_of_its_name_only() {
    let foreign = Checkpoint { origin: "example.com/terminal-8".to_owned(), ..checkpoint(1) };
    assert!(matches!(signer().sign(&foreign), Err(NoteError::OtherOrigin { .. })));
    let signed = signer().sign_text(&foreign.to_text(), MAX_NOTE_BYTES).unwrap();
    assert!(matches!(signed.verify(signer().key()), Err(NoteError::OtherOrigin { .. })));
}

#[test]
fn every_altered_byte_of_a_note_refuses_it() {
    let note = note(300);
    for at in 0..note.as_str().len() {
        for bit in 0..8 {
            let mut bytes = note.as_str().as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let verified = String::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse::<SignedNote>().ok()?.verify(signer().key()).ok());
            assert_eq!(verified, None, "bit {bit} of byte {at}");
        }
        assert!(note.as_str().get(..at).is_none_or(|cut| cut.parse::<SignedNote>().is_err()), "cut at {at}");
    }
}

#[test]
fn malformed_notes_are_refused_by_name() {
    let good = note(3);
    let good = good.as_str();
    let line = good.lines().next_back().unwrap();
    let refused = |text: &str| text.parse::<SignedNote>().unwrap_err();
    assert_eq!(refused(""), NoteError::Unterminated);
    assert_eq!(refused(&good[..good.len() - 1]), NoteError::Unterminated);
    assert_eq!(refused("text\n"), NoteError::NoSignatures);
    assert_eq!(refused(&format!("\n{line}\n")), NoteError::NoSignatures);
    assert_eq!(refused("text\r\n\nx\n"), NoteError::ControlCharacter { offset: 4 });
    assert_eq!(
        refused(&"x".repeat(MAX_NOTE_BYTES + 1)),
        NoteError::TooLong { bytes: MAX_NOTE_BYTES + 1, most: MAX_NOTE_BYTES }
    );
    let many = format!("{good}{}", format!("{line}\n").repeat(MAX_SIGNATURES));
    assert_eq!(refused(&many), NoteError::TooManySignatures { count: MAX_SIGNATURES + 1 });
    let sixteen = format!("{good}{}", format!("{line}\n").repeat(MAX_SIGNATURES - 1));
    assert_eq!(sixteen.parse::<SignedNote>().unwrap().verify(signer().key()), Ok(checkpoint(3)));
    for line in
        ["", "-- name AAAAAAAA", "— name", "— na+me AAAAAAAA", "— name AAAAAAA", "— name AAAAAAB=", "— name AAAAAA=="]
    {
        let text = format!("{good}{line}\n");
        assert!(matches!(refused(&text), NoteError::SignatureLine { .. } | NoteError::NoSignatures), "{line}");
    }
}

#[test]
fn malformed_checkpoints_are_refused_by_name() {
    let root = BASE64.encode([5; 32]);
    let refused = |text: String| Checkpoint::from_text(&text).unwrap_err();
    assert_eq!(refused(format!("a\n1\n{root}")), NoteError::Unterminated);
    assert_eq!(refused(format!("\n1\n{root}\n")), NoteError::CheckpointOrigin);
    for size in ["", "01", "+1", "-1", "1 ", "0x1", "18446744073709551616", "１"] {
        assert_eq!(refused(format!("a\n{size}\n{root}\n")), NoteError::CheckpointSize, "{size}");
    }
    for root in ["", &root[1..], &root[..43], &format!("{root}="), &"A".repeat(44), &format!("{}B=", "A".repeat(42))] {
        assert_eq!(refused(format!("a\n1\n{root}\n")), NoteError::CheckpointRoot, "{root}");
    }
    assert_eq!(refused(format!("a\n1\n{root}\nmore\n")), NoteError::CheckpointExtension);
    assert_eq!(refused(format!("a\n1\n{root}\n\n")), NoteError::CheckpointExtension);
}

#[test]
fn malformed_keys_are_refused_by_name() {
    let good = signer().key().to_string();
    assert_eq!(&key(&good), signer().key());
    let (name, rest) = good.split_once('+').unwrap();
    let (id, bytes) = rest.split_once('+').unwrap();
    let refused = |text: String| text.parse::<VerifyingKey>().unwrap_err();
    assert_eq!(refused(format!("{name}+{id}")), KeyTextError::Parts);
    for name in ["", "two words", "no\u{2003}break", "bell\u{7}", &"n".repeat(MAX_NAME_BYTES + 1)] {
        assert_eq!(refused(format!("{name}+{id}+{bytes}")), KeyTextError::Name, "{name}");
        assert_eq!(Signer::from_seed(name, &[7; 32]).unwrap_err(), KeyTextError::Name);
    }
    assert_eq!(refused(format!("x{name}+{id}+{bytes}")), KeyTextError::Id);
    assert_eq!(refused(format!("{name}+{}+{bytes}", id.to_uppercase() + "0")), KeyTextError::Id);
    assert_eq!(refused(format!("{name}+{id}+{bytes}\n")), KeyTextError::Key);
    assert_eq!(refused(format!("{name}+{id}+")), KeyTextError::Key);
    assert_eq!(refused(format!("{name}+{id}+{}", BASE64.encode([&[1], &[0; 31][..]].concat()))), KeyTextError::Key);
    assert_eq!(refused(format!("{name}+{id}+{}", BASE64.encode([&[4], &[0; 32][..]].concat()))), KeyTextError::Type(4));
    assert!(!format!("{:?}", signer()).contains("7, 7"));
}

/// A directory with a journal's directory in it.
fn directory() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal");
    std::fs::create_dir(&journal).unwrap();
    (directory, journal)
}

#[test]
fn a_file_anchor_keeps_the_newest_checkpoint() {
    let (directory, journal) = directory();
    let path = directory.path().join("anchor");
    let anchor = FileAnchor::create(&path, &journal).unwrap();
    assert_eq!(anchor.newest().unwrap(), None);
    anchor.remember(&note(3)).unwrap();
    anchor.remember(&note(3)).unwrap();
    anchor.remember(&note(9)).unwrap();
    let anchor = FileAnchor::open(&path, &journal).unwrap();
    assert_eq!(anchor.newest().unwrap(), Some(note(9)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn a_file_anchor_neither_goes_back_nor_over_to_another_log() {
    let (directory, journal) = directory();
    let anchor = FileAnchor::create(&directory.path().join("anchor"), &journal).unwrap();
    anchor.remember(&note(9)).unwrap();
    assert!(matches!(anchor.remember(&note(3)), Err(AnchorError::Back { kept: 9, given: 3, .. })));
    let fork = signer().sign(&Checkpoint { root: Hash([1; 32]), ..checkpoint(9) }).unwrap();
    assert!(matches!(anchor.remember(&fork), Err(AnchorError::Back { kept: 9, given: 9, .. })));
    let other = Signer::from_seed("other", &[9; 32]).unwrap();
    let other = other.sign(&Checkpoint { origin: "other".to_owned(), ..checkpoint(10) }).unwrap();
    assert!(matches!(anchor.remember(&other), Err(AnchorError::OtherLog { .. })));
    let text = signer().sign_text("text\n", MAX_NOTE_BYTES).unwrap();
    assert!(matches!(anchor.remember(&text), Err(AnchorError::Note { .. })));
    assert_eq!(anchor.newest().unwrap(), Some(note(9)));
}

#[test]
fn an_anchor_that_cannot_be_read_is_never_taken_for_one_without_a_checkpoint() {
    let (directory, journal) = directory();
    let path = directory.path().join("anchor");
    let anchor = FileAnchor::create(&path, &journal).unwrap();
    anchor.remember(&note(9)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = anchor.newest().unwrap_err();
        assert!(matches!(error, AnchorError::NotAnAnchor { .. } | AnchorError::Note { .. }), "{length}: {error}");
        assert!(anchor.remember(&note(10)).is_err());
    }
    std::fs::write(&path, [&whole[..], &[0xFF; 9]].concat()).unwrap();
    assert!(matches!(anchor.newest(), Err(AnchorError::NotAnAnchor { .. })));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(anchor.newest(), Err(AnchorError::Missing { .. })));
    assert!(matches!(FileAnchor::open(&path, &journal), Err(AnchorError::Missing { .. })));
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(anchor.newest(), Err(AnchorError::Io { .. })));
}

#[test]
fn an_anchor_that_would_be_rolled_back_with_the_journal_is_refused() {
    let (directory, journal) = directory();
    for inside in [journal.join("anchor"), journal.join("../journal/anchor")] {
        assert!(matches!(FileAnchor::create(&inside, &journal), Err(AnchorError::InsideJournal { .. })));
        assert!(matches!(FileAnchor::open(&inside, &journal), Err(AnchorError::InsideJournal { .. })));
    }
    let path = directory.path().join("anchor");
    FileAnchor::create(&path, &journal).unwrap().remember(&note(9)).unwrap();
    assert!(matches!(FileAnchor::create(&path, &journal), Err(AnchorError::AlreadyThere { .. })));
    assert_eq!(FileAnchor::open(&path, &journal).unwrap().newest().unwrap(), Some(note(9)));
}

proptest! {
    #[test]
    fn any_text_is_a_note_or_is_refused(text in "(\\PC|\n|— name AAAAAAAA\n){0,40}") {
        if let Ok(note) = text.parse::<SignedNote>() {
            prop_assert_eq!(note.as_str(), &text);
            prop_assert!(note.verify(signer().key()).is_err());
        }
        if let Ok(checkpoint) = Checkpoint::from_text(&text) {
            prop_assert_eq!(checkpoint.to_text(), text);
        }
    }

    #[test]
    fn any_checkpoint_comes_back_from_its_note(size: u64, root: [u8; 32]) {
        let checkpoint = Checkpoint { size, root: Hash(root), ..checkpoint(0) };
        prop_assert_eq!(signer().sign(&checkpoint).unwrap().verify(signer().key()), Ok(checkpoint));
    }
}

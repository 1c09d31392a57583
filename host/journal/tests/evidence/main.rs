//! Evidence files, good and bad, before both verifiers: the one in Rust and the one in Python, which share nothing. They
//! must agree on every file, on whether it holds and on the first check that does not.

mod cases;
mod journal;
mod real;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquit_journal::Seal;
use acquit_journal::checkpoint::{Checkpoint, Signer, VerifyingKey};
use acquit_journal::evidence::{BuildError, Evidence, Shown, verify};
use acquit_journal::tree::Hash;
use cases::{Bad, bad, last_line, malformed, signed_again, unsigned, untrue};
use journal::{JOURNAL, Journal, ORIGIN, TRANSACTION, good, other, signer, story};
use proptest::prelude::*;

/// What the verifier in Rust says, in the words of the other one.
fn verdict_in_rust(file: &[u8], key: &VerifyingKey) -> String {
    match verify(file, key) {
        Ok(_) => "holds".to_owned(),
        Err(error) => match error.number() {
            Some(number) => format!("refused: {} {number}", error.check()),
            None => format!("refused: {}", error.check()),
        },
    }
}

/// What the verifier in Python says of each file.
fn verdicts_in_python(files: &[Vec<u8>], key: &VerifyingKey) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|number| directory.path().join(number.to_string())).collect();
    for (path, file) in paths.iter().zip(files) {
        fs::write(path, file).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/evidence/verify.py");
    let output = Command::new("python3").arg(script).arg(key.to_string()).args(&paths).output().expect(
        "python3 is not installed: the second verifier of evidence files cannot be compared with the first; install it",
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<String> = lines.lines().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    let all_hold = verdicts.iter().all(|verdict| verdict == "holds");
    assert_eq!(output.status.code(), Some(i32::from(!all_hold)));
    verdicts
}

/// Holds the files against both verifiers.
fn assert_refused(cases: &[Bad], key: &VerifyingKey) {
    let files: Vec<Vec<u8>> = cases.iter().map(|case| case.file.clone()).collect();
    for (case, python) in cases.iter().zip(verdicts_in_python(&files, key)) {
        let expected = format!("refused: {}", case.verdict);
        assert_eq!(verdict_in_rust(&case.file, key), expected, "{} (Rust)", case.name);
        assert_eq!(python, expected, "{} (Python)", case.name);
    }
}

#[test]
fn good_files_hold_before_both_verifiers() {
    let journal = Journal::of(23);
    let mut files = vec![good(), other()];
    for size in [1, 2, 3, 7, 8, 23] {
        let all: Vec<u64> = (1..=size as u64).collect();
        let before: Vec<usize> = (0..=size).collect();
        files.push(journal.evidence(&before, &all).unwrap().to_text().to_owned());
    }
    // Others may sign as well.
    let witness = Signer::from_seed("witness.example", &[9; 32]).unwrap();
    let checkpoint = Checkpoint { origin: "witness.example".to_owned(), size: 0, root: Hash([0; 32]) };
    files.push(format!("{}{}", good(), last_line(witness.sign(&checkpoint).unwrap().as_str())));
    let key = signer();
    for file in &files {
        verify(file, key.key()).unwrap();
    }
    let files: Vec<Vec<u8>> = files.into_iter().map(String::into_bytes).collect();
    assert!(verdicts_in_python(&files, key.key()).iter().all(|verdict| verdict == "holds"));
}

#[test]
fn what_holds_is_handed_out_as_it_was_shown() {
    let journal = Journal::of(23);
    let verified = verify(good(), signer().key()).unwrap();
    assert_eq!((verified.transaction.as_str(), verified.story), ("7-000042", story()));
    assert_eq!((verified.journal, verified.checkpoint.size), (JOURNAL, 23));
    assert_eq!(verified.earlier.iter().map(|earlier| earlier.size).collect::<Vec<_>>(), [4, 6, 13]);
    assert_eq!(verified.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), TRANSACTION);
    assert_eq!(verified.entries[0].record.as_ref(), Some(&journal.records[4]));
    assert_eq!(verified.entries[2].record, None);
    assert_eq!(verified.entries.iter().map(|entry| entry.has_card).collect::<Vec<_>>(), [false, true, true, true]);
}

#[test]
fn malformed_files_are_refused_alike() {
    assert_refused(&malformed(), signer().key());
}

#[test]
fn untrue_files_are_refused_alike_even_where_the_journal_signed_them() {
    let mut cases = untrue();
    let again = cases.iter().map(|case| {
        let file = signed_again(std::str::from_utf8(&case.file).unwrap());
        Bad { file: file.into_bytes(), ..*case }
    });
    cases.extend(again.collect::<Vec<_>>());
    assert_refused(&cases, signer().key());
}

#[test]
fn what_no_other_check_looks_at_is_found_by_the_signature_over_the_whole() {
    let mut cases = unsigned();
    assert_refused(&cases, signer().key());
    // Not for free: had the journal's key signed it, it would hold.
    for case in &mut cases {
        case.file = signed_again(std::str::from_utf8(&case.file).unwrap()).into_bytes();
        verify(&case.file, signer().key()).unwrap();
    }
}

#[test]
fn a_file_does_not_hold_before_another_key() {
    let stranger = Signer::from_seed(ORIGIN, &[8; 32]).unwrap();
    assert_refused(&[bad("other key", good(), "checkpoint")], stranger.key());
    let renamed = VerifyingKey::new("example.com/terminal-8", *signer().key().bytes()).unwrap();
    assert_refused(&[bad("other name", good(), "checkpoint")], &renamed);
}

#[test]
fn every_altered_byte_of_a_file_is_found() {
    let good = other().into_bytes();
    let key = signer();
    for at in 0..good.len() {
        let mut file = good.clone();
        file[at] ^= 1 << (at % 8);
        assert!(verify(&file, key.key()).is_err(), "byte {at}");
        assert!(at % 16 != 0 || verify(&good[..at], key.key()).is_err(), "cut at {at}");
    }
}

#[test]
fn both_verifiers_agree_on_files_altered_at_random() {
    let good = good().into_bytes();
    // A fixed walk over the file: other places and bits in each case, the same in every run.
    let files: Vec<Vec<u8>> = (0..90_usize)
        .map(|case| {
            let mut file = good.clone();
            let at = case * 7919 % file.len();
            match case % 3 {
                0 => file[at] ^= 1 << (case / 3 % 8),
                1 => file[at] = b"0123456789abcdef\"{}[],:. \n-"[case % 27],
                _ => drop(file.drain(at..(at + 1 + case % 90).min(good.len()))),
            }
            file
        })
        .collect();
    let key = signer();
    for (case, (file, python)) in files.iter().zip(verdicts_in_python(&files, key.key())).enumerate() {
        assert_eq!(verdict_in_rust(file, key.key()), python, "case {case}");
    }
}

#[test]
fn no_evidence_is_made_of_what_does_not_hold() {
    let journal = Journal::of(23);
    assert!(matches!(journal.evidence(&[], &[5]), Err(BuildError::NoCheckpoint)));
    assert!(matches!(journal.evidence(&[20], &[21]), Err(BuildError::NotCovered { sequence: 21, size: 20 })));
    assert!(matches!(journal.evidence(&[9, 4], &[3]), Err(BuildError::Leaves { size: 9, given: 4 })));
    assert!(matches!(journal.evidence(&[23], &[]), Err(BuildError::DoesNotHold(_))));
    assert!(matches!(journal.evidence(&[23], &[6, 5]), Err(BuildError::DoesNotHold(_))));

    let cut = Journal { leaves: journal.leaves[..20].to_vec(), ..Journal::of(23) };
    let notes = [journal.checkpoint(23)];
    let build = |leaves: &[Hash], seal: &Seal| {
        let shown = Shown { seal, ..journal.shown(5) };
        Evidence::build(&signer(), &JOURNAL, leaves, &notes, "7-000042", &story(), &[shown])
    };
    assert!(matches!(build(&cut.leaves, &journal.seals[4]), Err(BuildError::Leaves { size: 23, given: 20 })));
    assert!(matches!(build(&journal.leaves, &journal.seals[5]), Err(BuildError::DoesNotHold(_))));
    let mut altered = journal.leaves.clone();
    altered[20] = altered[19];
    assert!(matches!(build(&altered, &journal.seals[4]), Err(BuildError::DoesNotHold(_))));
}

#[test]
fn the_file_in_the_repository_holds_for_ever() {
    let golden = include_str!("golden-1.evidence");
    let key: VerifyingKey = include_str!("golden-1.key").trim().parse().unwrap();
    let verified = verify(golden, &key).unwrap();
    assert_eq!(verified.story, story());
    assert_eq!(verdicts_in_python(&[golden.into()], &key), ["holds"]);
    // The writing has not moved either.
    assert_eq!(good(), golden);
    assert_eq!(signer().key(), &key);
}

#[test]
fn the_page_names_every_check() {
    let page = include_str!("../../../../docs/evidence.md");
    let key = signer();
    for case in malformed().iter().chain(&untrue()).chain(&unsigned()) {
        let check = verify(&case.file, key.key()).unwrap_err().check();
        assert!(page.contains(&format!("| `{check}` ")), "{check}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(bytes, signer().key()).is_err());
    }

    #[test]
    fn any_document_under_the_journal_s_signature_gives_a_verdict(document in "\\PC{0,200}") {
        let file = signed_again(&format!("acquit evidence 1\n{document}\n\n"));
        prop_assert_eq!(verdict_in_rust(file.as_bytes(), signer().key()), "refused: form");
    }

    #[test]
    fn any_stretch_replaced_is_refused(at: prop::sample::Index, length in 1_usize..200, with in "\\PC{0,40}") {
        let good = other();
        let at = at.index(good.len());
        let end = (at + length).min(good.len());
        let file = [&good.as_bytes()[..at], with.as_bytes(), &good.as_bytes()[end..]].concat();
        prop_assert!(file == good.as_bytes() || verify(file, signer().key()).is_err());
    }
}

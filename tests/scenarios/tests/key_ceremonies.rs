//! Key ceremonies on the command line, from pipes as machines give them: what they make, and that nothing secret is shown
//! or lies about. Typing without an echo needs a terminal and is not played here.

mod common;

use std::fs;

use acquit_scenarios::House;
use anyhow::Result;
use common::edit_configuration;

/// Two components with their check values, and that of the key they make; the same key is in no other slot.
const ONE: &str = "7C4A1D93E05B28F61AD2963E8F4170BC";
const TWO: &str = "1398C45F2ABE7D0653F8A1B4D26C97E0";
const WHOLE_CHECK_VALUE: &str = "3E0E18";
const TMK: &str = "tmk = { algorithm = \"tdes\", use = \"transport\" }";
const TWO_TRANSPORT_SLOTS: &str =
    "tmk = { algorithm = \"tdes\", use = \"transport\" }\nspare = { algorithm = \"tdes\", use = \"transport\" }";

#[test]
fn two_people_enter_a_key_apart_and_nothing_of_it_is_shown() -> Result<()> {
    let house = House::new()?;
    edit_configuration(&house, TMK, TWO_TRANSPORT_SLOTS)?;
    let terminal = &house.terminal;
    let enter = |by: &str, component: &str| {
        terminal.run_fed(&["keys", "ceremony", "enter", "--slot", "spare", "--by", by], &format!("{component}\n"))
    };
    let refused = |answer: acquit_scenarios::Answer, says: &str| {
        assert!(!answer.ok && answer.errors.contains(says), "{says}: {}", answer.errors);
    };
    refused(enter("Li", ONE)?, "no ceremony is under way");
    terminal.run(&["keys", "ceremony", "begin", "--slot", "spare"])?.done()?;
    refused(enter("Li", "")?, "nothing was entered");
    refused(enter("Li", "0123456789ABCDEF")?, "no component");
    refused(enter("Li", &"5".repeat(300))?, "longer than 256 bytes");
    let first = enter("Li", ONE)?;
    assert_eq!((&first.done()?["entered"], &first.done()?["components"]), (&1.into(), &2.into()));
    refused(enter("Li", TWO)?, "another custodian");
    refused(enter("Wang", ONE)?, "entered before");
    let finish = ["keys", "ceremony", "finish", "--slot", "spare", "--check-value"];
    refused(terminal.run(&[&finish[..], &[WHOLE_CHECK_VALUE]].concat())?, "1 of 2 components");

    let second = enter("Wang", TWO)?;
    assert_eq!(second.done()?["whole-check-value"], WHOLE_CHECK_VALUE);
    refused(terminal.run(&[&finish[..], &["000000"]].concat())?, "does not give the check value");
    terminal.run(&[&finish[..], &[WHOLE_CHECK_VALUE]].concat())?.done()?;
    let listed = terminal.run(&["keys", "list"])?;
    let slots = listed.done()?["slots"].as_array().cloned().unwrap_or_default();
    let spare = slots.iter().find(|slot| slot["slot"] == "spare").cloned().unwrap_or_default();
    assert_eq!(spare["check-value"], WHOLE_CHECK_VALUE);
    let by: Vec<_> = spare["custodians"].as_array().into_iter().flatten().map(|one| one["by"].clone()).collect();
    assert_eq!(by, ["Li", "Wang"]);

    for secret in [ONE, TWO] {
        let bytes = hex::decode(secret)?;
        let is_in = |all: &[u8]| {
            String::from_utf8_lossy(all).to_uppercase().contains(secret)
                || all.windows(bytes.len()).any(|window| window == bytes)
        };
        assert!(!is_in(&house.transcript.bytes()), "it was printed");
        for entry in fs::read_dir(terminal.data())?.flatten().filter(|entry| entry.path().is_file()) {
            assert!(!is_in(&fs::read(entry.path())?), "it is in {}", entry.path().display());
        }
    }
    Ok(())
}

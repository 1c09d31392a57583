//! The only copy of a debt, rewritten in place.
//!
//! A terminal kept its reversals in a table of fixed rows and counted the tries in the row itself: "tried twice" was
//! written over "tried once". One evening the power went during that write. The sector came back half old and half
//! new, its checksum did not hold, the row was dropped as damaged, and with it went the only word that 380 yuan had
//! been taken from a card and had to be given back. Nobody had done anything but note that it was being paid.
//!
//! Here a try is a new entry behind the others. The disk model watches every write of every script: none ever touches a
//! sector that holds something that was promised.

use acquit_crash::{Lab, SCRIPTS, Script, Sin};
use journal::memory::Overwrite;

fn rewritten(lab: Lab, script: &Script) -> Vec<Overwrite> {
    let tape = script.play(lab).unwrap();
    let headers = 2 * journal::BLOCK_BYTES;
    let entries = tape.overwrites.into_iter().filter(|overwrite| overwrite.offset >= headers);
    entries.filter(|overwrite| overwrite.name.ends_with(".log")).collect()
}

#[test]
fn no_write_touches_a_sector_that_holds_what_was_promised() {
    for script in SCRIPTS {
        for sector_bytes in [512, 4096] {
            assert_eq!(rewritten(script.lab(sector_bytes), &script), [], "{}", script.name);
        }
    }
}

#[test]
fn the_disk_sees_it_where_it_is_done() {
    let script = Script::find("reversal").unwrap();
    let sinful = Lab { sin: Some(Sin::ShareSectors), ..script.lab(4096) };
    assert!(!rewritten(sinful, &script).is_empty());
}

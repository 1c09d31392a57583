//! "The save failed, but the customer was waiting." A terminal wrote down each sale before it sent it; when the write
//! failed it logged a line and sent the sale all the same. The power went, and after the restart nothing knew of the
//! payment: no receipt, no reversal, and a customer who was charged and told to pay again.
//!
//! Here the kernel refuses every byte at or behind an offset of any file. A sale that cannot be written down is not
//! sent, not a byte of it. An answer that cannot be written down is not told as an approval: it is unknown, and once a
//! fresh segment takes bytes again it is taken back.

mod common;

use acquit_scenarios::{House, Wire};
use anyhow::Result;
use common::{Shop, received};

/// A block of the journal. Bytes.
const BLOCK_BYTES: u64 = 4096;
/// Nothing can be written anywhere. Bytes.
const NOTHING: u64 = 0;
/// Enough that a fresh segment with a reversal in it ends before the newest one does.
const SIGN_INS: usize = 20;

fn bytes_seen(wire: &Wire) -> usize {
    wire.seen().len()
}

/// A terminal that has signed in and traded a little: its newest segment is longer than a fresh one gets in these tests.
fn signed_in() -> Result<House> {
    let Shop { house, host } = Shop::open()?;
    for _ in 0..SIGN_INS {
        house.terminal.sign_in()?.done()?;
    }
    host.kill()?;
    Ok(house)
}

#[test]
fn a_sale_that_cannot_be_written_down_is_not_sent() -> Result<()> {
    let house = signed_in()?;
    let host = house.start_with_files_up_to(NOTHING)?;
    let (frames, bytes) = (house.acquirer.messages().len(), bytes_seen(&house.wire));

    let answer = house.terminal.run(&["sale", "12.34", "--id", "SAVE1"])?;
    assert!(!answer.ok);
    assert_eq!(answer.outcome(), "not-sent", "{:?}", answer.last());
    let screens = String::from_utf8_lossy(&house.transcript.bytes()).into_owned();
    assert!(screens.contains("CNY 12.34 - please present your card"), "it came as far as its intent: {screens}");
    let told = house.terminal.show("en", &["sale", "12.34"])?.join("\n");
    assert!(told.contains("The terminal cannot write its journal. Nothing was sent."), "{told}");

    assert_eq!(house.acquirer.messages().len(), frames, "the acquirer heard nothing");
    assert_eq!(bytes_seen(&house.wire), bytes, "not a byte left the terminal, not even to connect");
    assert_eq!(house.assert_books_balance()?, 0);
    host.kill()?;

    // The disk takes bytes again; the same sale may be asked for again, since it never happened.
    let shop = Shop { host: house.terminal.start()?, house };
    assert_eq!(shop.sale_as("SAVE1", "12.34")?.outcome(), "approved");
    shop.close(1234)
}

#[test]
fn a_terminal_comes_back_by_itself_when_the_disk_takes_bytes_again() -> Result<()> {
    let house = signed_in()?;
    let host = house.start_with_files_up_to(NOTHING)?;
    for _ in 0..2 {
        assert_eq!(house.terminal.sale("12.34")?.outcome(), "not-sent");
        assert_eq!(house.assert_books_balance()?, 0, "it still shows its books");
    }
    host.limit_files(None)?;
    let shop = Shop { house, host };
    let answer = shop.sale("5.01")?;
    assert_eq!(answer.outcome(), "approved", "{:?}", answer.last());
    shop.close(501)
}

#[test]
fn an_answer_that_cannot_be_written_down_is_no_approval() -> Result<()> {
    let house = signed_in()?;
    // The intent is one block of the journal; nothing behind it can be written.
    let host = house.start_with_files_up_to(house.journal_end()? + BLOCK_BYTES)?;
    let shop = Shop { house, host };
    let answer = shop.sale_as("SAVE2", "12.34")?;
    assert_eq!(answer.outcome(), "unknown", "{:?}", answer.last());
    assert_eq!(received(&shop.house, "0200").len(), 1, "it was written down, and sent");
    assert_eq!(shop.house.merchant_total_minor()?, 1234, "the acquirer took the money");
    // The journal goes on in a fresh segment, which takes bytes: what was unknown is taken back, and asked again it is
    // still no approval.
    shop.host.wait_owed(1)?;
    shop.host.wait_owed(0)?;
    let again = shop.sale_as("SAVE2", "12.34")?;
    assert_eq!(again.outcome(), "unknown", "{:?}", again.last());
    assert_eq!(received(&shop.house, "0200").len(), 1);

    let shop = shop.restart()?;
    assert_eq!(received(&shop.house, "0400").len(), 1);
    shop.close(0)
}

#[test]
fn a_sale_that_waits_while_the_journal_fails_was_not_sent() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    shop.fault("0400", "drop-request")?;
    assert_eq!(shop.sale("12.34")?.outcome(), "unknown");
    let Shop { house, host } = shop;
    host.kill()?;
    // The debt is tried before the sale, and already that cannot be written down.
    let host = house.start_with_files_up_to(NOTHING)?;
    let answer = house.terminal.sale("5.01")?;
    assert_eq!(answer.outcome(), "not-sent", "{:?}", answer.last());
    assert_eq!(received(&house, "0200").len(), 1);
    host.kill()?;
    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}

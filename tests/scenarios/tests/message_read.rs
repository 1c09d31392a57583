//! `acquit message read`: the fields of a message by their names, and no card number in what people see or what the
//! plugin is given.

use std::process::Command;

use acquit_scenarios::programs;
use anyhow::{Context, Result};
use serde_json::Value;

/// A sale by stripe with a PIN, 0200, from its TPDU on. The card number is a test card's.
const SALE: &str = "60000400006022000000000200302004C020C0981100000000000008880010017502100012356200000123456787D301210\
                    10000000000003130343231363935383734333530333537323232343731313536F421C8F4FFE584DC20000000000000000008\
                    220000013246394433453536";
/// A sign-in, 0800, in which no run of digits passes Luhn by chance.
const SIGN_IN: &str = "600004000060ABCDEF0A0B08000020000000c000002678535445524d2d4f4e4553484f50204f4e2054484520534541";
/// The card number in the sale, and all but its first six and last four digits.
const CARD: &str = "6200000123456787";
const MIDDLE: &str = "000123456787";

struct Read {
    ok: bool,
    out: String,
    errors: String,
}

fn read(plugin: &str, hex: &str, options: &[&str]) -> Result<Read> {
    let mut command = Command::new(programs::acquit()?);
    command.args(options).args(["message", "read", "--plugin"]).arg(programs::plugin(plugin)?).arg(hex);
    let output = command.output()?;
    Ok(Read {
        ok: output.status.success(),
        out: String::from_utf8(output.stdout)?,
        errors: String::from_utf8(output.stderr)?,
    })
}

/// The lines of an answer for machines: path, name, value and note of each field.
fn fields(read: &Read) -> Result<Vec<[String; 4]>> {
    assert!(read.ok, "{}", read.errors);
    let field = |line: &str| {
        let field: Value = serde_json::from_str(line)?;
        Ok(["path", "name", "value", "note"].map(|key| field[key].as_str().unwrap_or_default().to_owned()))
    };
    read.out.lines().map(field).collect()
}

#[test]
fn fields_are_named_with_what_they_hold() -> Result<()> {
    let told = fields(&read("unionpay", SIGN_IN, &["--json"])?)?;
    let expected = [
        ["TPDU", "transport address", "6000040000", ""],
        ["header", "message header", "60ABCDEF0A0B", ""],
        ["MTI", "message type", "0800", "sign-in"],
        ["DE11", "trace", "267853", ""],
        ["DE41", "terminal", "TERM-ONE", ""],
        ["DE42", "merchant", "SHOP ON THE SEA", ""],
    ];
    assert_eq!(told, expected);
    Ok(())
}

#[test]
fn people_are_shown_a_line_a_field() -> Result<()> {
    let read = read("unionpay", SIGN_IN, &[])?;
    assert!(read.ok, "{}", read.errors);
    assert!(read.out.lines().any(|line| line.starts_with("DE11     trace") && line.contains("267853")), "{}", read.out);
    Ok(())
}

#[test]
fn a_sale_is_taken_apart_and_says_what_the_mask_took() -> Result<()> {
    let told = fields(&read("unionpay", SALE, &["--json"])?)?;
    // Long runs of packed digits hold windows that pass Luhn by chance; what they took is zeros, bits of the bitmap too.
    for [path, name, ..] in &told {
        assert!(!path.is_empty() && !name.is_empty(), "{told:?}");
    }
    let named = |path: &str, name: &str| told.iter().any(|field| field[0] == path && field[1] == name);
    for (path, name) in [("DE11", "trace"), ("DE22", "entry mode"), ("DE35", "track 2"), ("DE41", "terminal")] {
        assert!(named(path, name), "{path}: {told:?}");
    }
    assert!(told.iter().any(|field| field[3].contains("perhaps masked")), "{told:?}");
    Ok(())
}

#[test]
fn no_card_number_is_shown() -> Result<()> {
    for options in [["--json"].as_slice(), &[]] {
        let Read { out, errors, .. } = read("unionpay", SALE, options)?;
        for digits in [CARD, MIDDLE] {
            assert!(!out.contains(digits) && !errors.contains(digits), "{out}{errors}");
        }
    }
    Ok(())
}

#[test]
fn the_plugin_is_given_no_card_number() -> Result<()> {
    // This plugin tells every byte it was given, so the message is text: a second track in ASCII.
    let message = format!("a card, {CARD}, in words");
    let read = read("hostile/echoes-frame", &hex::encode(&message), &["--json"])?;
    assert!(read.ok, "{}", read.errors);
    let field: Value = serde_json::from_str(read.out.trim())?;
    let given = field["value"].as_str().context("no value")?;
    assert_eq!(given.len(), message.len(), "masked in place: {given}");
    assert!(given.starts_with("a card, ") && given.ends_with(" in words"), "{given}");
    assert!(!given.contains(|digit| ('1'..='9').contains(&digit)), "not a digit of it is left: {given}");
    Ok(())
}

#[test]
fn what_cannot_be_read_is_said() -> Result<()> {
    let odd = read("unionpay", "123", &[])?;
    assert!(!odd.ok && odd.errors.contains("the message is not hexadecimal"), "{}", odd.errors);
    let short = read("unionpay", &SALE[..40], &[])?;
    assert!(!short.ok && short.errors.contains("plugin inspector ("), "{}", short.errors);
    let bad = read("hostile/trap", SALE, &[])?;
    assert!(!bad.ok && bad.errors.contains("failed in read"), "{}", bad.errors);
    Ok(())
}

//! `acquit plugin inspect`

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use kit::{Cost, Inspection};

use super::Subject;

pub(super) fn inspect(subject: &Subject, json: bool) -> Result<ExitCode> {
    let (plugin, trial) = subject.load()?;
    let inspection = kit::inspect(&plugin, subject.artefact_bytes()?, &trial);
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&inspection)?)?;
    } else {
        show(&inspection, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(inspection: &Inspection, out: &mut impl Write) -> Result<()> {
    let Inspection { acquirer, version, digest, artefact_bytes, .. } = inspection;
    writeln!(out, "{acquirer} {version}, {artefact_bytes} bytes, sha256 {digest}; imports nothing")?;
    writeln!(out, "exports {}\n", inspection.exports.join(", "))?;
    writeln!(out, "{:<24} {:>6} {:>10} {:>8}", "operation", "proved", "fuel", "memory")?;
    for facts in &inspection.operations {
        let (name, proved) = (word(&facts.operation), if facts.proved { "yes" } else { "no" });
        match &facts.cost {
            Cost::Measured { fuel, memory_bytes } => {
                writeln!(out, "{name:<24} {proved:>6} {fuel:>10} {:>7}K", memory_bytes >> 10)?;
            }
            Cost::Refused(why) => writeln!(out, "{name:<24} {proved:>6} {:>10}  {why}", "-")?,
        }
        for typed in &facts.typed {
            writeln!(out, "{:24} typed by the cashier: {typed}", "")?;
        }
    }
    for route in &inspection.routes {
        writeln!(out, "\nroute     {:<16} {}", route.name, word(&route.framing))?;
    }
    for slot in &inspection.keys {
        let algorithms: Vec<_> = slot.algorithms.iter().map(word).collect();
        let uses: Vec<_> = slot.uses.iter().map(word).collect();
        writeln!(out, "key       {:<16} {} for {}", slot.name, algorithms.join(", "), uses.join(", "))?;
    }
    for counter in &inspection.counters {
        writeln!(out, "counter   {:<16} {} to {}", counter.name, counter.first, counter.last)?;
    }
    for parameter in &inspection.parameters {
        let required = if parameter.required { "required" } else { "optional" };
        writeln!(out, "parameter {:<26} {required}  {}", parameter.name, parameter.meaning)?;
    }
    Ok(())
}

/// A name of the contract as its text spells it: `ShowToPay` is show-to-pay.
fn word(value: &impl std::fmt::Debug) -> String {
    let mut word = String::new();
    let mut before_is_lower = false;
    for letter in format!("{value:?}").chars() {
        if letter.is_uppercase() && before_is_lower {
            word.push('-');
        }
        before_is_lower = letter.is_lowercase() || letter.is_ascii_digit();
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use engine::contract::transaction::OperationKind;

    use super::word;

    #[test]
    fn names_read_as_in_the_contract() {
        assert_eq!(word(&OperationKind::CancelPreauthorization), "cancel-preauthorization");
        assert_eq!(word(&OperationKind::Sale), "sale");
    }
}

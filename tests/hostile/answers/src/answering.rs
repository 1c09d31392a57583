//! Attacks by what is made of an approval: none may count, and the money is taken back.

use sdk::prelude::{
    Action, Claim, Context, ContextLookup, Extent, Fault, Node, Outcome, Payment, Proof, Seal, Step, Stray,
};

use crate::{ATTACK, sale};

/// Changes a sale that was answered.
pub(crate) fn attack(context: &Context, payment: &Payment, mut step: Step) -> Result<Step, Fault> {
    match context.required(ATTACK)? {
        "no-proof" => step.proofs.clear(),
        "no-seal" => step.proofs.retain(|proof| !matches!(proof, Proof::Seal(_))),
        "seal-of-nothing" => seals(&mut step, |seal| seal.over = vec![Node::Literal(vec![0; 8])]),
        "empty-claim" => seals(&mut step, |seal| seal.claimed = Claim::Body(Extent { start: 0, end: 0 })),
        "empty-echoes" => {
            for proof in &mut step.proofs {
                if let Proof::Echo(echo) = proof {
                    echo.got = Extent { start: 0, end: 0 };
                }
            }
        }
        "echoes-of-another-node" => {
            for proof in &mut step.proofs {
                if let Proof::Echo(echo) = proof {
                    echo.sent = 9_999;
                }
            }
        }
        "more-than-asked" => approved(&mut step, |minor, _| *minor += 1),
        "other-currency" => approved(&mut step, |_, currency| *currency = 840),
        "printer-commands" => {
            if let Action::Finish(Outcome::Approved(approved)) = &mut step.action {
                // Cuts the paper and opens the drawer of many printers.
                approved.receipt.push(("note".to_owned(), "\u{1d}V\0\u{1b}p\0paid 0.01".to_owned()));
            }
        }
        "listen-for-ever" => step.action = Action::Listen(Stray::Late),
        "second-payment" => return sale::start(context, payment),
        _ => {}
    }
    Ok(step)
}

fn seals(step: &mut Step, change: impl Fn(&mut Seal)) {
    for proof in &mut step.proofs {
        if let Proof::Seal(seal) = proof {
            change(seal);
        }
    }
}

fn approved(step: &mut Step, change: impl FnOnce(&mut u64, &mut u16)) {
    if let Action::Finish(Outcome::Approved(approved)) = &mut step.action {
        change(&mut approved.amount.minor, &mut approved.amount.currency);
    }
}

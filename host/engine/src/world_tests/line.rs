//! What the vault and the network do with a message.

use std::collections::VecDeque;

use super::acquirer::{Line, Wire};
use super::guest::{self, MAC_KEY};
use super::house::{Carried, Cut, House};
use crate::contract::acquirer::{Echoed, Proof};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::Node;
use crate::{Answer, BadProof, Duty, ExchangeFailed, Input, OperationId};

impl House {
    pub(super) fn send(&mut self, operation: OperationId, timeout: u32) -> Result<(), Cut> {
        assert!(!self.journal_failed, "sent although the journal failed");
        assert!(self.tokens.remove(&operation), "sent without a durable record of this operation");
        assert!(!self.over.contains(&operation), "sent after its end");
        let draft = self.prepared.get(&operation).expect("sent without having been prepared");
        self.sent.push((draft.transaction.clone(), self.journal.len()));
        let Some(Node::Literal(bytes)) = draft.message.nodes.first() else { panic!("an empty message") };
        let wire = Wire::read(bytes).unwrap_or(Wire {
            what: "noise".into(),
            trace: 0,
            amount: 0,
            code: String::new(),
            seal: String::new(),
        });
        assert!(self.carried.keys().all(|other| self.over.contains(other) || *other == operation), "two connections");
        let line = self.acquirer.line.pop_front().unwrap_or(Line::Good);
        let known = self.books().transaction(&draft.transaction);
        // What may be repeated is sent again by its own remedy.
        let is_repeated = known.is_some_and(|known| self.books().debts_of(known).any(|debt| debt.duty == Duty::Repeat));
        if wire.what == "sale" && !is_repeated {
            assert!(!self.left.contains(&wire.trace), "a sale that may have left was sent again, or its number was");
            if line != Line::NotSent {
                self.left.insert(wire.trace);
            }
        }
        self.carry(operation, wire, line)?;
        self.listen(operation, timeout);
        Ok(())
    }

    /// Takes a message to the acquirer, and what comes back to the doorstep.
    fn carry(&mut self, operation: OperationId, sent: Wire, line: Line) -> Result<(), Cut> {
        let failed = |delivery, failure| Err(ExchangeFailed { delivery, failure });
        let silence = || VecDeque::from([failed(Delivery::Sent, Failure::Timeout)]);
        if line != Line::NotSent && self.point().is_err() {
            // It has left; whether it arrives now, or much later, is the network's secret.
            if self.delays_at_cut {
                self.acquirer.delay(sent);
            } else {
                self.acquirer.receive(&sent);
            }
            return Err(Cut);
        }
        let stray = Ok(b"echo 0 0 00 good".to_vec());
        let answers = match line {
            Line::NotSent => VecDeque::from([failed(Delivery::NotSent, Failure::Connect)]),
            Line::LostRequest => VecDeque::from([failed(Delivery::MaybeSent, Failure::Closed)]),
            Line::LateRequest => {
                self.acquirer.delay(sent.clone());
                silence()
            }
            Line::LostReply => {
                self.acquirer.receive(&sent);
                silence()
            }
            Line::OnlyStrays => vec![stray; 40].into(),
            Line::Garbage => {
                self.acquirer.receive(&sent);
                VecDeque::from([Ok(b"\xFF\xFF".to_vec())])
            }
            Line::Good | Line::WrongMac | Line::WrongTrace | Line::StrayFirst => {
                let mut answer = self.acquirer.receive(&sent);
                match line {
                    Line::WrongMac => answer.seal = "bad".into(),
                    Line::WrongTrace => answer.trace += 1,
                    _ => {}
                }
                let answer = Ok(answer.bytes());
                if line == Line::StrayFirst { VecDeque::from([stray, answer]) } else { VecDeque::from([answer]) }
            }
        };
        self.carried.insert(operation, Carried { sent, answers, last: Vec::new() });
        self.point()
    }

    pub(super) fn listen(&mut self, operation: OperationId, timeout: u32) {
        let carried = self.carried.get_mut(&operation).expect("listens without a connection");
        let silence = Err(ExchangeFailed { delivery: Delivery::Sent, failure: Failure::Timeout });
        let answer = carried.answers.pop_front().unwrap_or(silence);
        let wait = if answer.is_ok() { 10 } else { u64::from(timeout) };
        if let Ok(bytes) = &answer {
            carried.last.clone_from(bytes);
        }
        let answer = Answer::Reply(answer.map(|bytes| guest::reply(&bytes)));
        self.timers.push((self.now_ms + wait, Input::Answer { operation, answer }));
    }

    /// What the vault does: looks at the raw bytes.
    pub(super) fn prove(&mut self, operation: OperationId, proofs: &[Proof]) {
        assert!(!proofs.is_empty(), "nothing to prove");
        let carried = self.carried.get(&operation).expect("proves without a connection");
        let got = Wire::read(&carried.last);
        let holds = |proof: &Proof| match (&got, proof) {
            (None, _) => Err(BadProof::Seal(MAC_KEY.into())),
            (Some(got), Proof::Seal(_)) if got.seal == "good" => Ok(()),
            (Some(_), Proof::Seal(_)) => Err(BadProof::Seal(MAC_KEY.into())),
            (Some(got), Proof::Echo(echo)) => {
                let same = match echo.what {
                    Echoed::Trace => got.trace == carried.sent.trace,
                    _ => got.amount == carried.sent.amount,
                };
                if same { Ok(()) } else { Err(BadProof::Echo(format!("{:?}", echo.what))) }
            }
        };
        let result = proofs.iter().try_for_each(holds);
        if result.is_ok() && proofs.iter().any(|proof| matches!(proof, Proof::Seal(_))) {
            self.proven.insert(operation);
        }
        self.answer(operation, Answer::Proven(result));
    }
}

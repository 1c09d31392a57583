//! Orders whose code the terminal shows and the customer scans. They wait, are asked about and closed like scanned
//! payments that wait for the cardholder.

use crate::codec::Value;
use crate::config::Code;
use crate::ledger::Party::{Cardholder, Merchant};
use crate::ledger::Transfer;

use super::payment::Payment;
use super::scan::IN_PROGRESS;
use super::transaction::{State, Transaction};
use super::{Bank, Handling, Operation, Verdict};

/// What every code begins with; the DE37 of the order follows.
const CODE: &str = "https://pay.example/";

impl Bank {
    /// Answers an order with its code; no money moves until somebody scans it.
    pub(super) fn give_code(&mut self, payment: Payment<'_>, handling: &Handling) -> Result<Verdict, Code> {
        let decided = self.config.decisions.iter().find(|decision| decision.amount_minor == payment.amount_minor);
        let refused = match handling {
            Handling::Refuse(code) => Some(code.clone()),
            _ => decided.map(|decision| decision.code.clone()),
        };
        if let Some(code) = refused {
            if !code.leaves_open() {
                let declined = self.declined(&payment, code.clone());
                self.transactions.insert(payment.key, declined);
            }
            return Err(code);
        }
        let ordered = Transaction {
            state: State::Pending,
            amount_minor: payment.amount_minor,
            transfers: vec![Transfer::new(Cardholder, Merchant, payment.amount_minor)],
            ..self.declined(&payment, Code::known(IN_PROGRESS))
        };
        let mut verdict = Verdict::of(Code::approved());
        verdict.text(37, ordered.reference.clone());
        let shown = format!("{CODE}{}", ordered.reference);
        match self.config.show_to_pay.field {
            62 => verdict.fields.push((62, Value::Binary(shown.into_bytes()))),
            field => verdict.text(field, shown),
        }
        self.transactions.insert(payment.key, ordered);
        Ok(verdict)
    }

    /// A customer scans this code and pays with this wallet. None if there is no such order or wallet; otherwise the code
    /// it ends with: 12 for one that is paid, refused or closed already, 51 where the card has not enough.
    pub fn pay_code(&mut self, shown: &str, wallet: &str) -> Option<Code> {
        let reference = shown.strip_prefix(CODE)?;
        let (key, ordered) = self.transactions.by_reference(reference)?;
        if ordered.operation != Operation::ShowToPay {
            return None;
        }
        let wallet = self.config.wallets.iter().find(|known| known.code.digits() == wallet)?;
        let card = self.card_of_number(wallet.card.digits())?;
        if ordered.state != State::Pending {
            return Some(Code::known("12"));
        }
        let key = key.clone();
        self.transactions.get_mut(&key)?.card = Some(card);
        self.finish_scan(&key.terminal, &key.batch, &key.trace, Code::approved())
    }
}

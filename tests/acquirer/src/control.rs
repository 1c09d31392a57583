//! What a test can order and ask while the acquirer runs: as methods here, as JSON lines on a socket.

pub(crate) mod command;
pub(crate) mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use command::Command;

use crate::bank::{BatchReport, Charged, Listed, SettlementFault};
use crate::codec::Mti;
use crate::config::Code;
use crate::desk::{Desk, Stage};
use crate::faults::{FaultOrder, OrderError};
use crate::ledger::{Entry, LedgerError, Totals};
use crate::traffic::{Exchanged, RawFrame};

/// A handle on a running acquirer; clones share it.
#[derive(Clone)]
pub struct Control {
    desk: Arc<Desk>,
    stopping: watch::Sender<bool>,
}

/// Fewer messages came than were waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited for {wanted} of {kind} {stage:?}, {reached} came")]
pub struct WaitedInVain {
    /// The type of request.
    pub kind: Mti,
    /// How far they should have come.
    pub stage: Stage,
    /// How many should have come.
    pub wanted: u64,
    /// How many did.
    pub reached: u64,
}

impl Control {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk, stopping: watch::Sender::new(false) }
    }

    /// Orders a fault.
    pub fn order_fault(&self, order: FaultOrder) -> Result<(), OrderError> {
        self.desk.state().faults.order(order)
    }

    /// Forgets every fault that has not struck.
    pub fn clear_faults(&self) {
        self.desk.state().faults.clear();
    }

    /// Blocks until at least `count` requests of a type have been decided and booked since the start.
    pub fn await_processed(&self, kind: Mti, count: u64, timeout: Duration) -> Result<u64, WaitedInVain> {
        self.await_stage(Stage::Processed, kind, count, timeout)
    }

    /// Blocks until at least `count` requests of a type have come this far since the start; returns how many have.
    pub fn await_stage(&self, stage: Stage, kind: Mti, count: u64, timeout: Duration) -> Result<u64, WaitedInVain> {
        let waited = self.desk.wait(stage, kind, count, timeout);
        waited.map_err(|reached| WaitedInVain { kind, stage, wanted: count, reached })
    }

    /// Sends the answers that `late-reply` holds back; returns how many there were.
    pub fn release(&self) -> usize {
        self.desk.release()
    }

    /// Everything received and sent, masked.
    pub fn messages(&self) -> Vec<Exchanged> {
        self.desk.state().traffic.messages().to_vec()
    }

    /// Everything received and sent as it was inside TLS, card numbers in clear, for tests that search for them.
    pub fn raw_frames(&self) -> Vec<RawFrame> {
        self.desk.state().traffic.raw().to_vec()
    }

    /// Every entry of the books.
    pub fn ledger(&self) -> Vec<Entry> {
        self.desk.state().bank.ledger().entries().to_vec()
    }

    /// What the merchant got through this terminal, less what was reversed; minor units.
    pub fn merchant_total(&self, terminal: &str) -> Result<i64, LedgerError> {
        self.desk.state().bank.ledger().merchant_total(terminal)
    }

    /// Adds the books up again: both sides must be equal.
    pub fn check(&self) -> Result<Totals, LedgerError> {
        self.desk.state().bank.ledger().check()
    }

    /// Every account and its balance, minor units; they add up to zero.
    pub fn accounts(&self) -> BTreeMap<String, i64> {
        self.desk.state().bank.ledger().accounts().clone()
    }

    /// Transactions by terminal, batch and trace; of one terminal or one batch only where asked.
    pub fn transactions(&self, terminal: Option<&str>, batch: Option<&str>) -> Vec<Listed> {
        self.desk.state().bank.transactions(terminal, batch)
    }

    /// A batch of a terminal, the one it is in unless another is named; none for an unknown terminal.
    pub fn batch(&self, terminal: &str, batch: Option<&str>) -> Option<BatchReport> {
        self.desk.state().bank.batch(terminal, batch)
    }

    /// What a card, named as it is shown, was charged, how often and by which transactions.
    pub fn charged(&self, masked: &str) -> Charged {
        self.desk.state().bank.charged(masked)
    }

    /// Refuses advices (refunds, completions by advice, offline sales) with this code, or takes them again.
    pub fn refuse_advices(&self, code: Option<Code>) {
        self.desk.state().bank.refuse_advices(code);
    }

    /// Answers the next settlement as unbalanced or failed though its totals are equal, or as it is.
    pub fn answer_settlement(&self, result: Option<SettlementFault>) {
        self.desk.state().bank.answer_settlement(result);
    }

    /// Begins or ends a cut-over: what touches the day is answered 90.
    pub fn cut_over(&self, begins: bool) {
        self.desk.state().bank.cut_over(begins);
    }

    /// What the cardholder answers to a scanned payment that waits (decided by code 09): `00` pays it, any other code
    /// refuses it. The code it ends with, or none if no such payment waits.
    pub fn finish_scan(&self, terminal: &str, batch: &str, trace: &str, code: Code) -> Option<Code> {
        self.desk.state().bank.finish_scan(terminal, batch, trace, code)
    }

    /// A customer scans this code and pays with this wallet. The code it ends with, 12 for an order that is paid, refused
    /// or closed; none if there is no such order or wallet.
    pub fn pay_code(&self, shown: &str, wallet: &str) -> Option<Code> {
        self.desk.state().bank.pay_code(shown, wallet)
    }

    /// Adds this DE55 to approvals of requests that have one; empty for nothing.
    pub fn set_chip_answer(&self, data: Vec<u8>) {
        self.desk.state().bank.set_chip_answer(data);
    }

    /// Answers sales of exactly this amount with this code from now on; `00` lets them be decided again.
    pub fn set_decision(&self, amount_minor: i64, code: Code) {
        self.desk.state().bank.set_decision(amount_minor, code);
    }

    /// Forgets the work keys of every terminal: each must sign in again.
    pub fn clear_keys(&self) {
        self.desk.state().bank.clear_keys();
    }

    /// Begins the next business day.
    pub fn next_day(&self) {
        self.desk.state().bank.next_day();
    }

    /// Asks the acquirer to stop; does not wait for it.
    pub fn ask_to_stop(&self) {
        self.desk.stop();
        self.stopping.send_replace(true);
    }

    /// Ends when the acquirer is asked to stop.
    pub(crate) async fn asked_to_stop(&self) {
        // An error would mean that the sender is gone, which this handle holds.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}

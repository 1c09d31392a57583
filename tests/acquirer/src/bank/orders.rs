//! What tests order of the bank: days, times, decisions, refusals.

use crate::config::{Code, Decision, StartTime};

use super::Bank;

impl Bank {
    /// Forgets the work keys of every terminal, so that each has to sign in again.
    pub fn clear_keys(&mut self) {
        self.terminals.values_mut().for_each(|terminal| terminal.work_keys = None);
    }

    /// Begins the next business day: earlier sales can no longer be reversed.
    pub fn next_day(&mut self) {
        self.clock.next_day();
    }

    /// Tells the time of DE12 and DE13 from now on, for a world with a clock of its own; the business day changes by
    /// [`Self::next_day`] alone. With a seed and a time in its configuration a bank does the same in every run.
    pub fn set_time(&mut self, time: &StartTime) {
        self.clock.set(time);
    }

    /// Answers sales of exactly this amount with this code from now on; `00` takes the amount out of the table.
    pub fn set_decision(&mut self, amount_minor: i64, code: Code) {
        self.config.decisions.retain(|decision| decision.amount_minor != amount_minor);
        if code != Code::approved() {
            self.config.decisions.push(Decision { amount_minor, code });
        }
    }

    /// Refuses advices with this code from now on, or takes them again.
    pub fn refuse_advices(&mut self, code: Option<Code>) {
        self.advice_refusal = code;
    }

    /// Begins or ends the cut-over of the day: until it ends, whatever touches the day is answered 90 and not looked at.
    pub fn cut_over(&mut self, begins: bool) {
        self.in_cut_over = begins;
    }

    /// Adds this DE55 to the approval of every request that has one, for issuer data (91) and scripts (71, 72); empty
    /// for nothing.
    pub fn set_chip_answer(&mut self, data: Vec<u8>) {
        self.chip_answer = data;
    }
}

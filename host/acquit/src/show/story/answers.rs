//! The four questions of everybody who asks after a transaction, answered for each kind of operation.

use engine::books::{Debt, Standing};
use engine::contract::types::Amount;
use engine::story::{Advice, Charged, Does, debts_about};
use engine::{Duty, Outcome};

use super::super::{debts, reference};
use super::Teller;
use crate::messages::{Value as Argument, format_time};

impl Teller<'_> {
    /// Every question with its answer.
    pub(super) fn answers(&self) -> Vec<(&'static str, Vec<String>)> {
        let next = ("explain-question-next", vec![self.next()]);
        if self.story.amount.is_none() {
            return vec![("explain-question-owed", self.owed()), next];
        }
        vec![
            ("explain-question-customer", vec![self.customer()]),
            ("explain-question-shop", vec![self.shop()]),
            ("explain-question-owed", self.owed()),
            next,
        ]
    }

    fn customer(&self) -> String {
        let id = match (self.does(), self.story.charged) {
            (Does::Nothing, _) => "explain-customer-asked",
            (Does::GivesBack, Charged::No) => "explain-customer-not-given-back",
            (Does::GivesBack, Charged::TakenBack) => "explain-customer-back-undone",
            (Does::GivesBack, Charged::Perhaps) => "explain-customer-back-unknown",
            (_, Charged::GivenBack) => "explain-customer-given-back",
            (_, Charged::Yes | Charged::Held) if self.given_back.is_some() => "explain-customer-given-back-since",
            (_, Charged::Held) => "explain-customer-held",
            (_, Charged::Yes) => "explain-customer-charged",
            (_, Charged::No) => "explain-customer-not-charged",
            (_, Charged::TakenBack) => "explain-customer-taken-back",
            (_, Charged::Perhaps) => match self.reversal().map(|debt| debt.standing) {
                Some(Standing::Unmatched) => "explain-customer-unmatched",
                Some(Standing::Waived) => "explain-customer-waived",
                _ => "explain-customer-unknown",
            },
        };
        let by = self.given_back.map(|by| by.id.to_string()).unwrap_or_default();
        match id {
            "explain-customer-given-back-since" => {
                self.text(id, &[("amount", self.amount()), ("transaction", by.into())])
            }
            "explain-customer-not-charged" | "explain-customer-asked" | "explain-customer-not-given-back" => {
                self.text(id, &[])
            }
            id => self.text(id, &[("amount", self.amount())]),
        }
    }

    fn shop(&self) -> String {
        let amount = || [("amount", self.amount())];
        match (self.does(), self.story.charged) {
            (Does::Nothing, _) | (Does::GivesBack, Charged::No | Charged::TakenBack) => {
                self.text("explain-shop-unchanged", &[])
            }
            (_, Charged::Perhaps) => self.text("explain-shop-unknown", &amount()),
            (_, Charged::GivenBack) => self.text("explain-shop-given-back", &amount()),
            (_, Charged::Yes | Charged::Held) if self.given_back.is_some() => self.text("explain-shop-not-paid", &[]),
            (_, Charged::Held) => {
                self.text("explain-shop-held", &[("transaction", self.transaction.id.to_string().into())])
            }
            (_, Charged::Yes) => self.shop_of_a_charge(),
            (_, Charged::No | Charged::TakenBack) => self.text("explain-shop-not-paid", &[]),
        }
    }

    /// Of what was approved by the terminal alone, the acquirer must still be told, and take it.
    fn shop_of_a_charge(&self) -> String {
        let untold = self.debts().find(|debt| debt.duty == Duty::Advise);
        let id = match untold.map(|debt| debt.standing) {
            None | Some(Standing::Paid | Standing::Settled | Standing::Replaced) => {
                let id = if self.is_settled() { "explain-shop-settled" } else { "explain-shop-paid" };
                return self.text(id, &[("amount", self.amount())]);
            }
            Some(Standing::Unheard) => "explain-shop-when-told",
            Some(Standing::Refused | Standing::Unmatched | Standing::Waived) => "explain-shop-lost",
        };
        self.text(id, &[("amount", self.amount()), ("acquirer", self.acquirer())])
    }

    /// Whether its batch was closed with the acquirer.
    fn is_settled(&self) -> bool {
        self.transaction.batch.is_some_and(|batch| batch < self.books.batch(&self.transaction.acquirer).number)
    }

    /// One line for each thing that is owed.
    fn owed(&self) -> Vec<String> {
        let debts = self.debts();
        let mut lines: Vec<_> = debts.filter_map(|debt| self.owes(debt)).collect();
        if lines.is_empty() {
            lines.push(self.text("explain-owed-nothing", &[]));
        }
        lines
    }

    fn owes(&self, debt: &Debt) -> Option<String> {
        let is_reversal = matches!(debt.duty, Duty::Reverse(_));
        let id = match (debt.standing, debt.duty) {
            (Standing::Paid | Standing::Settled | Standing::Replaced, _) => return None,
            (Standing::Waived, _) if is_reversal => "explain-owed-waived",
            (Standing::Refused, _) if is_reversal => "explain-owed-refused",
            (Standing::Unmatched, _) if is_reversal => "explain-owed-unmatched",
            (Standing::Waived, _) => "explain-owed-waived-other",
            (Standing::Refused | Standing::Unmatched, _) => "explain-owed-refused-other",
            (Standing::Unheard, Duty::Reverse(_)) => "explain-owed-reversal",
            (Standing::Unheard, Duty::Repeat) => "explain-owed-repetition",
            (Standing::Unheard, Duty::Inquire) => "explain-owed-inquiry",
            (Standing::Unheard, Duty::Advise) => "explain-owed-advice",
            (Standing::Unheard, Duty::ReportScripts) => "explain-owed-script-report",
        };
        let kind = self.text(debts::duty(debt.duty.sort()), &[]);
        let code = debt.refusals.last().cloned().unwrap_or_default();
        let args =
            [("acquirer", self.acquirer()), ("amount", self.amount()), ("code", code.into()), ("kind", kind.into())];
        let mut line = self.text(id, &args);
        if debt.called_for_help && debt.is_open() {
            line.push(' ');
            line.push_str(&self.text("owed-escalated", &[("acquirer", self.acquirer())]));
        }
        Some(line)
    }

    fn next(&self) -> String {
        let takes = self.does() == Does::Takes;
        match (self.story.advice, &self.story.outcome) {
            (Advice::Nothing, _) if takes && self.given_back.is_none() && self.rest().is_some() => self.rest_is_due(),
            (Advice::Nothing, _) if takes && self.given_back.is_none() => self.text("explain-next-nothing", &[]),
            (Advice::Nothing, _) => self.text("explain-next-done", &[]),
            (Advice::PayAgain, _) if !takes => self.text("explain-next-not-done", &[]),
            (Advice::PayAgain, Some(Outcome::Unknown(_))) => self.text("explain-next-pay-again", &[]),
            (Advice::PayAgain, _) => self.text("explain-next-not-paid", &[]),
            (Advice::Wait, _) if self.does() == Does::GivesBack => self.text("explain-next-wait-back", &[]),
            (Advice::Wait, _) => self.text("explain-next-wait", &[]),
            (Advice::AsWaived, _) => {
                let reason = self.story.waived.as_ref().map(|waived| waived.reason.clone()).unwrap_or_default();
                self.text("explain-next-waived", &[("reason", reason.into())])
            }
            (Advice::CallAcquirer | Advice::CheckSettlement, _) => self.call(),
        }
    }

    /// What is still to be paid where less was approved than asked for.
    fn rest(&self) -> Option<Amount> {
        let Some(Outcome::Approved(approved)) = &self.story.outcome else { return None };
        let asked = self.story.amount?;
        let minor = asked.minor.checked_sub(approved.amount.minor).filter(|minor| *minor > 0)?;
        Some(Amount { minor, ..asked })
    }

    fn rest_is_due(&self) -> String {
        self.text("explain-next-rest", &[("amount", self.money(self.rest()))])
    }

    fn call(&self) -> String {
        let date = self.story.timeline.first().map(|moment| format_time(&moment.at.local())).unwrap_or_default();
        let trace: Argument<'_> = reference(&self.story.reference, "trace").into();
        self.text("explain-next-call", &[("acquirer", self.acquirer()), ("trace", trace), ("date", date.into())])
    }

    /// The newest debt that takes the money back.
    fn reversal(&self) -> Option<&Debt> {
        self.debts().filter(|debt| matches!(debt.duty, Duty::Reverse(_))).last()
    }

    fn debts(&self) -> impl Iterator<Item = &Debt> {
        debts_about(self.books, self.transaction)
    }

    fn does(&self) -> Does {
        Does::of(self.story.operation)
    }
}

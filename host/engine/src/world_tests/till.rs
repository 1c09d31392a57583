//! What somebody at the till asks for.

use super::guest::yuan;
use super::{ACQUIRER, House};
use crate::{Input, Maintenance, Order, Outcome, Request, SignedWaiver, TransactionId, Waiver};

impl House {
    pub fn ask(&mut self, request: Request) {
        self.feed(Input::Request(request));
    }

    pub fn ask_sale(&mut self, id: &str, minor: u64) {
        let transaction = TransactionId::parse(id).unwrap();
        let (acquirer, operator) = (ACQUIRER.to_owned(), "01".to_owned());
        self.ask(Request::Begin { acquirer, transaction, order: Order::sale(yuan(minor)), operator });
    }

    pub fn ask_sign_in(&mut self, id: &str) {
        let transaction = TransactionId::parse(id).unwrap();
        let order = Order::Maintain(Maintenance::SignIn);
        self.ask(Request::Begin { acquirer: ACQUIRER.into(), transaction, order, operator: "01".into() });
    }

    /// A sale from beginning to end, debts and all.
    pub fn sale(&mut self, id: &str, minor: u64) -> Outcome {
        self.ask_sale(id, minor);
        self.rest();
        self.outcome(id)
    }

    pub fn sign_in(&mut self, id: &str) -> Outcome {
        self.ask_sign_in(id);
        self.rest();
        self.outcome(id)
    }

    /// How it was last said to have ended.
    pub fn outcome(&self, id: &str) -> Outcome {
        let said = self.ended.iter().rev().find(|(ended, _)| ended.as_str() == id);
        said.unwrap_or_else(|| panic!("nobody was told how {id} ended")).1.clone()
    }

    /// Asks for a waiver with a signature somebody has looked at.
    pub fn waive(&mut self, debt: &str, reason: &str) {
        let debt = TransactionId::try_from(debt.to_owned()).unwrap();
        let at = self.now().wall;
        let waiver = Waiver { debt, journal: "00ff".into(), reason: reason.into(), at };
        let signed = SignedWaiver { waiver, signed_by: "operator+1+k".into(), signature: vec![1; 64] };
        self.ask(Request::Waive(Box::new(signed)));
    }
}

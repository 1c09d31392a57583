//! A terminal signed in to an acquirer on a socket, for the tables of operations.

use acquit_test_acquirer::codec::{Frame, MAC_FIELD, Message};
use acquit_test_acquirer::crypto::MacKind;
use acquit_test_acquirer::{Acquirer, AcquirerConfig, FaultOrder, Options, Running};

use crate::line::Line;
use crate::requests::Receipt;
use crate::support::{TERMINAL, Terminal};

/// A change to a request that should have worked.
pub type Change = fn(&mut Message);

pub struct Day {
    pub acquirer: Running,
    pub terminal: Terminal,
    pub line: Line,
}

impl Day {
    pub fn open(change: impl FnOnce(&mut AcquirerConfig)) -> Self {
        let mut config = AcquirerConfig::example();
        config.time = Some("2026-05-10T10:01:41".parse().unwrap());
        change(&mut config);
        let acquirer = Acquirer::start(config, Options::default()).unwrap();
        let line = Line::connect(acquirer.address(), acquirer.ca_pem()).unwrap();
        let mut day = Self { acquirer, terminal: Terminal::new(MacKind::UnionPayEcb), line };
        day.sign_in();
        day
    }

    pub fn sign_in(&mut self) {
        let answer = self.line.ask(&self.terminal, self.terminal.sign_in());
        self.terminal.adopt(&answer);
    }

    /// Sends a request; its answer must be of the type that belongs to it, echo what it has to, and be proved where the
    /// request was.
    pub fn ask(&mut self, request: &Message) -> Message {
        self.line.send(&self.terminal, request.clone());
        let body = self.line.receive();
        let answer = Frame::decode(&body).unwrap().message;
        assert_eq!(Some(answer.mti), request.mti.answer());
        for field in [11, 41, 42, 49, 60] {
            assert_eq!(answer.get(field), request.get(field), "DE{field}");
        }
        assert!(answer.get(MAC_FIELD).is_none() || self.terminal.proves(&body));
        answer
    }

    pub fn code(&mut self, request: &Message) -> String {
        self.ask(request).text(39).unwrap().into()
    }

    /// Sends a request that must be approved.
    pub fn approved(&mut self, request: &Message) -> Receipt {
        let answer = self.ask(request);
        assert_eq!(answer.text(39), Some("00"), "{request:?}");
        assert_eq!(answer.get(4), request.get(4));
        assert!(answer.get(MAC_FIELD).is_some());
        Receipt::of(request, &answer)
    }

    /// Sends changed requests, each of which must be refused with its code and move nothing.
    pub fn refused(&mut self, base: impl Fn(&Terminal, u32) -> Message, table: &[(&str, &str, Change)]) {
        for (trace, (what, code, change)) in (500..).zip(table) {
            let before = self.acquirer.accounts();
            let mut request = base(&self.terminal, trace);
            change(&mut request);
            assert_eq!(self.code(&request), *code, "{what}");
            assert_eq!(self.acquirer.accounts(), before, "{what}");
        }
    }

    pub fn order(&self, on: &str, fault: acquit_test_acquirer::Fault) {
        self.acquirer.order_fault(FaultOrder { on: on.parse().unwrap(), nth: 1, fault }).unwrap();
    }

    /// What the merchant got; the books must hold.
    pub fn merchant(&self) -> i64 {
        self.acquirer.check().unwrap();
        assert_eq!(self.acquirer.accounts().values().sum::<i64>(), 0);
        self.acquirer.merchant_total(TERMINAL).unwrap()
    }
}

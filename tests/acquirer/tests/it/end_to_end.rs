//! A terminal and the acquirer with TLS between them: an ordinary day, then every fault.

use std::time::Duration;

use acquit_test_acquirer::codec::{Frame, Mti};
use acquit_test_acquirer::crypto::MacKind;
use acquit_test_acquirer::{Acquirer, AcquirerConfig, Direction, Fault, FaultOrder, Options, Running, Stage};

use crate::line::Line;
use crate::support::{CARD, TERMINAL, Terminal};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running acquirer and a terminal that has signed in.
struct House {
    acquirer: Running,
    terminal: Terminal,
}

impl House {
    fn open() -> Self {
        let acquirer = Acquirer::start(AcquirerConfig::example(), Options::default()).unwrap();
        let mut terminal = Terminal::new(MacKind::UnionPayEcb);
        let answer = Line::connect(acquirer.address(), acquirer.ca_pem()).unwrap().ask(&terminal, terminal.sign_in());
        terminal.adopt(&answer);
        Self { acquirer, terminal }
    }

    fn line(&self) -> Line {
        Line::connect(self.acquirer.address(), self.acquirer.ca_pem()).unwrap()
    }

    /// Orders a fault for the next sale and sends that sale.
    fn sell_under(&self, fault: Fault) -> Line {
        self.order("0200", fault);
        let mut line = self.line();
        line.send(&self.terminal, self.terminal.sale(2, 1234));
        line
    }

    fn order(&self, on: &str, fault: Fault) {
        self.acquirer.order_fault(FaultOrder { on: on.parse().unwrap(), nth: 1, fault }).unwrap();
    }

    /// Waits until the sale is booked, and returns how many answers to sales have been sent.
    fn answers_once_booked(&self) -> usize {
        self.acquirer.await_processed(Mti::SALE, 1, PATIENCE).unwrap();
        let sent = |m: &&acquit_test_acquirer::Exchanged| m.direction == Direction::Sent && m.kind == "0210";
        self.acquirer.messages().iter().filter(sent).count()
    }

    fn merchant_total(&self) -> i64 {
        self.acquirer.check().unwrap();
        self.acquirer.merchant_total(TERMINAL).unwrap()
    }
}

#[test]
fn a_day_over_tls_leaves_equal_books_and_a_record_without_card_numbers() {
    let house = House::open();
    for (name, version) in [("localhost", &rustls::version::TLS12), ("acquirer.test", &rustls::version::TLS13)] {
        Line::connect_as(house.acquirer.address(), house.acquirer.ca_pem(), name, version).unwrap();
    }
    Line::connect_as(house.acquirer.address(), house.acquirer.ca_pem(), "127.0.0.1", &rustls::version::TLS13).unwrap();
    assert!(
        Line::connect_as(house.acquirer.address(), house.acquirer.ca_pem(), "elsewhere.test", &rustls::version::TLS13)
            .is_err()
    );

    let mut line = house.line();
    assert_eq!(line.code(&house.terminal, house.terminal.sale(2, 1234)), "00");
    assert_eq!(line.code(&house.terminal, house.terminal.sale(3, 5100)), "51");
    assert_eq!(line.code(&house.terminal, house.terminal.sale(4, 100)), "00");
    assert_eq!(line.code(&house.terminal, house.terminal.reversal(2, 1234)), "00");
    assert_eq!(house.merchant_total(), 100);
    assert_eq!(house.acquirer.ledger().len(), 3);

    house.acquirer.set_decision(777, "05".parse().unwrap());
    assert_eq!(line.code(&house.terminal, house.terminal.sale(5, 777)), "05");
    house.acquirer.clear_keys();
    assert_eq!(line.ask(&house.terminal, house.terminal.sale(6, 100)).message.text(39), Some("99"));

    let listed = serde_json::to_string(&(house.acquirer.messages(), house.acquirer.ledger())).unwrap();
    assert!(!listed.contains(CARD) && listed.contains("620000******6787"));
    let on_the_wire = house.acquirer.raw_frames();
    let bcd = hex::decode(CARD).unwrap();
    assert!(on_the_wire.iter().any(|frame| frame.bytes.windows(bcd.len()).any(|window| window == bcd)));
    assert_eq!(on_the_wire.len(), house.acquirer.messages().len());
    house.acquirer.stop();
}

#[test]
fn a_request_that_is_dropped_moves_nothing() {
    let house = House::open();
    let mut line = house.sell_under(Fault::DropRequest);
    assert!(line.rest().is_empty());
    house.acquirer.await_stage(Stage::Received, Mti::SALE, 1, PATIENCE).unwrap();
    assert_eq!(house.acquirer.await_processed(Mti::SALE, 1, Duration::ZERO).unwrap_err().reached, 0);
    assert_eq!(house.merchant_total(), 0);
}

#[test]
fn a_reply_that_is_dropped_has_moved_the_money_and_the_line_stays_open() {
    let house = House::open();
    let mut line = house.sell_under(Fault::DropReply);
    assert_eq!(house.answers_once_booked(), 0);
    assert_eq!(house.merchant_total(), 1234);
    assert_eq!(house.line().code(&house.terminal, house.terminal.reversal(2, 1234)), "00");
    assert_eq!(house.merchant_total(), 0);
    assert!(line.is_open_and_silent());
    line.close();
    assert!(line.rest().is_empty());
}

#[test]
fn a_line_closed_after_the_fact_has_moved_the_money() {
    let house = House::open();
    assert!(house.sell_under(Fault::CloseAfter).rest().is_empty());
    assert_eq!(house.merchant_total(), 1234);
}

#[test]
fn a_late_reply_waits_for_its_release() {
    let house = House::open();
    let mut line = house.sell_under(Fault::LateReply);
    assert_eq!(house.answers_once_booked(), 0);
    assert_eq!(house.line().code(&house.terminal, house.terminal.reversal(2, 1234)), "00");
    assert_eq!(house.acquirer.release(), 1);
    assert_eq!(Frame::decode(&line.receive()).unwrap().message.text(39), Some("00"));
    assert_eq!(house.merchant_total(), 0);
    assert_eq!(house.acquirer.release(), 0);
}

#[test]
fn a_delayed_reply_arrives_whole() {
    let house = House::open();
    let body = house.sell_under(Fault::Delay { ms: 1 }).receive();
    assert!(house.terminal.proves(&body));
}

#[test]
fn a_wrong_mac_spoils_the_seal_and_nothing_else() {
    let house = House::open();
    let body = house.sell_under(Fault::WrongMac).receive();
    assert!(!house.terminal.proves(&body));
    let answer = Frame::decode(&body).unwrap().message;
    assert_eq!((answer.text(39), answer.digits(11)), (Some("00"), Some("000002")));
    assert!(answer.binary(64).unwrap().iter().all(u8::is_ascii_hexdigit));
    assert_eq!(house.merchant_total(), 1234);
}

#[test]
fn a_wrong_trace_comes_under_a_right_mac() {
    let house = House::open();
    let body = house.sell_under(Fault::WrongTrace).receive();
    assert!(house.terminal.proves(&body));
    assert_eq!(Frame::decode(&body).unwrap().message.digits(11), Some("000003"));
}

#[test]
fn what_is_wrong_around_the_message_is_exactly_what_was_ordered() {
    let whole = {
        let house = House::open();
        let mut line = house.line();
        line.send(&house.terminal, house.terminal.sale(2, 1234));
        line.receive().len()
    };
    let half = House::open().sell_under(Fault::HalfFrame).rest();
    assert_eq!((half.len(), usize::from(half[0])), ((whole + 2) / 2, 0));

    let garbage = House::open().sell_under(Fault::Garbage).receive();
    assert!(Frame::decode(&garbage).is_err());

    let house = House::open();
    let mut line = house.sell_under(Fault::TrailingBytes);
    assert!(house.terminal.proves(&line.receive()));
    assert_eq!(line.read::<4>(), [0xde, 0xad, 0xbe, 0xef]);

    let mut line = House::open().sell_under_and_keep(Fault::OversizedLength);
    assert_eq!(line.1.read::<2>(), [0xff, 0xff]);
    line.1.close();
    assert_eq!(line.1.rest().len(), whole);

    let house = House::open();
    let mut line = house.sell_under(Fault::DuplicateReply);
    assert_eq!(line.receive(), line.receive());
    assert_eq!(house.merchant_total(), 1234);
}

#[test]
fn ordered_codes_come_under_a_right_mac_with_and_without_the_money() {
    for (fault, code, total) in [
        (Fault::RefuseCode { code: "05".parse().unwrap() }, "05", 0),
        (Fault::AnswerCode { code: "96".parse().unwrap() }, "96", 1234),
    ] {
        let house = House::open();
        let body = house.sell_under(fault).receive();
        assert!(house.terminal.proves(&body));
        assert_eq!(Frame::decode(&body).unwrap().message.text(39), Some(code));
        assert_eq!(house.merchant_total(), total);
    }
    let house = House::open();
    let mut line = house.line();
    assert_eq!(line.code(&house.terminal, house.terminal.sale(2, 1234)), "00");
    house.order("0400", Fault::RefuseCode { code: "96".parse().unwrap() });
    assert_eq!(line.code(&house.terminal, house.terminal.reversal(2, 1234)), "96");
    assert_eq!(house.merchant_total(), 1234);
    assert_eq!(line.code(&house.terminal, house.terminal.reversal(2, 1234)), "00");
    assert_eq!(house.merchant_total(), 0);
}

#[test]
fn a_wrong_check_value_shows_in_the_key_download() {
    let house = House::open();
    house.order("0800", Fault::WrongCheckValue);
    let wrong = house.line().ask(&house.terminal, house.terminal.sign_in());
    let mut terminal = house.terminal.clone();
    assert!(std::panic::catch_unwind(move || terminal.adopt(&wrong)).is_err());
}

#[test]
fn a_connection_closed_at_once_is_closed_before_tls() {
    let house = House::open();
    house.order("connect", Fault::Close);
    assert!(Line::connect(house.acquirer.address(), house.acquirer.ca_pem()).is_err());
    house.line();
}

#[test]
fn what_cannot_be_read_closes_the_line_and_leaves_the_acquirer_standing() {
    let house = House::open();
    let mut endless = vec![0xff, 0xff];
    endless.resize(64, 0);
    for broken in [vec![0, 0], vec![0, 3, 1, 2, 3], vec![0, 12, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa], endless] {
        let mut line = house.line();
        line.write(&broken);
        line.close();
        line.until_closed();
    }
    let notes: Vec<_> = house.acquirer.messages().into_iter().filter_map(|message| message.note).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert_eq!(house.line().code(&house.terminal, house.terminal.sale(2, 1234)), "00");
}

impl House {
    /// As `sell_under`, keeping the acquirer alive beside the line.
    fn sell_under_and_keep(self, fault: Fault) -> (Self, Line) {
        let line = self.sell_under(fault);
        (self, line)
    }
}

//! A terminal for these tests: it signs in, writes sales and reversals, and checks what it is answered.

use acquit_test_acquirer::bank::{Bank, Unanswerable};
use acquit_test_acquirer::codec::{Frame, MAC_FIELD, Message, Mti, Tpdu, mac_data};
use acquit_test_acquirer::config::AcquirerConfig;
use acquit_test_acquirer::crypto::{Key, MacKind, pin_block};

/// The first terminal of the example.
pub const TERMINAL: &str = "50080001";
/// Its merchant.
pub const MERCHANT: &str = "309310083985008";
/// Its master key.
const MASTER_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
/// The card with a PIN.
pub const CARD: &str = "6200000123456787";
/// Its track, as DE35 holds it.
pub const TRACK: &str = "6200000123456787D301210100000000000";
/// Its PIN.
pub const PIN: &str = "123456";

/// What a terminal knows.
#[derive(Clone)]
pub struct Terminal {
    pub batch: String,
    pub mac_kind: MacKind,
    pub keys: Option<(Key, Key)>,
}

impl Terminal {
    pub fn new(mac_kind: MacKind) -> Self {
        Self { batch: "000007".into(), mac_kind, keys: None }
    }

    /// The request for keys.
    pub fn sign_in(&self) -> Message {
        let mut message = request(Mti::SIGN_IN, 1);
        message.set_digits(60, format!("00{}003", self.batch)).set_text(63, "01 ");
        message
    }

    /// Takes batch and keys out of the answer, check values verified.
    pub fn adopt(&mut self, answer: &Frame) {
        assert_eq!(answer.message.text(39), Some("00"));
        self.batch = answer.message.digits(60).unwrap()[2..8].into();
        let download: [u8; 40] = answer.message.binary(62).unwrap().try_into().unwrap();
        let master = Key::from_bytes(&hex::decode(MASTER_KEY).unwrap()).unwrap();
        let key = |at: usize, length: usize| {
            let key = Key::from_bytes(&master.decipher(&download[at..at + length])).unwrap();
            assert_eq!(key.check_value(), download[at + 16..at + 20]);
            key
        };
        let single = download[28..36] == [0; 8];
        self.keys = Some((key(0, 16), key(20, if single { 8 } else { 16 })));
    }

    /// A sale by stripe with PIN.
    pub fn sale(&self, trace: u32, amount_minor: i64) -> Message {
        let (pin_key, _) = self.keys.unwrap();
        let mut message = request(Mti::SALE, trace);
        message
            .set_digits(3, "000000")
            .set_digits(4, format!("{amount_minor:012}"))
            .set_digits(22, "021")
            .set_digits(25, "00")
            .set_digits(26, "12")
            .set_digits(35, TRACK)
            .set_text(49, "156")
            .set_binary(52, pin_key.encipher(&pin_block(PIN, CARD).unwrap()))
            .set_digits(53, "2600000000000000")
            .set_digits(60, format!("22{}", self.batch));
        message
    }

    /// The reversal of such a sale.
    pub fn reversal(&self, trace: u32, amount_minor: i64) -> Message {
        let mut message = request(Mti::REVERSAL, trace);
        message
            .set_digits(2, CARD)
            .set_digits(3, "000000")
            .set_digits(4, format!("{amount_minor:012}"))
            .set_digits(22, "021")
            .set_digits(25, "00")
            .set_text(39, "98")
            .set_text(49, "156")
            .set_digits(60, format!("22{}", self.batch))
            .set_digits(61, format!("{}{trace:06}", self.batch));
        message
    }

    /// The bytes of a request without length prefix, with a MAC if it is a financial one.
    pub fn body(&self, mut message: Message) -> Vec<u8> {
        let proved = [Mti::AUTHORISATION, Mti::SALE, Mti::ADVICE, Mti::REVERSAL, Mti::SCRIPT_RESULT];
        let has_mac = proved.contains(&message.mti.first()) || message.get(MAC_FIELD).is_some();
        if let (Some((_, mac_key)), true) = (self.keys, has_mac) {
            message.set_binary(MAC_FIELD, [0; 8]);
            let body = frame(message.clone()).encode().unwrap();
            message.set_binary(MAC_FIELD, self.mac_kind.compute(&mac_key, mac_data(&body).unwrap()));
        }
        frame(message).encode().unwrap()
    }

    /// Whether the MAC of an answer is right; false if there is none.
    pub fn proves(&self, body: &[u8]) -> bool {
        let answer = Frame::decode(body).unwrap();
        let (Some((_, mac_key)), Some(mac)) = (self.keys, answer.message.binary(MAC_FIELD)) else { return false };
        self.mac_kind.verify(&mac_key, mac_data(body).unwrap(), mac)
    }
}

/// A bank and a terminal without a socket between them.
pub struct Counter {
    pub bank: Bank,
    pub terminal: Terminal,
}

impl Counter {
    /// The example with changes, not signed in.
    pub fn closed(change: impl FnOnce(&mut AcquirerConfig)) -> Self {
        let mut config = AcquirerConfig::example();
        config.time = Some("2026-05-10T10:01:41".parse().unwrap());
        change(&mut config);
        let terminal = Terminal::new(config.mac);
        Self { bank: Bank::new(config).unwrap(), terminal }
    }

    /// The same, signed in.
    pub fn open(change: impl FnOnce(&mut AcquirerConfig)) -> Self {
        let mut counter = Self::closed(change);
        let answer = counter.send(counter.terminal.sign_in()).unwrap();
        counter.terminal.adopt(&answer);
        counter
    }

    /// Sends a request and reads the answer.
    pub fn send(&mut self, message: Message) -> Result<Frame, Unanswerable> {
        let body = self.terminal.body(message);
        Ok(Frame::decode(&self.bank.answer(&body)?).unwrap())
    }

    /// Sends a request and returns DE39 of the answer, whose MAC must be right.
    pub fn code(&mut self, message: Message) -> String {
        let body = self.terminal.body(message);
        let answer = self.bank.answer(&body).unwrap();
        assert!(self.terminal.proves(&answer));
        Frame::decode(&answer).unwrap().message.text(39).unwrap().into()
    }

    pub fn merchant_total(&self) -> i64 {
        self.bank.ledger().check().unwrap();
        self.bank.ledger().merchant_total(TERMINAL).unwrap()
    }
}

/// A request with what every request has.
pub fn request(mti: Mti, trace: u32) -> Message {
    let mut message = Message::new(mti);
    message.set_digits(11, format!("{trace:06}")).set_text(41, TERMINAL).set_text(42, MERCHANT);
    message
}

/// A request in its envelope.
pub fn frame(message: Message) -> Frame {
    let tpdu = Tpdu { id: 0x60, destination: [0x00, 0x03], source: [0x12, 0x34] };
    Frame { tpdu, header: [0x60, 0x22, 0, 0, 0, 0], message }
}

//! The requests of every operation, as a terminal writes them.

use acquit_test_acquirer::codec::{Message, Mti};

use crate::support::{CARD, Terminal, request};

/// The card of another country.
pub const FOREIGN_CARD: &str = "6200007418529630";
/// The card with little on it.
pub const POOR_CARD: &str = "6200001357924680138";
/// The card behind the payment code.
pub const WALLET_CARD: &str = "6200009876543212";
/// A code on a telephone.
pub const PAYMENT_CODE: &str = "134567890123456789";

/// What an answer leaves in the terminal's hands to name the transaction by.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub batch: String,
    pub trace: u32,
    pub reference: String,
    pub authorisation: String,
    pub date: String,
    pub amount_minor: i64,
    pub card: String,
}

impl Receipt {
    /// What a request and its approval say.
    pub fn of(request: &Message, answer: &Message) -> Self {
        Self {
            batch: request.digits(60).unwrap()[2..8].into(),
            trace: request.digits(11).unwrap().parse().unwrap(),
            reference: answer.text(37).unwrap().into(),
            authorisation: answer.text(38).unwrap().into(),
            date: answer.digits(15).unwrap().into(),
            amount_minor: request.digits(4).unwrap().parse().unwrap(),
            card: request.digits(2).unwrap_or(CARD).into(),
        }
    }

    /// DE61 with batch, trace and date.
    pub fn named(&self) -> String {
        format!("{}{:06}{}", self.batch, self.trace, self.date)
    }
}

impl Terminal {
    /// A payment with a typed card number and no PIN.
    pub fn payment(&self, mti: Mti, kind: &str, processing: &str, trace: u32, amount_minor: i64) -> Message {
        let condition = if ["10", "11", "20", "21", "24"].contains(&kind) { "06" } else { "00" };
        let mut message = request(mti, trace);
        message
            .set_digits(2, CARD)
            .set_digits(3, processing)
            .set_digits(4, format!("{amount_minor:012}"))
            .set_digits(14, "3012")
            .set_digits(22, "012")
            .set_digits(25, condition)
            .set_text(49, "156")
            .set_digits(60, format!("{kind}{}", self.batch));
        message
    }

    pub fn balance(&self, trace: u32) -> Message {
        let mut message = self.payment(Mti::SALE, "01", "310000", trace, 0);
        message.remove(4);
        message
    }

    pub fn plain_sale(&self, trace: u32, amount_minor: i64) -> Message {
        self.payment(Mti::SALE, "22", "000000", trace, amount_minor)
    }

    pub fn scan(&self, trace: u32, amount_minor: i64) -> Message {
        let mut message = self.plain_sale(trace, amount_minor);
        message.remove(2).remove(14).set_digits(22, "032").set_text(59, PAYMENT_CODE);
        message
    }

    pub fn scan_inquiry(&self, trace: u32, original: u32) -> Message {
        let mut message = self.scan(trace, 1);
        message.remove(4).remove(59).set_digits(3, "310000");
        message.set_digits(61, format!("{}{original:06}", self.batch));
        message
    }

    pub fn void(&self, trace: u32, of: &Receipt) -> Message {
        let message = self.payment(Mti::SALE, "23", "200000", trace, of.amount_minor);
        naming(message, of, &format!("{}{:06}", of.batch, of.trace))
    }

    pub fn refund(&self, trace: u32, of: &Receipt, amount_minor: i64) -> Message {
        let message = self.payment(Mti::ADVICE, "25", "200000", trace, amount_minor);
        naming(message, of, &format!("000000000000{}", of.date))
    }

    pub fn pre_authorisation(&self, trace: u32, amount_minor: i64) -> Message {
        self.payment(Mti::AUTHORISATION, "10", "030000", trace, amount_minor)
    }

    pub fn pre_authorisation_void(&self, trace: u32, of: &Receipt) -> Message {
        let message = self.payment(Mti::AUTHORISATION, "11", "200000", trace, of.amount_minor);
        naming(message, of, &format!("000000{:06}{}", of.trace, of.date))
    }

    pub fn completion(&self, trace: u32, of: &Receipt, amount_minor: i64) -> Message {
        let message = self.payment(Mti::SALE, "20", "000000", trace, amount_minor);
        naming(message, of, &format!("000000{:06}{}", of.trace, of.date))
    }

    pub fn completion_advice(&self, trace: u32, of: &Receipt, amount_minor: i64) -> Message {
        let message = self.payment(Mti::ADVICE, "24", "000000", trace, amount_minor);
        naming(message, of, &of.named())
    }

    pub fn completion_void(&self, trace: u32, of: &Receipt) -> Message {
        let message = self.payment(Mti::SALE, "21", "200000", trace, of.amount_minor);
        naming(message, of, &of.named())
    }

    pub fn offline_sale(&self, trace: u32, amount_minor: i64) -> Message {
        self.payment(Mti::ADVICE, "30", "000000", trace, amount_minor)
    }

    /// A tip or an adjustment of a sale to a new total.
    pub fn adjustment(&self, kind: &str, trace: u32, of: &Receipt, total_minor: i64) -> Message {
        let message = self.payment(Mti::ADVICE, kind, "000000", trace, total_minor);
        naming(message, of, &of.named())
    }

    pub fn script_result(&self, trace: u32, of: &Receipt) -> Message {
        let mut message = self.payment(Mti::SCRIPT_RESULT, "00", "000000", trace, of.amount_minor);
        message.set_digits(60, format!("00{}951", self.batch)).set_binary(55, [0x95, 0x01, 0x00]);
        naming(message, of, &format!("{}{:06}", of.batch, of.trace))
    }

    /// The reversal of any of them.
    pub fn reversal_of(&self, original: &Message) -> Message {
        let mut message = original.clone();
        message.mti = Mti::REVERSAL;
        [26, 35, 37, 38, 52, 53, 55, 59, 61].into_iter().for_each(|field| _ = message.remove(field));
        message.set_text(39, "98");
        message
    }

    pub fn sign_off(&self, trace: u32) -> Message {
        let mut message = request(Mti::NETWORK, trace);
        message.set_digits(60, format!("00{}002", self.batch));
        message
    }

    /// A settlement with DE48 as given.
    pub fn settlement(&self, trace: u32, totals: &str) -> Message {
        let mut message = request(Mti::SETTLEMENT, trace);
        message.set_digits(48, totals).set_digits(60, format!("00{}201", self.batch));
        message
    }

    /// A frame of an upload with DE48 as given.
    pub fn upload(&self, trace: u32, code: &str, details: &str) -> Message {
        let mut message = request(Mti::UPLOAD, trace);
        message.set_digits(48, details).set_digits(60, format!("00{}{code}", self.batch));
        message
    }
}

/// DE48 of a settlement of domestic cards.
pub fn totals(debit_minor: i64, debits: usize, credit_minor: i64, credits: usize) -> String {
    format!("{debit_minor:012}{debits:03}{credit_minor:012}{credits:03}0{:031}", 0)
}

/// DE48 of a frame of details: trace and amount of sales with the usual card.
pub fn details(rows: &[(u32, i64)]) -> String {
    let row = |(trace, amount): &(u32, i64)| format!("00{trace:06}{CARD:0>20}{amount:012}");
    format!("{:02}{}", rows.len(), rows.iter().map(row).collect::<String>())
}

fn naming(mut message: Message, of: &Receipt, original: &str) -> Message {
    message.set_digits(2, of.card.as_str()).set_digits(61, original);
    message.set_text(37, of.reference.as_str()).set_text(38, of.authorisation.as_str());
    message
}

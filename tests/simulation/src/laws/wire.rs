//! What must hold when a message leaves.

use acquirer::Mti;
use acquirer::codec::Frame;
use engine::books::{Books, Standing};
use engine::{Ceilings, Duty, TransactionId};

use super::promises::tip_told_by;
use super::{Law, Watch};
use crate::ground;

/// 60.1 of a question what a card holds.
const BALANCE: &str = "01";
/// DE3 of a question what became of a scanned payment.
const SCAN_INQUIRY: &str = "310000";

/// What an acquirer knows a request as: terminal, acquirer, batch, trace.
pub type Place = (usize, String, String, String);

/// A message that is about to leave.
pub struct Sent<'a> {
    /// From which terminal.
    pub terminal: usize,
    /// To which acquirer.
    pub acquirer: &'a str,
    /// The payment, errand or debt it belongs to.
    pub about: &'a str,
    /// Its bytes.
    pub frame: &'a [u8],
    /// The connection it leaves on.
    pub line: u64,
    /// The route that connection takes.
    pub route: &'a str,
    /// How long an answer will be waited for. Milliseconds.
    pub timeout_ms: u64,
}

/// A request that left.
#[derive(Debug)]
pub struct Carried {
    /// What it is about.
    pub about: String,
    /// The connections it left on.
    pub lines: Vec<u64>,
}

impl Watch {
    /// A message leaves; all of it or a part may arrive.
    pub fn sent(&mut self, sent: Sent<'_>, books: &Books, is_open: &dyn Fn(u64) -> bool) {
        if self.looks_away {
            return;
        }
        let ceiling = u64::from(Ceilings::default().exchange_timeout_ms);
        if sent.timeout_ms > ceiling {
            self.breaks(Law::CeilingsHold, format!("{} waits {} ms", sent.about, sent.timeout_ms));
        }
        let Ok(frame) = Frame::decode(sent.frame) else {
            return self.breaks(Law::SentOnce, format!("{} sends what no acquirer reads", sent.about));
        };
        let message = &frame.message;
        let Some(trace) = message.digits(11).map(str::to_owned) else { return };
        let Some(batch) = message.digits(60).and_then(|digits| digits.get(2..8)).map(str::to_owned) else { return };
        let place = (sent.terminal, sent.acquirer.to_owned(), batch, trace);
        // A repetition and a report are about their original; what tells of a tip is about the tip.
        let debt = TransactionId::try_from(sent.about.to_owned()).ok().and_then(|id| books.debt(&id));
        let of = debt.map(|debt| tip_told_by(books, debt).map_or(debt.of.as_str(), |tip| tip.id.as_str()));
        let sent = Sent { about: of.unwrap_or(sent.about), ..sent };
        let kind = message.digits(60).and_then(|digits| digits.get(..2)).unwrap_or_default();
        let only_asks = kind == BALANCE || message.digits(3) == Some(SCAN_INQUIRY);
        match message.mti.first() {
            Mti::REVERSAL => self.takes_back(&sent, &place, is_open),
            Mti::SALE | Mti::AUTHORISATION if !only_asks && debt.is_none() => self.moves_money(&sent, place, books),
            _ => self.takes_number(&sent, place),
        }
    }

    fn takes_back(&mut self, sent: &Sent<'_>, place: &Place, is_open: &dyn Fn(u64) -> bool) {
        let open = self.wire.get(place).and_then(|original| original.lines.iter().find(|line| is_open(**line)));
        if open.is_some_and(|line| *line != sent.line) {
            let story = format!("{} leaves while its original's connection is open", sent.about);
            self.breaks(Law::OriginalIsClosedFirst, story);
        }
    }

    fn moves_money(&mut self, sent: &Sent<'_>, place: Place, books: &Books) {
        if self.is_damaged(sent.terminal) {
            let story = format!("{} is sent by terminal {}, whose journal is damaged", sent.about, sent.terminal);
            return self.breaks(Law::DamageStopsSales, story);
        }
        let about = (sent.terminal, sent.about.to_owned());
        let carrier = self.routes.entry(about.clone()).or_insert_with(|| sent.route.to_owned());
        if carrier != sent.route {
            let story = format!("{} may have left on route {carrier}, and leaves on {}", sent.about, sent.route);
            return self.breaks(Law::OneRoute, story);
        }
        if let Some(earlier) = self.places.get(&about).and_then(|places| places.first()) {
            let story = format!("{} was sent as {earlier:?}, may have arrived, and is sent as {place:?}", sent.about);
            return self.breaks(Law::SentOnce, story);
        }
        let is_older = |debt: &&engine::books::Debt| {
            let blocks = !matches!(debt.duty, Duty::Advise | Duty::ReportScripts);
            let is_unheard = debt.acquirer == sent.acquirer && debt.standing == Standing::Unheard;
            blocks && is_unheard && debt.of.as_str() != sent.about
        };
        if let Some(debt) = books.open_debts().find(is_older) {
            let story = format!("{} is sent while nobody has heard of {}", sent.about, debt.id);
            return self.breaks(Law::DebtsGoFirst, story);
        }
        self.places.insert(about, vec![place.clone()]);
        self.takes_number(sent, place);
    }

    fn takes_number(&mut self, sent: &Sent<'_>, place: Place) {
        let known = self
            .wire
            .entry(place.clone())
            .or_insert_with(|| Carried { about: sent.about.to_owned(), lines: Vec::new() });
        known.lines.push(sent.line);
        if known.about != sent.about {
            let story = format!("{} and {} are both number {place:?}", known.about, sent.about);
            self.breaks(Law::TraceIsUnique, story);
        }
    }

    /// What an acquirer's transaction is about.
    pub(super) fn about(&self, terminal: usize, acquirer: usize, batch: &str, trace: &str) -> Option<TransactionId> {
        let name = ground::ACQUIRERS[acquirer].0.to_owned();
        let carried = self.wire.get(&(terminal, name, batch.to_owned(), trace.to_owned()))?;
        TransactionId::try_from(carried.about.clone()).ok()
    }
}

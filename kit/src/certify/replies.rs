//! What a plugin makes of replies: those that were recorded, and what a bad line or an attacker could make of them.

use engine::contract::acquirer::{Action, Echoed, Event, Outcome, Proof, Reply, Step};
use engine::contract::template::Extent;
use engine::contract::transaction::Operation;
use sandbox::Spent;

use super::{Answered, Asked, Case, Court, Law, fell};

/// Every so many bytes of a reply are changed one after another; longer replies are sampled.
const CHANGED_PLACES: usize = 256;

pub(super) fn judge(case: &Case<'_>, court: &mut Court) {
    let Asked::Resume { operation, state, event: Event::Received(reply) } = &case.call.asked else { return };
    let heard = Heard { case, operation, state };
    for (what, body) in variations(&reply.body, case.judge.variations, case.at) {
        heard.live_through(what, Reply { body, ..reply.clone() }, court);
    }
    if let Some(step) = case.step().filter(|step| is_approval(step)) {
        court.hear(case, Law::ApprovalIsProven, heard.lacks_proof(step));
        heard.change_echoes(step, reply, court);
    }
}

/// An operation that waits for a reply.
struct Heard<'a> {
    case: &'a Case<'a>,
    operation: &'a Operation,
    state: &'a [u8],
}

impl Heard<'_> {
    fn on(&self, reply: Reply) -> (Answered, Spent) {
        let (operation, state) = (self.operation.clone(), self.state.to_vec());
        self.case.ask(&Asked::Resume { operation, state, event: Event::Received(reply) })
    }

    fn live_through(&self, what: &'static str, reply: Reply, court: &mut Court) {
        let (answer, spent) = self.on(reply);
        court.weigh(self.case, &answer, spent);
        let fell = fell(&answer).map(|fault| format!("a reply {what}: {fault}"));
        court.hear(self.case, Law::LivesThroughAnyReply, fell);
        if let Answered::Step(step) = &answer
            && is_approval(step)
        {
            let lacks = self.lacks_proof(step).map(|lacks| format!("a reply {what}: {lacks}"));
            court.hear(self.case, Law::ApprovalIsProven, lacks);
        }
    }

    /// An approval asks for the proofs its operation declares; the terminal then finds them true or not.
    fn lacks_proof(&self, step: &Step) -> Option<String> {
        let kind = self.operation.kind();
        let operations = &self.case.judge.plugin.descriptor().operations;
        let proved = operations.iter().any(|spec| spec.kind == kind && spec.proved);
        let has_seal = step.proofs.iter().any(|proof| matches!(proof, Proof::Seal(_)));
        if step.proofs.is_empty() {
            return Some("an approval without any proof".into());
        }
        (proved && !has_seal).then(|| "an approval without a seal, which the operation declares".into())
    }

    /// Changes what each echo of an approval points at: the answer is then about something else.
    fn change_echoes(&self, step: &Step, reply: &Reply, court: &mut Court) {
        for echo in step.proofs.iter().filter_map(|proof| if let Proof::Echo(echo) = proof { Some(echo) } else { None })
        {
            let Some(range) = range(&echo.got, reply.body.len()) else { continue };
            let mut body = reply.body.clone();
            for byte in &mut body[range.clone()] {
                *byte = other_digit(*byte);
            }
            let (answer, _) = self.on(Reply { body, ..reply.clone() });
            let what = match &answer {
                Answered::Step(step) if is_approval(step) && !proves(step, echo.what) => {
                    Some(format!("{:?} was changed in the answer, and it still approves without that echo", echo.what))
                }
                _ => None,
            };
            court.hear(self.case, Law::EchoesAreProven, what);
        }
    }
}

fn is_approval(step: &Step) -> bool {
    matches!(step.action, Action::Finish(Outcome::Approved(_)))
}

fn proves(step: &Step, what: Echoed) -> bool {
    step.proofs.iter().any(|proof| matches!(proof, Proof::Echo(echo) if echo.what == what))
}

/// Another byte of the same kind: a digit for a digit, two for two packed ones.
fn other_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'8' => byte + 1,
        b'9' => b'0',
        _ => byte ^ 0x11,
    }
}

/// The bytes an extent names, if it names some of so many.
pub(super) fn range(extent: &Extent, length: usize) -> Option<std::ops::Range<usize>> {
    let place = |offset: i32, is_end: bool| match offset {
        0 if is_end => Some(length),
        offset if offset < 0 => length.checked_sub(offset.unsigned_abs() as usize),
        offset => usize::try_from(offset).ok(),
    };
    let (start, end) = (place(extent.start, false)?, place(extent.end, true)?);
    (start < end && end <= length).then_some(start..end)
}

/// What could become of a reply on its way: systematically, and at random by the call's own number, so that a breach
/// is found again.
fn variations(body: &[u8], random: u32, seed: usize) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let every = (body.len() / CHANGED_PLACES).max(1);
    let places = move || (0..body.len()).step_by(every);
    let with = move |at: usize, change: fn(u8) -> u8| {
        let mut body = body.to_vec();
        body[at] = change(body[at]);
        body
    };
    let changed = places().flat_map(move |at| {
        [
            ("with a bit changed", with(at, |byte| byte ^ 0x01)),
            ("with a high bit changed", with(at, |byte| byte ^ 0x80)),
            ("with a byte of nothing", with(at, |_| 0x00)),
            ("with a byte of ones", with(at, |_| 0xFF)),
        ]
    });
    let cut = places().map(move |at| ("cut short", body[..at].to_vec()));
    let doubled = std::iter::once(("said twice", [body, body].concat()));
    let mut noise = Noise(seed as u64 | 1);
    let random = (0..random).map(move |_| ("of noise", noise.body(body)));
    changed.chain(cut).chain(doubled).chain(random)
}

/// Numbers without order that are the same every time (xorshift64*).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A reply with a stretch of noise in it; sometimes nothing else.
    fn body(&mut self, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        let length = body.len().max(1) as u64;
        let (start, count) = ((self.next() % length) as usize, (self.next() % 16) as usize + 1);
        let whole = self.next().is_multiple_of(8);
        for (at, byte) in body.iter_mut().enumerate() {
            if whole || (start..start + count).contains(&at) {
                *byte = (self.next() >> 32) as u8;
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_count_from_either_end() {
        for (start, end, expected) in [
            (0, 0, Some(0..8)),
            (2, 4, Some(2..4)),
            (-3, 0, Some(5..8)),
            (-3, -1, Some(5..7)),
            (4, 4, None),
            (0, 9, None),
        ] {
            assert_eq!(range(&Extent { start, end }, 8), expected, "{start} {end}");
        }
    }

    #[test]
    fn variations_are_the_same_every_time() {
        let all = || variations(b"0210 approved", 20, 7).collect::<Vec<_>>();
        assert_eq!(all(), all());
        assert!(all().iter().all(|(_, body)| body != b"0210 approved"));
    }
}

use std::collections::BTreeSet;

use crate::contract::acquirer::{Approved, Declined, Echoed, Outcome as Claimed, Owed, Proof, Remedy};
use crate::contract::template::UndoReason;
use crate::contract::types::Amount;
use crate::record::{Doubt, Duty, Incident, NotSent, Outcome, Verdict};

/// Which proofs of an answer the vault found true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvenBy {
    /// At least one seal held.
    pub sealed: bool,
    /// The echoes that held.
    pub echoes: BTreeSet<&'static str>,
}

/// What a claim about a payment is weighed against.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What was asked for.
    pub asked: Amount,
    /// Whether the operation moves money at all: a question about a card does not.
    pub moves_money: bool,
    /// Whether an exchange that moves money may have left.
    pub money_may_have_moved: bool,
    /// What that exchange said is done about silence.
    pub remedy: Option<&'a Remedy>,
    /// Whether the step answers a message that came back.
    pub heard: bool,
    /// What the vault found true of that message.
    pub proven: &'a ProvenBy,
    /// Whether the operation demands a seal.
    pub demands_seal: bool,
    /// The echoes it demands.
    pub demands_echoes: &'a [Echoed],
}

/// How a payment ends, and what is owed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What the cashier will be told.
    pub outcome: Outcome,
    /// What is owed because of it.
    pub owed: Option<Duty>,
    /// What was wrong with the claim.
    pub incident: Option<Incident>,
}

/// What a claim about a payment comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// It ends.
    Ends(Judgement),
    /// Less than was asked for was approved, and proven: somebody must be asked whether that is taken.
    Less(Approved),
}

/// What an answer to a reversal counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictJudgement {
    /// It counts.
    Counts(Verdict, String),
    /// It does not; the debt stands.
    Stands(Incident),
    /// The acquirer itself does not know, and proved that; the debt stands.
    Open,
}

impl ProvenBy {
    /// Reads the labels of proofs that all held.
    pub fn all_of(proofs: &[Proof]) -> ProvenBy {
        let mut proven = ProvenBy::default();
        for proof in proofs {
            match proof {
                Proof::Seal(_) => proven.sealed = true,
                Proof::Echo(echo) => {
                    proven.echoes.insert(label(echo.what));
                }
            }
        }
        proven
    }

    /// Whether every demanded proof held. An answer without any proof meets no demand, even where there is none.
    pub fn meets(&self, demands_seal: bool, demands_echoes: &[Echoed]) -> bool {
        (self.sealed || !self.echoes.is_empty()) && self.missing(demands_seal, demands_echoes, None).is_none()
    }

    /// The first demanded proof that is not there.
    pub(crate) fn missing(
        &self,
        demands_seal: bool,
        demands_echoes: &[Echoed],
        may_lack: Option<Echoed>,
    ) -> Option<Incident> {
        if demands_seal && !self.sealed {
            return Some(Incident::MissingProof("seal".into()));
        }
        demands_echoes
            .iter()
            .filter(|&&echo| Some(echo) != may_lack)
            .find(|&&echo| !self.echoes.contains(label(echo)))
            .map(|&echo| Incident::MissingProof(label(echo).into()))
    }
}

impl Evidence<'_> {
    /// Whether the answer brought every proof that is demanded.
    pub fn is_proven(&self) -> bool {
        self.proven.meets(self.demands_seal, self.demands_echoes)
    }

    /// What the answer should have proven and did not. One that proved nothing lacks a seal, whatever is demanded.
    pub fn lacks(&self) -> Option<Incident> {
        let first = || self.proven.missing(self.demands_seal, self.demands_echoes, None);
        (!self.is_proven()).then(|| first().unwrap_or_else(|| Incident::MissingProof("seal".into())))
    }
}

/// Decides what the plugin's claim about a sale or another payment is worth.
pub fn judge_payment(claimed: Claimed, evidence: &Evidence<'_>) -> Weighed {
    Weighed::Ends(match claimed {
        Claimed::Approved(approved) => return judge_approval(approved, evidence),
        Claimed::Declined(declined) => judge_decline(declined, evidence),
        Claimed::Unknown(unknown) => {
            let doubt = Doubt::Acquirer { code: unknown.code };
            match unknown.owed {
                // Whatever the remedy says first: taking back what is in doubt is always right where it can be done.
                Owed::Reversal if matches!(evidence.remedy, Some(Remedy::Inquire(_))) => {
                    Judgement::taken_back(doubt, UndoReason::NoAnswer, None, evidence)
                }
                Owed::Reversal | Owed::Inquiry | Owed::Repetition => {
                    Judgement::unknown(doubt, UndoReason::NoAnswer, None, evidence)
                }
            }
        }
        other => Judgement::illegal(format!("a payment cannot end {}", name(&other)), evidence),
    })
}

/// Decides what the plugin's claim about a reversal is worth.
pub fn judge_reversal(
    claimed: Claimed,
    proven: &ProvenBy,
    demands_seal: bool,
    demands_echoes: &[Echoed],
) -> VerdictJudgement {
    let (verdict, code) = match claimed {
        Claimed::Acknowledged(code) => (Verdict::Paid, code),
        Claimed::Unmatched(code) => (Verdict::Unmatched, code),
        Claimed::Refused(code) => (Verdict::Refused, code),
        Claimed::Unknown(_) => {
            return match proven.missing(demands_seal, demands_echoes, None) {
                None => VerdictJudgement::Open,
                Some(incident) => VerdictJudgement::Stands(incident),
            };
        }
        other => {
            return VerdictJudgement::Stands(Incident::IllegalStep(format!("a reversal cannot end {}", name(&other))));
        }
    };
    match proven.missing(demands_seal, demands_echoes, None) {
        None => VerdictJudgement::Counts(verdict, code),
        Some(incident) => VerdictJudgement::Stands(incident),
    }
}

fn judge_approval(approved: Approved, evidence: &Evidence<'_>) -> Weighed {
    if !evidence.heard || (evidence.moves_money && !evidence.money_may_have_moved) {
        let what = "approved without an answered exchange that moves money".into();
        return Weighed::Ends(Judgement::illegal(what, evidence));
    }
    let is_less = approved.amount.minor < evidence.asked.minor;
    let may_lack = is_less.then_some(Echoed::Amount);
    if let Some(missing) = evidence.proven.missing(evidence.demands_seal, evidence.demands_echoes, may_lack) {
        return Weighed::Ends(Judgement::unknown(Doubt::Unproven, UndoReason::NoAnswer, Some(missing), evidence));
    }
    if approved.amount == evidence.asked {
        return Weighed::Ends(Judgement { outcome: Outcome::Approved(approved), owed: None, incident: None });
    }
    if is_less && approved.amount.minor > 0 && approved.amount.same_currency(evidence.asked).is_ok() {
        return Weighed::Less(approved);
    }
    // More is never accepted, nor another currency.
    let doubt = Doubt::OtherAmount { approved_minor: approved.amount.minor };
    let incident = Some(Incident::IllegalStep("approved another amount than was asked".into()));
    Weighed::Ends(Judgement::taken_back(doubt, UndoReason::Cancelled, incident, evidence))
}

fn judge_decline(declined: Declined, evidence: &Evidence<'_>) -> Judgement {
    if evidence.moves_money && !evidence.money_may_have_moved {
        return Judgement { outcome: Outcome::NotSent(NotSent::Refused(declined)), owed: None, incident: None };
    }
    let missing = if evidence.heard {
        evidence.proven.missing(evidence.demands_seal, evidence.demands_echoes, None)
    } else {
        Some(Incident::IllegalStep("declined without an answer".into()))
    };
    match missing {
        None => Judgement { outcome: Outcome::Declined(declined), owed: None, incident: None },
        Some(missing) => Judgement::unknown(Doubt::Unproven, UndoReason::NoAnswer, Some(missing), evidence),
    }
}

impl Judgement {
    /// The outcome is in doubt: what the remedy says is owed where money may have moved, otherwise nothing was sent.
    pub fn unknown(doubt: Doubt, reason: UndoReason, incident: Option<Incident>, evidence: &Evidence<'_>) -> Judgement {
        let duty = match evidence.remedy {
            Some(Remedy::Repeat(_)) => Duty::Repeat,
            Some(Remedy::Inquire(_)) => Duty::Inquire,
            Some(Remedy::Undo(_)) | None => Duty::Reverse(reason),
        };
        Judgement::in_doubt(doubt, duty, incident, evidence)
    }

    /// Money moved, or may have, that is not wanted: it is taken back, unless all that is stored is a message that may
    /// be repeated.
    pub fn taken_back(
        doubt: Doubt,
        reason: UndoReason,
        incident: Option<Incident>,
        evidence: &Evidence<'_>,
    ) -> Judgement {
        let is_repeated = matches!(evidence.remedy, Some(Remedy::Repeat(_)));
        let duty = if is_repeated { Duty::Repeat } else { Duty::Reverse(reason) };
        Judgement::in_doubt(doubt, duty, incident, evidence)
    }

    /// Nothing that moves money can have left.
    pub fn not_sent(why: NotSent) -> Judgement {
        Judgement { outcome: Outcome::NotSent(why), owed: None, incident: None }
    }

    fn in_doubt(doubt: Doubt, duty: Duty, incident: Option<Incident>, evidence: &Evidence<'_>) -> Judgement {
        if evidence.money_may_have_moved {
            return Judgement { outcome: Outcome::Unknown(doubt), owed: Some(duty), incident };
        }
        let why = incident.clone().unwrap_or_else(|| Incident::IllegalStep("in doubt before anything was sent".into()));
        Judgement { outcome: Outcome::NotSent(NotSent::Plugin(why)), owed: None, incident }
    }

    fn illegal(what: String, evidence: &Evidence<'_>) -> Judgement {
        let incident = Incident::IllegalStep(what);
        Judgement::unknown(Doubt::Plugin(incident.clone()), UndoReason::Malfunction, Some(incident), evidence)
    }
}

/// The word for an echo in configuration, journal and messages.
fn label(echo: Echoed) -> &'static str {
    match echo {
        Echoed::Trace => "trace",
        Echoed::Terminal => "terminal",
        Echoed::Merchant => "merchant",
        Echoed::Amount => "amount",
        Echoed::Currency => "currency",
        Echoed::Card => "card",
        Echoed::Order => "order",
    }
}

fn name(claimed: &Claimed) -> &'static str {
    match claimed {
        Claimed::Approved(_) => "approved",
        Claimed::Declined(_) => "declined",
        Claimed::Unknown(_) => "unknown",
        Claimed::Acknowledged(_) => "acknowledged",
        Claimed::Unmatched(_) => "unmatched",
        Claimed::Refused(_) => "refused",
        Claimed::Settled(_) => "settled",
        Claimed::Done => "done",
    }
}

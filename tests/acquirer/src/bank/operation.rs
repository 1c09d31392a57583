//! What a request asks for, by message type, processing code and type code (UnionPay transaction matrix).

use serde::Serialize;

use crate::codec::{Message, Mti};
use crate::config::{AcquirerConfig, Code};
use crate::ledger::Movement;

use super::private;

/// DE3 of what takes money from a card.
const PAY: &str = "000000";
/// DE3 of what gives money back.
const GIVE_BACK: &str = "200000";
/// DE3 of setting money aside.
const SET_ASIDE: &str = "030000";
/// How DE22 begins where a code was scanned.
const SCANNED: &str = "03";

/// The operations of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// 0800, 60.3 `003`.
    SignIn,
    /// 0820, 60.3 `002`.
    SignOff,
    /// 0820, 60.3 `301`.
    Echo,
    /// 0820 and 0800, 60.3 `360` to `362`, `370` to `372`, `380` to `382`.
    Download,
    /// 0200, DE3 as configured, 60.1 `01`.
    Balance,
    /// 0200, DE3 `000000`, 60.1 `22`.
    Sale,
    /// A sale whose DE22 says that a code was scanned.
    ScanToPay,
    /// 0200, DE3 as configured: an order whose code the terminal shows.
    ShowToPay,
    /// 0200, DE3 as configured: what became of a payment by a code.
    ScanInquiry,
    /// 0200, DE3 `200000`, 60.1 `23`.
    Void,
    /// 0220, DE3 `200000`, 60.1 `25`.
    Refund,
    /// 0100, DE3 `030000`, 60.1 `10`.
    PreAuthorisation,
    /// 0100, DE3 `200000`, 60.1 `11`.
    PreAuthorisationVoid,
    /// 0200, DE3 `000000`, 60.1 `20`.
    Completion,
    /// 0200, DE3 `200000`, 60.1 `21`.
    CompletionVoid,
    /// 0220, DE3 `000000`, 60.1 `24`.
    CompletionAdvice,
    /// 0220, DE3 `000000`, 60.1 `30`; or 0200 and 0220 with 60.1 `36`.
    OfflineSale,
    /// 0220, DE3 `000000`, 60.1 `34` for a tip, `32` for any other change of a sale.
    Adjustment,
    /// 0400.
    Reversal,
    /// 0620, 60.3 `951`.
    ScriptResult,
    /// 0500, 60.3 `201`.
    Settlement,
    /// 0320, 60.3 `201` to `207`.
    Upload,
}

impl Operation {
    /// What the request asks for; code 40 for what this acquirer does not do.
    pub(super) fn of(request: &Message, config: &AcquirerConfig) -> Result<Self, Code> {
        let mti = request.mti.first();
        let unsupported = || Code::known("40");
        if mti == Mti::REVERSAL {
            return Ok(Self::Reversal);
        }
        let private = private(request)?;
        let managed = match (mti, private.kind, private.network_code) {
            (Mti::SIGN_IN, "00", Some("360" | "361" | "370" | "371" | "380" | "381"))
            | (Mti::NETWORK, "00", Some("362" | "372" | "382")) => Some(Self::Download),
            (Mti::SIGN_IN, ..) => Some(Self::SignIn),
            (Mti::NETWORK, _, Some("002")) => Some(Self::SignOff),
            (Mti::NETWORK, _, Some("301")) => Some(Self::Echo),
            (Mti::SCRIPT_RESULT, "00", Some("951")) => Some(Self::ScriptResult),
            (Mti::SETTLEMENT, "00", Some("201")) => Some(Self::Settlement),
            (Mti::UPLOAD, "00", Some("201" | "202" | "203" | "204" | "205" | "206" | "207")) => Some(Self::Upload),
            _ => None,
        };
        if let Some(managed) = managed {
            return Ok(managed);
        }
        let processing = request.digits(3).ok_or_else(unsupported)?;
        let scan = &config.scan_to_pay;
        let scanned = request.digits(22).is_some_and(|entry| entry.starts_with(SCANNED));
        Ok(match (mti, processing, private.kind) {
            (Mti::SALE, code, "01") if code == config.balance_processing_code.as_str() => Self::Balance,
            (Mti::SALE, code, kind) if code == scan.inquiry_processing_code.as_str() && kind == scan.kind.as_str() => {
                Self::ScanInquiry
            }
            (Mti::SALE, code, kind)
                if code == config.show_to_pay.processing_code.as_str() && kind == scan.kind.as_str() =>
            {
                Self::ShowToPay
            }
            (Mti::SALE, code, kind)
                if scanned && code == scan.processing_code.as_str() && kind == scan.kind.as_str() =>
            {
                Self::ScanToPay
            }
            (Mti::SALE, PAY, "22") => Self::Sale,
            (Mti::SALE, GIVE_BACK, "23") => Self::Void,
            (Mti::SALE, PAY, "20") => Self::Completion,
            (Mti::SALE, GIVE_BACK, "21") => Self::CompletionVoid,
            (Mti::AUTHORISATION, SET_ASIDE, "10") => Self::PreAuthorisation,
            (Mti::AUTHORISATION, GIVE_BACK, "11") => Self::PreAuthorisationVoid,
            (Mti::ADVICE, GIVE_BACK, "25") => Self::Refund,
            (Mti::ADVICE, PAY, "24") => Self::CompletionAdvice,
            (Mti::ADVICE, PAY, "30") | (Mti::ADVICE | Mti::SALE, PAY, "36") => Self::OfflineSale,
            (Mti::ADVICE, PAY, "32" | "34") => Self::Adjustment,
            _ => return Err(unsupported()),
        })
    }

    /// Whether DE25 must say `06`.
    pub(super) fn is_of_pre_authorisation(self) -> bool {
        use Operation::{Completion, CompletionAdvice, CompletionVoid, PreAuthorisation, PreAuthorisationVoid};
        matches!(self, PreAuthorisation | PreAuthorisationVoid | Completion | CompletionAdvice | CompletionVoid)
    }

    /// Whether it touches no day of trade, so that a cut-over does not stop it.
    pub(super) fn is_maintenance(self) -> bool {
        matches!(self, Self::SignIn | Self::SignOff | Self::Echo | Self::Download)
    }

    /// What the books call it; nothing for what moves no money.
    pub(super) fn movement(self) -> Option<Movement> {
        Some(match self {
            Self::Sale => Movement::Sale,
            Self::ScanToPay => Movement::ScanToPay,
            Self::ShowToPay => Movement::ShowToPay,
            Self::OfflineSale => Movement::OfflineSale,
            Self::Adjustment => Movement::Adjustment,
            Self::Void => Movement::Void,
            Self::Refund => Movement::Refund,
            Self::PreAuthorisation => Movement::PreAuthorisation,
            Self::PreAuthorisationVoid => Movement::PreAuthorisationVoid,
            Self::Completion | Self::CompletionAdvice => Movement::Completion,
            Self::CompletionVoid => Movement::CompletionVoid,
            Self::Reversal => Movement::Reversal,
            _ => return None,
        })
    }
}

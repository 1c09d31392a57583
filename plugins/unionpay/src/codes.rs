//! Response codes, DE39 (A.15): what each means for the money, for the customer and for the cashier.

use sdk::prelude::Reason;

use Verdict::{Approved, Captured, Declined, Defective, NotFinal, Partial};

/// One response code.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// DE39.
    pub code: &'static str,
    /// Class: A approved, B failed and may be retried, C failed, D someone must act, E the system does not know.
    pub class: char,
    /// What it means for the money.
    pub verdict: Verdict,
    /// In English.
    pub meaning: &'static str,
    /// In Chinese.
    pub chinese: &'static str,
}

/// What a code means for the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The amount asked for was taken.
    Approved,
    /// Taken, with something to tell on the receipt.
    Defective,
    /// The amount of the answer was taken.
    Partial,
    /// No money moved and none will.
    Declined(Reason),
    /// Declined, and the card is to be kept.
    Captured(Reason),
    /// The acquirer or issuer does not know, or the sources disagree: unknown, and a reversal is owed.
    NotFinal,
}

/// What the cashier does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Print the receipt.
    Print,
    /// Print it; it carries a note.
    PrintNote,
    /// Show the lesser amount; take the rest by other means.
    TakeRest,
    /// Pay by other means, or another card.
    OtherMeans,
    /// Ask for another card.
    OtherCard,
    /// Keep the card.
    KeepCard,
    /// A smaller amount, or other means.
    SmallerAmount,
    /// Enter the PIN again, in a new transaction.
    EnterPinAgain,
    /// Enter the amount again.
    EnterAmountAgain,
    /// The customer calls the issuer.
    CallIssuer,
    /// Stop; call the acquirer.
    CallAcquirer,
    /// Try again later.
    TryLater,
    /// Sign in, then try again.
    SignIn,
    /// Try again, or other means.
    TryAgain,
    /// Wait: the terminal takes the money back.
    Reversing,
}

/// A code of the table. One that is not there is not final: nobody here knows what it says.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|row| row.code == code)
}

impl Code {
    /// The reason of a decline. `Other` for what is none.
    pub fn reason(&self) -> Reason {
        match self.verdict {
            Declined(reason) | Captured(reason) => reason,
            Approved | Defective | Partial | NotFinal => Reason::Other,
        }
    }

    /// A sentence for the receipt or the screen, in Chinese where the locale is.
    pub fn sentence(&self, locale: &str) -> &'static str {
        if locale.starts_with("zh") { self.chinese } else { self.meaning }
    }

    /// What the cashier does next: a function of the verdict and its reason alone.
    pub fn next_step(&self) -> NextStep {
        match self.verdict {
            Approved => NextStep::Print,
            Defective => NextStep::PrintNote,
            Partial => NextStep::TakeRest,
            NotFinal => NextStep::Reversing,
            Captured(_) => NextStep::KeepCard,
            Declined(reason) => next_step(reason),
        }
    }
}

/// What the cashier does after a decline.
pub fn next_step(reason: Reason) -> NextStep {
    match reason {
        Reason::InsufficientFunds | Reason::PinTriesExceeded | Reason::NotPermitted => NextStep::OtherMeans,
        Reason::DoNotHonour | Reason::FraudSuspected | Reason::LostOrStolen => NextStep::OtherMeans,
        Reason::LimitExceeded => NextStep::SmallerAmount,
        Reason::ExpiredCard | Reason::InvalidCard | Reason::RestrictedCard => NextStep::OtherCard,
        Reason::WrongPin => NextStep::EnterPinAgain,
        Reason::InvalidAmount => NextStep::EnterAmountAgain,
        Reason::CallIssuer => NextStep::CallIssuer,
        Reason::InvalidMerchant | Reason::FormatError | Reason::SecurityFailure => NextStep::CallAcquirer,
        Reason::OriginalNotFound => NextStep::CallAcquirer,
        Reason::IssuerUnavailable | Reason::AcquirerUnavailable | Reason::CutOver => NextStep::TryLater,
        Reason::NotSignedIn | Reason::BatchMismatch => NextStep::SignIn,
        Reason::Duplicate | Reason::Other => NextStep::TryAgain,
    }
}

const fn row(code: &'static str, class: char, verdict: Verdict, meaning: &'static str, chinese: &'static str) -> Code {
    Code { code, class, verdict, meaning, chinese }
}

/// The table of A.15. Where it asks the terminal to query and not to repeat (09, 68, 94, 96), or the fault is the
/// system's (class E), the code is not final. YM and YT are vendors' own and their meaning unknown.
pub const CODES: &[Code] = &[
    row("00", 'A', Approved, "approved", "交易成功"),
    row("01", 'C', Declined(Reason::CallIssuer), "call the issuer", "请持卡人与发卡银行联系"),
    row("02", 'C', Declined(Reason::CallIssuer), "call the issuer", "请持卡人与发卡银行联系"),
    row("03", 'C', Declined(Reason::InvalidMerchant), "invalid merchant", "无效商户"),
    row("04", 'D', Captured(Reason::RestrictedCard), "keep the card", "此卡被没收"),
    row("05", 'C', Declined(Reason::DoNotHonour), "not honoured", "持卡人认证失败"),
    row("06", 'E', NotFinal, "issuer error", "发卡行故障"),
    row("07", 'D', Captured(Reason::FraudSuspected), "keep the card, special conditions", "特定条件下没收卡"),
    row("09", 'B', NotFinal, "in progress", "交易处理中"),
    row("10", 'A', Partial, "approved in part", "部分金额批准"),
    row("11", 'A', Approved, "approved", "交易成功"),
    row("12", 'C', Declined(Reason::NotPermitted), "invalid transaction", "无效交易"),
    row("13", 'B', Declined(Reason::InvalidAmount), "invalid amount", "无效金额"),
    row("14", 'B', Declined(Reason::InvalidCard), "invalid card number", "无效卡号"),
    row("15", 'C', Declined(Reason::InvalidCard), "no such issuer", "此卡无对应发卡方"),
    row("19", 'C', Declined(Reason::Other), "enter the transaction again", "请重做交易"),
    row("20", 'C', Declined(Reason::Other), "invalid response", "无效应答"),
    row("21", 'C', Declined(Reason::InvalidCard), "card not initialised", "该卡未初始化"),
    row("22", 'C', Declined(Reason::NotSignedIn), "suspected malfunction", "操作有误，请签到"),
    row("23", 'C', Declined(Reason::Other), "fee refused", "不可接受的手续费"),
    row("25", 'C', Declined(Reason::OriginalNotFound), "original not found", "未找到原交易"),
    row("30", 'C', Declined(Reason::FormatError), "format error", "报文格式错误"),
    row("31", 'C', Declined(Reason::NotPermitted), "bank not supported", "此卡银行不受支持"),
    row("33", 'D', Captured(Reason::ExpiredCard), "expired, keep the card", "过期卡，请没收"),
    row("34", 'D', Captured(Reason::FraudSuspected), "fraud suspected, keep the card", "有作弊嫌疑，请没收卡"),
    row("35", 'D', Captured(Reason::CallIssuer), "keep the card, call the acquirer", "请没收卡，与收单行联系"),
    row("36", 'D', Captured(Reason::RestrictedCard), "restricted, keep the card", "受限制的卡，请没收"),
    row(
        "37",
        'D',
        Captured(Reason::FraudSuspected),
        "keep the card, call acquirer security",
        "请没收卡，与收单行安全部门联系",
    ),
    row(
        "38",
        'D',
        Captured(Reason::PinTriesExceeded),
        "PIN tries exceeded, keep the card",
        "密码错误次数超限，请没收卡",
    ),
    row("39", 'C', Declined(Reason::NotPermitted), "no credit account", "无此信用卡账户"),
    row("40", 'C', Declined(Reason::NotPermitted), "function not supported", "不支持的交易类型"),
    row("41", 'D', Captured(Reason::LostOrStolen), "lost card", "挂失卡，请没收"),
    row("42", 'B', Declined(Reason::NotPermitted), "no universal account", "无此账户"),
    row("43", 'D', Captured(Reason::LostOrStolen), "stolen card", "被窃卡，请没收"),
    row("44", 'C', Declined(Reason::NotPermitted), "no investment account", "无此投资账户"),
    row("51", 'C', Declined(Reason::InsufficientFunds), "insufficient funds", "余额不足"),
    row("52", 'C', Declined(Reason::NotPermitted), "no cheque account", "无此支票账户"),
    row("53", 'C', Declined(Reason::NotPermitted), "no savings account", "无此储蓄账户"),
    row("54", 'C', Declined(Reason::ExpiredCard), "expired card", "过期的卡"),
    row("55", 'C', Declined(Reason::WrongPin), "wrong PIN", "密码错误"),
    row("56", 'C', Declined(Reason::InvalidCard), "no record of the card", "无此卡记录"),
    row("57", 'C', Declined(Reason::NotPermitted), "not permitted to this cardholder", "不允许持卡人进行的交易"),
    row("58", 'C', Declined(Reason::NotPermitted), "not permitted to this terminal", "不允许终端进行的交易"),
    row("59", 'C', Declined(Reason::FraudSuspected), "fraud suspected", "有作弊嫌疑"),
    row("60", 'C', Declined(Reason::CallIssuer), "call the acquirer", "请与收单行联系"),
    row("61", 'C', Declined(Reason::LimitExceeded), "over the amount limit", "金额超限"),
    row("62", 'C', Declined(Reason::RestrictedCard), "restricted card", "受限制的卡"),
    row("63", 'C', Declined(Reason::SecurityFailure), "security violation", "违反安全保密规定"),
    row("64", 'C', Declined(Reason::InvalidAmount), "original amount wrong", "原始金额不正确"),
    row("65", 'C', Declined(Reason::LimitExceeded), "over the count limit", "交易次数超限"),
    row("66", 'C', Declined(Reason::CallIssuer), "call acquirer security", "请与收单行安全部门联系"),
    row("67", 'C', Captured(Reason::RestrictedCard), "hard capture", "没收卡"),
    row("68", 'C', NotFinal, "issuer did not answer in time", "发卡行响应超时"),
    row("75", 'C', Declined(Reason::PinTriesExceeded), "PIN tries exceeded", "密码错误次数超限"),
    row("77", 'D', Declined(Reason::BatchMismatch), "batch not consistent", "批次不一致，请签到"),
    row("79", 'C', Declined(Reason::Other), "offline reconciliation mismatch", "脱机对账不平"),
    row("90", 'C', Declined(Reason::CutOver), "cut-over in progress", "日期切换正在处理"),
    row("91", 'C', Declined(Reason::IssuerUnavailable), "issuer unavailable", "发卡行状态不正常"),
    row("92", 'C', Declined(Reason::AcquirerUnavailable), "centre unavailable", "网络连接不正常"),
    row("93", 'C', Declined(Reason::NotPermitted), "violates law", "交易违法"),
    row("94", 'C', NotFinal, "duplicate", "重复交易"),
    row("95", 'C', Declined(Reason::Other), "reconciliation error", "调节控制错"),
    row("96", 'C', NotFinal, "system error", "系统异常"),
    row("97", 'D', Declined(Reason::InvalidMerchant), "terminal not registered", "终端未登记"),
    row("98", 'E', NotFinal, "no answer from the issuer's centre", "发卡方超时"),
    row("99", 'B', Declined(Reason::NotSignedIn), "PIN format error", "PIN格式错，请签到"),
    row("A0", 'B', Declined(Reason::NotSignedIn), "MAC error", "MAC校验错，请签到"),
    row("A1", 'C', Declined(Reason::NotPermitted), "currency mismatch", "转账货币不一致"),
    row("A2", 'A', Defective, "approved; please check with the issuer", "交易成功，请向发卡行确认"),
    row("A3", 'C', Declined(Reason::InvalidCard), "account wrong", "账户不正确"),
    row("A4", 'A', Defective, "approved; please check with the issuer", "交易成功，请向发卡行确认"),
    row("A5", 'A', Defective, "approved; please check with the issuer", "交易成功，请向发卡行确认"),
    row("A6", 'A', Defective, "approved; please check with the issuer", "交易成功，请向发卡行确认"),
    row("A7", 'C', Declined(Reason::NotSignedIn), "security processing failed", "安全处理失败，请签到"),
    row("OT", 'B', Declined(Reason::InvalidAmount), "amount too small", "交易金额太小"),
    row("YM", '-', NotFinal, "vendor's own code", "未知应答码"),
    row("YT", '-', NotFinal, "vendor's own code", "未知应答码"),
];

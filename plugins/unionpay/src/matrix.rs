//! The transaction matrix (A.3): message type, DE3, DE25, 60.1 and 60.3 of everything a terminal sends, and what
//! becomes of it in doubt. One row an operation; what an acquirer writes differently is a parameter (`Shape::of`).

use sdk::lookup::LookupError;
use sdk::prelude::{Context, FollowUpKind, OperationKind, PaymentKind};

use crate::parameters::{self, Source};

/// A row of the matrix. The numbers stand in states that outlive a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// 签到.
    SignIn = 1,
    /// 签退.
    SignOff = 2,
    /// 回响测试.
    Echo = 3,
    /// Parameters, keys and applications; 60.3 says which.
    Download = 4,
    /// 余额查询.
    Balance = 5,
    /// 消费.
    Sale = 6,
    /// 消费撤销.
    Void = 7,
    /// 退货.
    Refund = 8,
    /// 预授权.
    Preauthorize = 9,
    /// 预授权撤销.
    CancelPreauthorization = 10,
    /// 预授权完成请求.
    Complete = 11,
    /// 预授权完成通知: the same, told instead of asked.
    CompleteAdvice = 12,
    /// 预授权完成撤销.
    CancelCompletion = 13,
    /// 扫码, the shop scans the customer (A.13).
    ScanToPay = 14,
    /// What became of a scanned payment (A.13).
    ScanInquiry = 15,
    /// 离线结算: money the card itself approved.
    OfflineSale = 16,
    /// 结算调整, here a tip.
    Tip = 17,
    /// 冲正.
    Reverse = 18,
    /// IC卡脚本结果.
    ReportScripts = 19,
    /// 批结算.
    Settle = 20,
    /// 批上送.
    Upload = 21,
    /// 扫码, the customer scans the shop: an order whose code the terminal shows (A.13, C.4).
    ShowToPay = 22,
}

/// What is done when nobody knows whether a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A reversal takes it back.
    Reverse,
    /// It is sent again until it is answered.
    Repeat,
    /// It is asked about, or taken back, as the acquirer's parameter says.
    Inquire,
    /// Nothing moved: it may be asked again.
    Ask,
}

/// One operation's message.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Which operation.
    pub kind: Kind,
    /// Message type of the request, its four digits written as hexadecimal; the answer's is `0x10` more.
    pub request: u16,
    /// DE3; empty where the message has none of its own.
    pub processing: &'static str,
    /// DE25; empty where the message has none of its own.
    pub condition: &'static str,
    /// 60.1; empty where it is the original's.
    pub message_type: &'static str,
    /// 60.3; empty where it has none, or several.
    pub network_code: &'static str,
    /// What is done in doubt.
    pub doubt: Doubt,
}

/// All rows, in the order of [`Kind`].
pub const MATRIX: &[Row] = &[
    row(Kind::SignIn, 0x0800, "", "", "00", "", Doubt::Ask),
    row(Kind::SignOff, 0x0820, "", "", "00", "002", Doubt::Ask),
    row(Kind::Echo, 0x0820, "", "", "00", "301", Doubt::Ask),
    row(Kind::Download, 0x0800, "", "", "00", "", Doubt::Ask),
    row(Kind::Balance, 0x0200, "310000", "00", "01", "", Doubt::Ask),
    row(Kind::Sale, 0x0200, "000000", "00", "22", "", Doubt::Reverse),
    row(Kind::Void, 0x0200, "200000", "00", "23", "", Doubt::Reverse),
    row(Kind::Refund, 0x0220, "200000", "00", "25", "", Doubt::Repeat),
    row(Kind::Preauthorize, 0x0100, "030000", "06", "10", "", Doubt::Reverse),
    row(Kind::CancelPreauthorization, 0x0100, "200000", "06", "11", "", Doubt::Reverse),
    row(Kind::Complete, 0x0200, "000000", "06", "20", "", Doubt::Reverse),
    row(Kind::CompleteAdvice, 0x0220, "000000", "06", "24", "", Doubt::Repeat),
    row(Kind::CancelCompletion, 0x0200, "200000", "06", "21", "", Doubt::Reverse),
    row(Kind::ScanToPay, 0x0200, "000000", "00", "22", "", Doubt::Inquire),
    row(Kind::ScanInquiry, 0x0200, "310000", "00", "22", "", Doubt::Ask),
    row(Kind::OfflineSale, 0x0220, "000000", "00", "30", "", Doubt::Repeat),
    row(Kind::Tip, 0x0220, "000000", "00", "34", "", Doubt::Repeat),
    row(Kind::Reverse, 0x0400, "", "", "", "", Doubt::Repeat),
    row(Kind::ReportScripts, 0x0620, "", "", "00", "951", Doubt::Repeat),
    row(Kind::Settle, 0x0500, "", "", "00", "201", Doubt::Repeat),
    row(Kind::Upload, 0x0320, "", "", "00", "", Doubt::Repeat),
    row(Kind::ShowToPay, 0x0200, "", "00", "22", "", Doubt::Inquire),
];

/// A row as one acquirer writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub kind: Kind,
    pub request: u16,
    pub processing: String,
    pub condition: &'static str,
    pub message_type: String,
}

impl Kind {
    /// The kind with this number.
    pub(crate) fn of_number(number: u8) -> Option<Kind> {
        MATRIX.iter().map(|row| row.kind).find(|kind| *kind as u8 == number)
    }

    /// The kind of an operation that moves money; `None` for another.
    pub(crate) fn of_operation(operation: OperationKind) -> Option<Kind> {
        Some(match operation {
            OperationKind::Sale => Kind::Sale,
            OperationKind::Preauthorize => Kind::Preauthorize,
            OperationKind::ScanToPay => Kind::ScanToPay,
            OperationKind::ShowToPay => Kind::ShowToPay,
            OperationKind::Void => Kind::Void,
            OperationKind::Refund => Kind::Refund,
            OperationKind::Complete => Kind::Complete,
            OperationKind::CancelPreauthorization => Kind::CancelPreauthorization,
            OperationKind::CancelCompletion => Kind::CancelCompletion,
            _ => return None,
        })
    }

    /// The kind of a payment.
    pub(crate) fn of_payment(payment: PaymentKind) -> Kind {
        match payment {
            PaymentKind::Sale => Kind::Sale,
            PaymentKind::Preauthorize => Kind::Preauthorize,
            PaymentKind::ScanToPay => Kind::ScanToPay,
            PaymentKind::Balance => Kind::Balance,
            PaymentKind::ShowToPay => Kind::ShowToPay,
        }
    }

    /// The kind of a follow-up that moves money; `None` for another.
    pub(crate) fn of_follow_up(follow_up: FollowUpKind) -> Option<Kind> {
        Some(match follow_up {
            FollowUpKind::Void => Kind::Void,
            FollowUpKind::Refund => Kind::Refund,
            FollowUpKind::Complete => Kind::Complete,
            FollowUpKind::CancelPreauthorization => Kind::CancelPreauthorization,
            FollowUpKind::CancelCompletion => Kind::CancelCompletion,
            _ => return None,
        })
    }

    /// Its row.
    pub const fn row(self) -> &'static Row {
        &MATRIX[self as usize - 1]
    }
}

impl Shape {
    /// The row of this kind, with what the acquirer's parameters change of it.
    pub fn of(kind: Kind, context: &Context) -> Result<Shape, LookupError> {
        let source = Source(context);
        let kind = if kind == Kind::Complete && source.is(parameters::COMPLETION, "advice")? {
            Kind::CompleteAdvice
        } else {
            kind
        };
        let row = kind.row();
        let (processing, message_type) = match kind {
            Kind::Balance => (source.value(parameters::BALANCE_PROCESSING_CODE)?, row.message_type),
            Kind::ScanToPay => (source.value(parameters::SCAN_PROCESSING_CODE)?, source.value(parameters::SCAN_TYPE)?),
            Kind::ShowToPay => (source.value(parameters::SHOW_PROCESSING_CODE)?, source.value(parameters::SCAN_TYPE)?),
            Kind::ScanInquiry => {
                (source.value(parameters::SCAN_INQUIRY_PROCESSING_CODE)?, source.value(parameters::SCAN_TYPE)?)
            }
            Kind::OfflineSale => (row.processing, source.value(parameters::OFFLINE_TYPE)?),
            Kind::Tip => (row.processing, source.value(parameters::TIP_TYPE)?),
            _ => (row.processing, row.message_type),
        };
        Ok(Shape {
            kind,
            request: row.request,
            processing: processing.to_owned(),
            condition: row.condition,
            message_type: message_type.to_owned(),
        })
    }

    /// Message type of the answer.
    pub fn answer(&self) -> u16 {
        self.request + 0x10
    }

    /// What is done in doubt.
    pub fn doubt(&self) -> Doubt {
        self.kind.row().doubt
    }
}

const fn row(
    kind: Kind,
    request: u16,
    processing: &'static str,
    condition: &'static str,
    message_type: &'static str,
    network_code: &'static str,
    doubt: Doubt,
) -> Row {
    Row { kind, request, processing, condition, message_type, network_code, doubt }
}

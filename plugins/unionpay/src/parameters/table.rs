//! The table of parameters. Whatever the sources of the protocol disagree about, or only one of them says, stands here
//! with a default. Each row is a constant, so that a parameter nobody declared does not compile.

use super::Declared;

const CODES: &str = "[0-9A-Z]{2}(,[0-9A-Z]{2})*";
const CODES_OR_NONE: &str = "([0-9A-Z]{2}(,[0-9A-Z]{2})*)?";
const BITMAPS: &str = "[0-9A-F]{16}(,[0-9A-F]{16})*";
const MILLISECONDS: &str = "[1-9][0-9]{3,5}";
const DOWNLOAD_CODES: &str = "[0-9]{3},[0-9]{3},[0-9]{3}";
const TAGS: &str = "([0-9A-F]{2,6}(,[0-9A-F]{2,6})*)?";

/// Makes each row a constant, and the list of them all.
macro_rules! parameters {
    ($($name:ident = $row:expr;)*) => {
        $(pub(crate) const $name: &Declared = &$row;)*

        /// All of them, in this order.
        pub(super) const PARAMETERS: &[&Declared] = &[$($name),*];
    };
}

parameters! {
    TERMINAL = required("terminal", "[ -~]{8}", "Terminal number, DE41.");
    MERCHANT = required("merchant", "[ -~]{15}", "Merchant number, DE42.");
    TPDU = required("tpdu", "[0-9]{10}", "TPDU: 60, destination, source.");
    HEADER = optional(
        "header",
        "602200000000",
        "[0-9]{12}",
        "Message header: application class, software version, status, requirement, reserved.",
    );
    CURRENCY = optional("currency", "156", "[0-9]{3}", "The one currency of this contract, ISO 4217 numeric, DE49.");
    OPERATOR = optional("operator", "001", "[0-9A-Za-z ]{3}", "Operator or organisation sent at sign-in, DE63.1.");
    MAC = optional(
        "mac",
        "unionpay-ecb",
        "unionpay-ecb|x919",
        "How messages are sealed: MAC-1 (unionpay-ecb) or MAC-2 (x919).",
    );
    SECURITY_CONTROL = optional(
        "security-control",
        "2600000000000000",
        "[0-9]{16}",
        "DE53 of a message with a PIN: block format with card number (2), double-length keys (6). The digit for \
         tracks is set where they are encrypted.",
    );
    TRACK_PROTECTION = optional(
        "track-protection",
        "none",
        "none|last-block|padded-f|length-prefixed",
        "How tracks leave the terminal: clear (none), T-a (last-block), T-b (padded-f) or T-c (length-prefixed).",
    );
    TRACK_THREE = optional("track-three", "no", "yes|no", "Whether track 3, DE36, is sent where the stripe has one.");
    TIMEOUT_MS = optional("timeout-ms", "60000", MILLISECONDS, "How long an answer may take, in milliseconds.");
    REVERSAL_TIMEOUT_MS = optional(
        "reversal-timeout-ms",
        "60000",
        MILLISECONDS,
        "How long an answer to a reversal may take, in milliseconds.",
    );
    REVERSAL_PAID = optional("reversal-paid", "00", CODES, "DE39 of a reversal the acquirer took.");
    REVERSAL_UNMATCHED = optional(
        "reversal-unmatched",
        "12,25",
        CODES_OR_NONE,
        "DE39 of a reversal whose original the acquirer does not know. Any other code is refused.",
    );
    REVERSAL_REASONS = optional(
        "reversal-reasons",
        "98,A0,96,06",
        "[0-9A-Z]{2}(,[0-9A-Z]{2}){3}",
        "DE39 in a reversal: no answer, wrong MAC, malfunction, card refused.",
    );
    REVERSAL_CANCELLED = optional(
        "reversal-cancelled",
        "98",
        "[0-9A-Z]{2}",
        "DE39 of a reversal because the cashier stopped waiting. 98, no answer, is known to every acquirer; \
         17 is a vendor's.",
    );
    ORIGINAL_DATA = optional(
        "original-data",
        "yes",
        "yes|no",
        "Whether a reversal carries batch and trace of the original in DE61.",
    );
    REVERSAL_ANSWER_BITMAPS = optional(
        "reversal-answer-bitmaps",
        // 3 4 11 12 13 15 25 32 37 39 41 42 49 60 64, with and without DE2.
        "303A00810AC08011,703A00810AC08011",
        BITMAPS,
        "Bitmaps of the answers to a reversal, so that the terminal reads one without this plugin. An answer with \
         other fields up to 42 leaves the reversal owed; those after 42 make no difference.",
    );
    REPEATED_ANSWER_BITMAPS = optional(
        "repeated-answer-bitmaps",
        // As above; with and without DE38.
        "303A00810EC08011,303A00810AC08011,703A00810EC08011,703A00810AC08011",
        BITMAPS,
        "Bitmaps of the answers to a refund, an advice or a report, so that the terminal reads one without this \
         plugin.",
    );
    REPEATED_REFUSED = optional(
        "repeated-refused",
        "12,14,25,64",
        CODES_OR_NONE,
        "DE39 by which a repeated refund or advice is refused for certain where this plugin is gone. Any other code \
         but 00 leaves it owed.",
    );
    ACQUIRER_ID_DIGITS = optional(
        "acquirer-id-digits",
        "8",
        "[0-9]{1,2}(,[0-9]{1,2})*",
        "Lengths of DE32 that such an answer may have.",
    );
    REPEAT_MARK = optional(
        "repeat-mark",
        "none",
        "none|message-type",
        "Whether the message type of a repeated refund, advice or report says so (0221 for 0220).",
    );
    BALANCE_PROCESSING_CODE = optional("balance-processing-code", "310000", "[0-9]{6}", "DE3 of a balance inquiry.");
    COMPLETION = optional(
        "completion",
        "request",
        "request|advice",
        "Whether a pre-authorisation is completed by a request (0200, reversed in doubt) or an advice (0220, repeated).",
    );
    COMPLETION_ORIGINAL = optional(
        "completion-original",
        "date",
        "date|batch",
        "What DE61 of a completion and the cancellations begins with: 000000 (date) or the original's batch (batch).",
    );
    CARD_SCHEME = optional(
        "card-scheme",
        "CUP",
        "([0-9A-Za-z ]{3})?",
        "DE63.1 of a refund whose original named no card scheme.",
    );
    ABSENT_CARD = optional(
        "absent-card",
        "typed",
        "typed|as-read",
        "DE22 of what follows a payment while the card is not there: as a typed number, or as it was read then.",
    );
    FOREIGN_SCHEMES = optional(
        "foreign-schemes",
        "AMX,DCC,JCB,MAE,MCC,VIS",
        "([0-9A-Z]{3}(,[0-9A-Z]{3})*)?",
        "DE63.1 of answers about cards that settle as foreign ones.",
    );
    PARTIAL_APPROVALS = optional(
        "partial-approvals",
        "no",
        "yes|no",
        "Whether 60.6 says that less than the whole amount is taken.",
    );
    CHIP_TAGS_MORE = optional("chip-tags-more", "", TAGS, "Tags at the end of DE55, such as 4F, 5F34 or 9F74.");
    CONTACTLESS_TAGS_MORE = optional("contactless-tags-more", "9F63", TAGS, "Tags after those, for a tapped card.");
    SCAN_FIELD = optional("scan-field", "59", "59|62|63", "The field that carries the customer's code.");
    SCAN_ORDER_FIELD = optional(
        "scan-order-field",
        "",
        "(57|58|59|62|63)?",
        "The field that carries the terminal's order number.",
    );
    SCAN_PROCESSING_CODE = optional("scan-processing-code", "000000", "[0-9]{6}", "DE3 of a scanned payment.");
    SCAN_INQUIRY_PROCESSING_CODE = optional(
        "scan-inquiry-processing-code",
        "310000",
        "[0-9]{6}",
        "DE3 of the question what became of one.",
    );
    SCAN_TYPE = optional("scan-type", "22", "[0-9]{2}", "60.1 of both.");
    SCAN_DOUBT = optional(
        "scan-doubt",
        "inquire",
        "inquire|reverse",
        "What is done about a payment by a code in doubt: asked about until it is final, or reversed at once.",
    );
    SCAN_POLL_MS = optional(
        "scan-poll-ms",
        "5000",
        MILLISECONDS,
        "The wait before each such question, in milliseconds.",
    );
    SCAN_POLLS = optional("scan-polls", "6", "[0-9]{1,2}", "How often is asked while the customer stands there.");
    SHOW_PROCESSING_CODE = optional(
        "show-processing-code",
        "",
        "([0-9]{6})?",
        "DE3 of an order whose code the terminal shows; without it, this acquirer gives no such codes.",
    );
    SHOW_FIELD = optional(
        "show-field",
        "59",
        "57|58|59|62|63",
        "The field of the answer to an order that carries the code to show.",
    );
    SHOW_POLLS = optional(
        "show-polls",
        "12",
        "[0-9]|[12][0-9]|30",
        "How often is asked whether it was paid, while the customer stands there; at most 30.",
    );
    SHOW_UNPAID = optional(
        "show-unpaid",
        "09",
        CODES,
        "DE39 of the question about an order that nobody has paid yet. Once the customer has gone, it is closed then.",
    );
    SHOW_CLOSED = optional(
        "show-closed",
        "",
        CODES_OR_NONE,
        "DE39 of the question about an order that was never paid and can be paid no more.",
    );
    INQUIRY_NOT_FOUND = optional(
        "inquiry-not-found",
        "25",
        CODES,
        "DE39 of an inquiry whose original the acquirer does not know.",
    );
    SIGN_IN_LAYOUT = optional(
        "sign-in-layout",
        "003",
        "001|003|004",
        "60.3 of sign-in: short keys, long keys, a key for tracks too.",
    );
    TIP_AMOUNT = optional(
        "tip-amount",
        "total",
        "total|difference",
        "What DE4 of a tip says: the new total, or the tip alone.",
    );
    SETTLEMENT_MAC = optional(
        "settlement-mac",
        "yes",
        "yes|no",
        "Whether settlement, upload and their answers have a MAC.",
    );
    SETTLE_VOIDS = optional(
        "settle-voids",
        "both-sides",
        "both-sides|cancelled-out",
        "How a void counts in the totals: its sale as a debit and itself as a credit, or neither.",
    );
    UPLOAD_BALANCED = optional(
        "upload-balanced",
        "no",
        "yes|no",
        "Whether the details are uploaded after a balanced settlement too.",
    );
    UPLOAD_DETAILS = optional(
        "upload-details",
        "together",
        "together|by-entry",
        "Whether all details go under 60.3 201, or those of chips apart under 203 and 205.",
    );
    BATCH_AFTER_SETTLEMENT = optional(
        "batch-after-settlement",
        "next",
        "next|same",
        "The batch after a closed one: the next number, or what the next sign-in says.",
    );
    AFTER_SETTLEMENT = optional(
        "after-settlement",
        "sign-in",
        "nothing|sign-in|sign-off",
        "What follows a closed batch.",
    );
    PARAMETER_CODES = optional(
        "parameter-codes",
        "362,360,361",
        DOWNLOAD_CODES,
        "60.3 of parameters: status, download, end.",
    );
    PUBLIC_KEY_CODES = optional(
        "public-key-codes",
        "372,370,371",
        DOWNLOAD_CODES,
        "60.3 of public keys: list, download, end.",
    );
    APPLICATION_CODES = optional(
        "application-codes",
        "382,380,381",
        DOWNLOAD_CODES,
        "60.3 of applications: list, download, end.",
    );
    STAND_IN = optional(
        "stand-in",
        "yes",
        "yes|no",
        "Whether a sale that never left may be approved offline, within what the terminal allows.",
    );
    OFFLINE_TYPE = optional("offline-type", "30", "30|36", "60.1 of a payment the card approved offline.");
    TIP_TYPE = optional("tip-type", "34", "32|34", "60.1 of a tip added later.");
}

const fn required(name: &'static str, pattern: &'static str, meaning: &'static str) -> Declared {
    Declared { name, default: None, pattern, meaning }
}

const fn optional(name: &'static str, default: &'static str, pattern: &'static str, meaning: &'static str) -> Declared {
    Declared { name, default: Some(default), pattern, meaning }
}

//! The commands of the control socket: one JSON object in, one out.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use crate::bank::SettlementFault;
use crate::config::Code;
use crate::desk::Stage;
use crate::faults::{Fault, FaultOrder};

/// How long `await` waits unless told otherwise, milliseconds.
const DEFAULT_AWAIT_MS: u64 = 10_000;

/// One command; `do` names it.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Orders a fault: `{"do":"fault","on":"0200","nth":1,"fault":"drop-reply"}`, with `ms`, `code` or `amount_minor`
    /// where it takes one.
    Fault {
        /// `connect`, a message type, or a message type with 60.1 or 60.3: `0200/23`.
        on: String,
        /// At the how-manieth from now, counted from 1.
        #[serde(default = "one")]
        nth: u32,
        /// The name of the fault.
        fault: String,
        /// Milliseconds, for `delay`.
        ms: Option<u64>,
        /// DE39, for `refuse-code` and `answer-code`.
        code: Option<String>,
        /// Minor units, for `approve-partly`.
        amount_minor: Option<i64>,
    },
    /// Forgets every fault that has not struck.
    ClearFaults {},
    /// Waits for requests: `{"do":"await","kind":"0200","count":1,"timeout_ms":10000}`.
    Await {
        /// The message type.
        kind: String,
        /// How many since the start.
        #[serde(default = "one_u64")]
        count: u64,
        /// How long at most.
        timeout_ms: Option<u64>,
        /// How far they must have come: `received`, `processed` (default), `answered`.
        #[serde(default)]
        stage: Stage,
    },
    /// Sends the answers held back by `late-reply`.
    Release {},
    /// Lists everything received and sent, masked.
    Messages {},
    /// Lists the books.
    Ledger {},
    /// What the merchant got through a terminal, and both sides of the books.
    Sum {
        /// DE41.
        terminal: String,
    },
    /// Every account and its balance, and their sum, which is zero.
    Accounts {},
    /// Lists transactions: of one terminal or one batch only where asked.
    Transactions {
        /// DE41.
        terminal: Option<String>,
        /// Six digits.
        batch: Option<String>,
    },
    /// What a batch sums to, how its settlement stands, and its details against the books.
    Batch {
        /// DE41.
        terminal: String,
        /// Six digits; left out, the batch the terminal is in.
        batch: Option<String>,
    },
    /// Whether a card was charged, how often and by which transactions.
    Charged {
        /// The masked card number, as it is listed.
        card: String,
    },
    /// Refuses advices with this code; without one, takes them again.
    RefuseAdvices {
        /// DE39.
        code: Option<String>,
    },
    /// Answers the next settlement `unbalanced` or `failed` though its totals are equal; without one, as it is.
    AnswerSettlement {
        /// `unbalanced` or `failed`.
        result: Option<SettlementFault>,
    },
    /// Begins or ends a cut-over: what touches the day is answered 90 and not looked at.
    CutOver {
        /// Whether it begins.
        begins: bool,
    },
    /// What the cardholder answers to a scanned payment that waits (decided by code 09).
    FinishScan {
        /// DE41.
        terminal: String,
        /// Six digits.
        batch: String,
        /// Six digits.
        trace: String,
        /// `00` pays it, any other code refuses it.
        code: String,
    },
    /// A customer scans a code that a terminal shows and pays: `{"do":"pay-code","code":"…","wallet":"…"}`.
    PayCode {
        /// The code as it is shown.
        code: String,
        /// The code of the wallet that pays, as for a scanned payment.
        wallet: String,
    },
    /// Adds a DE55 to approvals of requests that have one.
    SetChipAnswer {
        /// Hexadecimal; empty for nothing.
        data: String,
    },
    /// Answers sales of this amount with this code; `00` lets them be decided again.
    SetDecision {
        /// Minor units.
        amount_minor: i64,
        /// DE39.
        code: String,
    },
    /// Forgets all work keys.
    ClearKeys {},
    /// Begins the next business day.
    NextDay {},
    /// Stops the acquirer.
    Stop {},
}

impl Control {
    /// Carries out one line of JSON and answers with one: `{"ok":true,…}` or `{"ok":false,"error":"…"}`. Only `stop` is
    /// left to the caller, who is told so, so that its answer can leave first.
    pub(crate) fn execute_line(&self, line: &str) -> (String, bool) {
        let command = serde_json::from_str(line).map_err(text);
        let stop = matches!(command, Ok(Command::Stop {}));
        let done = if stop { Ok(json!({})) } else { command.and_then(|command| self.execute(command)) };
        let answer = match done {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                answer
            }
            Err(error) => json!({ "ok": false, "error": error }),
        };
        (answer.to_string(), stop)
    }

    /// Carries out one command; the answer is a JSON object.
    pub fn execute(&self, command: Command) -> Result<Value, String> {
        match command {
            Command::Fault { on, nth, fault, ms, code, amount_minor } => {
                let fault = Fault::ordered(&fault, ms, parsed(code)?, amount_minor).map_err(text)?;
                self.order_fault(FaultOrder { on: on.parse()?, nth, fault }).map_err(text)?;
            }
            Command::ClearFaults {} => self.clear_faults(),
            Command::Await { kind, count, timeout_ms, stage } => {
                let timeout = Duration::from_millis(timeout_ms.unwrap_or(DEFAULT_AWAIT_MS));
                let reached = self.await_stage(stage, kind.parse()?, count, timeout).map_err(text)?;
                return Ok(json!({ "count": reached }));
            }
            Command::Release {} => return Ok(json!({ "released": self.release() })),
            Command::SetDecision { amount_minor, code } => {
                self.set_decision(amount_minor, code.parse::<Code>().map_err(text)?);
            }
            Command::RefuseAdvices { code } => self.refuse_advices(parsed(code)?),
            Command::AnswerSettlement { result } => self.answer_settlement(result),
            Command::CutOver { begins } => self.cut_over(begins),
            Command::FinishScan { terminal, batch, trace, code } => {
                let code = code.parse::<Code>().map_err(text)?;
                let ended = self.finish_scan(&terminal, &batch, &trace, code);
                let ended = ended.ok_or_else(|| format!("no payment {batch} {trace} of {terminal} waits"))?;
                return Ok(json!({ "code": ended.as_str() }));
            }
            Command::PayCode { code, wallet } => {
                let ended = self.pay_code(&code, &wallet).ok_or("there is no such code, or no such wallet")?;
                return Ok(json!({ "code": ended.as_str() }));
            }
            Command::SetChipAnswer { data } => {
                let data = hex::decode(data).map_err(|_| "`data` is hexadecimal, two characters a byte")?;
                self.set_chip_answer(data);
            }
            Command::ClearKeys {} => self.clear_keys(),
            Command::NextDay {} => self.next_day(),
            Command::Stop {} => self.ask_to_stop(),
            question => return self.look(question),
        }
        Ok(json!({}))
    }

    /// Answers what changes nothing.
    fn look(&self, question: Command) -> Result<Value, String> {
        Ok(match question {
            Command::Messages {} => json!({ "messages": self.messages() }),
            Command::Ledger {} => json!({ "entries": self.ledger() }),
            Command::Accounts {} => {
                let accounts = self.accounts();
                json!({ "sum_minor": accounts.values().sum::<i64>(), "accounts": accounts })
            }
            Command::Transactions { terminal, batch } => {
                json!({ "transactions": self.transactions(terminal.as_deref(), batch.as_deref()) })
            }
            Command::Batch { terminal, batch } => {
                let report = self.batch(&terminal, batch.as_deref());
                let report = report.ok_or_else(|| format!("no terminal {terminal} is configured"))?;
                serde_json::to_value(report).map_err(text)?
            }
            Command::Charged { card } => serde_json::to_value(self.charged(&card)).map_err(text)?,
            Command::Sum { terminal } => {
                let merchant_total_minor = self.merchant_total(&terminal).map_err(text)?;
                let sums = self.check().map_err(text)?;
                json!({
                    "terminal": terminal,
                    "merchant_total_minor": merchant_total_minor,
                    "debits_minor": sums.debits,
                    "credits_minor": sums.credits,
                    "balanced": sums.debits == sums.credits,
                })
            }
            _ => return Err("this is an order and no question".into()),
        })
    }
}

/// A code, if one is given.
fn parsed(code: Option<String>) -> Result<Option<Code>, String> {
    code.map(|code| code.parse()).transpose().map_err(text)
}

fn one() -> u32 {
    1
}

fn one_u64() -> u64 {
    1
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

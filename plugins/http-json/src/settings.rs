//! What the acquirer decides.

use sdk::lookup::LookupError;
use sdk::prelude::{Context, ContextLookup, Milliseconds, Parameter};

/// How long an answer may take where the deployment does not say.
const TIMEOUT_DEFAULT: &str = "30000";
/// The shortest and the longest it may say.
const TIMEOUT_MS: core::ops::Range<Milliseconds> = 1_000..1_000_000;

/// The parameters of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'c> {
    /// As HelloPay gave it.
    pub terminal: &'c str,
    pub timeout: Milliseconds,
}

/// The parameters this plugin declares.
pub(crate) fn declared() -> Vec<Parameter> {
    let parameter = |name: &str, required, pattern: &str, meaning: &str| Parameter {
        name: name.to_owned(),
        required,
        pattern: pattern.to_owned(),
        meaning: meaning.to_owned(),
    };
    vec![
        parameter("terminal", true, "[0-9A-Za-z]{8}", "The terminal's number, as the acquirer gave it."),
        parameter(
            "timeout-ms",
            false,
            "[1-9][0-9]{3,5}",
            "How long an answer may take, in milliseconds. Default: 30000.",
        ),
    ]
}

impl<'c> Settings<'c> {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`LookupError`] where one is missing or out of range.
    pub fn read(context: &'c Context) -> Result<Self, LookupError> {
        let timeout = context.parameter("timeout-ms").unwrap_or(TIMEOUT_DEFAULT).parse().ok();
        let timeout = timeout.filter(|timeout| TIMEOUT_MS.contains(timeout));
        Ok(Settings {
            terminal: text(context, "terminal", 8)?,
            timeout: timeout.ok_or_else(|| bad("timeout-ms", "1000 to 999999"))?,
        })
    }
}

fn text<'c>(context: &'c Context, name: &str, length: usize) -> Result<&'c str, LookupError> {
    let value = context.required(name)?;
    let fits = value.len() == length && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(value) } else { Err(bad(name, &format!("{length} letters or digits"))) }
}

fn bad(name: &str, expected: &str) -> LookupError {
    LookupError::BadParameter { name: name.to_owned(), expected: expected.to_owned() }
}

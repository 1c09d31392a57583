//! The result of an issuer's script (IC卡脚本结果).

use crate::codec::Message;
use crate::config::Code;

use super::original::Named;
use super::{Bank, Handling, Verdict, amount_minor, format_error};

impl Bank {
    /// Takes the report for the transaction that DE61 and DE37 name; the same report again is answered the same.
    pub(super) fn script_result(
        &mut self,
        request: &Message,
        body: &[u8],
        handling: &Handling,
    ) -> Result<Verdict, Code> {
        self.authenticated(request, body)?;
        let trace = request.digits(11).ok_or_else(format_error)?;
        let reference = request.text(37).ok_or_else(format_error)?;
        let named = Named::in_message(request)?.ok_or_else(format_error)?;
        let amount_minor = amount_minor(request)?;
        request.binary(55).ok_or_else(format_error)?;
        handling.obey()?;
        let not_found = || Code::known("25");
        let found = self.transactions.by_reference(reference).filter(|(key, original)| {
            Some(key.terminal.as_str()) == request.text(41)
                && Some(key.merchant.as_str()) == request.text(42)
                && named.fits(key, original)
        });
        let (key, original) = found.ok_or_else(not_found)?;
        if original.asked_minor != amount_minor {
            return Err(Code::known("64"));
        }
        let key = key.clone();
        let original = self.transactions.get_mut(&key).ok_or_else(not_found)?;
        original.script_results.insert(trace.into());
        Ok(Verdict::of(Code::approved()))
    }
}

//! Money is integer minor units and a currency; nothing here rounds, and nothing overflows unnoticed.

use crate::contract::types::Amount;

/// Why two amounts make no third; the terminal's fault, never a plugin's to ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The sum does not fit, or a difference would be negative.
    #[error("an amount is out of range")]
    OutOfRange,
    /// Currency or exponent differ.
    #[error("amounts of two currencies ({0} and {1}) cannot be set against each other")]
    Currencies(u16, u16),
}

impl Amount {
    /// So many of the minor unit.
    pub fn of(minor: u64, currency: u16, exponent: u8) -> Amount {
        Amount { minor, currency, exponent }
    }

    /// Nothing, in this amount's currency.
    #[must_use]
    pub fn none(self) -> Amount {
        Amount { minor: 0, ..self }
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Amount) -> Result<Amount, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Amount { minor, ..self })
    }

    /// Whether both are of one currency, with as many decimals.
    pub fn same_currency(self, other: Amount) -> Result<(), MoneyError> {
        if (self.currency, self.exponent) == (other.currency, other.exponent) {
            Ok(())
        } else {
            Err(MoneyError::Currencies(self.currency, other.currency))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_their_currency_and_do_not_wrap() {
        let yuan = |minor| Amount { minor, currency: 156, exponent: 2 };
        assert_eq!(yuan(1).plus(yuan(2)), Ok(yuan(3)));
        assert_eq!(yuan(u64::MAX).plus(yuan(1)), Err(MoneyError::OutOfRange));
        let yen = Amount { minor: 1, currency: 392, exponent: 0 };
        assert_eq!(yuan(1).plus(yen), Err(MoneyError::Currencies(156, 392)));
    }
}

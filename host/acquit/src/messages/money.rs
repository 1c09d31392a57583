//! Amounts between people and the minor units of a currency. Whole numbers only.

use engine::contract::types::Amount;

use super::Language;

/// A currency of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    /// Its numeric code.
    pub number: u16,
    /// Its three letters.
    pub code: &'static str,
    /// Digits after the decimal point.
    pub exponent: u8,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("an amount is digits with at most one decimal point")]
    NotANumber,
    /// More digits after the point than the currency has.
    #[error("this currency has {0} digits after the decimal point")]
    TooPrecise(u8),
    /// More than can be counted.
    #[error("the amount is too large")]
    TooLarge,
    /// Nothing to pay.
    #[error("the amount is zero")]
    Zero,
}

/// ISO 4217: the currencies of the acquirers at hand and of their neighbours.
const CURRENCIES: &[Currency] = &[
    Currency::CNY,
    Currency { number: 36, code: "AUD", exponent: 2 },
    Currency { number: 124, code: "CAD", exponent: 2 },
    Currency { number: 208, code: "DKK", exponent: 2 },
    Currency { number: 344, code: "HKD", exponent: 2 },
    Currency { number: 360, code: "IDR", exponent: 2 },
    Currency { number: 392, code: "JPY", exponent: 0 },
    Currency { number: 410, code: "KRW", exponent: 0 },
    Currency { number: 414, code: "KWD", exponent: 3 },
    Currency { number: 446, code: "MOP", exponent: 2 },
    Currency { number: 458, code: "MYR", exponent: 2 },
    Currency { number: 643, code: "RUB", exponent: 2 },
    Currency { number: 702, code: "SGD", exponent: 2 },
    Currency { number: 704, code: "VND", exponent: 0 },
    Currency { number: 752, code: "SEK", exponent: 2 },
    Currency { number: 756, code: "CHF", exponent: 2 },
    Currency { number: 764, code: "THB", exponent: 2 },
    Currency { number: 826, code: "GBP", exponent: 2 },
    Currency { number: 840, code: "USD", exponent: 2 },
    Currency { number: 901, code: "TWD", exponent: 2 },
    Currency { number: 978, code: "EUR", exponent: 2 },
];

/// Digits before a separator, counted from the point.
const GROUP_DIGITS: usize = 3;

impl Currency {
    /// Renminbi.
    pub const CNY: Currency = Currency { number: 156, code: "CNY", exponent: 2 };

    /// The currency of these three letters.
    pub fn from_code(code: &str) -> Option<Self> {
        CURRENCIES.iter().copied().find(|currency| currency.code == code)
    }

    /// The currency of this numeric code.
    pub fn from_number(number: u16) -> Option<Self> {
        CURRENCIES.iter().copied().find(|currency| currency.number == number)
    }
}

/// An amount as it stands on a screen or receipt: `CNY 1,234.56`; in Chinese `¥1,234.56`, other currencies by code.
/// A currency not known here is shown by its ISO 4217 number.
pub fn format_amount(amount: &Amount, language: Language) -> String {
    let number = grouped(amount.minor, usize::from(amount.exponent));
    match Currency::from_number(amount.currency) {
        Some(Currency::CNY) if language == Language::Chinese => format!("¥{number}"),
        Some(currency) => format!("{} {number}", currency.code),
        None => format!("{:03} {number}", amount.currency),
    }
}

/// Reads an amount as a cashier types it: `12.34`, `12`, `12.3`. No sign, no separator, no exponent.
///
/// # Errors
///
/// The text is no such number, is zero, is finer than the currency, or overflows.
pub fn parse_amount(text: &str, currency: Currency) -> Result<Amount, AmountError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(AmountError::NotANumber);
    }
    let missing =
        usize::from(currency.exponent).checked_sub(fraction.len()).ok_or(AmountError::TooPrecise(currency.exponent))?;
    let minor: u64 = format!("{whole}{fraction}{}", "0".repeat(missing)).parse().map_err(|_| AmountError::TooLarge)?;
    if minor == 0 {
        return Err(AmountError::Zero);
    }
    Ok(Amount { minor, currency: currency.number, exponent: currency.exponent })
}

fn grouped(minor: u64, exponent: usize) -> String {
    let digits = format!("{minor:0>width$}", width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let mut text = String::with_capacity(digits.len() + whole.len() / GROUP_DIGITS + 1);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(GROUP_DIGITS) {
            text.push(',');
        }
        text.push(digit);
    }
    if exponent > 0 {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: u64, currency: u16, exponent: u8) -> Amount {
        Amount { minor, currency, exponent }
    }

    #[test]
    fn amounts_are_shown_with_their_currency_and_grouped() {
        let table = [
            (amount(1234, 156, 2), "CNY 12.34", "¥12.34"),
            (amount(123_456_789, 156, 2), "CNY 1,234,567.89", "¥1,234,567.89"),
            (amount(5, 156, 2), "CNY 0.05", "¥0.05"),
            (amount(0, 156, 2), "CNY 0.00", "¥0.00"),
            (amount(100_000, 156, 2), "CNY 1,000.00", "¥1,000.00"),
            (amount(1000, 392, 0), "JPY 1,000", "JPY 1,000"),
            (amount(1234, 414, 3), "KWD 1.234", "KWD 1.234"),
            (amount(1234, 999, 2), "999 12.34", "999 12.34"),
            (amount(1234, 8, 2), "008 12.34", "008 12.34"),
            (amount(u64::MAX, 978, 2), "EUR 184,467,440,737,095,516.15", "EUR 184,467,440,737,095,516.15"),
        ];
        for (amount, english, chinese) in table {
            assert_eq!(format_amount(&amount, Language::English), english);
            assert_eq!(format_amount(&amount, Language::Chinese), chinese);
        }
    }

    #[test]
    fn an_absurd_exponent_is_shown_and_does_not_panic() {
        let shown = format_amount(&amount(1, 156, u8::MAX), Language::English);
        assert!(shown.starts_with("CNY 0.000") && shown.ends_with('1'));
    }

    #[test]
    fn what_a_cashier_types_becomes_minor_units() {
        let yen = Currency::from_code("JPY").unwrap();
        assert_eq!(parse_amount("12.34", Currency::CNY), Ok(amount(1234, 156, 2)));
        assert_eq!(parse_amount("12", Currency::CNY), Ok(amount(1200, 156, 2)));
        assert_eq!(parse_amount("12.3", Currency::CNY), Ok(amount(1230, 156, 2)));
        assert_eq!(parse_amount("0.01", Currency::CNY), Ok(amount(1, 156, 2)));
        assert_eq!(parse_amount("1000", yen), Ok(amount(1000, 392, 0)));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_reason() {
        let yen = Currency::from_code("JPY").unwrap();
        for text in ["", ".", "12.", ".5", "-1", "+1", "1e3", "1,000", "12.3.4", "१२", " 1", "0x1"] {
            assert_eq!(parse_amount(text, Currency::CNY), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!(parse_amount("1.234", Currency::CNY), Err(AmountError::TooPrecise(2)));
        assert_eq!(parse_amount("1.0", yen), Err(AmountError::TooPrecise(0)));
        assert_eq!(parse_amount("0.00", Currency::CNY), Err(AmountError::Zero));
        assert_eq!(parse_amount("99999999999999999999", Currency::CNY), Err(AmountError::TooLarge));
    }

    #[test]
    fn codes_and_numbers_name_one_currency_each() {
        for currency in CURRENCIES {
            assert_eq!(Currency::from_code(currency.code), Some(*currency));
            assert_eq!(Currency::from_number(currency.number), Some(*currency));
        }
    }
}

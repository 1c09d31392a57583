//! What people read, in Chinese and English: texts from Fluent files, amounts, times and masked card numbers.

mod money;
mod show;

use std::fmt;

use engine::contract::acquirer::Reason;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue as Value;
pub use money::{AmountError, Currency, format_amount, parse_amount};
pub use show::{format_time, mask_card};

use crate::config::Word;

/// A language that all texts exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 简体中文
    Chinese,
    /// English
    English,
}

/// The texts of one language.
pub struct Messages {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// What is said about a decline, to each who has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    /// The reason, in a few words.
    pub reason: String,
    /// A sentence to read to the customer; gives nothing away to bystanders.
    pub customer: String,
    /// The cashier's next step.
    pub cashier: String,
}

impl Messages {
    /// The texts of this language. They are part of the program, and a test reads every one of them.
    pub fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // Isolation marks serve right-to-left scripts; on a receipt printer they come out as boxes.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(language.source().to_owned()) {
            Ok(resource) => resource,
            Err((readable, errors)) => {
                debug_assert!(errors.is_empty(), "{errors:?}");
                readable
            }
        };
        bundle.add_resource_overriding(resource);
        Messages { language, bundle }
    }

    /// The language of these texts.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of this id, its variables filled in. An id that does not exist is shown as itself.
    pub fn text(&self, id: &str, args: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            debug_assert!(false, "no text has the id {id}");
            return id.to_owned();
        };
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        text
    }

    /// What to say about a decline.
    pub fn decline(&self, reason: Reason) -> Decline {
        let word = reason.word();
        Decline {
            reason: self.text(&format!("decline-{word}-reason"), &[]),
            customer: self.text(&format!("decline-{word}-customer"), &[]),
            cashier: self.text(&format!("decline-{word}-cashier"), &[]),
        }
    }
}

impl Language {
    /// Decides the plural forms; a test counts in each language.
    fn identifier(self) -> LanguageIdentifier {
        self.word().parse().unwrap_or_default()
    }

    fn source(self) -> &'static str {
        match self {
            Language::Chinese => include_str!("zh.ftl"),
            Language::English => include_str!("en.ftl"),
        }
    }
}

impl fmt::Display for Language {
    /// As it is written in the configuration, and as BCP 47 writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("language", &self.language).finish_non_exhaustive()
    }
}

crate::config::words!(Reason, "reason", {
    Reason::InsufficientFunds => "insufficient-funds",
    Reason::LimitExceeded => "limit-exceeded",
    Reason::ExpiredCard => "expired-card",
    Reason::WrongPin => "wrong-pin",
    Reason::PinTriesExceeded => "pin-tries-exceeded",
    Reason::InvalidCard => "invalid-card",
    Reason::LostOrStolen => "lost-or-stolen",
    Reason::RestrictedCard => "restricted-card",
    Reason::DoNotHonour => "do-not-honour",
    Reason::CallIssuer => "call-issuer",
    Reason::InvalidAmount => "invalid-amount",
    Reason::InvalidMerchant => "invalid-merchant",
    Reason::NotPermitted => "not-permitted",
    Reason::Duplicate => "duplicate",
    Reason::IssuerUnavailable => "issuer-unavailable",
    Reason::AcquirerUnavailable => "acquirer-unavailable",
    Reason::CutOver => "cut-over",
    Reason::FormatError => "format-error",
    Reason::SecurityFailure => "security-failure",
    Reason::NotSignedIn => "not-signed-in",
    Reason::BatchMismatch => "batch-mismatch",
    Reason::FraudSuspected => "fraud-suspected",
    Reason::OriginalNotFound => "original-not-found",
    Reason::Other => "other",
});

#[cfg(test)]
mod tests;

//! The words of the configuration for the contract's enumerations: one table for reading and for writing.

use engine::contract::acquirer::{Echoed, Framing, KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::template::{
    CipherAlgorithm, MacAlgorithm, PinFormat, Secret, SignatureAlgorithm, TrackProtection,
};
use engine::contract::transaction::OperationKind;

use journal::keys::Cipher;

use super::{JournalKey, Profile, ReceiptCopy};
use crate::messages::Language;

/// A closed set of values that each have one word, in kebab case.
pub trait Word: Copy + 'static {
    /// What one of them is called in an error: "key algorithm".
    const KIND: &'static str;
    /// All of them, in the order in which they are listed to people.
    const ALL: &'static [Self];

    /// The word for it.
    fn word(self) -> &'static str;

    /// The value this word stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }
}

/// Gives an enumeration its words; a variant without one does not compile.
macro_rules! words {
    ($type:ty, $kind:literal, { $($variant:path => $word:literal),+ $(,)? }) => {
        impl $crate::config::Word for $type {
            const KIND: &'static str = $kind;
            const ALL: &'static [Self] = &[$($variant),+];

            fn word(self) -> &'static str {
                match self { $($variant => $word),+ }
            }
        }
    };
}
pub(crate) use words;

words!(Profile, "profile", { Profile::Development => "development", Profile::Production => "production" });

words!(ReceiptCopy, "copy of a receipt", {
    ReceiptCopy::Merchant => "merchant",
    ReceiptCopy::Cardholder => "cardholder",
});

words!(JournalKey, "place for a key", { JournalKey::File => "file", JournalKey::Keyring => "keyring" });

words!(Cipher, "cipher", { Cipher::ChaCha20Poly1305 => "chacha20-poly1305", Cipher::Aes256Gcm => "aes-256-gcm" });

words!(Framing, "framing", {
    Framing::LengthU16 => "length-u16",
    Framing::LengthAsciiFour => "length-ascii-four",
    Framing::Http => "http",
});

words!(Language, "language", { Language::Chinese => "zh", Language::English => "en" });

words!(KeyAlgorithm, "key algorithm", {
    KeyAlgorithm::Des => "des",
    KeyAlgorithm::Tdes => "tdes",
    KeyAlgorithm::Aes128 => "aes-128",
    KeyAlgorithm::Aes256 => "aes-256",
    KeyAlgorithm::Sm4 => "sm4",
    KeyAlgorithm::Hmac => "hmac",
    KeyAlgorithm::Rsa => "rsa",
    KeyAlgorithm::P256 => "p256",
    KeyAlgorithm::Ed25519 => "ed25519",
    KeyAlgorithm::Sm2 => "sm2",
});

words!(PinFormat, "PIN block format", {
    PinFormat::Iso0 => "iso-0",
    PinFormat::Iso1 => "iso-1",
    PinFormat::Iso3 => "iso-3",
    PinFormat::Iso4 => "iso-4",
    PinFormat::UnionpayWithoutPan => "unionpay-without-pan",
    PinFormat::UnionpaySm4 => "unionpay-sm4",
});

words!(MacAlgorithm, "MAC algorithm", {
    MacAlgorithm::UnionpayEcb => "unionpay-ecb",
    MacAlgorithm::X919 => "x919",
    MacAlgorithm::X99 => "x99",
    MacAlgorithm::DesCbc => "des-cbc",
    MacAlgorithm::AesCmac => "aes-cmac",
    MacAlgorithm::Sm4Unionpay => "sm4-unionpay",
    MacAlgorithm::Sm4Cbc => "sm4-cbc",
    MacAlgorithm::HmacSha256 => "hmac-sha-256",
});

words!(TrackProtection, "track protection", {
    TrackProtection::UnionpayLastBlock => "unionpay-last-block",
    TrackProtection::PaddedF => "padded-f",
    TrackProtection::LengthPrefixed => "length-prefixed",
});

words!(KeyScheme, "key scheme", {
    KeyScheme::Fixed => "fixed",
    KeyScheme::Session => "session",
    KeyScheme::DukptTdes => "dukpt-tdes",
    KeyScheme::DukptAes => "dukpt-aes",
});

words!(CipherAlgorithm, "cipher", {
    CipherAlgorithm::TdesCbc => "tdes-cbc",
    CipherAlgorithm::AesCbc => "aes-cbc",
    CipherAlgorithm::AesGcm => "aes-gcm",
    CipherAlgorithm::Sm4Cbc => "sm4-cbc",
});

words!(SignatureAlgorithm, "signature algorithm", {
    SignatureAlgorithm::RsaSha256 => "rsa-sha-256",
    SignatureAlgorithm::RsaPssSha256 => "rsa-pss-sha-256",
    SignatureAlgorithm::EcdsaP256Sha256 => "ecdsa-p256-sha-256",
    SignatureAlgorithm::Ed25519 => "ed25519",
    SignatureAlgorithm::Sm2Sm3 => "sm2-sm3",
});

words!(Echoed, "echo", {
    Echoed::Trace => "trace",
    Echoed::Terminal => "terminal",
    Echoed::Merchant => "merchant",
    Echoed::Amount => "amount",
    Echoed::Currency => "currency",
    Echoed::Card => "card",
    Echoed::Order => "order",
});

words!(OperationKind, "operation", {
    OperationKind::SignIn => "sign-in",
    OperationKind::SignOff => "sign-off",
    OperationKind::Echo => "echo",
    OperationKind::Download => "download",
    OperationKind::Sale => "sale",
    OperationKind::Preauthorize => "preauthorize",
    OperationKind::ScanToPay => "scan-to-pay",
    OperationKind::ShowToPay => "show-to-pay",
    OperationKind::Balance => "balance",
    OperationKind::Void => "void",
    OperationKind::Refund => "refund",
    OperationKind::Complete => "complete",
    OperationKind::CancelPreauthorization => "cancel-preauthorization",
    OperationKind::CancelCompletion => "cancel-completion",
    OperationKind::Reverse => "reverse",
    OperationKind::Inquire => "inquire",
    OperationKind::Advise => "advise",
    OperationKind::ReportScripts => "report-scripts",
    OperationKind::Settle => "settle",
    OperationKind::Upload => "upload",
});

/// What a route may carry beside the plugin's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RouteSecret {
    /// Card data of this kind.
    Card(Secret),
    /// A track under a protection.
    ProtectedTrack(Secret),
    /// A PIN block; the PIN itself leaves on no route.
    Pin,
}

words!(Secret, "secret", {
    Secret::Pan => "pan",
    Secret::Expiry => "expiry",
    Secret::TrackOne => "track-one",
    Secret::TrackTwo => "track-two",
    Secret::TrackThree => "track-three",
    Secret::CardCode => "card-code",
    Secret::ScannedCode => "scanned-code",
});

/// The words for what a route may carry: card data by its kind, tracks under a protection, and `pin`.
pub(super) fn route_secrets() -> Vec<(String, RouteSecret)> {
    let card = Secret::ALL.iter().map(|secret| (secret.word().to_owned(), RouteSecret::Card(*secret)));
    let protected = [Secret::TrackTwo, Secret::TrackThree];
    let protected = protected.map(|track| (format!("{}-protected", track.word()), RouteSecret::ProtectedTrack(track)));
    card.chain(protected).chain([("pin".to_owned(), RouteSecret::Pin)]).collect()
}

/// The words for what a key may do: a family and, but for `transport`, a format after a colon: `pin:iso-0`.
pub(super) fn key_uses() -> Vec<(String, KeyUse)> {
    fn family<T: Word>(name: &str, make: fn(T) -> KeyUse) -> impl Iterator<Item = (String, KeyUse)> {
        T::ALL.iter().map(move |value| (format!("{name}:{}", value.word()), make(*value)))
    }
    [("transport".to_owned(), KeyUse::Transport)]
        .into_iter()
        .chain(family("pin", KeyUse::Pin))
        .chain(family("mac", KeyUse::Mac))
        .chain(family("track", KeyUse::Track))
        .chain(family("data", KeyUse::Data))
        .chain(family("sign", KeyUse::Sign))
        .chain(family("verify", KeyUse::Verify))
        .collect()
}

/// A use of a key as the configuration spells it.
pub(crate) fn key_use_word(key_use: &KeyUse) -> String {
    key_uses().into_iter().find(|(_, known)| known == key_use).map(|(word, _)| word).unwrap_or_default()
}

/// The candidate that differs from what was written in the fewest letters, if few enough to be a slip.
pub(super) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters, and at least two: "adress" is a slip for "address", "port" is not one for "pin".
    let slip_letters_max = (written.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= slip_letters_max && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_stands_for_one_value() {
        fn check<T: Word + PartialEq + std::fmt::Debug>() {
            for value in T::ALL {
                assert_eq!(T::from_word(value.word()), Some(*value));
            }
        }
        check::<KeyAlgorithm>();
        check::<KeyScheme>();
        check::<PinFormat>();
        check::<MacAlgorithm>();
        check::<TrackProtection>();
        check::<CipherAlgorithm>();
        check::<SignatureAlgorithm>();
        check::<Echoed>();
        check::<OperationKind>();
        check::<Secret>();
        check::<Profile>();
        check::<JournalKey>();
        check::<Cipher>();
        check::<Language>();
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_a_stranger_finds_none() {
        let keys = ["address", "server-name", "roots", "secrets", "pin"];
        assert_eq!(nearest("adress", keys), Some("address"));
        assert_eq!(nearest("server_name", keys), Some("server-name"));
        assert_eq!(nearest("secret", keys), Some("secrets"));
        assert_eq!(nearest("colour", keys), None);
    }
}

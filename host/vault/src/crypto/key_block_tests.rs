//! protocols: E.5, one published block of each version.

use engine::contract::template::{PinFormat, TrackProtection};
use proptest::prelude::*;

use super::*;
use crate::crypto::key::key_of;

const A: (&str, &str, &str) = (
    "89E88CF7931444F334BD7547FC3F380C",
    "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701",
    "F039121BEC83D26B169BDCD5B22AAF8F",
);
const B: (&str, &str, &str) = (
    "DD7515F2BFC17F85CE48F3CA25CB21F6",
    "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E",
    "3F419E1CB7079442AA37474C2EFBF8B8",
);
const C: (&str, &str, &str) = (
    "B8ED59E0A279A295E9F5ED7944FD06B9",
    "C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C",
    "EDB380DD340BC2620247D445F5B8D678",
);
const D: (&str, &str, &str) = (
    "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
    "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34",
    "3F419E1CB7079442AA37474C2EFBF8B8",
);

fn wrapping_key(text: &str) -> Key {
    key_of(if text.len() == 64 { KeyAlgorithm::Aes256 } else { KeyAlgorithm::Tdes }, text)
}

fn opened(under: &str, block: &[u8]) -> Result<OpenedBlock, KeyBlockError> {
    open(block, &wrapping_key(under))
}

/// A block with this header behind its length, made as `open_variant` undoes it.
pub(crate) fn block_of_version_c(under: &str, header: &str, key: &str) -> Vec<u8> {
    let key = hex::decode(key).unwrap();
    let bits = u16::try_from(8 * key.len()).unwrap().to_be_bytes();
    sealed_in_version_c(under, header, &[&bits, key.as_slice(), &[0x5A; 6]].concat())
}

/// The same of any clear data, in blocks of eight bytes.
fn sealed_in_version_c(under: &str, header: &str, clear: &[u8]) -> Vec<u8> {
    let under = crate::crypto::tdes::key(under);
    let header = format!("C{:04}{header}", 5 + header.len() + 2 * clear.len() + 8);
    let mut chain = *header.as_bytes().first_chunk().unwrap();
    let enciphering = under.variant(0x45).schedule();
    let mut sealed = Vec::new();
    for block in clear.as_chunks().0 {
        chain = enciphering.encrypt(crate::crypto::tdes::xor(*block, chain));
        sealed.extend(chain);
    }
    let mac = mac::cbc(&under.variant(0x4D), &[header.as_bytes(), &sealed].concat());
    format!("{header}{}{}", hex::encode_upper(sealed), hex::encode_upper(&mac[..4])).into_bytes()
}

#[test]
fn published_blocks_of_every_version_open() {
    for (under, block, key) in [A, B, C, D] {
        let opened = opened(under, block.as_bytes()).unwrap();
        assert_eq!(hex::encode_upper(&*opened.key), key, "{block}");
    }
}

/// Every bit of every character: header, optional blocks, key and MAC. Case counts too.
#[test]
fn a_block_with_one_changed_bit_is_refused() {
    for (under, block, _) in [A, B, C, D] {
        for place in 0..block.len() {
            for bit in 0..8 {
                let mut changed = block.as_bytes().to_vec();
                changed[place] ^= 1 << bit;
                assert!(opened(under, &changed).is_err(), "{block}: bit {bit} of character {place}");
            }
        }
    }
}

#[test]
fn a_block_cut_short_or_lengthened_is_refused() {
    for (under, block, _) in [A, B, C, D] {
        for length in 0..block.len() {
            assert!(opened(under, &block.as_bytes()[..length]).is_err());
        }
        assert!(opened(under, &[block.as_bytes(), b"00"].concat()).is_err());
    }
}

#[test]
fn the_wrong_wrapping_key_is_told_from_one_of_another_algorithm() {
    for (under, block, _) in [A, B, C, D] {
        for place in [0, under.len() / 2, under.len() - 2] {
            let mut wrong = hex::decode(under).unwrap();
            wrong[place / 2] ^= 0x10;
            assert_eq!(opened(&hex::encode(wrong), block.as_bytes()).map(drop), Err(KeyBlockError::Mac));
        }
        let other = if under.len() == 64 { A.0 } else { D.0 };
        assert_eq!(opened(other, block.as_bytes()).map(drop), Err(KeyBlockError::Version));
        let sm4 = key_of(KeyAlgorithm::Sm4, A.0);
        assert_eq!(open(block.as_bytes(), &sm4).map(drop), Err(KeyBlockError::Version));
    }
}

/// A PIN key goes into a PIN slot and nowhere else; a key that makes other keys goes into none.
#[test]
fn a_key_goes_where_its_block_says() {
    let key_for = |(under, block, _): (&str, &str, &str), key_use| {
        opened(under, block.as_bytes()).unwrap().key_for(&key_use).map(|key| key.algorithm())
    };
    assert_eq!(key_for(A, KeyUse::Pin(PinFormat::Iso0)), Ok(KeyAlgorithm::Tdes));
    assert_eq!(key_for(B, KeyUse::Pin(PinFormat::Iso3)), Ok(KeyAlgorithm::Tdes));
    assert_eq!(key_for(D, KeyUse::Pin(PinFormat::Iso4)), Ok(KeyAlgorithm::Aes128));
    for key_use in [
        KeyUse::Transport,
        KeyUse::Mac(MacAlgorithm::X919),
        KeyUse::Mac(MacAlgorithm::UnionpayEcb),
        KeyUse::Mac(MacAlgorithm::AesCmac),
        KeyUse::Track(TrackProtection::PaddedF),
    ] {
        let refused = Err(KeyBlockError::Use { usage: ['P', '0'], mode: 'E' });
        assert_eq!(key_for(A, key_use.clone()), refused);
        assert_eq!(key_for(D, key_use.clone()), refused);
        assert_eq!(key_for(C, key_use), Err(KeyBlockError::Use { usage: ['B', '0'], mode: 'X' }));
    }
}

/// Usage and mode in every combination: only these cells take a key.
#[test]
fn usages_and_modes_by_use() {
    let usages = ["P0", "D0", "M0", "M1", "M3", "M6", "M7", "K0", "K1", "B0", "B1", "S0"];
    let modes = "BCDEGNSTVXY";
    for (key_use, taken) in [
        (KeyUse::Pin(PinFormat::Iso0), "P0B P0E"),
        (KeyUse::Track(TrackProtection::PaddedF), "D0B D0E"),
        (KeyUse::Mac(MacAlgorithm::DesCbc), "M0C M1C"),
        (KeyUse::Mac(MacAlgorithm::X99), "M1C"),
        (KeyUse::Mac(MacAlgorithm::X919), "M3C"),
        (KeyUse::Mac(MacAlgorithm::AesCmac), "M6C"),
        (KeyUse::Mac(MacAlgorithm::HmacSha256), "M7C"),
        (KeyUse::Mac(MacAlgorithm::UnionpayEcb), ""),
        (KeyUse::Mac(MacAlgorithm::Sm4Unionpay), ""),
        (KeyUse::Mac(MacAlgorithm::Sm4Cbc), ""),
        (KeyUse::Transport, ""),
    ] {
        let mut cells = Vec::new();
        for usage in usages {
            let characters: Vec<char> = usage.chars().collect();
            let granted = modes.chars().filter(|mode| is_for(&key_use, [characters[0], characters[1]], *mode));
            cells.extend(granted.map(|mode| format!("{usage}{mode}")));
        }
        assert_eq!(cells.join(" "), taken, "{key_use:?}");
    }
}

proptest! {
    /// A block whose MAC is right and whose inside is anything: a key or an error, for every slot.
    #[test]
    fn a_right_mac_over_anything_is_a_key_or_an_error(
        usage in "(B1|P0|M3|K0)[TADHR][XENC]00N",
        serial in prop::option::of("(KS|IK|PB)(04|08|0C|14|18|1C|00|FF)[0-9A-Fa-f ]{0,24}"),
        blocks in 1_usize..6,
        clear in prop::collection::vec(any::<u8>(), 48),
        bits in prop_oneof![Just(64_u16), Just(128), Just(192), Just(256), any::<u16>()],
    ) {
        let count = if serial.is_some() { "01" } else { "00" };
        let header = format!("{usage}{count}00{}", serial.clone().unwrap_or_default());
        let mut clear = clear[..8 * blocks].to_vec();
        clear[..2].copy_from_slice(&bits.to_be_bytes());
        let block = sealed_in_version_c(C.0, &header, &clear);
        if let Ok(block) = opened(C.0, &block) {
            prop_assert!(8 * block.key.len() == usize::from(bits) && block.key.len() + 2 <= clear.len());
            let is_initial = header.starts_with("B1") && &header[3..4] == "X";
            prop_assert!(is_initial || block.initial_key().is_err());
        }
    }

    /// Any bytes are refused, without a panic, under a key of any algorithm; so are headers that promise anything.
    #[test]
    fn any_bytes_are_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in "[ABCD][0-9]{4}[A-Z0-9]{7}[0-9]{2}00([A-Z]{2}[0-9A-F]{2}){0,4}[0-9A-F]{0,200}",
    ) {
        let mut honest = text.into_bytes();
        let length = format!("{:04}", honest.len());
        honest[1..5].copy_from_slice(length.as_bytes());
        for under in [A.0, D.0] {
            prop_assert!(opened(under, &bytes).is_err());
            prop_assert!(opened(under, &honest).is_err());
        }
    }
}

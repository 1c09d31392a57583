//! Ceremonies: what they make, what they refuse, what lies on the disk in between.

use engine::contract::acquirer::KeyAlgorithm;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::Vault;
use crate::testing::{OTHER, PLUGIN, grants, paths};

/// protocols: K2, two components of a published zone master key, their check values and that of the key.
const ONE: &str = "DA3DA723587662DF62DA4FD3858651C4";
const ANOTHER: &str = "97E6ECEFD0B00D98B0C701DAEA94A764";
const WHOLE: &str = "4DDB4BCC88C66F47D21D4E096F12F6A0";

fn vault() -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::create(&paths(&folder), &grants()).unwrap();
    (folder, vault)
}

fn check_value(text: &str) -> [u8; 3] {
    ClearKey::from_hex(text).unwrap().check_value(KeyAlgorithm::Tdes).unwrap()
}

fn enter(vault: &mut Vault, by: &str, component: &str) -> Result<Entered, CeremonyError> {
    vault.enter_component((PLUGIN, "tmk"), (by, 1_700_000_000), (component, &[]))
}

#[test]
fn a_key_entered_on_two_days_by_two_people_is_the_key() {
    let (folder, mut vault) = vault();
    vault.begin_ceremony((PLUGIN, "tmk"), 2).unwrap();
    let entered = enter(&mut vault, "Li", ONE).unwrap();
    assert_eq!((entered.check_value, &entered.check_value[..2]), (check_value(ONE), &[0xA8, 0x91][..]));
    let incomplete = vault.finish_ceremony((PLUGIN, "tmk"), &check_value(WHOLE), None);
    assert!(matches!(incomplete, Err(CeremonyError::Incomplete { entered: 1, wanted: 2 })), "{incomplete:?}");
    drop(vault);

    let mut vault = Vault::open(&paths(&folder), &grants()).unwrap();
    let progress = vault.ceremonies().unwrap();
    assert_eq!((progress.len(), &progress[0].entered[0]), (1, &entered));
    enter(&mut vault, "Wang", ANOTHER).unwrap();
    assert!(matches!(enter(&mut vault, "Zhao", WHOLE), Err(CeremonyError::Complete)));
    assert_eq!(vault.ceremony_check_value((PLUGIN, "tmk")).unwrap(), check_value(WHOLE));
    let wrong = vault.finish_ceremony((PLUGIN, "tmk"), &check_value(ONE), None);
    assert!(matches!(wrong, Err(CeremonyError::Key(TransportKeyError::CheckValue { .. }))), "{wrong:?}");
    vault.finish_ceremony((PLUGIN, "tmk"), &check_value(WHOLE), None).unwrap();
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
    assert!(vault.ceremonies().unwrap().is_empty());
    let custodians = vault.custodians((PLUGIN, "tmk"), check_value(WHOLE)).unwrap();
    assert_eq!(custodians.iter().map(|entered| &*entered.by).collect::<Vec<_>>(), ["Li", "Wang"]);
    assert!(vault.custodians((PLUGIN, "tmk"), check_value(ONE)).unwrap().is_empty());
    let again = vault.finish_ceremony((PLUGIN, "tmk"), &check_value(WHOLE), None);
    assert!(matches!(again, Err(CeremonyError::None { .. })), "{again:?}");

    let direct = ClearKey::from_hex(WHOLE).unwrap();
    let reused = vault.load_transport(OTHER, "tmk", direct, &check_value(WHOLE));
    assert!(matches!(reused, Err(TransportKeyError::Reused { .. })), "the components made another key");
}

#[test]
fn what_is_no_component_of_a_key_is_refused_and_changes_nothing() {
    let (_folder, mut vault) = vault();
    assert!(matches!(enter(&mut vault, "Li", ONE), Err(CeremonyError::None { .. })));
    for wanted in [0, 1, 9] {
        assert!(matches!(vault.begin_ceremony((PLUGIN, "tmk"), wanted), Err(CeremonyError::Count)));
    }
    assert!(matches!(vault.begin_ceremony((PLUGIN, "sign"), 2), Err(CeremonyError::OfPair { .. })));
    assert!(matches!(vault.begin_ceremony((PLUGIN, "none"), 2), Err(CeremonyError::Slot(_))));
    vault.begin_ceremony((PLUGIN, "tmk"), 2).unwrap();
    assert!(matches!(vault.begin_ceremony((PLUGIN, "tmk"), 3), Err(CeremonyError::UnderWay { .. })));

    let (weak, single) = ("0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF");
    for bad in [weak, single, "", "no hexadecimal digits, but 32 of"] {
        assert!(matches!(enter(&mut vault, "Li", bad), Err(CeremonyError::Component(_))), "{bad}");
    }
    assert!(matches!(enter(&mut vault, "Li", &ONE.repeat(2)), Err(CeremonyError::Length { bytes: 32, .. })));
    for nobody in ["", "  ", "L\u{7}i", &"L".repeat(65)] {
        assert!(matches!(enter(&mut vault, nobody, ONE), Err(CeremonyError::Nobody)));
    }
    let mistyped = vault.enter_component((PLUGIN, "tmk"), ("Li", 0), (ONE, &check_value(ANOTHER)));
    assert!(matches!(mistyped, Err(CeremonyError::CheckValue)));
    assert!(vault.ceremonies().unwrap()[0].entered.is_empty());

    enter(&mut vault, "Li", ONE).unwrap();
    assert!(matches!(enter(&mut vault, "Li", ANOTHER), Err(CeremonyError::SamePerson { .. })));
    // The same key under DES: every lowest bit is parity.
    for again in [ONE, "DB3CA622597763DE63DB4ED2848750C5"] {
        assert!(matches!(enter(&mut vault, "Wang", again), Err(CeremonyError::Again)), "{again}");
    }
    vault.refuse_published();
    let printed = enter(&mut vault, "Wang", ANOTHER);
    assert!(matches!(printed, Err(CeremonyError::Published { .. })), "{printed:?}");
    assert_eq!(vault.ceremonies().unwrap()[0].entered.len(), 1);
    vault.abandon_ceremony((PLUGIN, "tmk")).unwrap();
    assert!(vault.ceremonies().unwrap().is_empty() && vault.checked_slots(PLUGIN).is_empty());
}

/// Components whose sum is weak make no key, though each is fine.
#[test]
fn components_that_make_a_weak_key_make_none() {
    let (_folder, mut vault) = vault();
    vault.begin_ceremony((PLUGIN, "tmk"), 2).unwrap();
    enter(&mut vault, "Li", ONE).unwrap();
    // Both halves become equal.
    enter(&mut vault, "Wang", "62DA4FD3858651C4DA3DA723587662DF").unwrap();
    let weak = vault.finish_ceremony((PLUGIN, "tmk"), &[0; 3], None);
    assert!(matches!(weak, Err(CeremonyError::Component(ClearKeyError::Weak))), "{weak:?}");
}

proptest! {
    /// What the seal lets through is still parsed: any bytes are ceremonies or an error.
    #[test]
    fn any_bytes_are_ceremonies_or_an_error(bytes in proptest::collection::vec(0_u8..12, 0..120)) {
        if let Some(ceremonies) = parsed(&bytes) {
            prop_assert!(ceremonies.progress().len() <= bytes.len());
        }
    }
}

#[test]
fn between_two_custodians_nothing_lies_in_clear_and_damage_is_noticed() {
    let (folder, mut vault) = vault();
    vault.begin_ceremony((PLUGIN, "tmk"), 2).unwrap();
    enter(&mut vault, "Li", ONE).unwrap();
    assert!(!format!("{:?}", vault.ceremonies().unwrap()).to_uppercase().contains(ONE));
    let file = folder.path().join("keys.ceremonies");
    let bytes = std::fs::read(&file).unwrap();
    let component = hex::decode(ONE).unwrap();
    assert!(!bytes.windows(component.len()).any(|window| window == component));
    for place in (0..bytes.len()).step_by(11) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        std::fs::write(&file, &changed).unwrap();
        let read = vault.ceremonies();
        assert!(matches!(read, Err(CeremonyError::Storage(KeyFileError::Damaged { .. }))), "byte {place}: {read:?}");
    }
}

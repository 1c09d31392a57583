//! One test for each kind of wrong configuration: the whole message, as the operator reads it.

use engine::contract::acquirer::{Echoed, KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::template::{MacAlgorithm, PinFormat, Secret};
use engine::contract::transaction::OperationKind;
use proptest::prelude::*;

use super::*;

pub(super) const RIGHT: &str = include_str!("../../examples/terminal.toml");

pub(super) fn parse(text: &str) -> Result<Configuration, ConfigurationError> {
    Configuration::parse(Path::new("/shop/terminal.toml"), text)
}

/// The message for the example with one thing changed.
pub(super) fn message(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "the example holds {from}");
    parse(&RIGHT.replacen(from, to, 1)).expect_err("it is wrong").to_string()
}

#[test]
fn the_example_is_read_whole() {
    let configuration = parse(RIGHT).unwrap();
    let acquirer = configuration.acquirers.first();
    let route = &acquirer.routes["host"];

    assert_eq!(configuration.profile, Profile::Development);
    assert_eq!(configuration.data, Path::new("/shop/data"));
    assert_eq!(configuration.language, Language::Chinese);
    assert_eq!(configuration.terminal.serial, "T0001");
    assert_eq!(configuration.terminal.currency, Currency::CNY);
    assert_eq!(acquirer.plugin, Path::new("/shop/unionpay.cwasm"));
    assert_eq!(acquirer.parameters.iter().find(|(name, _)| name == "terminal").unwrap().1, "50080001");
    let grant = |algorithms: &[KeyAlgorithm], use_| KeyGrant {
        algorithms: algorithms.to_vec(),
        use_,
        scheme: KeyScheme::Session,
    };
    assert_eq!(acquirer.keys["tmk"], grant(&[KeyAlgorithm::Tdes], KeyUse::Transport));
    assert_eq!(acquirer.keys["pik"], grant(&[KeyAlgorithm::Tdes], KeyUse::Pin(PinFormat::Iso0)));
    assert_eq!(
        acquirer.keys["mak"],
        grant(&[KeyAlgorithm::Des, KeyAlgorithm::Tdes], KeyUse::Mac(MacAlgorithm::UnionpayEcb))
    );
    assert_eq!(route.address.to_string(), "localhost:9443");
    assert_eq!(route.server_name, "acquirer.test");
    let card = [Secret::Pan, Secret::Expiry, Secret::TrackTwo, Secret::ScannedCode].map(RouteSecret::Card);
    assert_eq!(route.secrets, card.into_iter().chain([RouteSecret::Pin]).collect());
    assert_eq!(route.connect_timeout, Duration::from_secs(10));
    assert_eq!(acquirer.proofs[&OperationKind::Sale], [Echoed::Trace, Echoed::Terminal, Echoed::Amount]);
    assert_eq!(acquirer.ceilings, Ceilings::default());
    // The example writes down what is so where nothing is said.
    assert_eq!(configuration.journal, JournalSettings::default());
    assert_eq!(configuration.operators, []);
    assert_eq!(
        configuration.devices,
        Devices::Virtual(VirtualDevices {
            card: "unionpay-stripe".to_owned(),
            receipts: PathBuf::from("/shop/receipts"),
            allow_fallback: false,
        })
    );
}

#[test]
fn what_may_be_left_out_has_a_value() {
    let text = r#"
        profile = "production"
        data = "/var/lib/acquit"
        language = "en"
        terminal = { serial = "T0001", model = "desk" }
        [[acquirer]]
        name = "unionpay"
        plugin = "unionpay.cwasm"
        routes.host = { address = "[2001:db8::1]:9443", server-name = "a.example", roots = "ca.pem", secrets = [] }
        [[acquirer]]
        name = "second"
        first = true
        plugin = "second.cwasm"
        routes.host = { address = "b.example:443", roots = "ca.pem", secrets = [] }
    "#;
    let configuration = parse(text).unwrap();
    let route = &configuration.acquirers.first().routes["host"];
    let other = &configuration.acquirers.named("unionpay").unwrap().routes["host"];

    assert_eq!(configuration.data, Path::new("/var/lib/acquit"));
    assert_eq!(configuration.devices, Devices::None);
    assert_eq!((configuration.journal, configuration.operators), (JournalSettings::default(), Vec::new()));
    assert_eq!(configuration.acquirers.first().name, "second");
    assert_eq!(configuration.acquirers.iter().count(), 2);
    assert_eq!(route.server_name, "b.example");
    assert_eq!(other.address, Address { host: "2001:db8::1".to_owned(), port: 9443 });
    assert_eq!(other.address.to_string(), "[2001:db8::1]:9443");
}

#[test]
fn a_file_that_is_not_there() {
    let missing = Path::new("/nowhere/at/all/terminal.toml");
    insta::assert_snapshot!(
        Configuration::load(missing).unwrap_err(),
        @r#"/nowhere/at/all/terminal.toml: cannot be read: No such file or directory (os error 2); name the configuration file with --config"#
    );
}

#[test]
fn a_file_that_is_not_toml() {
    insta::assert_snapshot!(
        message("[terminal]", "[terminal"),
        @r#"/shop/terminal.toml:7:10: not TOML: unclosed table, expected `]`"#
    );
}

#[test]
fn a_key_twice() {
    insta::assert_snapshot!(
        message("language = \"zh\"", "language = \"zh\"\nlanguage = \"en\""),
        @r#"/shop/terminal.toml:6:1: not TOML: duplicate key"#
    );
}

#[test]
fn an_unknown_key_close_to_a_known_one() {
    insta::assert_snapshot!(
        message("address =", "adress ="),
        @r#"/shop/terminal.toml:41:1: acquirer.routes.host.adress: unknown key; did you mean "address"?"#
    );
    insta::assert_snapshot!(
        message("server-name =", "server_name ="),
        @r#"/shop/terminal.toml:42:1: acquirer.routes.host.server_name: unknown key; did you mean "server-name"?"#
    );
}

#[test]
fn an_unknown_key_close_to_none() {
    insta::assert_snapshot!(
        message("model =", "colour = \"blue\"\nmodel ="),
        @r#"/shop/terminal.toml:9:1: terminal.colour: unknown key; known are answer-ms, contact, copies, currency, merchant, model, serial"#
    );
}

#[test]
fn an_unknown_table() {
    insta::assert_snapshot!(
        message("[acquirer.ceilings]", "[acquirer.cielings]"),
        @r#"/shop/terminal.toml:55:11: acquirer.cielings: unknown key; did you mean "ceilings"?"#
    );
    insta::assert_snapshot!(
        message("[devices.virtual]", "[devices.virtuell]"),
        @r#"/shop/terminal.toml:66:10: devices.virtuell: unknown key; did you mean "virtual"?"#
    );
}

#[test]
fn an_unknown_operation() {
    insta::assert_snapshot!(
        message("reverse = [", "reversal = ["),
        @r#"/shop/terminal.toml:51:1: acquirer.proofs.reversal: unknown key; did you mean "reverse"?"#
    );
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(
        message("profile = \"development\"", ""),
        @r#"/shop/terminal.toml:1:1: profile: missing; write profile = "development""#
    );
    insta::assert_snapshot!(
        message("serial = \"T0001\"", ""),
        @r#"/shop/terminal.toml:7:1: terminal.serial: missing; write serial = "T0001""#
    );
    insta::assert_snapshot!(
        message("roots = \"ca.pem\"", ""),
        @r#"/shop/terminal.toml:40:18: acquirer.routes.host.roots: missing; write roots = "ca.pem""#
    );
    insta::assert_snapshot!(
        message("algorithm = \"tdes\", use = \"transport\"", "algorithm = \"tdes\""),
        @r#"/shop/terminal.toml:36:1: acquirer.keys.tmk.use: missing; write use = "transport""#
    );
}

#[test]
fn no_acquirer_and_no_route() {
    let (_, acquirer) = RIGHT.split_once("[[acquirer]]").unwrap();
    let bare =
        RIGHT.replace("[terminal]", "acquirer = []\n[terminal]").replace("[[acquirer]]", "").replace(acquirer, "");
    insta::assert_snapshot!(
        parse(&bare).unwrap_err(),
        @r#"/shop/terminal.toml:7:12: acquirer: missing; write [[acquirer]] with name, plugin and routes"#
    );
    let (head, _) = RIGHT.split_once("[acquirer.routes.host]").unwrap();
    insta::assert_snapshot!(
        parse(head).unwrap_err(),
        @r#"/shop/terminal.toml:15:1: acquirer.routes: missing; write [acquirer.routes.host] with address, roots and secrets"#
    );
}

#[test]
fn a_value_of_another_type() {
    insta::assert_snapshot!(
        message("serial = \"T0001\"", "serial = 1"),
        @r#"/shop/terminal.toml:8:10: terminal.serial: is a whole number, but must be text in quotes"#
    );
    insta::assert_snapshot!(
        message("first = true", "first = \"yes\""),
        @r#"/shop/terminal.toml:18:9: acquirer.first: is text, but must be true or false"#
    );
    insta::assert_snapshot!(
        message("attempts = 3", "attempts = \"3\""),
        @r#"/shop/terminal.toml:56:12: acquirer.ceilings.attempts: is text, but must be a whole number without quotes"#
    );
    insta::assert_snapshot!(
        message("wait-ms = 60000", "wait-ms = 0.5"),
        @r#"/shop/terminal.toml:57:11: acquirer.ceilings.wait-ms: is a number with a point, but must be a whole number without quotes"#
    );
    insta::assert_snapshot!(
        message("secrets = [\"pan\", \"expiry\", \"track-two\", \"scanned-code\", \"pin\"]", "secrets = \"pan\""),
        @r#"/shop/terminal.toml:44:11: acquirer.routes.host.secrets: is text, but must be a list: ["pan", "expiry"]"#
    );
    insta::assert_snapshot!(
        message("terminal = \"50080001\"", "terminal = 50080001"),
        @r#"/shop/terminal.toml:30:1: acquirer.parameters.terminal: is a whole number, but must be text in quotes"#
    );
    insta::assert_snapshot!(
        message("[[acquirer]]", "[acquirer]"),
        @r#"/shop/terminal.toml:15:1: acquirer: is a table, but must be a list: [[acquirer]], with two brackets"#
    );
    insta::assert_snapshot!(
        message("tmk = { algorithm = \"tdes\", use = \"transport\" }", "tmk = \"tdes\""),
        @r#"/shop/terminal.toml:36:1: acquirer.keys.tmk: is text, but must be a table: { algorithm = "tdes", use = "transport" }"#
    );
}

#[test]
fn a_slot_that_admits_nothing() {
    insta::assert_snapshot!(
        message("[\"des\", \"tdes\"]", "[]"),
        @r#"/shop/terminal.toml:38:21: acquirer.keys.mak.algorithm: missing; write algorithm = "tdes""#
    );
}

#[test]
fn a_number_out_of_range() {
    insta::assert_snapshot!(
        message("attempts = 3", "attempts = 0"),
        @r#"/shop/terminal.toml:56:12: acquirer.ceilings.attempts: is 0, but must be from 1 to 10"#
    );
    insta::assert_snapshot!(
        message("attempts = 3", "attempts = 11"),
        @r#"/shop/terminal.toml:56:12: acquirer.ceilings.attempts: is 11, but must be from 1 to 10"#
    );
    insta::assert_snapshot!(
        message("wait-ms = 60000", "wait-ms = -1"),
        @r#"/shop/terminal.toml:57:11: acquirer.ceilings.wait-ms: is -1, but must be from 0 to 86400000"#
    );
    insta::assert_snapshot!(
        message("connect-timeout-ms = 10000", "connect-timeout-ms = 99999999999999999999"),
        @r#"/shop/terminal.toml:45:22: acquirer.routes.host.connect-timeout-ms: is 99999999999999999999, but must be from 1 to 120000"#
    );
}

#[test]
fn a_word_that_is_none_of_those_known() {
    insta::assert_snapshot!(
        message("profile = \"development\"", "profile = \"developement\""),
        @r#"/shop/terminal.toml:3:11: profile: "developement" is not a known profile; did you mean "development"?"#
    );
    insta::assert_snapshot!(
        message("language = \"zh\"", "language = \"fr\""),
        @r#"/shop/terminal.toml:5:12: language: "fr" is not a known language; known are zh, en"#
    );
    insta::assert_snapshot!(
        message("algorithm = \"tdes\"", "algorithm = \"tdea\""),
        @r#"/shop/terminal.toml:36:21: acquirer.keys.tmk.algorithm: "tdea" is not a known key algorithm; did you mean "tdes"?"#
    );
    insta::assert_snapshot!(
        message("pin:iso-0", "pin:iso0"),
        @r#"/shop/terminal.toml:37:35: acquirer.keys.pik.use: "pin:iso0" is not a known use of a key; did you mean "pin:iso-0"?"#
    );
    insta::assert_snapshot!(
        message("\"track-two\"", "\"cvv\""),
        @r#"/shop/terminal.toml:44:29: acquirer.routes.host.secrets: "cvv" is not a known secret; known are pan, expiry, track-one, track-two, track-three, card-code, scanned-code, track-two-protected, track-three-protected, pin"#
    );
    insta::assert_snapshot!(
        message("[\"trace\", \"terminal\", \"amount\"]", "[\"trace\", \"amout\"]"),
        @r#"/shop/terminal.toml:50:18: acquirer.proofs.sale: "amout" is not a known echo; did you mean "amount"?"#
    );
}

#[test]
fn a_text_of_another_form() {
    insta::assert_snapshot!(
        message("localhost:9443", "localhost"),
        @r#"/shop/terminal.toml:41:11: acquirer.routes.host.address: "localhost" is not host:port"#
    );
    insta::assert_snapshot!(
        message("localhost:9443", "localhost:0"),
        @r#"/shop/terminal.toml:41:11: acquirer.routes.host.address: "localhost:0" is not host:port"#
    );
    insta::assert_snapshot!(
        message("localhost:9443", "https://localhost:9443"),
        @r#"/shop/terminal.toml:41:11: acquirer.routes.host.address: "https://localhost:9443" is not host:port"#
    );
    insta::assert_snapshot!(
        message("\"acquirer.test\"", "\"*.test\""),
        @r#"/shop/terminal.toml:42:15: acquirer.routes.host.server-name: "*.test" is not the name in the acquirer's certificate"#
    );
    insta::assert_snapshot!(
        message("name = \"unionpay\"", "name = \"../unionpay\""),
        @r#"/shop/terminal.toml:16:8: acquirer.name: "../unionpay" is not a name of small letters, digits and dashes that begins with a letter, such as "unionpay""#
    );
    insta::assert_snapshot!(
        message("serial = \"T0001\"", "serial = \"T 0001\""),
        @r#"/shop/terminal.toml:8:10: terminal.serial: "T 0001" is not a serial number of at most 32 letters, digits and dashes"#
    );
    insta::assert_snapshot!(
        message("currency = \"CNY\"", "currency = \"RMB\""),
        @r#"/shop/terminal.toml:11:12: terminal.currency: "RMB" is not an ISO 4217 code known here, such as "CNY""#
    );
    insta::assert_snapshot!(
        message("plugin = \"unionpay.cwasm\"", "plugin = \"\""),
        @r#"/shop/terminal.toml:17:10: acquirer.plugin: "" is not a text that says something"#
    );
    insta::assert_snapshot!(
        message("tmk = {", "TMK = {"),
        @r#"/shop/terminal.toml:36:1: acquirer.keys.TMK: "TMK" is not a name of small letters, digits and dashes that begins with a letter, such as "unionpay""#
    );
}

#[test]
fn two_acquirers_of_one_name() {
    let again = "[[acquirer]]\nname = \"unionpay\"\n\n[devices.virtual]";
    insta::assert_snapshot!(
        message("[devices.virtual]", again),
        @r#"/shop/terminal.toml:67:8: acquirer.name: two acquirers are called "unionpay"; give each its own name, since the journal goes by it"#
    );
}

#[test]
fn two_first_acquirers() {
    let again = "[[acquirer]]\nname = \"second\"\nfirst = true\n\n[devices.virtual]";
    insta::assert_snapshot!(
        message("[devices.virtual]", again),
        @r#"/shop/terminal.toml:68:9: acquirer.first: "unionpay" is the first acquirer already; leave `first` on one of them"#
    );
}

#[test]
fn virtual_devices_in_production() {
    insta::assert_snapshot!(
        message("profile = \"development\"", "profile = \"production\""),
        @r#"/shop/terminal.toml:66:1: devices.virtual: a production terminal takes no virtual cards; remove this section, or write profile = "development""#
    );
}

#[test]
fn columns_count_characters_not_bytes() {
    let mistake = |text: &str| match parse(text) {
        Err(ConfigurationError::Wrong(mistake)) => *mistake,
        other => panic!("{other:?}"),
    };
    let found = mistake("profile = \"开发\" x");
    assert_eq!((found.line, found.column), (1, 16));
}

/// The example with stretches of it replaced.
fn changed() -> impl Strategy<Value = String> {
    let pieces = ["", "\"", "[", "]", "{", "=", "\n", "-1", "99999999999999999999", "[[acquirer]]\n", "\0", "中"];
    let change = (any::<prop::sample::Index>(), 0..24_usize, prop::sample::select(pieces.to_vec()));
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut letters: Vec<char> = RIGHT.chars().collect();
        for (place, length, piece) in changes {
            let start = place.index(letters.len());
            let end = (start + length).min(letters.len());
            letters.splice(start..end, piece.chars());
        }
        letters.into_iter().collect()
    })
}

#[test]
fn a_configuration_that_nests_for_ever_is_refused() {
    assert!(parse(&format!("data = {}", "[".repeat(50_000))).is_err());
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_an_error(text in prop_oneof![changed(), ".{0,200}"]) {
        if let Err(why) = parse(&text) {
            prop_assert!(why.to_string().contains("terminal.toml"), "{why}");
        }
    }
}

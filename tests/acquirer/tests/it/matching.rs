//! Answers to sign-in, sale and reversal, as tables.

use acquit_test_acquirer::bank::Unanswerable;
use acquit_test_acquirer::codec::{Message, Mti, Tpdu};
use acquit_test_acquirer::config::AcquirerConfig;
use acquit_test_acquirer::crypto::{MacKind, pin_block};

use crate::support::{CARD, Counter, MERCHANT, TERMINAL, request};

#[test]
fn sign_in_hands_out_fresh_keys_in_both_shapes_and_a_batch_to_adopt() {
    for single in [false, true] {
        let mut counter = Counter::closed(|config| config.single_length_mak = single);
        let answer = counter.send(counter.terminal.sign_in()).unwrap();
        assert_eq!(answer.tpdu, Tpdu { id: 0x60, destination: [0x12, 0x34], source: [0x00, 0x03] });
        assert_eq!(answer.message.mti.to_string(), "0810");
        assert_eq!(answer.message.digits(60), Some("00000042003"));
        assert_eq!((answer.message.digits(12), answer.message.digits(13)), (Some("100141"), Some("0510")));
        let download = answer.message.binary(62).unwrap().to_vec();
        assert_eq!(download[28..36] == [0; 8], single);
        counter.terminal.adopt(&answer);
        assert_eq!(counter.code(counter.terminal.sale(2, 1234)), "00");
        let again = counter.send(counter.terminal.sign_in()).unwrap();
        assert_ne!(again.message.binary(62), Some(download.as_slice()));
    }
}

#[test]
fn an_approved_sale_echoes_the_request_and_carries_the_acquirers_fields() {
    for mac in [MacKind::UnionPayEcb, MacKind::X919] {
        let mut counter = Counter::open(|config| config.mac = mac);
        let sale = counter.terminal.sale(2, 1234);
        let answer = counter.send(sale.clone()).unwrap().message;
        for field in [3, 4, 11, 25, 41, 42, 49, 60] {
            assert_eq!(answer.get(field), sale.get(field), "DE{field}");
        }
        assert_eq!(answer.text(39), Some("00"));
        for field in [12, 13, 15, 32, 37, 38, 44, 64] {
            assert!(answer.get(field).is_some(), "DE{field}");
        }
        assert!([2, 14, 35, 52].iter().all(|field| answer.get(*field).is_none()));
        assert_eq!(counter.merchant_total(), 1234);
    }
}

#[test]
fn the_card_number_comes_back_only_where_it_is_configured() {
    let mut counter = Counter::open(|config| config.echo_card_number = true);
    let answer = counter.send(counter.terminal.sale(2, 1234)).unwrap();
    assert_eq!(answer.message.digits(2), Some(CARD));
}

#[test]
fn refused_sales_move_nothing_and_say_why() {
    type Change = fn(&Counter, &mut Message);
    let table: [(&str, &str, Change); 15] = [
        ("unknown card", "14", |_, sale| set_card(sale, "6200005554443337", "3012")),
        ("expired card", "54", |_, sale| set_card(sale, "6200002468135794", "2001")),
        ("wrong expiry", "54", |_, sale| set_card(sale, CARD, "3011")),
        ("not enough", "51", |_, sale| set_card(sale, "6200001357924680138", "3012")),
        ("wrong PIN", "55", |counter, sale| set_pin(counter, sale, "123457", CARD)),
        ("PIN block of another card", "99", |counter, sale| set_pin(counter, sale, "123456", "9999999999999999")),
        ("PIN without security control", "99", |_, sale| _ = sale.remove(53)),
        ("entry mode that denies the PIN", "30", |_, sale| _ = sale.set_digits(22, "022")),
        ("other currency", "A1", |_, sale| _ = sale.set_text(49, "840")),
        ("batch not adopted", "77", |_, sale| _ = sale.set_digits(60, "22000007")),
        ("another transaction", "40", |_, sale| _ = sale.set_digits(60, "23000042")),
        ("nothing", "13", |_, sale| _ = sale.set_digits(4, "000000000000")),
        ("no card", "30", |_, sale| _ = sale.remove(35)),
        ("track and number that differ", "30", |_, sale| _ = sale.set_digits(2, "6200009876543212")),
        ("decided by amount", "61", |_, sale| _ = sale.set_digits(4, "000000006100")),
    ];
    for (what, code, change) in table {
        let mut counter = Counter::open(|_| {});
        let mut sale = counter.terminal.sale(2, 1234);
        change(&counter, &mut sale);
        assert_eq!(counter.code(sale), code, "{what}");
        assert_eq!(counter.merchant_total(), 0, "{what}");
    }
}

#[test]
fn a_card_without_pin_pays_without_one_and_its_number_may_be_keyed() {
    let mut counter = Counter::open(|_| {});
    let mut sale = counter.terminal.sale(2, 1234);
    sale.remove(26).remove(35).remove(52).remove(53);
    sale.set_digits(22, "012").set_digits(2, "6200009876543212").set_digits(14, "3012");
    assert_eq!(counter.code(sale), "00");
}

#[test]
fn three_wrong_pins_lock_the_card_and_a_right_one_resets_the_count() {
    let mut counter = Counter::open(|_| {});
    let pins = ["0000", "0000", "123456", "0000", "0000", "0000", "123456"];
    for (trace, (pin, code)) in (2..).zip(pins.into_iter().zip(["55", "55", "00", "55", "55", "55", "75"])) {
        let mut sale = counter.terminal.sale(trace, 1234);
        set_pin(&counter, &mut sale, pin, CARD);
        assert_eq!(counter.code(sale), code, "trace {trace}");
    }
}

#[test]
fn a_terminal_that_cannot_prove_itself_changes_nothing() {
    let mut counter = Counter::open(|_| {});
    let sale = counter.terminal.sale(2, 1234);
    let mut body = counter.terminal.body(sale.clone());
    let last = body.len() - 1;
    body[last] ^= 1;
    let answer = counter.bank.answer(&body).unwrap();
    assert!(counter.terminal.proves(&answer));
    assert_eq!(code_of(&answer), "A0");
    assert_eq!(counter.code(sale.clone()), "00", "the forged attempt must not use up the trace");

    counter.bank.clear_keys();
    let answer = counter.send(counter.terminal.sale(3, 1234)).unwrap().message;
    assert_eq!((answer.text(39), answer.get(64)), (Some("99"), None));

    let mut stranger = counter.terminal.sign_in();
    stranger.set_text(41, "99999999");
    assert_eq!(counter.send(stranger).unwrap().message.text(39), Some("97"));
    let mut other_shop = counter.terminal.sign_in();
    other_shop.set_text(42, "000000000000000");
    assert_eq!(counter.send(other_shop).unwrap().message.text(39), Some("03"));
    assert_eq!(counter.merchant_total(), 1234);
}

#[test]
fn a_trace_is_good_for_one_sale_in_a_batch() {
    let mut counter = Counter::open(|_| {});
    assert_eq!(counter.code(counter.terminal.sale(2, 1234)), "00");
    assert_eq!(counter.code(counter.terminal.sale(2, 1234)), "94");
    assert_eq!(counter.merchant_total(), 1234);
}

/// One step at the counter and the code it is answered with.
enum Step {
    Sale(i64, &'static str),
    Reversal(i64, &'static str),
    NextDay,
}

#[test]
fn reversals_are_matched_by_the_rules() {
    use Step::{NextDay, Reversal, Sale};
    let tombstones: fn(&mut AcquirerConfig) = |_| {};
    let without: fn(&mut AcquirerConfig) = |config| config.tombstones = false;
    let by_the_book: fn(&mut AcquirerConfig) = |config| config.reversal.already_reversed = "25".parse().ok();
    type Case = (&'static str, fn(&mut AcquirerConfig), Vec<Step>, i64);
    let table: Vec<Case> = vec![
        ("reversed once", tombstones, vec![Sale(1234, "00"), Reversal(1234, "00")], 0),
        ("twice, same answer", tombstones, vec![Sale(1234, "00"), Reversal(1234, "00"), Reversal(1234, "00")], 0),
        ("twice, by the book", by_the_book, vec![Sale(1234, "00"), Reversal(1234, "00"), Reversal(1234, "25")], 0),
        ("too early", tombstones, vec![Reversal(1234, "00"), Reversal(1234, "00"), Sale(1234, "12")], 0),
        ("too early and again", tombstones, vec![Reversal(1234, "00"), Sale(1234, "12"), Reversal(1234, "00")], 0),
        ("too early, no tombstone", without, vec![Reversal(1234, "25"), Sale(1234, "00")], 1234),
        ("amount differs", tombstones, vec![Sale(1234, "00"), Reversal(1233, "64")], 1234),
        ("original failed", tombstones, vec![Sale(5100, "51"), Reversal(5100, "01")], 0),
        ("original left open", tombstones, vec![Sale(9800, "98"), Reversal(9800, "00"), Sale(9800, "12")], 0),
        ("earlier day", tombstones, vec![Sale(1234, "00"), NextDay, Reversal(1234, "25")], 1234),
        (
            "again a day later",
            tombstones,
            vec![Sale(1234, "00"), Reversal(1234, "00"), NextDay, Reversal(1234, "00")],
            0,
        ),
        ("reversed sale sent again", tombstones, vec![Sale(1234, "00"), Reversal(1234, "00"), Sale(1234, "94")], 0),
    ];
    for (what, change, steps, total) in table {
        let mut counter = Counter::open(change);
        for step in steps {
            match step {
                Sale(amount, code) => assert_eq!(counter.code(counter.terminal.sale(2, amount)), code, "{what}"),
                Reversal(amount, code) => {
                    assert_eq!(counter.code(counter.terminal.reversal(2, amount)), code, "{what}");
                }
                NextDay => counter.bank.next_day(),
            }
        }
        assert_eq!(counter.merchant_total(), total, "{what}");
    }
}

#[test]
fn a_reversal_names_its_original_by_de61_or_by_its_own_trace_and_batch() {
    let mut counter = Counter::open(|_| {});
    assert_eq!(counter.code(counter.terminal.sale(2, 100)), "00");
    let mut by_own_trace = counter.terminal.reversal(2, 100);
    by_own_trace.remove(2).remove(61);
    assert_eq!(counter.code(by_own_trace), "00");
    assert_eq!(counter.code(counter.terminal.sale(3, 100)), "00");
    let mut by_de61 = counter.terminal.reversal(4, 100);
    by_de61.set_digits(61, "0000420000030510");
    assert_eq!(counter.code(by_de61), "00");
    assert_eq!(counter.merchant_total(), 0);
}

#[test]
fn a_reversal_gives_the_cardholder_back_what_can_be_spent() {
    let mut counter = Counter::open(|_| {});
    let sale = |counter: &Counter, trace| {
        let mut sale = counter.terminal.sale(trace, 1000);
        set_card(&mut sale, "6200001357924680138", "3012");
        sale
    };
    assert_eq!(counter.code(sale(&counter, 2)), "00");
    assert_eq!(counter.code(sale(&counter, 3)), "51");
    let mut reversal = counter.terminal.reversal(2, 1000);
    reversal.set_digits(2, "6200001357924680138");
    assert_eq!(counter.code(reversal), "00");
    assert_eq!(counter.code(sale(&counter, 4)), "00");
}

#[test]
fn a_reversal_of_another_card_or_for_no_known_reason_is_refused() {
    let mut counter = Counter::open(|_| {});
    assert_eq!(counter.code(counter.terminal.sale(2, 100)), "00");
    let mut other_card = counter.terminal.reversal(2, 100);
    other_card.set_digits(2, "6200009876543212");
    assert_eq!(counter.code(other_card), "14");
    let mut no_reason = counter.terminal.reversal(2, 100);
    no_reason.set_text(39, "00");
    assert_eq!(counter.code(no_reason), "30");
    assert_eq!(counter.merchant_total(), 100);
}

#[test]
fn echo_is_answered_and_what_is_no_request_is_not() {
    let mut counter = Counter::closed(|_| {});
    let mut echo = request(Mti::NETWORK, 2);
    echo.set_digits(60, "00000042301");
    let answer = counter.send(echo.clone()).unwrap().message;
    assert_eq!((answer.mti.to_string().as_str(), answer.text(39)), ("0830", Some("00")));
    echo.mti = "0210".parse().unwrap();
    assert_eq!(counter.send(echo.clone()), Err(Unanswerable::NotARequest(echo.mti)));
    echo.mti = "0100".parse().unwrap();
    assert_eq!(counter.send(echo.clone()).unwrap().message.text(39), Some("40"));
    echo.remove(41);
    assert_eq!(counter.send(echo), Err(Unanswerable::Anonymous(41)));
    assert!((TERMINAL.len(), MERCHANT.len()) == (8, 15));
}

fn set_card(sale: &mut Message, card: &str, expiry: &str) {
    sale.remove(26).remove(52).remove(53);
    sale.set_digits(22, "022").set_digits(35, format!("{card}D{expiry}101"));
}

fn set_pin(counter: &Counter, sale: &mut Message, pin: &str, card: &str) {
    let (pin_key, _) = counter.terminal.keys.unwrap();
    sale.set_binary(52, pin_key.encipher(&pin_block(pin, card).unwrap()));
}

fn code_of(body: &[u8]) -> String {
    let frame = acquit_test_acquirer::codec::Frame::decode(body).unwrap();
    frame.message.text(39).unwrap().into()
}

//! The bank without a socket: bytes in, bytes out or silence, the same in every run.

use acquit_test_acquirer::Fault;
use acquit_test_acquirer::codec::Frame;

use crate::support::Counter;

/// A sign-in, two sales and the reversal of one, a minute apart, one request lost and one answer spoilt.
fn morning(seed: u64) -> Vec<Option<Vec<u8>>> {
    let mut counter = Counter::closed(|config| config.seed = Some(seed));
    let signed_in = counter.bank.answer(&counter.terminal.body(counter.terminal.sign_in())).unwrap();
    counter.terminal.adopt(&Frame::decode(&signed_in).unwrap());
    let mut heard = vec![Some(signed_in)];
    let steps = [
        ("2026-05-10T10:02:00", counter.terminal.sale(2, 100), None),
        ("2026-05-10T10:03:00", counter.terminal.sale(3, 200), Some(Fault::DropRequest)),
        ("2026-05-10T10:04:00", counter.terminal.sale(3, 200), Some(Fault::WrongMac)),
        ("2026-05-10T10:05:00", counter.terminal.reversal(3, 200), None),
    ];
    for (time, request, fault) in steps {
        counter.bank.set_time(&time.parse().unwrap());
        let body = counter.terminal.body(request);
        heard.push(counter.bank.answer_under(&body, fault.as_ref()).unwrap());
    }
    assert_eq!(counter.merchant_total(), 100);
    heard
}

#[test]
fn equal_seeds_times_and_requests_give_equal_bytes() {
    let (first, again) = (morning(7), morning(7));
    assert_eq!(first, again);
    assert_ne!(first, morning(8));
    let times = first.iter().flatten().map(|body| Frame::decode(body).unwrap().message.digits(12).unwrap().to_owned());
    assert_eq!(times.collect::<Vec<_>>(), ["100141", "100200", "100400", "100500"]);
    assert!(first[2].is_none(), "a lost request is silence");
}

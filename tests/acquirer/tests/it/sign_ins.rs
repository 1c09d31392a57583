//! What sign-in hands out by its 60.3, and tracks under the key of layout 004.

use acquit_test_acquirer::codec::{Message, Mti};
use acquit_test_acquirer::config::TrackScheme;
use acquit_test_acquirer::crypto::Key;

use crate::support::{Counter, TRACK, request};

fn download(counter: &mut Counter, layout: &str) -> Vec<u8> {
    let mut message = request(Mti::SIGN_IN, 1);
    message.set_digits(60, format!("00000007{layout}")).set_text(63, "01 ");
    let answer = counter.send(message).unwrap().message;
    assert_eq!(answer.digits(60), Some(format!("00000042{layout}").as_str()));
    answer.binary(62).unwrap().to_vec()
}

fn master() -> Key {
    Key::from_bytes(&hex::decode("0123456789ABCDEFFEDCBA9876543210").unwrap()).unwrap()
}

/// Keys of one width out of a download, each against its check value.
fn keys(download: &[u8], bytes: usize) -> Vec<Key> {
    let key = |block: &[u8]| {
        let key = Key::from_bytes(&master().decipher(&block[..bytes])).unwrap();
        assert_eq!(key.check_value(), block[bytes..]);
        key
    };
    download.chunks(bytes + 4).map(key).collect()
}

/// Signs in by layout 004 and returns the key for tracks.
fn with_track_key(counter: &mut Counter) -> Key {
    let all = keys(&download(counter, "004"), 16);
    let [pin, mac, track] = all[..] else { panic!("three keys") };
    (counter.terminal.batch, counter.terminal.keys) = ("000042".into(), Some((pin, mac)));
    track
}

/// A sale by stripe without PIN, its track as given and said to be enciphered.
fn sale(counter: &Counter, trace: u32, track: &str) -> Message {
    let mut message = counter.terminal.sale(trace, 100);
    message.remove(26).remove(52).set_digits(22, "022").set_digits(35, track).set_digits(53, "0610000000000000");
    message
}

#[test]
fn layouts_001_and_004_have_their_keys_and_no_other_layout_is_known() {
    let mut counter = Counter::closed(|_| {});
    let single = download(&mut counter, "001");
    assert_eq!((single.len(), keys(&single, 8).len()), (24, 2));
    let [pin, mac] = keys(&single, 8)[..] else { panic!("two keys") };
    (counter.terminal.batch, counter.terminal.keys) = ("000042".into(), Some((pin, mac)));
    let sale = counter.terminal.sale(2, 100);
    assert_eq!(counter.code(sale), "00", "PIN and MAC under keys of one length");

    let with_tracks = download(&mut counter, "004");
    assert_eq!((with_tracks.len(), keys(&with_tracks, 16).len()), (60, 3));
    let mut other = counter.terminal.sign_in();
    other.set_digits(60, "00000042005");
    assert_eq!(counter.send(other).unwrap().message.text(39), Some("40"));
}

/// Each scheme enciphered here, so that the acquirer's way back is checked by another way there.
#[test]
fn tracks_are_deciphered_and_must_be_the_cards_own() {
    let upper = |bytes: &[u8]| hex::encode_upper(bytes);
    for scheme in [TrackScheme::LastBlock, TrackScheme::PaddedF, TrackScheme::LengthPrefixed] {
        let mut counter = Counter::closed(|config| {
            config.tracks.encryption = scheme;
            config.cards[0].track_two = Some(TRACK.parse().unwrap());
        });
        let key = with_track_key(&mut counter);
        let encipher = |track: &str| match scheme {
            TrackScheme::LastBlock => {
                let bytes = hex::decode(format!("{track}0")).unwrap();
                let (from, to) = (bytes.len() - 9, bytes.len() - 1);
                upper(&[&bytes[..from], &key.encipher(&bytes[from..to]), &bytes[to..]].concat())[..35].to_owned()
            }
            TrackScheme::PaddedF => upper(&key.encipher(&hex::decode(format!("{track:F<48}")).unwrap())),
            TrackScheme::LengthPrefixed => {
                upper(&key.encipher(&hex::decode(format!("{:0<48}", format!("35{track}"))).unwrap()))
            }
        };
        let right = encipher(TRACK);
        let request = sale(&counter, 2, &right);
        assert_eq!(counter.code(request), "00", "{scheme:?}");
        let other = encipher(&TRACK.replace("301210", "301220"));
        for (trace, track) in [(3, other.as_str()), (4, TRACK)] {
            let request = sale(&counter, trace, track);
            assert_eq!(counter.code(request), "A7", "{scheme:?} {trace}");
        }
        let mut clear = sale(&counter, 5, TRACK);
        clear.set_digits(53, "0600000000000000");
        assert_eq!(counter.code(clear), "00", "{scheme:?}: a track in clear that says so");
        assert_eq!(counter.merchant_total(), 200);
    }
}

#[test]
fn an_acquirer_can_insist_and_without_a_key_for_tracks_nothing_opens() {
    let mut counter = Counter::open(|config| config.tracks.required = true);
    let clear = counter.terminal.sale(2, 100);
    assert_eq!(counter.code(clear), "A7");
    let under_no_key = sale(&counter, 3, TRACK);
    assert_eq!(counter.code(under_no_key), "A7", "signed in by layout 003");
    assert_eq!(counter.merchant_total(), 0);
}

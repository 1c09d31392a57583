use super::super::data_key::expand;
use super::super::{Cipher, CountingEntropy, DataKey, Entropy, KeyError, TAG_BYTES};
use super::{counting_key, hex};

struct Sealed {
    cipher: Cipher,
    key: Vec<u8>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    clear: Vec<u8>,
    sealed: Vec<u8>,
}

impl Sealed {
    fn key(&self) -> DataKey {
        DataKey::copy_of(self.key.as_slice().try_into().unwrap())
    }

    fn nonce(&self) -> [u8; 12] {
        self.nonce.as_slice().try_into().unwrap()
    }

    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.cipher.open(&self.key(), nonce, aad, &mut sealed.to_vec()).map(|clear| clear.to_vec())
    }
}

fn published() -> [Sealed; 2] {
    let sunscreen = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
        sunscreen would be it.";
    [
        // RFC 8439, 2.8.2.
        Sealed {
            cipher: Cipher::ChaCha20Poly1305,
            key: (0x80..=0x9f).collect(),
            nonce: hex("07000000 4041424344454647"),
            aad: hex("50515253c0c1c2c3c4c5c6c7"),
            clear: sunscreen.to_vec(),
            sealed: hex("d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 \
                3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36 \
                92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc \
                3ff4def08e4b7a9de576d26586cec64b 6116 1ae10b594f09e26a7e902ecbd0600691"),
        },
        // The GCM submission to NIST, test case 16.
        Sealed {
            cipher: Cipher::Aes256Gcm,
            key: hex("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308"),
            nonce: hex("cafebabefacedbaddecaf888"),
            aad: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
            clear: hex("d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72 \
                1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39"),
            sealed: hex("522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa \
                8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662 \
                76fc6ece0f4e1768cddf8853bb2d551b"),
        },
    ]
}

#[test]
fn ciphers_agree_with_published_vectors() {
    for vector in published() {
        let mut bytes = vector.clear.clone();
        vector.cipher.seal(&vector.key(), vector.nonce(), &vector.aad, &mut bytes).unwrap();
        assert_eq!(bytes, vector.sealed, "{:?}", vector.cipher);
        assert_eq!(bytes.len(), vector.clear.len() + TAG_BYTES);
        assert_eq!(vector.open(vector.nonce(), &vector.aad, &bytes).unwrap(), vector.clear);
    }
}

#[test]
fn every_flipped_bit_of_what_was_sealed_is_noticed() {
    for vector in published() {
        let flips = |bytes: &[u8]| {
            let bytes = bytes.to_vec();
            (0..bytes.len() * 8).map(move |bit| {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped
            })
        };
        for sealed in flips(&vector.sealed) {
            assert!(matches!(vector.open(vector.nonce(), &vector.aad, &sealed), Err(KeyError::NotAuthentic)));
        }
        for aad in flips(&vector.aad) {
            assert!(vector.open(vector.nonce(), &aad, &vector.sealed).is_err());
        }
        for nonce in flips(&vector.nonce) {
            assert!(vector.open(nonce.try_into().unwrap(), &vector.aad, &vector.sealed).is_err());
        }
        for length in 0..vector.sealed.len() {
            assert!(vector.open(vector.nonce(), &vector.aad, &vector.sealed[..length]).is_err());
        }
        // Not the other cipher's either.
        let other = published().into_iter().find(|other| other.cipher != vector.cipher).unwrap();
        let crossed = Sealed { cipher: other.cipher, ..vector };
        assert!(crossed.open(crossed.nonce(), &crossed.aad, &crossed.sealed).is_err());
    }
}

#[test]
fn derivation_agrees_with_rfc_5869() {
    let cases = [
        // A.1.
        (
            hex("000102030405060708090a0b0c"),
            hex("f0f1f2f3f4f5f6f7f8f9"),
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
        ),
        // A.3: neither salt nor info.
        (vec![], vec![], hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")),
    ];
    for (salt, info, expected) in cases {
        let mut output = [0; 42];
        expand(&[0x0b; 22], &salt, &info, &mut output);
        assert_eq!(output.as_slice(), expected);
    }
}

#[test]
fn cipher_numbers_are_those_of_the_format() {
    let known: Vec<_> = (0..=255).filter_map(|number| Some((number, Cipher::from_number(number)?))).collect();
    assert_eq!(known, [(1, Cipher::ChaCha20Poly1305), (2, Cipher::Aes256Gcm)]);
    assert!(known.iter().all(|(number, cipher)| cipher.number() == *number));
}

#[test]
fn keys_print_as_redacted() {
    assert_eq!(format!("{:?} {:#?}", counting_key(), counting_key()), "[redacted] [redacted]");
}

/// Golden files of the journal are made with it, so its bytes are for ever. The digests are Python's.
#[test]
fn counting_entropy_repeats_itself() {
    let entropy = CountingEntropy::new(5);
    let (mut first, mut second) = ([0; 32], [0; 4]);
    entropy.fill(&mut first).unwrap();
    entropy.fill(&mut second).unwrap();
    assert_eq!(first.as_slice(), hex("8a5a79e57d534996083803116c52ffb05387d9ee3de660aed251c015d01b42a7"));
    assert_eq!(second.as_slice(), hex("9068a4d0"));
}

#[test]
fn random_keys_differ_and_no_randomness_gives_no_key() {
    struct Broken;
    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), KeyError> {
            Err(KeyError::NoRandomness)
        }
    }
    let system = super::super::SystemEntropy;
    assert_ne!(DataKey::random(&system).unwrap(), DataKey::random(&system).unwrap());
    assert!(matches!(DataKey::random(&Broken), Err(KeyError::NoRandomness)));
}

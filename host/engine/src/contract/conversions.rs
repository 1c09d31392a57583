//! The way between the contract's generated types and the host's own, each record and variant listed once.
//!
//! The list serves every generator that keeps the contract's names: Wasmtime's bindings in the sandbox, and the guest's own
//! bindings where a test runs a plugin's code natively behind the same trait.

/// Puts into this module a trait `Convert<T>` and its implementations between [`contract`](crate::contract) and the
/// generated types under the given path (`...::exports::acquit::terminal`): `&host` to generated, generated to host,
/// through lists, options and pairs. `Weigh` counts the bytes in a value of the contract.
#[macro_export]
macro_rules! contract_conversions {
    ($($generated:tt)+) => {
        #[allow(unused_imports, reason = "the macros below name it")]
        use $($generated)+ as generated;

        $crate::conversion_ground!();

        // types.wit
        $crate::conversion_record!(types::Amount { minor, currency, exponent });
        $crate::conversion_record!(types::LocalTime { year, month, day, hour, minute, second, utc_offset });
        $crate::conversion_variant!(types::Fault { Unsupported(it), Configuration(it), Malformed(it), Internal(it) });
        $crate::conversion_record!(types::Malformed { path, offset, reason });

        // card.wit
        $crate::conversion_variant!(card::Entry { Manual, Stripe, ContactChip, ContactlessChip, ContactlessStripe, CodeScan });
        $crate::conversion_variant!(card::Verification { None, Signature, OnlinePin, OfflinePin, Device });
        $crate::conversion_record!(card::Presented {
            entry, bin, last_four, pan_length, has_expiry, track_one_length, track_two_length,
            track_three_length, sequence_number, service_code, verification, pin_length, fell_back, tags,
        });

        // template.wit
        $crate::conversion_record!(template::Extent { start, end });
        $crate::conversion_variant!(template::Node {
            Literal(it), Concat(it), Secret(it), Track(it), PinBlock(it), KeySerial(it), ChipData(it), Mac(it),
            Digest(it), Cipher(it), Signature(it), Text(it), LengthOf(it), Nonce(it), Clock(it), Reason(it),
            Received(it), ReceivedHeader(it),
        });
        $crate::conversion_variant!(template::Secret { Pan, Expiry, TrackOne, TrackTwo, TrackThree, CardCode, ScannedCode });
        $crate::conversion_variant!(template::Encoding { Ascii, Ebcdic, BcdRightZero, BcdRightF, BcdLeftZero });
        $crate::conversion_record!(template::SecretHole { secret, encoding, of_item });
        $crate::conversion_record!(template::ChipDataHole { tags, of_item });
        $crate::conversion_variant!(template::TrackProtection { UnionpayLastBlock, PaddedF, LengthPrefixed });
        $crate::conversion_record!(template::TrackHole { track, protection, key });
        $crate::conversion_variant!(template::PinFormat { Iso0, Iso1, Iso3, Iso4, UnionpayWithoutPan, UnionpaySm4 });
        $crate::conversion_record!(template::KeySerialHole { key, text });
        $crate::conversion_variant!(template::MacAlgorithm {
            UnionpayEcb, X919, X99, DesCbc, AesCmac, Sm4Unionpay, Sm4Cbc, HmacSha256,
        });
        $crate::conversion_record!(template::MacHole { over, algorithm, key });
        $crate::conversion_variant!(template::DigestAlgorithm { Sha1, Sha256, Sm3 });
        $crate::conversion_record!(template::DigestHole { over, algorithm });
        $crate::conversion_variant!(template::CipherAlgorithm { TdesCbc, AesCbc, AesGcm, Sm4Cbc });
        $crate::conversion_record!(template::CipherHole { over, algorithm, key });
        $crate::conversion_variant!(template::SignatureAlgorithm { RsaSha256, RsaPssSha256, EcdsaP256Sha256, Ed25519, Sm2Sm3 });
        $crate::conversion_record!(template::SignatureHole { over, algorithm, key });
        $crate::conversion_variant!(template::TextEncoding { HexUpper, HexLower, Base64, Url, JsonString, XmlText });
        $crate::conversion_record!(template::TextHole { of, encoding });
        $crate::conversion_variant!(template::LengthEncoding {
            BinaryU8, BinaryU16, BinaryU32, Ber, BcdOneByte, BcdTwoBytes, AsciiTwoDigits, AsciiThreeDigits,
            AsciiFourDigits,
        });
        $crate::conversion_record!(template::LengthHole { of, encoding });
        $crate::conversion_variant!(template::UndoReason { NoAnswer, BadMac, Malfunction, CardRefused, Cancelled });
        $crate::conversion_record!(template::ReasonBytes { reason, bytes });
        $crate::conversion_record!(template::Message { nodes, whole, http });
        $crate::conversion_record!(template::HttpHead { method, target, headers });
        $crate::conversion_record!(template::HttpHeader { name, value });

        // transaction.wit
        $crate::conversion_variant!(transaction::OperationKind {
            SignIn, SignOff, Echo, Download, Sale, Preauthorize, ScanToPay, ShowToPay, Balance, Void, Refund,
            Complete, CancelPreauthorization, CancelCompletion, Reverse, Inquire, Advise, ReportScripts,
            Settle, Upload,
        });
        $crate::conversion_variant!(transaction::Operation {
            Maintain(it), Download(it), Pay(it), FollowUp(it), Settle(it), Upload(it),
        });
        $crate::conversion_variant!(transaction::Maintenance { SignIn, SignOff, Echo });
        $crate::conversion_variant!(transaction::PaymentKind { Sale, Preauthorize, ScanToPay, ShowToPay, Balance });
        $crate::conversion_record!(transaction::Payment { kind, amount, tip, cash, card });
        $crate::conversion_variant!(transaction::FollowUpKind {
            Void, Refund, Complete, CancelPreauthorization, CancelCompletion, Reverse, Inquire, Advise,
            ReportScripts,
        });
        $crate::conversion_record!(transaction::FollowUp { kind, of, amount, card, reason });
        $crate::conversion_variant!(transaction::Subject { Known(it), Typed(it), None });
        $crate::conversion_record!(transaction::Original { transaction, operation, amount, at, card, reference });
        $crate::conversion_record!(transaction::Totals { group, operation, count, amount });
        $crate::conversion_record!(transaction::Upload { balanced, first, total, items });
        $crate::conversion_variant!(transaction::Gravity { MovesMoney, Owes, Asks });
        $crate::conversion_record!(transaction::Context {
            now, transaction, operator, locale, parameters, memory, counters, keys, device,
        });
        $crate::conversion_record!(transaction::Device { serial, model, firmware, reads, developer_kernel });
        $crate::conversion_variant!(transaction::Reader { Manual, Stripe, Contact, Contactless, Code });

        // acquirer.wit
        $crate::conversion_record!(acquirer::Descriptor { acquirer, version, operations, routes, keys, counters, parameters });
        $crate::conversion_record!(acquirer::OperationSpec { kind, typed, keeps, proved });
        $crate::conversion_variant!(acquirer::Framing { LengthU16, LengthAsciiFour, Http });
        $crate::conversion_record!(acquirer::Route { name, framing });
        $crate::conversion_variant!(acquirer::KeyAlgorithm { Des, Tdes, Aes128, Aes256, Sm4, Hmac, Rsa, P256, Ed25519, Sm2 });
        $crate::conversion_variant!(acquirer::KeyScheme { Fixed, Session, DukptTdes, DukptAes });
        $crate::conversion_variant!(acquirer::KeyUse { Pin(it), Mac(it), Track(it), Data(it), Sign(it), Verify(it), Transport });
        $crate::conversion_record!(acquirer::KeySlot { name, algorithms, scheme, uses });
        $crate::conversion_record!(acquirer::Counter { name, first, last });
        $crate::conversion_record!(acquirer::Parameter { name, required, pattern, meaning });
        $crate::conversion_record!(acquirer::Step { state, proofs, effects, reference, action });
        $crate::conversion_variant!(acquirer::Action { Send(it), Listen(it), Pause(it), Finish(it) });
        $crate::conversion_variant!(acquirer::Stray { Late, Duplicate, Foreign });
        $crate::conversion_record!(acquirer::Exchange { route, message, gravity, timeout, uses, remedy });
        $crate::conversion_variant!(acquirer::Remedy { Undo(it), Repeat(it), Inquire(it) });
        $crate::conversion_record!(acquirer::Standby { route, message, again, timeout, answers });
        $crate::conversion_shared!(acquirer::Standby);
        $crate::conversion_record!(acquirer::Reading { fits, proofs, means });
        $crate::conversion_record!(acquirer::Pattern { status, at, holds });
        $crate::conversion_record!(acquirer::BytesAt { offset, bytes });
        $crate::conversion_variant!(acquirer::Meaning { Paid, Unmatched, Refused });
        $crate::conversion_variant!(acquirer::Proof { Seal(it), Echo(it) });
        $crate::conversion_record!(acquirer::Seal { over, claimed, algorithm, key });
        $crate::conversion_variant!(acquirer::Claim { Body(it), HeaderHex(it), HeaderBase64(it) });
        $crate::conversion_variant!(acquirer::SealAlgorithm { Mac(it), Signature(it) });
        $crate::conversion_record!(acquirer::Echo { what, sent, got });
        $crate::conversion_variant!(acquirer::Echoed { Trace, Terminal, Merchant, Amount, Currency, Card, Order });
        $crate::conversion_variant!(acquirer::Effect {
            InstallKey(it), DropKeys(it), Remember(it), SetCounter(it), SetClock(it), LoadKernel(it),
            ShowCode(it), Request(it),
        });
        $crate::conversion_record!(acquirer::NewKey { name, under, wrapping, block, check_value });
        $crate::conversion_variant!(acquirer::Wrapping { TdesEcb, TdesCbc, Sm4Ecb, Tr31, RsaOaep, Sm2Envelope });
        $crate::conversion_record!(acquirer::KernelRows { table, rows });
        $crate::conversion_variant!(acquirer::KernelTable { Applications, PublicKeys, Contactless, Revocations, Exceptions });
        $crate::conversion_variant!(acquirer::Outcome {
            Approved(it), Declined(it), Unknown(it), Acknowledged(it), Unmatched(it), Refused(it), Settled(it),
            Done,
        });
        $crate::conversion_record!(acquirer::Approved {
            amount, authorization, retrieval_reference, chip_data, balance, settlement_group, receipt,
        });
        $crate::conversion_record!(acquirer::Balance { amount, negative });
        $crate::conversion_record!(acquirer::Declined { code, reason, message, capture_card, chip_data });
        $crate::conversion_variant!(acquirer::Reason {
            InsufficientFunds, LimitExceeded, ExpiredCard, WrongPin, PinTriesExceeded, InvalidCard,
            LostOrStolen, RestrictedCard, DoNotHonour, CallIssuer, InvalidAmount, InvalidMerchant,
            NotPermitted, Duplicate, IssuerUnavailable, AcquirerUnavailable, CutOver, FormatError,
            SecurityFailure, NotSignedIn, BatchMismatch, FraudSuspected, OriginalNotFound, Other,
        });
        $crate::conversion_record!(acquirer::Unknown { code, owed });
        $crate::conversion_variant!(acquirer::Owed { Reversal, Inquiry, Repetition });
        $crate::conversion_record!(acquirer::Settled { groups, next });
        $crate::conversion_variant!(acquirer::Verdict { Balanced, Unbalanced, Failed });
        $crate::conversion_variant!(acquirer::Event { Received(it), Woke, Cancelled });
        $crate::conversion_record!(acquirer::Reply { status, headers, body });

        // retry_policy.wit
        $crate::conversion_record!(retry_policy::Situation { operation, attempts, routes, offline_allowed });
        $crate::conversion_record!(retry_policy::Attempt { route, gravity, delivery, failure, elapsed });
        $crate::conversion_variant!(retry_policy::Delivery { NotSent, MaybeSent, Sent });
        $crate::conversion_variant!(retry_policy::Failure {
            NoRoute, Connect, Tls, Timeout, Closed, Malformed, BadProof, PluginFault, Cancelled,
        });
        $crate::conversion_variant!(retry_policy::Decision { Resend(it), Inquire(it), Reverse, StandIn, Fail });
        $crate::conversion_record!(retry_policy::Resend { route, wait });
        $crate::conversion_record!(retry_policy::Debt { kind, of, age_s, attempts, refusals });
        $crate::conversion_record!(retry_policy::Patience { wait, route, call_for_help });

        // inspector
        $crate::conversion_record!(inspector::Field => InspectedField { path, name, value, note });
    };
}

/// What conversions stand on: the traits, and what needs no conversion.
#[doc(hidden)]
#[macro_export]
macro_rules! conversion_ground {
    () => {
        /// Turns a value of the contract into its form on the other side.
        pub trait Convert<T> {
            /// The same value on the other side.
            fn convert(self) -> T;
        }

        /// Counts what a value of the contract holds.
        pub trait Weigh {
            /// Bytes of its text, its lists and its numbers.
            fn bytes(&self) -> usize;
        }

        $crate::conversion_plain!(bool, u8, u16, u32, u64, i16, i32);

        impl Convert<String> for String {
            fn convert(self) -> String {
                self
            }
        }

        impl Convert<String> for &String {
            fn convert(self) -> String {
                self.clone()
            }
        }

        impl Weigh for String {
            fn bytes(&self) -> usize {
                self.len()
            }
        }

        impl<A: Convert<B>, B> Convert<Vec<B>> for Vec<A> {
            fn convert(self) -> Vec<B> {
                self.into_iter().map(Convert::convert).collect()
            }
        }

        impl<'a, A, B> Convert<Vec<B>> for &'a Vec<A>
        where
            &'a A: Convert<B>,
        {
            fn convert(self) -> Vec<B> {
                self.iter().map(Convert::convert).collect()
            }
        }

        impl<A: Weigh> Weigh for [A] {
            fn bytes(&self) -> usize {
                self.iter().map(Weigh::bytes).sum()
            }
        }

        impl<A: Weigh> Weigh for Vec<A> {
            fn bytes(&self) -> usize {
                self.as_slice().bytes()
            }
        }

        impl<A: Convert<B>, B> Convert<Option<B>> for Option<A> {
            fn convert(self) -> Option<B> {
                self.map(Convert::convert)
            }
        }

        impl<'a, A, B> Convert<Option<B>> for &'a Option<A>
        where
            &'a A: Convert<B>,
        {
            fn convert(self) -> Option<B> {
                self.as_ref().map(Convert::convert)
            }
        }

        impl<A: Weigh> Weigh for Option<A> {
            fn bytes(&self) -> usize {
                self.as_ref().map_or(0, Weigh::bytes)
            }
        }

        impl<A: Convert<B>, B, C: Convert<D>, D> Convert<(B, D)> for (A, C) {
            fn convert(self) -> (B, D) {
                (self.0.convert(), self.1.convert())
            }
        }

        impl<'a, A, B, C, D> Convert<(B, D)> for &'a (A, C)
        where
            &'a A: Convert<B>,
            &'a C: Convert<D>,
        {
            fn convert(self) -> (B, D) {
                ((&self.0).convert(), (&self.1).convert())
            }
        }

        impl<A: Weigh, C: Weigh> Weigh for (A, C) {
            fn bytes(&self) -> usize {
                self.0.bytes() + self.1.bytes()
            }
        }
    };
}

/// Types that are the same on both sides.
#[doc(hidden)]
#[macro_export]
macro_rules! conversion_plain {
    ($($plain:ty),+) => { $(
        impl Convert<$plain> for $plain {
            fn convert(self) -> $plain {
                self
            }
        }

        impl Convert<$plain> for &$plain {
            fn convert(self) -> $plain {
                *self
            }
        }

        impl Weigh for $plain {
            fn bytes(&self) -> usize {
                size_of::<$plain>()
            }
        }
    )+ };
}

/// A record, field by field.
#[doc(hidden)]
#[macro_export]
macro_rules! conversion_record {
    ($module:ident::$name:ident $fields:tt) => {
        $crate::conversion_record!(@ [generated::$module::$name] [$crate::contract::$module::$name] $fields);
    };
    ($module:ident::$theirs:ident => $ours:ident $fields:tt) => {
        $crate::conversion_record!(@ [generated::$module::$theirs] [$crate::contract::$ours] $fields);
    };
    (@ [$theirs:path] [$ours:path] { $($field:ident),+ $(,)? }) => {
        impl Convert<$ours> for $theirs {
            fn convert(self) -> $ours {
                $ours { $($field: self.$field.convert()),+ }
            }
        }

        impl Convert<$theirs> for &$ours {
            fn convert(self) -> $theirs {
                $theirs { $($field: (&self.$field).convert()),+ }
            }
        }

        impl Weigh for $ours {
            fn bytes(&self) -> usize {
                0 $(+ self.$field.bytes())+
            }
        }
    };
}

/// A record that the host shares: on the other side it is there as often as it is named.
#[doc(hidden)]
#[macro_export]
macro_rules! conversion_shared {
    ($module:ident::$name:ident) => {
        impl Convert<std::sync::Arc<$crate::contract::$module::$name>> for generated::$module::$name {
            fn convert(self) -> std::sync::Arc<$crate::contract::$module::$name> {
                std::sync::Arc::new(self.convert())
            }
        }

        impl Convert<generated::$module::$name> for &std::sync::Arc<$crate::contract::$module::$name> {
            fn convert(self) -> generated::$module::$name {
                (&**self).convert()
            }
        }

        impl Weigh for std::sync::Arc<$crate::contract::$module::$name> {
            fn bytes(&self) -> usize {
                (**self).bytes()
            }
        }
    };
}

/// A variant or an enum, case by case.
#[doc(hidden)]
#[macro_export]
macro_rules! conversion_variant {
    ($module:ident::$name:ident { $($case:ident $(($it:ident))?),+ $(,)? }) => {
        impl Convert<$crate::contract::$module::$name> for generated::$module::$name {
            fn convert(self) -> $crate::contract::$module::$name {
                match self {
                    $(generated::$module::$name::$case $(($it))? => {
                        $crate::contract::$module::$name::$case $(($it.convert()))?
                    })+
                }
            }
        }

        impl Convert<generated::$module::$name> for &$crate::contract::$module::$name {
            fn convert(self) -> generated::$module::$name {
                match self {
                    $($crate::contract::$module::$name::$case $(($it))? => {
                        generated::$module::$name::$case $(($it.convert()))?
                    })+
                }
            }
        }

        impl Weigh for $crate::contract::$module::$name {
            fn bytes(&self) -> usize {
                match self {
                    $($crate::contract::$module::$name::$case $(($it))? => 1 $(+ $it.bytes())?,)+
                }
            }
        }
    };
}

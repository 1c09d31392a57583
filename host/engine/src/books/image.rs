//! The books as bytes: what a snapshot of the journal holds, so that a start need not read years.
//!
//! An image holds sealed card data of what may still have to be taken back, and of nothing else.

use super::Books;

/// The version of an image, its first byte. One of another version is refused, and the journal read from its beginning.
pub const IMAGE_VERSION: u8 = 2;

/// Why bytes are no image; nothing is lost, since the journal holds it all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Made by another version of this program.
    #[error("an image of version {0}; this program reads version {IMAGE_VERSION}")]
    Version(u8),
    /// Not an image at all.
    #[error("not an image of the books: {0}")]
    Malformed(String),
}

impl Books {
    /// Everything that is known, to the byte.
    ///
    /// # Errors
    /// It cannot be written as bytes.
    pub fn image(&self) -> Result<Vec<u8>, ImageError> {
        postcard::to_extend(self, vec![IMAGE_VERSION]).map_err(|error| ImageError::Malformed(error.to_string()))
    }

    /// Reads what `image` wrote; leftover bytes are an error.
    ///
    /// # Errors
    /// It is of a version this program does not know, or damaged.
    pub fn from_image(bytes: &[u8]) -> Result<Books, ImageError> {
        match bytes.split_first() {
            Some((&IMAGE_VERSION, body)) => match postcard::take_from_bytes::<Books>(body) {
                Ok((mut books, [])) => {
                    books.index();
                    Ok(books)
                }
                Ok((_, rest)) => Err(ImageError::Malformed(format!("{} bytes left over", rest.len()))),
                Err(error) => Err(ImageError::Malformed(error.to_string())),
            },
            Some((&version, _)) => Err(ImageError::Version(version)),
            None => Err(ImageError::Malformed("empty".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{Sealed, samples};
    use crate::world_tests::House;
    use crate::world_tests::laws::histories;
    use crate::{Fact, Reading, Recovery, Timestamp};

    /// The books after one record of every fact, some of them out of order.
    fn samples_read() -> Books {
        let mut reading = Reading::default();
        samples::records().iter().for_each(|(_, record)| reading.record(record));
        reading.gone();
        let books = reading.finish(House::without_keys().now()).books().clone();
        let mut line = Books::default();
        let approved = samples::records().into_iter().find(|(name, _)| name == "concluded-approved").unwrap().1;
        line.apply(&approved).unwrap();
        let line = crate::world_tests::closed(&line, "unionpay");
        let line = line.summary_of(approved.fact.subject().unwrap()).unwrap();
        let mut books = books;
        for (name, leaves) in [("Z1", true), ("Z2", false)] {
            let id = crate::TransactionId::parse(name).unwrap();
            books.apply_summary(&super::super::Summary { id, ..line.clone() }.encode().unwrap()).unwrap();
            if leaves {
                books.forget(Timestamp { unix_ms: i64::MAX, utc_offset_minutes: 0 });
            }
        }
        books
    }

    /// Fails when a type that is part of the books has changed: then this is a new version, and an image of the old
    /// one must not be read as one of it.
    #[test]
    fn an_image_is_written_as_this_version_wrote_it_first() {
        let first = include_str!("golden/image-2.txt").trim();
        let image = samples_read().image().unwrap();
        let hex: String = image.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(hex == first, "not as first written:\n{hex}");
        assert_eq!(Books::from_image(&image), Ok(samples_read()));
    }

    #[test]
    fn another_version_and_leftover_bytes_are_refused() {
        let mut image = samples_read().image().unwrap();
        image.push(0);
        assert!(matches!(Books::from_image(&image), Err(ImageError::Malformed(_))));
        image[0] = 1;
        assert_eq!(Books::from_image(&image), Err(ImageError::Version(1)));
        assert!(matches!(Books::from_image(&[]), Err(ImageError::Malformed(_))));
    }

    /// Card data of a payment that is over is in no image, wherever it once stood.
    #[test]
    fn an_image_holds_no_card_data_of_what_is_settled() {
        let mut house = House::that_closes();
        let sealed = |books: &Books| books.image().unwrap().windows(6).any(|window| window == b"sealed");
        house.acquirer.line = [crate::world_tests::lost_reply()].into();
        house.ask_sale("A1", 5);
        house.run_while(|house| house.books().owed() == 0);
        assert!(sealed(house.books()), "a debt needs its card");
        house.rest();
        house.sale("A2", 5);
        assert!(sealed(house.books()), "an upload may need its card");
        house.settle("C1");
        assert!(!sealed(house.books()));
        let holds = |fact: &Fact| matches!(fact, Fact::Intent(intent) if matches!(intent.sealed, Sealed::Here(_)));
        assert!(house.facts().iter().any(holds), "the records had it");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn an_image_and_the_rest_tell_the_same_as_all(history in histories(), place in any::<prop::sample::Index>()) {
            let house = history.live();
            let records = house.records();
            let place = place.index(records.len() + 1);
            let before = Recovery::read(&records[..place], house.now());
            let image = before.books().image().unwrap();
            let mut reading = Reading::from(Books::from_image(&image).unwrap());
            records[place..].iter().for_each(|record| reading.record(record));
            let (read, all) = (reading.finish(house.now()), Recovery::read(&records, house.now()));
            prop_assert_eq!(read.books(), all.books());
            prop_assert_eq!(read.closing(), all.closing());
        }

        #[test]
        fn any_bytes_are_an_image_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Books::from_image(&bytes);
            let _ = Books::from_image(&[&[IMAGE_VERSION], &bytes[..]].concat());
        }
    }
}

//! BER-TLV data objects, as EMV writes them: tags of at most four bytes, definite lengths of at most two.

use crate::error::Reason;

/// How deep data objects may nest. EMV nests two deep; a sender that nests for ever costs no more than this.
pub const MAX_TLV_DEPTH: usize = 8;

/// A data object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'f> {
    /// Its tag as written: `0x9F26`.
    pub tag: u32,
    /// Its value.
    pub value: &'f [u8],
    is_constructed: bool,
}

impl core::fmt::Debug for Tlv<'_> {
    /// Without the value: it may be a card number.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{:02X}, {} bytes", self.tag, self.value.len())
    }
}

/// Reads data objects one after the other; ends after the first error.
#[derive(Debug, Clone)]
pub struct TlvReader<'f> {
    rest: &'f [u8],
}

impl<'f> TlvReader<'f> {
    /// Over the bytes of a field or of a constructed object.
    pub fn new(bytes: &'f [u8]) -> Self {
        TlvReader { rest: bytes }
    }

    /// What has not been read yet; nothing after an error.
    pub fn rest(&self) -> &'f [u8] {
        self.rest
    }
}

impl<'f> Tlv<'f> {
    /// The objects inside, where the tag says that there are.
    pub fn objects(&self) -> TlvReader<'f> {
        TlvReader::new(if self.is_constructed { self.value } else { &[] })
    }
}

impl<'f> Iterator for TlvReader<'f> {
    type Item = Result<Tlv<'f>, Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match object(self.rest) {
            Ok((object, rest)) => {
                self.rest = rest;
                Some(Ok(object))
            }
            Err(reason) => {
                self.rest = &[];
                Some(Err(reason))
            }
        }
    }
}

/// Walks all objects to the last depth: each byte is looked at no more than [`MAX_TLV_DEPTH`] times. An error says
/// inside which object it is, and where.
pub(crate) fn check(bytes: &[u8]) -> Result<(), (Option<u32>, usize, Reason)> {
    check_at(bytes, bytes, None, 0)
}

fn check_at(whole: &[u8], bytes: &[u8], of: Option<u32>, depth: usize) -> Result<(), (Option<u32>, usize, Reason)> {
    // Both begin in the same allocation; an inner slice never begins before the outer.
    let offset_of = |rest: &[u8]| rest.as_ptr() as usize - whole.as_ptr() as usize;
    if depth == MAX_TLV_DEPTH {
        return Err((of, offset_of(bytes), Reason::TooDeep));
    }
    let mut reader = TlvReader::new(bytes);
    loop {
        let at = offset_of(reader.rest);
        match reader.next() {
            None => return Ok(()),
            Some(Err(reason)) => return Err((of, at, reason)),
            Some(Ok(object)) if object.is_constructed && !object.value.is_empty() => {
                check_at(whole, object.value, Some(object.tag), depth + 1)?;
            }
            Some(Ok(_)) => {}
        }
    }
}

fn object(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), Reason> {
    let mut rest = bytes;
    let mut next = || -> Result<u8, Reason> {
        let (first, left) = rest.split_first().ok_or(Reason::Short { needed: 1, left: 0 })?;
        rest = left;
        Ok(*first)
    };
    let first = next()?;
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        loop {
            if tag > 0x00FF_FFFF {
                return Err(Reason::BadObject);
            }
            let more = next()?;
            tag = tag << 8 | u32::from(more);
            if more & 0x80 == 0 {
                break;
            }
        }
    }
    let length = match next()? {
        short @ 0..=0x7F => usize::from(short),
        0x81 => usize::from(next()?),
        0x82 => usize::from(next()?) << 8 | usize::from(next()?),
        _ => return Err(Reason::BadObject),
    };
    let value = rest.get(..length).ok_or(Reason::Short { needed: length, left: rest.len() })?;
    let after = rest.get(length..).unwrap_or_default();
    Ok((Tlv { tag, value, is_constructed: first & 0x20 != 0 }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        hex::decode(hexadecimal).expect("hex")
    }

    #[test]
    fn objects_are_read_in_order_and_inside_each_other() {
        let field = bytes("9F260801020304050607089F3704AABBCCDD7004820258005F3401019C0100");
        let objects: Vec<_> = TlvReader::new(&field).collect::<Result<_, _>>().expect("reads");
        let tags: Vec<_> = objects.iter().map(|object| (object.tag, object.value.len())).collect();
        assert_eq!(tags, [(0x9F26, 8), (0x9F37, 4), (0x70, 4), (0x5F34, 1), (0x9C, 1)]);
        let inner: Vec<_> = objects[2].objects().collect::<Result<_, _>>().expect("reads");
        assert_eq!((inner[0].tag, inner[0].value), (0x82, &[0x58, 0][..]));
        assert_eq!(check(&field), Ok(()));
    }

    #[test]
    fn lengths_of_two_bytes_are_read() {
        let field = [bytes("DF31820100"), vec![7; 256], bytes("DF328103010203")].concat();
        let lengths: Vec<_> = TlvReader::new(&field).map(|object| object.expect("reads").value.len()).collect();
        assert_eq!(lengths, [256, 3]);
    }

    #[test]
    fn what_is_no_object_says_where() {
        let cases = [
            ("9F", None, 0, Reason::Short { needed: 1, left: 0 }),
            ("9C02AA", None, 0, Reason::Short { needed: 2, left: 1 }),
            ("9C01AA9C80", None, 3, Reason::BadObject),
            ("9C830000FF", None, 0, Reason::BadObject),
            ("9FFFFFFFFF01", None, 0, Reason::BadObject),
            ("70048203AA9C", Some(0x70), 2, Reason::Short { needed: 3, left: 2 }),
        ];
        for (field, of, offset, reason) in cases {
            let field = bytes(field);
            assert_eq!(check(&field), Err((of, offset, reason)), "{}", hex::encode(&field));
        }
    }

    /// A sender that opens one object after another, each inside the last, must not take the terminal's stack.
    #[test]
    fn objects_that_nest_for_ever_are_refused() {
        let mut field = Vec::new();
        for _ in 0..60 {
            // The length of what was nested so far, in as few bytes as it takes.
            field = match field.len() {
                short @ 0..=0x7F => [vec![0x70, short as u8], field].concat(),
                long => [vec![0x70, 0x82, (long >> 8) as u8, long as u8], field].concat(),
            };
        }
        let (of, offset, reason) = check(&field).expect_err("too deep");
        assert_eq!((of, reason), (Some(0x70), Reason::TooDeep));
        assert!(offset < 40, "stopped near the beginning, at {offset}");
    }
}

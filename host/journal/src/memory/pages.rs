//! Bytes of a file in pages that copies share until one of them is written, so that thousands of images of one disk
//! cost little more than what differs.

use std::sync::{Arc, LazyLock};

/// Unit of sharing. Nothing in the model depends on it.
const PAGE_BYTES: usize = 4096;

/// What a page that was never written reads as.
static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];

/// The same, to be handed out.
static ZERO_PAGE: LazyLock<Arc<[u8; PAGE_BYTES]>> = LazyLock::new(|| Arc::new(ZEROS));

/// The contents of a file. A page that was never written is not there and reads as zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    length: usize,
    pages: Vec<Option<Arc<[u8; PAGE_BYTES]>>>,
}

impl Pages {
    pub fn length(&self) -> usize {
        self.length
    }

    /// Grows with zeros, or cuts off.
    pub fn resize(&mut self, length: usize) {
        if length < self.length {
            let kept = length % PAGE_BYTES;
            self.pages.truncate(length.div_ceil(PAGE_BYTES));
            if let (true, Some(Some(page))) = (kept > 0, self.pages.last_mut()) {
                Arc::make_mut(page)[kept..].fill(0);
            }
        }
        self.pages.resize(length.div_ceil(PAGE_BYTES), None);
        self.length = length;
    }

    /// Fills the buffer; what lies past the end reads as zeros.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) {
        for (start, page, range) in pieces(offset, buffer.len()) {
            let source = self.pages.get(page).and_then(Option::as_deref).unwrap_or(&ZEROS);
            let length = range.len();
            buffer[start..start + length].copy_from_slice(&source[range]);
        }
    }

    /// Writes all bytes, growing as far as they reach.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        if self.length < offset + bytes.len() {
            self.resize(offset + bytes.len());
        }
        for (start, page, range) in pieces(offset, bytes.len()) {
            let source = &bytes[start..start + range.len()];
            let slot = &mut self.pages[page];
            if slot.is_none() && source == &ZEROS[..source.len()] {
                continue;
            }
            Arc::make_mut(slot.get_or_insert_with(|| Arc::new(ZEROS)))[range].copy_from_slice(source);
        }
    }

    /// The same without growing: what lies past the end is left out.
    pub fn write_within(&mut self, offset: usize, bytes: &[u8]) {
        let room = self.length.saturating_sub(offset).min(bytes.len());
        self.write(offset.min(self.length), &bytes[..room]);
    }

    /// Puts a whole sector in its place, without growing. A sector that is a page is shared and not copied.
    pub fn put(&mut self, offset: usize, sector: &Arc<[u8]>) {
        let fits = offset.is_multiple_of(PAGE_BYTES) && offset + PAGE_BYTES <= self.length;
        match <Arc<[u8; PAGE_BYTES]>>::try_from(Arc::clone(sector)) {
            Ok(page) if fits => {
                self.pages[offset / PAGE_BYTES] = (!Arc::ptr_eq(&page, &ZERO_PAGE)).then_some(page);
            }
            _ => self.write_within(offset, sector),
        }
    }

    /// Some bytes to hand out; what lies past the end reads as zeros. A whole page is shared and not copied.
    pub fn take(&self, offset: usize, length: usize) -> Arc<[u8]> {
        if length != PAGE_BYTES || !offset.is_multiple_of(PAGE_BYTES) {
            return self.copy(offset, length).into();
        }
        match self.pages.get(offset / PAGE_BYTES) {
            Some(Some(page)) => Arc::clone(page) as Arc<[u8]>,
            Some(None) | None => Arc::clone(&ZERO_PAGE) as Arc<[u8]>,
        }
    }

    /// Whether all of these bytes are zeros.
    pub fn is_zero(&self, offset: usize, length: usize) -> bool {
        pieces(offset, length).all(|(_, page, range)| match self.pages.get(page) {
            Some(Some(page)) => {
                let length = range.len();
                page[range] == ZEROS[..length]
            }
            Some(None) | None => true,
        })
    }

    /// A copy of some bytes; what lies past the end reads as zeros.
    pub fn copy(&self, offset: usize, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.read(offset, &mut bytes);
        bytes
    }
}

/// A range cut at page boundaries: where the piece begins in the range, its page, and its place in the page.
fn pieces(offset: usize, length: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done;
        let place = at % PAGE_BYTES;
        let piece = (PAGE_BYTES - place).min(length - done);
        let item = (done, at / PAGE_BYTES, place..place + piece);
        done += piece;
        (piece > 0).then_some(item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_apart_and_cut_ends_read_as_zeros() {
        let mut pages = Pages::default();
        pages.write(4000, &[7; 300]);
        let copy = pages.clone();
        pages.write(4095, &[9, 9]);
        assert_eq!(pages.copy(4093, 5), [7, 7, 9, 9, 7]);
        assert_eq!(copy.copy(4093, 5), [7; 5]);
        pages.resize(4096);
        pages.resize(4100);
        assert_eq!(pages.copy(4094, 6), [7, 9, 0, 0, 0, 0]);
        pages.write_within(4098, &[5; 100]);
        assert_eq!((pages.length(), pages.copy(4096, 6)), (4100, vec![0, 0, 5, 5, 0, 0]));
    }
    /// A sector that is a page is handed on without a copy, and is a copy all the same.
    #[test]
    fn a_page_that_was_handed_on_does_not_change() {
        let (mut cache, mut medium) = (Pages::default(), Pages::default());
        cache.write(0, &[7; PAGE_BYTES + 100]);
        medium.resize(cache.length());
        let sectors = [cache.take(0, PAGE_BYTES), cache.take(PAGE_BYTES, PAGE_BYTES)];
        cache.write(1, &[9]);
        (0..).zip(&sectors).for_each(|(number, sector)| medium.put(number * PAGE_BYTES, sector));
        assert_eq!((medium.copy(0, 3), cache.copy(0, 3)), (vec![7; 3], vec![7, 9, 7]));
        assert_eq!((medium.length(), medium.copy(PAGE_BYTES + 99, 2)), (PAGE_BYTES + 100, vec![7, 0]));
        assert!(!medium.is_zero(0, 1) && medium.is_zero(PAGE_BYTES + 100, PAGE_BYTES));
        medium.put(0, &Pages::default().take(0, PAGE_BYTES));
        assert!(medium.is_zero(0, PAGE_BYTES) && !cache.is_zero(0, PAGE_BYTES));
    }
}

//! Reading a frame asks for no memory: a terminal under load never waits for an allocator there, and no frame makes
//! it ask for much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use iso8583::{Encoder, NoHole, decode, neutral::V1987_ASCII};

static ASKED: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and passes on")]
// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises hold for the call passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the pointer came from `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_frame_is_read_without_asking_for_memory() {
    let mut message = Encoder::<NoHole>::new(&V1987_ASCII, 0x0210);
    for (number, text) in [(3, "000000"), (4, "000000000100"), (11, "000042"), (39, "00"), (55, "9F3602001D")] {
        message.set(number, text).expect("fits");
    }
    let frame = message.to_bytes().expect("no holes");
    // Only this test runs in this program; the harness's own thread waits for it.
    let before = ASKED.load(Ordering::Relaxed);
    let read = decode(&V1987_ASCII, &frame, 0).expect("reads");
    let amount = read.need(4).and_then(|amount| amount.to_number()).expect("a number");
    let is_approved = read.need(39).expect("present").is("00");
    let counter = read.need(55).expect("present").object(0x9F36).expect("there").value;
    assert!(decode(&V1987_ASCII, &frame[..frame.len() - 1], 0).is_err());
    let asked = ASKED.load(Ordering::Relaxed) - before;
    assert_eq!((amount, is_approved, counter, asked), (100, true, &[0, 0x1D][..], 0));
}

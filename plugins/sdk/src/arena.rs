//! Memory of a guest: an arena that only grows.
//!
//! The terminal runs every call in a fresh instance and drops the whole of its memory afterwards, so freeing buys
//! nothing; an arena halves the fuel of a call. The host's ceiling on linear memory bounds what a plugin can take.
#![allow(unsafe_code, reason = "a global allocator is unsafe by its signature; this is the whole of it")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::{NonNull, null_mut};

/// Size of a WebAssembly page.
const PAGE_BYTES: usize = 64 * 1024;

#[global_allocator]
static ARENA: Arena = Arena { next: Cell::new(0), end: Cell::new(0) };

struct Arena {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: a core module built for wasm32-unknown-unknown without the `atomics` feature has one thread.
unsafe impl Sync for Arena {}

// SAFETY: blocks are cut from pages this allocator alone asked for, each past the one before, so they never
// overlap; `take` aligns them as the layout asks and answers null when memory cannot grow.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // Fresh pages are zero and no block is used twice, not even the grown tail of one.
        self.take(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let is_last = block as usize + layout.size() == self.next.get();
        if new_size <= layout.size() {
            return block;
        }
        if is_last && self.extend(new_size - layout.size()).is_some() {
            return block;
        }
        let Ok(larger) = Layout::from_size_align(new_size, layout.align()) else { return null_mut() };
        let Some(moved) = self.take(larger) else { return null_mut() };
        // SAFETY: both blocks are live, do not overlap, and hold at least the old size.
        unsafe { core::ptr::copy_nonoverlapping(block, moved.as_ptr(), layout.size()) };
        moved.as_ptr()
    }
}

impl Arena {
    /// A block, or nothing, in as few steps as can be: every string and list of a call asks for one.
    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        // A power of two, so that its remainder is a mask; a sum past the last address wraps to below the first.
        let past = layout.align() - 1;
        let start = self.next.get().wrapping_add(past) & !past;
        let end = start.wrapping_add(layout.size());
        match NonNull::new(start as *mut u8) {
            Some(block) if start <= end && end <= self.end.get() => {
                self.next.set(end);
                Some(block)
            }
            _ => self.grow(layout),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&self, layout: Layout) -> Option<NonNull<u8>> {
        let pages = layout.size().checked_add(layout.align())?.div_ceil(PAGE_BYTES);
        let grown_from = memory_grow(0, pages);
        if grown_from == usize::MAX {
            return None;
        }
        // Pages another part of the module asked for may lie between; then the rest of the last run is lost.
        let granted = grown_from * PAGE_BYTES;
        let from = if granted == self.end.get() { self.next.get() } else { granted };
        let start = from.checked_next_multiple_of(layout.align())?;
        self.next.set(start.checked_add(layout.size())?);
        self.end.set(memory_size(0) * PAGE_BYTES);
        NonNull::new(start as *mut u8)
    }

    fn extend(&self, more: usize) -> Option<()> {
        let end = self.next.get().checked_add(more).filter(|end| *end <= self.end.get())?;
        self.next.set(end);
        Some(())
    }
}

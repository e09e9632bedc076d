//! Counts what a thread allocates. A bench that asks makes [`Counting`] its global allocator.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });

/// The system's allocator with a counter for each thread. Giving memory back is free of charge.
pub struct Counting;

fn count() {
    // A thread that is ending is none whose hand-overs are counted.
    let _ending = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; the counter is a plain thread-local that neither
// allocates nor is dropped.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations the calling thread has made so far.
pub fn of_this_thread() -> u64 {
    COUNT.with(Cell::get)
}

//! The allocator of the index, and how it gives memory back.
//!
//! The columns of the search are few and large, and are written anew whenever segments are merged,
//! on threads that end. In an allocator made for small blocks they leave holes that cost more than
//! what they hold, so large blocks are mappings of their own. Knows nothing of who allocates.

#[cfg(target_os = "linux")]
mod mapped;
#[cfg(target_os = "linux")]
mod spare;

use std::alloc::{GlobalAlloc, Layout};
use std::time::Duration;

use mimalloc::MiMalloc;

/// Blocks of so many bytes are mappings of their own. Below, the system calls would cost more than
/// is gained: a search makes sets of one bit a document, which stay mimalloc's up to eight million.
#[cfg(target_os = "linux")]
const MAPPED_MIN_BYTES: usize = 1024 * 1024;

/// Ten thousand small sockets and a catalog of large columns: the small blocks are mimalloc's, the
/// large ones the system's.
#[derive(Debug)]
pub struct Allocator;

#[cfg(target_os = "linux")]
mod large {
    //! Which blocks are mapped. All of it follows from the layout and, where the system refused a
    //! mapping, from whose region the block is in.

    use super::{Layout, MAPPED_MIN_BYTES, mapped};
    pub(super) use mapped::give_back;

    pub(super) fn is_to_be_mapped(layout: Layout) -> bool {
        layout.size() >= MAPPED_MIN_BYTES && layout.align() <= mapped::PAGE_BYTES
    }

    /// Whether a block of `layout` was mapped.
    #[expect(
        unsafe_code,
        reason = "a question of the C library about an address, which is not read"
    )]
    pub(super) fn is_mapped(block: *mut u8, layout: Layout) -> bool {
        // SAFETY: the address is looked up in a table.
        is_to_be_mapped(layout) && !unsafe { libmimalloc_sys::mi_is_in_heap_region(block.cast()) }
    }

    pub(super) fn map(layout: Layout) -> Option<*mut u8> {
        is_to_be_mapped(layout)
            .then(|| mapped::map(layout.size()))
            .flatten()
    }

    /// The same of zeros.
    pub(super) fn map_zeroed(layout: Layout) -> Option<*mut u8> {
        is_to_be_mapped(layout)
            .then(|| mapped::map_zeroed(layout.size()))
            .flatten()
    }

    /// Gives a block back where it was mapped.
    pub(super) fn unmap(block: *mut u8, layout: Layout) -> bool {
        let is_mapped = is_mapped(block, layout);
        if is_mapped {
            mapped::unmap(block, layout.size());
        }
        is_mapped
    }

    /// The block with another size, where both are mapped.
    pub(super) fn remap(block: *mut u8, layout: Layout, new: Layout) -> Option<*mut u8> {
        (is_to_be_mapped(new) && is_mapped(block, layout))
            .then(|| mapped::remap(block, layout.size(), new.size()))
            .flatten()
    }
}

#[cfg(not(target_os = "linux"))]
mod large {
    //! Elsewhere all blocks are mimalloc's.

    use super::Layout;

    pub(super) fn is_mapped(_block: *mut u8, _layout: Layout) -> bool {
        false
    }

    pub(super) fn is_to_be_mapped(_layout: Layout) -> bool {
        false
    }

    pub(super) fn map(_layout: Layout) -> Option<*mut u8> {
        None
    }

    pub(super) fn map_zeroed(_layout: Layout) -> Option<*mut u8> {
        None
    }

    pub(super) fn unmap(_block: *mut u8, _layout: Layout) -> bool {
        false
    }

    pub(super) fn remap(_block: *mut u8, _layout: Layout, _new: Layout) -> Option<*mut u8> {
        None
    }

    pub(super) fn give_back() {}
}

#[expect(
    unsafe_code,
    reason = "an allocator is asked by way of this trait, whose rules are its caller's"
)]
// SAFETY: a block is mimalloc's or a mapping of its own, and goes back to where it came from.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is handed on.
        large::map(layout).unwrap_or_else(|| unsafe { MiMalloc.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is handed on; such a mapping is zeros.
        large::map_zeroed(layout).unwrap_or_else(|| unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !large::unmap(block, layout) {
            // SAFETY: what is not mapped is mimalloc's.
            unsafe { MiMalloc.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: the caller's promise: the size is not zero and, rounded up, no overflow.
        let new = unsafe { Layout::from_size_align_unchecked(new_bytes, layout.align()) };
        if let Some(moved) = large::remap(block, layout, new) {
            return moved;
        }
        if !large::is_mapped(block, layout) && !large::is_to_be_mapped(new) {
            // SAFETY: what is not mapped is mimalloc's.
            return unsafe { MiMalloc.realloc(block, layout, new_bytes) };
        }
        // SAFETY: a new block, into which no more is copied than either holds.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, layout.size().min(new_bytes));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Time between collections: a collection takes milliseconds, and what a second's searches free is
/// worth keeping for the next second's.
const COLLECT_EVERY: Duration = Duration::from_secs(5);

/// Gives pages that are free for now back to the system. For programs whose small blocks are
/// mimalloc's; of no effect in others.
#[expect(
    unsafe_code,
    reason = "a call of the C library that takes a flag, keeps no pointer and may be made from any \
              thread at any time"
)]
pub fn give_back() {
    large::give_back();
    // SAFETY: collecting frees no block that is in use.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

/// Gives free pages back now and then; never ends.
pub async fn give_back_regularly() {
    let mut interval = tokio::time::interval(COLLECT_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        // A runtime that is going down starts nothing any more.
        if tokio::task::spawn_blocking(give_back).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks that cross from one kind to the other and back keep what is in them.
    #[test]
    #[expect(
        unsafe_code,
        reason = "the allocator is asked as the standard library asks it"
    )]
    fn a_block_keeps_its_bytes_whatever_its_size_becomes() {
        for sizes in [
            [100, 300_000, 5_000_000, 200_000, 50],
            [131_071, 131_072, 131_073, 9_000_000, 131_071],
        ] {
            let layout = |bytes| Layout::from_size_align(bytes, 8).expect("a layout");
            // SAFETY: every block is written and read within its size, and given back once.
            unsafe {
                let mut block = Allocator.alloc_zeroed(layout(sizes[0]));
                let mut known: Vec<u8> = vec![0; sizes[0]];
                for pair in sizes.windows(2) {
                    for (at, byte) in known.iter_mut().enumerate() {
                        *byte = u8::try_from(at % 251).expect("small");
                        block.add(at).write(*byte);
                    }
                    block = Allocator.realloc(block, layout(pair[0]), pair[1]);
                    known.truncate(pair[1]);
                    let held = std::slice::from_raw_parts(block, known.len());
                    assert!(held == known, "{pair:?}");
                    known.resize(pair[1], 0);
                }
                Allocator.dealloc(block, layout(sizes[sizes.len() - 1]));
            }
        }
    }
}

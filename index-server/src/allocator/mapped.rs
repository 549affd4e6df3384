//! Large blocks straight from the system, each a mapping of its own: what is freed is gone at once,
//! what grows moves without a copy, and nothing is rounded up but to a page.
//!
//! Knows nothing of small blocks.

use std::ffi::c_void;
use std::ptr;

use rustix::mm::{
    Advice, MapFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mremap, munmap,
};

/// From here on huge pages are asked for: what they round up is little beside the block.
const HUGE_MIN_BYTES: usize = 4 * 1024 * 1024;

/// A block of zeros, of at least a page's alignment; none where the system gives none.
#[expect(
    unsafe_code,
    reason = "a new mapping at an address that the system chooses touches nothing that is there"
)]
pub fn map(bytes: usize) -> Option<*mut u8> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: no address is asked for, so nothing that is mapped is replaced.
    let block = unsafe { mmap_anonymous(ptr::null_mut(), bytes, access, MapFlags::PRIVATE) };
    let block = block.ok()?;
    ask_for_huge_pages(block, bytes);
    Some(block.cast())
}

/// Gives a block of [`map`] back.
#[expect(
    unsafe_code,
    reason = "the caller hands over a block of this module, of which nobody knows any more"
)]
pub fn unmap(block: *mut u8, bytes: usize) {
    // SAFETY: the block is a mapping of its own, of so many bytes up to the end of a page. Should the
    // system refuse, it stays mapped, which harms nobody.
    let _ = unsafe { munmap(block.cast(), bytes) };
}

/// The block with another size, perhaps elsewhere; none, and the block is as it was, where the
/// system refuses.
#[expect(
    unsafe_code,
    reason = "the caller hands over a block of this module and goes on with the one it gets"
)]
pub fn remap(block: *mut u8, bytes: usize, new_bytes: usize) -> Option<*mut u8> {
    // SAFETY: as in `unmap`; the system moves the pages and frees the place where they were.
    let moved = unsafe { mremap(block.cast(), bytes, new_bytes, MremapFlags::MAYMOVE) };
    let moved = moved.ok()?;
    ask_for_huge_pages(moved, new_bytes);
    Some(moved.cast())
}

/// A refusal is no harm: the block is as good with small pages, only slower to read.
#[expect(
    unsafe_code,
    reason = "an advice about a mapping that this module has just made"
)]
fn ask_for_huge_pages(block: *mut c_void, bytes: usize) {
    if bytes >= HUGE_MIN_BYTES {
        // SAFETY: the advice changes no byte of the mapping.
        let _ = unsafe { madvise(block, bytes, Advice::LinuxHugepage) };
    }
}

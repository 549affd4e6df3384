//! Large blocks straight from the system, in mappings of their own: what is freed is gone at once, but
//! for a little that is wanted again in a moment ([`spare`]), what grows moves mostly without a copy,
//! and nothing is rounded up but to a page.
//!
//! Knows nothing of small blocks.

use std::ffi::c_void;
use std::ptr;

use super::spare::{self, Piece};
use rustix::mm::{
    Advice, MapFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mremap, munmap,
};

/// From here on huge pages are asked for: what they round up is little beside the block.
const HUGE_MIN_BYTES: usize = 4 * 1024 * 1024;

/// The smallest page that a Linux has.
pub const PAGE_BYTES: usize = 4096;

/// A block of at least a page's alignment; none where the system gives none. Nothing is said of what
/// is in it.
pub fn map(bytes: usize) -> Option<*mut u8> {
    taken(bytes).or_else(|| map_new(bytes))
}

/// The same, of zeros.
#[expect(
    unsafe_code,
    reason = "a block that was kept is written within its size before anybody knows of it"
)]
pub fn map_zeroed(bytes: usize) -> Option<*mut u8> {
    let Some(block) = taken(bytes) else {
        return map_new(bytes);
    };
    // SAFETY: the block has at least so many bytes.
    unsafe { block.write_bytes(0, bytes) };
    Some(block)
}

/// A new block, of zeros.
#[expect(
    unsafe_code,
    reason = "a new mapping at an address that the system chooses touches nothing that is there"
)]
fn map_new(bytes: usize) -> Option<*mut u8> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: no address is asked for, so nothing that is mapped is replaced.
    let block = unsafe { mmap_anonymous(ptr::null_mut(), bytes, access, MapFlags::PRIVATE) };
    let block = block.ok()?;
    ask_for_huge_pages(block, bytes);
    Some(block.cast())
}

/// A block that was kept.
fn taken(bytes: usize) -> Option<*mut u8> {
    let piece = spare::take(bytes.next_multiple_of(PAGE_BYTES))?;
    Some(ptr::with_exposed_provenance_mut(piece.address))
}

/// Gives a block of [`map`] back.
pub fn unmap(block: *mut u8, bytes: usize) {
    let piece = Piece {
        address: block.expose_provenance(),
        bytes: bytes.next_multiple_of(PAGE_BYTES),
    };
    spare::keep(piece).into_iter().for_each(give_to_system);
}

/// Gives all that is kept to the system.
pub fn give_back() {
    spare::drain(give_to_system);
}

#[expect(
    unsafe_code,
    reason = "what is handed over was mapped by this module, and nobody knows of it any more"
)]
fn give_to_system(piece: Piece) {
    let block: *mut c_void = ptr::with_exposed_provenance_mut(piece.address);
    // SAFETY: whole pages of mappings of this module that nobody uses. Should the system refuse, they
    // stay mapped, which harms nobody.
    let _ = unsafe { munmap(block, piece.bytes) };
}

/// The block with another size, perhaps elsewhere; none, and the block is as it was, where the
/// system refuses.
#[expect(
    unsafe_code,
    reason = "the caller hands over a block of this module and goes on with the one it gets"
)]
pub fn remap(block: *mut u8, bytes: usize, new_bytes: usize) -> Option<*mut u8> {
    if let Some(moved) = taken(new_bytes).filter(|_| new_bytes > bytes) {
        // SAFETY: two blocks, both of at least so many bytes.
        unsafe { ptr::copy_nonoverlapping(block, moved, bytes) };
        unmap(block, bytes);
        return Some(moved);
    }
    // SAFETY: the block is of mappings of this module, whole pages of which nobody else knows; the
    // system moves them and frees the place where they were.
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

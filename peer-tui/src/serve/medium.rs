//! What a file lies on, as far as it matters to who reads it: whether a look at it may wait for a
//! network, and how to know that its bytes are in memory.

use std::fs::File;
use std::io::IoSliceMut;

use rustix::io::{ReadWriteFlags, preadv2};

/// One page is looked at in every such stretch: the kernel reads ahead by as much or more.
const STRETCH_BYTES: usize = 128 * 1024;

/// Kinds of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Its bytes are in memory always.
    Memory,
    /// A disk of this machine.
    Disk,
    /// Anything else: a network, a program, something unheard of.
    Far,
}

impl Medium {
    /// What `file` lies on.
    pub fn of(file: &File) -> Self {
        // Numbers of the kernel (statfs(2)).
        match rustix::fs::fstatfs(file).map(|found| found.f_type) {
            // tmpfs, ramfs
            Ok(0x0102_1994 | 0x8584_58f6) => Self::Memory,
            // ext2 to 4, XFS, Btrfs, F2FS, ZFS, bcachefs, overlayfs
            Ok(
                0xef53 | 0x5846_5342 | 0x9123_683e | 0xf2f5_2010 | 0x2fc1_2fc1 | 0xca45_1a4e
                | 0x794c_7630,
            ) => Self::Disk,
            Ok(_) | Err(_) => Self::Far,
        }
    }

    /// Whether the bytes from `offset` on are in memory, as far as a few looks can tell.
    pub fn has_at_hand(self, file: &File, offset: u64, length: usize) -> bool {
        let is_here = |at: usize| {
            let mut byte = [0];
            let parts = &mut [IoSliceMut::new(&mut byte)];
            let looked = preadv2(file, parts, offset + at as u64, ReadWriteFlags::NOWAIT);
            looked == Ok(1)
        };
        match self {
            Self::Memory => true,
            Self::Far => false,
            Self::Disk => {
                let mut places = (0..length).step_by(STRETCH_BYTES);
                places.all(is_here) && length.checked_sub(1).is_some_and(is_here)
            }
        }
    }
}

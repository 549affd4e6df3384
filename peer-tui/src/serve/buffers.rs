//! Chunks of memory that are used again: a fresh one of this size costs more than reading into it.
//!
//! Knows no file.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of one.
pub const BUFFER_BYTES: usize = 256 * 1024;
/// Buffers that are kept while nobody needs them: 2 MiB.
const KEPT_MAX_COUNT: usize = 8;

/// Buffers that many answers share; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

/// One that is in use; goes back when dropped.
#[derive(Debug)]
pub struct Buffer {
    /// Empty once it has gone back.
    memory: Box<[u8]>,
    filled: usize,
    home: Buffers,
}

impl Buffers {
    /// A buffer, with anything in it.
    pub fn take(&self) -> Buffer {
        let kept = self.lock().pop();
        Buffer {
            memory: kept.unwrap_or_else(|| vec![0; BUFFER_BYTES].into()),
            filled: 0,
            home: self.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        // A list of buffers is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// The first `length` bytes of its memory, to be filled.
    pub fn space(&mut self, length: usize) -> &mut [u8] {
        let length = length.min(self.memory.len());
        &mut self.memory[..length]
    }

    /// Its first `filled` bytes, without a copy.
    pub fn into_bytes(mut self, filled: usize) -> Bytes {
        self.filled = filled.min(self.memory.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = self.home.lock();
        if kept.len() < KEPT_MAX_COUNT {
            kept.push(std::mem::take(&mut self.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_shows_what_was_filled_and_comes_back_when_nobody_reads_it() {
        let buffers = Buffers::default();
        let mut first = buffers.take();
        first.space(3).copy_from_slice(b"abc");
        let bytes = first.into_bytes(2);
        let rest = bytes.slice(1..);
        drop(bytes);
        assert_eq!((&*rest, buffers.lock().len()), (&b"b"[..], 0));
        drop(rest);
        assert_eq!(buffers.lock().len(), 1);
        let many: Vec<_> = (0..20).map(|_| buffers.take()).collect();
        drop(many);
        assert_eq!(buffers.lock().len(), KEPT_MAX_COUNT);
        assert_eq!(buffers.take().space(usize::MAX).len(), BUFFER_BYTES);
    }
}

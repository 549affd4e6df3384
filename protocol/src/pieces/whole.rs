//! The hash of all bytes of a file in order, made alone or side by side with its leaves.

use super::lanes::{self, BLOCK, START, State};
use crate::hash::ContentHash;

/// SHA-256 of bytes that come in parts of any length.
#[derive(Debug, Clone)]
pub struct WholeHasher {
    pub(super) state: State,
    /// Bytes that make no whole block yet.
    rest: [u8; BLOCK],
    rest_bytes: usize,
    pub(super) length: u64,
}

impl Default for WholeHasher {
    fn default() -> Self {
        Self {
            state: START,
            rest: [0; BLOCK],
            rest_bytes: 0,
            length: 0,
        }
    }
}

impl WholeHasher {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if self.rest_bytes > 0 {
            let take = (BLOCK - self.rest_bytes).min(bytes.len());
            let (now, later) = bytes.split_at(take);
            self.rest[self.rest_bytes..self.rest_bytes + take].copy_from_slice(now);
            self.rest_bytes += take;
            bytes = later;
            if self.rest_bytes < BLOCK {
                return;
            }
            lanes::compress(std::array::from_mut(&mut self.state), [&[self.rest]]);
        }
        let (blocks, rest) = bytes.as_chunks();
        lanes::compress(std::array::from_mut(&mut self.state), [blocks]);
        self.rest[..rest.len()].copy_from_slice(rest);
        self.rest_bytes = rest.len();
    }

    /// The hash of what came.
    pub fn finish(self) -> ContentHash {
        let rest = &self.rest[..self.rest_bytes];
        ContentHash::from_bytes(lanes::finish(self.state, rest, self.length))
    }

    /// No byte waits for its block to fill.
    pub(super) const fn is_even(&self) -> bool {
        self.rest_bytes == 0
    }
}

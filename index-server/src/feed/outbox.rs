//! Frames on their way to one socket: shared bytes, written as they are, many with one call.
//!
//! A write that is given up half-way leaves the rest here, so that whatever is written next starts
//! at the start of a frame.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Frames given to the kernel at once.
const TOGETHER_MAX_COUNT: usize = 16;

/// Frames that are not written yet. Bounded by whoever fills it.
#[derive(Debug, Default)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    /// Whether the first of them is the rest of one.
    is_begun: bool,
}

impl Outbox {
    /// Adds a frame.
    pub fn push(&mut self, frame: Bytes) {
        self.frames.push_back(frame);
    }

    /// Adds a frame where there is one.
    pub fn extend(&mut self, frame: Option<Bytes>) {
        self.frames.extend(frame);
    }

    /// Drops all but the rest of a frame that was begun, which is yielded.
    pub fn keep_begun(&mut self) -> Vec<u8> {
        let is_begun = std::mem::take(&mut self.is_begun);
        let first = self.frames.pop_front().filter(|_| is_begun);
        self.frames.clear();
        first.map(Vec::from).unwrap_or_default()
    }

    /// Whether all is written.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Writes all there is.
    ///
    /// # Errors
    /// What the stream said.
    ///
    /// # Cancel safety
    /// What was not written stays.
    pub async fn write_to(&mut self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); TOGETHER_MAX_COUNT];
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                *slice = IoSlice::new(frame);
            }
            let count = self.frames.len().min(TOGETHER_MAX_COUNT);
            let written = stream.write_vectored(&slices[..count]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.drop_written(written);
        }
        // Ten thousand idle sockets keep no room for a burst.
        self.frames.shrink_to_fit();
        Ok(())
    }

    fn drop_written(&mut self, mut written: usize) {
        while let Some(frame) = self.frames.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                self.is_begun |= written > 0;
                return;
            }
            written -= frame.len();
            self.is_begun = false;
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    #[test]
    fn of_what_was_given_up_only_the_frame_that_was_begun_is_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        for (room, kept) in [(3, 5), (8, 0), (10, 6), (16, 0), (24, 0)] {
            let mut outbox = Outbox::default();
            outbox
                .frames
                .extend([[7; 8]; 3].map(|frame| Bytes::from(frame.to_vec())));
            runtime.block_on(async {
                let (mut near, _far) = tokio::io::duplex(room);
                tokio::select! {
                    biased;
                    _ = outbox.write_to(&mut near) => {}
                    () = std::future::ready(()) => {}
                }
            });
            assert_eq!(outbox.keep_begun().len(), kept, "room for {room}");
            assert!(outbox.is_empty());
        }
    }

    proptest! {
        #[test]
        fn all_frames_come_out_in_order_however_often_writing_is_given_up(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..60),
            room in 1..50usize,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let expected = frames.concat();
            let mut outbox = Outbox::default();
            outbox.frames.extend(frames.into_iter().map(Bytes::from));
            let read = runtime.block_on(async {
                let (mut near, mut far) = tokio::io::duplex(room);
                let mut read = Vec::new();
                let mut part = [0; 7];
                loop {
                    let is_done = tokio::select! {
                        biased;
                        done = outbox.write_to(&mut near) => { done.unwrap(); true }
                        // The pipe is full: this attempt is given up.
                        () = std::future::ready(()) => false,
                    };
                    if is_done && read.len() == expected.len() {
                        return read;
                    }
                    let count = far.read(&mut part).await.unwrap();
                    read.extend_from_slice(&part[..count]);
                }
            });
            prop_assert!(outbox.is_empty());
            prop_assert_eq!(read, expected);
        }
    }
}

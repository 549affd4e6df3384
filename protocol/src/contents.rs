//! Many small contents in one answer: how a peer is asked for them, and how the answer is cut.
//!
//! `/contents?of=HASH,HASH` is answered with the contents in the order in which they were asked for,
//! each behind its length (8 bytes, big endian); one that cannot be given stands as a length of all
//! ones and no bytes. Pure: knows bytes, hashes nothing and believes no length.

use std::collections::VecDeque;

use crate::hash::ContentHash;
use crate::limits::{CONTENTS_MAX_COUNT, PIECE_MIN_BYTES};
use crate::routes::CONTENTS;

/// Bytes of a length.
pub const LENGTH_BYTES: usize = 8;
/// In place of a length: it cannot be given.
const MISSING: u64 = u64::MAX;
/// Largest content that goes with others: one piece, which is checked in one go.
pub const CONTENT_MAX_BYTES: u64 = PIECE_MIN_BYTES;

/// What stands before a content of `size_bytes`, or in place of one that cannot be given.
pub const fn head(size_bytes: Option<u64>) -> [u8; LENGTH_BYTES] {
    match size_bytes {
        Some(size) => size.to_be_bytes(),
        None => MISSING.to_be_bytes(),
    }
}

/// Path and query that ask for these.
pub fn path<'a>(hashes: impl IntoIterator<Item = &'a ContentHash>) -> String {
    let hashes: Vec<String> = hashes.into_iter().map(ContentHash::to_string).collect();
    format!("{CONTENTS}?of={}", hashes.join(","))
}

/// The hashes that a query asks for; `None` when there are none, too many, or one is no hash.
pub fn asked(of: &str) -> Option<Vec<ContentHash>> {
    let hashes = of.split(',').take(CONTENTS_MAX_COUNT + 1);
    let hashes: Vec<ContentHash> = hashes.map(str::parse).collect::<Result<_, _>>().ok()?;
    (hashes.len() <= CONTENTS_MAX_COUNT).then_some(hashes)
}

/// An answer that is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unexpected {
    /// Another length than the content has.
    #[error("sent a content of another length")]
    Length,
    /// Bytes behind the last content.
    #[error("sent more than was asked for")]
    More,
}

/// Cuts an answer into contents as its bytes come.
#[derive(Debug)]
pub struct Cutter {
    /// Sizes of those that are still to come.
    expected: VecDeque<usize>,
    head: [u8; LENGTH_BYTES],
    head_bytes: usize,
    /// The one whose bytes come now.
    current: Option<Vec<u8>>,
}

impl Cutter {
    /// For an answer to a question for contents of these sizes.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        Self {
            expected: sizes.into_iter().collect(),
            head: [0; LENGTH_BYTES],
            head_bytes: 0,
            current: None,
        }
    }

    /// Whether all have come.
    pub fn is_done(&self) -> bool {
        self.expected.is_empty()
    }

    /// Takes the next bytes; `got` gets each content that is complete with them, `None` for one
    /// that cannot be given. Nothing is hashed yet.
    ///
    /// # Errors
    /// [`Unexpected`]; what `got` has heard before stays good.
    pub fn take(
        &mut self,
        mut bytes: &[u8],
        mut got: impl FnMut(Option<Vec<u8>>),
    ) -> Result<(), Unexpected> {
        loop {
            let Some(size) = self.expected.front().copied() else {
                return if bytes.is_empty() {
                    Ok(())
                } else {
                    Err(Unexpected::More)
                };
            };
            if let Some(current) = &mut self.current {
                let now = bytes.len().min(size - current.len());
                current.extend_from_slice(&bytes[..now]);
                bytes = &bytes[now..];
                if current.len() < size {
                    return Ok(());
                }
                got(self.current.take());
                self.expected.pop_front();
                continue;
            }
            let now = bytes.len().min(LENGTH_BYTES - self.head_bytes);
            self.head[self.head_bytes..self.head_bytes + now].copy_from_slice(&bytes[..now]);
            self.head_bytes += now;
            bytes = &bytes[now..];
            if self.head_bytes < LENGTH_BYTES {
                return Ok(());
            }
            self.head_bytes = 0;
            match u64::from_be_bytes(self.head) {
                MISSING => {
                    got(None);
                    self.expected.pop_front();
                }
                told if told == size as u64 => self.current = Some(Vec::with_capacity(size)),
                _ => return Err(Unexpected::Length),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(contents: &[Option<Vec<u8>>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for content in contents {
            bytes.extend(head(content.as_ref().map(|content| content.len() as u64)));
            bytes.extend(content.iter().flatten());
        }
        bytes
    }

    proptest! {
        #[test]
        fn an_answer_cut_anywhere_yields_what_was_put_in(
            contents in proptest::collection::vec(
                proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)), 0..8),
            step in 1_usize..50,
        ) {
            let sizes = contents.iter().map(|content| content.as_ref().map_or(7, Vec::len));
            let mut cutter = Cutter::new(sizes);
            let mut got = Vec::new();
            for chunk in answer(&contents).chunks(step) {
                cutter.take(chunk, |content| got.push(content)).unwrap();
            }
            prop_assert!(cutter.is_done());
            prop_assert_eq!(got, contents);
            prop_assert_eq!(cutter.take(b"x", |_| {}), Err(Unexpected::More));
        }
    }

    #[test]
    fn a_length_is_not_believed() {
        for told in [4, 6, MISSING - 1] {
            let mut cutter = Cutter::new([5]);
            let told = cutter.take(&told.to_be_bytes(), |_| {});
            assert_eq!(told, Err(Unexpected::Length));
        }
    }

    #[test]
    fn a_question_is_read_as_it_was_written_and_has_an_end() {
        let one = ContentHash::of(b"1");
        let all = vec![one; CONTENTS_MAX_COUNT];
        let (path, query) = (path(&all), "/contents?of=");
        assert_eq!(asked(path.strip_prefix(query).unwrap()), Some(all.clone()));
        let more = format!("{path},{one}");
        assert_eq!(asked(more.strip_prefix(query).unwrap()), None);
        for wrong in ["", ",", "x", &format!("{one},"), &format!("{one} ")] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
    }
}

//! A sorted set of shared files that is cheap to copy and cheap to change: the base of a view.
//!
//! Files lie in chunks behind counted pointers. A copy takes the pointers; a change after that
//! copies the one chunk it touches. Each chunk knows its count and bytes, so a range is summed
//! without walking it. Knows files only through an order.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{FolderTotals, SharedFile};

/// A chunk is split past this; a split leaves two halves.
const CHUNK_MAX_COUNT: usize = 512;

/// How files stand in a set; equal files are one.
pub trait FileOrder: 'static {
    /// Which of two comes first.
    fn compare(a: &SharedFile, b: &SharedFile) -> Ordering;
}

#[derive(Clone)]
struct Chunk {
    files: Arc<Vec<Arc<SharedFile>>>,
    bytes: u64,
}

/// Files in the order `O`.
pub struct SortedFiles<O> {
    chunks: Vec<Chunk>,
    count: usize,
    order: PhantomData<fn() -> O>,
}

impl<O> Clone for SortedFiles<O> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            count: self.count,
            order: PhantomData,
        }
    }
}

impl<O> Default for SortedFiles<O> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            count: 0,
            order: PhantomData,
        }
    }
}

impl<O> fmt::Debug for SortedFiles<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedFiles")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// A position in a set: chunk, then place in it.
type Position = (usize, usize);

impl<O> SortedFiles<O> {
    /// How many.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SharedFile>> {
        self.chunks.iter().flat_map(|chunk| chunk.files.iter())
    }

    /// The first file for which `is_before` does not hold; it must hold for a leading part only.
    pub fn first_from(&self, is_before: impl Fn(&SharedFile) -> bool) -> Option<&Arc<SharedFile>> {
        let (chunk, place) = self.position(&is_before);
        self.chunks.get(chunk)?.files.get(place)
    }

    /// Files from the first one for which `is_before` does not hold.
    pub fn iter_from(
        &self,
        is_before: impl Fn(&SharedFile) -> bool,
    ) -> impl Iterator<Item = &Arc<SharedFile>> {
        let (chunk, place) = self.position(&is_before);
        let rest = self.chunks.get(chunk..).unwrap_or_default();
        rest.iter().flat_map(|chunk| chunk.files.iter()).skip(place)
    }

    /// Count and bytes of the files between two cuts (both as for [`SortedFiles::first_from`]).
    pub fn totals(
        &self,
        is_before_start: impl Fn(&SharedFile) -> bool,
        is_before_end: impl Fn(&SharedFile) -> bool,
    ) -> FolderTotals {
        let (first, from) = self.position(&is_before_start);
        let (last, until) = self.position(&is_before_end);
        let mut totals = FolderTotals::default();
        for at in first..=last {
            let Some(chunk) = self.chunks.get(at) else {
                break;
            };
            let start = if at == first { from } else { 0 };
            let end = if at == last { until } else { chunk.files.len() };
            if start == 0 && end == chunk.files.len() {
                totals.files += end as u64;
                totals.bytes += chunk.bytes;
                continue;
            }
            for file in chunk.files.get(start..end).unwrap_or_default() {
                totals.files += 1;
                totals.bytes += file.stamp.size_bytes;
            }
        }
        totals
    }

    fn position(&self, is_before: &impl Fn(&SharedFile) -> bool) -> Position {
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk.files.last().is_some_and(|file| is_before(file)));
        let place = self.chunks.get(chunk).map_or(0, |chunk| {
            chunk.files.partition_point(|file| is_before(file))
        });
        (chunk, place)
    }
}

impl<O: FileOrder> SortedFiles<O> {
    /// Puts a file in; tells false, and changes nothing, when an equal one is there.
    pub fn insert(&mut self, file: Arc<SharedFile>) -> bool {
        let bytes = file.stamp.size_bytes;
        let (mut at, mut place) = self.position(&|other| O::compare(other, &file).is_lt());
        if at == self.chunks.len() {
            match self.chunks.last() {
                Some(chunk) => (at, place) = (at - 1, chunk.files.len()),
                None => self.chunks.push(Chunk {
                    files: Arc::default(),
                    bytes: 0,
                }),
            }
        }
        let chunk = &mut self.chunks[at];
        let there = chunk.files.get(place);
        if there.is_some_and(|other| O::compare(other, &file).is_eq()) {
            return false;
        }
        let files = Arc::make_mut(&mut chunk.files);
        files.insert(place, file);
        chunk.bytes += bytes;
        self.count += 1;
        if files.len() > CHUNK_MAX_COUNT {
            let upper = files.split_off(files.len() / 2);
            let upper_bytes = upper.iter().map(|file| file.stamp.size_bytes).sum();
            chunk.bytes -= upper_bytes;
            let upper = Chunk {
                files: Arc::new(upper),
                bytes: upper_bytes,
            };
            self.chunks.insert(at + 1, upper);
        }
        true
    }

    /// Takes the file out that is equal to this one.
    pub fn remove(&mut self, file: &SharedFile) -> Option<Arc<SharedFile>> {
        let (at, place) = self.position(&|other| O::compare(other, file).is_lt());
        let chunk = self.chunks.get_mut(at)?;
        let there = chunk.files.get(place)?;
        if !O::compare(there, file).is_eq() {
            return None;
        }
        let taken = Arc::make_mut(&mut chunk.files).remove(place);
        chunk.bytes -= taken.stamp.size_bytes;
        self.count -= 1;
        if chunk.files.is_empty() {
            self.chunks.remove(at);
        }
        Some(taken)
    }

    /// The file that is equal to this one.
    pub fn get(&self, file: &SharedFile) -> Option<&Arc<SharedFile>> {
        let found = self.first_from(|other| O::compare(other, file).is_lt())?;
        O::compare(found, file).is_eq().then_some(found)
    }
}

#[cfg(test)]
mod tests;

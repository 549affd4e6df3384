//! What postings are kept by, and how all keys of one kind are held: small ones in a row, texts in
//! one piece.

use std::fmt;
use std::ops::Range;

use protocol::category::Category;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::exact;
use super::texts::{Texts, TextsWriter};

/// A kind of keys.
pub trait Key: Ord {
    /// Many of them, in order.
    type List: KeyList<Self>;

    /// A number that is never smaller than that of a smaller key.
    fn head(&self) -> u64;
}

/// Keys of one kind, in order, fixed.
pub trait KeyList<K: Ord + ?Sized>: fmt::Debug + Default + Serialize + DeserializeOwned {
    /// What they are gathered in.
    type Writer: KeyWriter<K, List = Self>;

    /// How many.
    fn len(&self) -> usize;

    /// The one at `index`.
    fn at(&self, index: usize) -> &K;

    /// Bytes held.
    fn bytes(&self) -> usize;

    /// Of those in `range`, from where on none `is_before` any more.
    fn partition_point(&self, range: Range<usize>, is_before: impl Fn(&K) -> bool) -> usize {
        let Range { mut start, mut end } = range;
        while start < end {
            let middle = start.midpoint(end);
            if is_before(self.at(middle)) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }
}

/// Takes keys in order.
pub trait KeyWriter<K: ?Sized>: fmt::Debug + Default {
    /// What it makes.
    type List;

    /// Room for as much as is in `list`.
    fn reserve_as(&mut self, list: &Self::List);

    /// The next one.
    fn push(&mut self, key: &K);

    /// How many so far.
    fn len(&self) -> usize;

    /// All of them.
    fn finish(self) -> Self::List;
}

/// Keys of a fixed size.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Serialize", deserialize = "K: Deserialize<'de>"))]
pub struct Row<K>(#[serde(with = "super::stored::whole")] Box<[K]>);

impl<K> Default for Row<K> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<K> std::ops::Deref for Row<K> {
    type Target = [K];

    fn deref(&self) -> &[K] {
        &self.0
    }
}

impl<K: Ord + Copy + fmt::Debug + Serialize + DeserializeOwned> KeyList<K> for Row<K> {
    type Writer = Vec<K>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, index: usize) -> &K {
        &self.0[index]
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl<K: Copy + fmt::Debug> KeyWriter<K> for Vec<K> {
    type List = Row<K>;

    fn reserve_as(&mut self, list: &Row<K>) {
        self.reserve(list.0.len().saturating_sub(self.capacity()));
    }

    fn push(&mut self, key: &K) {
        self.push(*key);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn finish(self) -> Row<K> {
        Row(exact::list(self))
    }
}

impl KeyList<str> for Texts {
    type Writer = TextsWriter;

    fn len(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> &str {
        self.at(index)
    }

    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl KeyWriter<str> for TextsWriter {
    type List = Texts;

    fn reserve_as(&mut self, list: &Texts) {
        self.reserve(list.len(), list.letter_bytes());
    }

    fn push(&mut self, key: &str) {
        self.push(key);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn finish(self) -> Texts {
        self.finish()
    }
}

impl Key for u8 {
    type List = Row<Self>;

    fn head(&self) -> u64 {
        (*self).into()
    }
}

impl Key for u32 {
    type List = Row<Self>;

    fn head(&self) -> u64 {
        (*self).into()
    }
}

impl Key for Category {
    type List = Row<Self>;

    /// They are few: all are compared whole.
    fn head(&self) -> u64 {
        0
    }
}

impl Key for str {
    type List = Texts;

    fn head(&self) -> u64 {
        let mut head = [0; 8];
        for (place, byte) in head.iter_mut().zip(self.bytes()) {
            *place = byte;
        }
        u64::from_be_bytes(head)
    }
}

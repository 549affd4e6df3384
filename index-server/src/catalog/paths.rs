//! A path in its two parts, as segments hold it, compared as the text that they make together.

use std::cmp::Ordering;

use compact_str::CompactString;

/// A path as given.
#[derive(Debug, Clone, Copy)]
pub struct PathText<'a> {
    folder: &'a str,
    /// Empty where the folder is all of the path.
    slash: &'a str,
    name: &'a str,
}

impl<'a> PathText<'a> {
    /// Of a folder and a file name in it; or only the folder, where `is_all`.
    pub fn new(folder: &'a str, name: &'a str, is_all: bool) -> Self {
        let is_joined = !is_all && !folder.is_empty();
        Self {
            folder,
            slash: if is_joined { "/" } else { "" },
            name: if is_all { "" } else { name },
        }
    }

    /// A text that is a path.
    pub fn of(text: &'a str) -> Self {
        Self::new("", text, false)
    }

    /// In one piece.
    pub fn to_text(self) -> CompactString {
        let mut text = CompactString::with_capacity(self.len());
        for piece in self.pieces() {
            text.push_str(piece);
        }
        text
    }

    /// Whether it is `text`.
    pub fn is(self, text: &str) -> bool {
        self.len() == text.len() && self.starts_with(text)
    }

    /// Whether it starts with `prefix`.
    pub fn starts_with(self, prefix: &str) -> bool {
        let mut left = prefix.as_bytes();
        for piece in self.pieces() {
            let count = left.len().min(piece.len());
            if left[..count] != piece.as_bytes()[..count] {
                return false;
            }
            left = &left[count..];
        }
        left.is_empty()
    }

    fn len(self) -> usize {
        self.folder.len() + self.slash.len() + self.name.len()
    }

    /// Its text, cut.
    pub fn pieces(self) -> [&'a str; 3] {
        [self.folder, self.slash, self.name]
    }
}

impl Ord for PathText<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if (self.folder, self.slash) == (other.folder, other.slash) {
            return self.name.cmp(other.name);
        }
        let bytes = |path: &Self| path.pieces().map(str::as_bytes);
        let (mut left, mut right) = (Pieces(bytes(self), 0), Pieces(bytes(other), 0));
        loop {
            let (one, two) = (left.head(), right.head());
            let count = one.len().min(two.len());
            if count == 0 {
                return one.len().cmp(&two.len());
            }
            let order = one[..count].cmp(&two[..count]);
            if order.is_ne() {
                return order;
            }
            left.skip(count);
            right.skip(count);
        }
    }
}

impl PartialOrd for PathText<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathText<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathText<'_> {}

/// What is left of some pieces, and the first that has anything left.
struct Pieces<'a>([&'a [u8]; 3], usize);

impl<'a> Pieces<'a> {
    fn head(&mut self) -> &'a [u8] {
        while self.1 < 2 && self.0[self.1].is_empty() {
            self.1 += 1;
        }
        self.0[self.1]
    }

    fn skip(&mut self, count: usize) {
        self.0[self.1] = &self.0[self.1][count..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_in_parts_compares_as_its_text(
            left in ("[a./]{0,4}", "[a./]{0,4}", any::<bool>()),
            right in ("[a./]{0,4}", "[a./]{0,4}", any::<bool>()),
        ) {
            let path = |of: &'_ (String, String, bool)| -> CompactString {
                PathText::new(&of.0, &of.1, of.2).to_text()
            };
            let (left_text, right_text) = (path(&left), path(&right));
            let left = PathText::new(&left.0, &left.1, left.2);
            let right = PathText::new(&right.0, &right.1, right.2);
            prop_assert_eq!(left.cmp(&right), left_text.cmp(&right_text));
            prop_assert_eq!(left.is(&right_text), left_text == right_text);
            prop_assert_eq!(left.starts_with(&right_text), left_text.starts_with(&*right_text));
            prop_assert_eq!(left == PathText::of(&left_text), true);
        }
    }
}

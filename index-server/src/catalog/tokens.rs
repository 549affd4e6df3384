//! How a folded text is cut into grams: what postings are kept of, and what a word of a query asks
//! them.
//!
//! A gram is three bytes in a row, or one, of the file name or of the folder. Bytes between words
//! are all one (so that phrases ask the same grams as words), the start and the end of a name are
//! bytes of their own (so that names that start with a word are found by grams alone). A text that
//! holds a word holds all its grams; the other way round it must be looked at.

use super::matcher::is_between_words;

/// A gram with the place it stands in.
pub type Gram = u32;

/// Stands before the first byte of a name.
const START: u8 = 1;
/// Stands behind the last byte of a name and of a folder.
const END: u8 = 0;
/// Stands for every byte between words.
const BETWEEN: u8 = b' ';

/// Where a gram stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// In the file name.
    Name,
    /// In the folder.
    Folder,
}

impl Region {
    const fn bit(self) -> u32 {
        match self {
            Self::Name => 0,
            Self::Folder => 1 << 24,
        }
    }
}

/// Set in grams of one byte.
const LETTER: u32 = 1 << 25;

fn three(region: Region, a: u8, b: u8, c: u8) -> Gram {
    region.bit() | u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c)
}

fn letter(region: Region, byte: u8) -> Gram {
    LETTER | region.bit() | u32::from(byte)
}

fn plain(byte: u8) -> u8 {
    if is_between_words(byte) {
        BETWEEN
    } else {
        byte
    }
}

/// Hands every gram of a folded text to `each`, some more than once.
pub fn cut(text: &str, name_at: u32, mut each: impl FnMut(Gram)) {
    let (folder, name) = text.as_bytes().split_at(name_at as usize);
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    cut_part(Region::Name, Some(START), name, &mut each);
    cut_part(Region::Folder, None, folder, &mut each);
}

fn cut_part(region: Region, before: Option<u8>, part: &[u8], each: &mut impl FnMut(Gram)) {
    if part.is_empty() {
        return;
    }
    let mut window = (END, END);
    let bytes = part.iter().map(|byte| plain(*byte));
    let bytes = before.into_iter().chain(bytes).chain([END]);
    for (seen, byte) in bytes.enumerate() {
        if byte > BETWEEN {
            each(letter(region, byte));
        }
        if seen >= 2 {
            each(three(region, window.0, window.1, byte));
        }
        window = (window.1, byte);
    }
}

/// What a text must have among its grams to hold a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All of these.
    Each(Vec<Gram>),
    /// Any gram from the first to the last.
    AnyOf(Gram, Gram),
    /// The word says nothing that grams know.
    Nothing,
}

/// What a region must have to hold `word`.
pub fn inside(region: Region, word: &[u8]) -> Asked {
    let word: Vec<u8> = word.iter().map(|byte| plain(*byte)).collect();
    asked(region, &word)
}

/// What a name must have to start with `word`.
pub fn at_start(word: &[u8]) -> Asked {
    behind(START, word)
}

/// What a name must have one of to end in `word`, its own ending aside.
pub fn at_end(word: &[u8]) -> [Asked; 2] {
    let last = &word[word.len().saturating_sub(2)..];
    [END, BETWEEN].map(|behind| {
        let bytes = last.iter().map(|byte| plain(*byte));
        let mut bytes: Vec<u8> = bytes.chain([behind]).collect();
        if bytes.len() == 2 {
            // A name of one byte: what stands before it is known as well.
            bytes.insert(0, START);
        }
        asked(Region::Name, &bytes)
    })
}

/// What a name must have so that `word` starts one of its words other than the first.
pub fn at_word(word: &[u8]) -> Asked {
    behind(BETWEEN, word)
}

fn behind(before: u8, word: &[u8]) -> Asked {
    let start = word.iter().take(2).map(|byte| plain(*byte));
    let bytes: Vec<u8> = [before].into_iter().chain(start).collect();
    asked(Region::Name, &bytes)
}

fn asked(region: Region, bytes: &[u8]) -> Asked {
    match bytes {
        [] | [..=BETWEEN] => Asked::Nothing,
        [byte] => Asked::Each(vec![letter(region, *byte)]),
        [a, b] => Asked::AnyOf(three(region, *a, *b, 0), three(region, *a, *b, u8::MAX)),
        _ => {
            let windows = bytes.windows(3);
            let mut grams: Vec<Gram> = windows
                .map(|window| three(region, window[0], window[1], window[2]))
                .collect();
            grams.sort_unstable();
            grams.dedup();
            Asked::Each(grams)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Gram, Region, at_start, at_word, cut, inside};

    fn holds(text: &str, asked: &Asked) -> bool {
        let name_at = text.rfind('/').map_or(0, |slash| slash + 1);
        let mut grams: Vec<Gram> = Vec::new();
        let name_at = u32::try_from(name_at).expect("a short text");
        cut(text, name_at, |gram| grams.push(gram));
        match asked {
            Asked::Each(wanted) => wanted.iter().all(|gram| grams.contains(gram)),
            Asked::AnyOf(first, last) => grams.iter().any(|gram| (first..=last).contains(&gram)),
            Asked::Nothing => true,
        }
    }

    #[test]
    fn every_part_of_a_text_is_found_by_its_grams() {
        let (folder, name) = ("mu sik/größe", "a.b-c 東京.txt");
        let text = format!("{folder}/{name}");
        for (region, part) in [(Region::Folder, folder), (Region::Name, name)] {
            let part = part.as_bytes();
            for start in 0..part.len() {
                for end in start + 1..=part.len() {
                    let word = &part[start..end];
                    assert!(holds(&text, &inside(region, word)), "{word:?}");
                }
            }
        }
        for end in 1..name.len() {
            assert!(holds(&text, &at_start(&name.as_bytes()[..end])));
        }
        assert!(holds(&text, &at_word(b"c")));
        assert!(holds(&text, &at_word(b"txt")));
    }

    #[test]
    fn grams_tell_places_apart() {
        let text = "folder/some name";
        assert!(!holds(text, &inside(Region::Name, b"folder")));
        assert!(!holds(text, &inside(Region::Folder, b"name")));
        assert!(!holds(text, &at_start(b"ome")));
        assert!(!holds(text, &at_word(b"ame")));
        assert!(!holds(text, &inside(Region::Name, b"xy")));
        assert!(!holds(text, &inside(Region::Name, b"x")));
        assert!(holds("x", &at_start(b"x")));
    }
}

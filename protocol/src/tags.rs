//! Tags: the words by which people look for a file, taken from its path where nobody gave any.
//!
//! Knows texts only, no record and no index.

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization;

use crate::category::Category;
use crate::character::{is_control, is_invisible, is_mark, is_unknown};
use crate::limits::{TAG_MAX_BYTES, TAGS_MAX_COUNT};
use crate::names::split_ending;

/// Words that say nothing about a file.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "copy", "da", "das", "de", "del", "den",
    "der", "des", "die", "do", "du", "ein", "eine", "el", "en", "et", "file", "files", "for",
    "from", "il", "im", "in", "is", "it", "la", "las", "le", "les", "los", "mit", "my", "new",
    "no", "of", "on", "or", "shared", "that", "the", "this", "to", "und", "une", "unnamed",
    "untitled", "von", "with", "y", "zu",
];

/// Tags of a path: lower-case words of the name, then of its folders from the nearest outward,
/// without stop words, the ending and words of one letter or digit; at most [`TAGS_MAX_COUNT`],
/// each at most [`TAG_MAX_BYTES`].
pub fn derive_tags(path: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for (depth, part) in path.rsplit('/').enumerate() {
        let (stem, ending) = split_ending(part);
        let is_name = depth == 0;
        let words = if is_name && is_known(ending) {
            stem
        } else {
            part
        };
        for word in words_of(words) {
            if tags.len() == TAGS_MAX_COUNT {
                return tags;
            }
            if is_telling(&word) && !tags.contains(&word) {
                tags.push(word);
            }
        }
    }
    tags
}

/// Tags that somebody gave, in the form in which they are kept: lower case, composed, one line,
/// without blanks around them, empty ones or repetitions; those past [`TAGS_MAX_COUNT`] are left
/// out.
///
/// # Errors
/// [`TagTooLong`] when one has more than [`TAG_MAX_BYTES`].
pub fn normalise_tags(given: &[impl AsRef<str>]) -> Result<Vec<CompactString>, TagTooLong> {
    let mut tags: Vec<CompactString> = Vec::new();
    for tag in given {
        let lower = lower(tag.as_ref());
        let tag = lower.trim();
        if tag.len() > TAG_MAX_BYTES {
            return Err(TagTooLong);
        }
        let is_new = !tag.is_empty() && !tags.iter().any(|known| known == tag);
        if is_new && tags.len() < TAGS_MAX_COUNT {
            tags.push(tag.into());
        }
    }
    Ok(tags)
}

/// A tag of more than [`TAG_MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tag has at most {TAG_MAX_BYTES} bytes")]
pub struct TagTooLong;

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .filter(|word| !word.is_empty() && word.len() <= TAG_MAX_BYTES)
        .map(|word| lower(word).into())
}

/// Lower case, composed and without what cannot be seen.
fn lower(text: &str) -> CompactString {
    // Most texts are like that, and a million of them come at once.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let mut lower = CompactString::from(text);
        lower.make_ascii_lowercase();
        return lower;
    }
    let shown = text.chars().filter(|c| !is_hidden(*c));
    shown.flat_map(char::to_lowercase).nfc().collect()
}

fn is_telling(word: &str) -> bool {
    let is_single = word.len() <= 1;
    let is_bare = word.chars().all(is_mark);
    let fits = word.len() <= TAG_MAX_BYTES;
    fits && !is_single && !is_bare && STOP_WORDS.binary_search(&word).is_err()
}

fn is_known(ending: &str) -> bool {
    let ending = ending.rsplit('.').next().unwrap_or(ending);
    Category::of_ending(ending) != Category::Other
}

fn is_hidden(character: char) -> bool {
    is_control(character) || is_invisible(character) || is_unknown(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(derive_tags(path).join(" "), expected, "{path:?}");
    }

    #[test]
    fn words_of_name_and_folders_become_tags() {
        check(
            "iso/Debian/debian-13.1.0-amd64-netinst.iso",
            "debian 13 amd64 netinst iso",
        );
        check(
            "Music/The_Band (2024)/01 - Größe.mp3",
            "01 größe band 2024 music",
        );
        check("linux-6.1.tar.xz", "linux");
        check("notes.final", "notes final");
        check("映画/東京.mkv", "東京 映画");
        check("e\u{301}te\u{301}.txt", "été");
        check("a/of/the/--- !!.txt", "");
        check("", "");
        check("\u{115f}", "");
        check("v1.2/.hidden", "hidden v1");
    }

    #[test]
    fn tags_are_bounded() {
        let many: Vec<String> = (10..60).map(|n| n.to_string()).collect();
        assert_eq!(derive_tags(&many.join(" ")).len(), TAGS_MAX_COUNT);
        check(&format!("{} short.txt", "x".repeat(65)), "short");
    }

    #[test]
    fn given_tags_are_normalised_and_capped() {
        let check = |given: &[&str], expected: Result<&str, TagTooLong>| {
            let given: Vec<String> = given.iter().map(|tag| (*tag).to_owned()).collect();
            let tags = normalise_tags(&given).map(|tags| tags.join(","));
            assert_eq!(tags, expected.map(str::to_owned), "{given:?}");
        };
        check(
            &["Linux", " linux ", "", "\u{202e}ISO\n", "Road Trip"],
            Ok("linux,iso,road trip"),
        );
        check(&[&"x".repeat(64)], Ok(&"x".repeat(64)));
        check(&[&"x".repeat(65)], Err(TagTooLong));
        let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        let first = many[..16].iter().map(CompactString::from).collect();
        assert_eq!(normalise_tags(&many), Ok(first));
    }

    #[test]
    fn stop_words_are_in_order() {
        assert!(STOP_WORDS.is_sorted());
    }

    proptest! {
        #[test]
        fn derived_tags_are_tags(path in "([a-zA-ZİßǅΣ\u{301}/. _-]|\\PC){0,120}") {
            let tags = derive_tags(&path);
            prop_assert!(tags.len() <= TAGS_MAX_COUNT);
            let same = tags.iter().map(CompactString::from).collect();
            prop_assert_eq!(normalise_tags(&tags), Ok(same));
        }
    }
}

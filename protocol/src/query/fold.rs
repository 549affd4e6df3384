//! Text as it is compared: without case, accents and invisible characters.
//!
//! Both sides of a comparison go through here, so what matters is that equal things become equal,
//! not that the result reads well.

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization;

use crate::character::{is_accent, is_invisible};

/// Text as it is compared: NFKD, marks dropped, lower case.
///
/// Letters that NFKD leaves whole but people type plainly are spelled out (`ß` `ss`, `ø` `o`, `æ`
/// `ae`). Folding a folded text changes nothing.
pub fn fold(text: &str) -> CompactString {
    if text.is_ascii() {
        let mut folded = CompactString::from(text);
        folded.make_ascii_lowercase();
        return folded;
    }
    let mut folded = CompactString::with_capacity(text.len());
    for character in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        if is_accent(character) || is_invisible(character) {
            continue;
        }
        match spelled_out(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(character),
        }
    }
    folded
}

/// [`fold`], and the separators space, `.`, `-` and `_` all become one space each.
pub fn fold_phrase(text: &str) -> CompactString {
    fold(text)
        .chars()
        .map(|character| {
            if is_separator(character) {
                ' '
            } else {
                character
            }
        })
        .collect()
}

fn is_separator(character: char) -> bool {
    matches!(character, '.' | '-' | '_') || character.is_whitespace()
}

const fn spelled_out(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'ς' => "σ",
        'ı' => "i",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(fold(text), expected, "{text:?}");
    }

    #[test]
    fn case_and_accents_do_not_count() {
        check("Debian-13.1.ISO", "debian-13.1.iso");
        check("Größe GRÖSSE ẞ", "grosse grosse ss");
        check("e\u{301}É", "ee");
        check("İstanbul ıI", "istanbul ii");
        check("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ");
        check("ﬁ Ｆｕｌｌ ①²", "fi full 12");
        check("Smørrebrød Łódź Œuvre", "smorrebrod lodz oeuvre");
        check("a\u{200b}\u{ad}\u{202e}b", "ab");
        check("東京 Ёлка", "東京 елка");
        assert_eq!(fold_phrase("A_b-C.d  e"), "a b c d  e");
    }

    #[test]
    fn every_character_folds_to_what_stays() {
        for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let once = fold(character.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text: String) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert_eq!(fold(&text.to_lowercase()), once);
        }
    }
}

//! JSON as it leaves a program: what drives a terminal or turns text around, wherever somebody
//! prints it, stands in it as `\uXXXX`.
//!
//! Works on whole texts that are JSON already, and knows nothing of what they say.

/// How a hidden character begins in UTF-8; other characters begin so, too.
const BEGINNINGS: [u8; 4] = [0x7F, 0xC2, 0xD8, 0xE2];

/// Whether a text in UTF-8 holds characters that [`escape_hidden`] escapes. Fast where nearly no
/// byte could begin one.
pub fn has_hidden(text: &[u8]) -> bool {
    may_have_hidden(text) && (0..text.len()).any(|at| hidden(&text[at..]).is_some())
}

/// Looks at all in any case, many bytes at a time.
fn may_have_hidden(text: &[u8]) -> bool {
    text.iter()
        .fold(false, |any, byte| any | BEGINNINGS.contains(byte))
}

/// Escapes DEL, the C1 controls (U+0080 to U+009F) and the bidi controls in the JSON text that
/// begins at `from`; other controls are escaped in any JSON. It says the same afterwards.
pub fn escape_hidden(json: &mut Vec<u8>, from: usize) {
    let Some(text) = json.get(from..).filter(|text| has_hidden(text)) else {
        return;
    };
    let mut escaped = Vec::with_capacity(text.len() + 64);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if let Some((length, character)) = hidden(&text[at..]) {
            escaped.extend_from_slice(format!("\\u{character:04x}").as_bytes());
            at += length;
        } else {
            escaped.push(byte);
            at += 1;
        }
    }
    json.truncate(from);
    json.append(&mut escaped);
}

/// The same for a whole text, which is yielded.
pub fn escaped(mut json: Vec<u8>) -> Vec<u8> {
    escape_hidden(&mut json, 0);
    json
}

/// The hidden character that `text` begins with, and how many bytes it has.
fn hidden(text: &[u8]) -> Option<(usize, u32)> {
    match *text {
        [0x7F, ..] => Some((1, 0x7F)),
        [0xC2, last @ 0x80..=0x9F, ..] => Some((2, u32::from(last))),
        [0xD8, 0x9C, ..] => Some((2, 0x061C)),
        [0xE2, 0x80, last @ (0x8E | 0x8F | 0xAA..=0xAE), ..] => {
            Some((3, 0x2000 + u32::from(last & 0x3F)))
        }
        [0xE2, 0x81, last @ 0xA6..=0xA9, ..] => Some((3, 0x2040 + u32::from(last & 0x3F))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_hidden(character: char) -> bool {
        matches!(
            character,
            '\u{7f}'..='\u{9f}'
                | '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
    }

    #[test]
    fn each_hidden_character_is_escaped_and_no_other() {
        for character in '\0'..=char::MAX {
            let plain = serde_json::to_vec(&character).unwrap();
            let told = escaped(plain.clone());
            assert_eq!(told != plain, is_hidden(character), "{character:?}");
            assert_eq!(has_hidden(&plain), is_hidden(character), "{character:?}");
            let read: char = serde_json::from_slice(&told).unwrap();
            assert_eq!(read, character);
        }
    }

    #[test]
    fn only_what_stands_behind_the_place_is_touched() {
        let mut json = "\u{7f}\"a\u{202e}b\\\"\u{9b}\"".as_bytes().to_vec();
        escape_hidden(&mut json, 1);
        let escaped = b"\x7f\"a\\u202eb\\\"\\u009b\"";
        assert_eq!(json, escaped);
        escape_hidden(&mut json, 99);
        assert_eq!(json, escaped, "behind its end");
    }

    proptest! {
        #[test]
        fn a_text_says_the_same_and_shows_nothing_hidden(
            text in "[a\"\\\\é£؜\u{7f}\u{80}\u{9f}\u{200e}\u{2010}\u{202e}\u{2066}東]{0,20}",
        ) {
            let told = escaped(serde_json::to_vec(&text).unwrap());
            prop_assert_eq!(serde_json::from_slice::<String>(&told).unwrap(), text);
            let told = String::from_utf8(told).unwrap();
            prop_assert!(!told.chars().any(is_hidden), "{}", told);
        }
    }
}

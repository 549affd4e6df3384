//! Words from strangers made safe to show: the one function that every print goes through.
//!
//! Knows nothing of columns, colours or terminals.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::character::{
    JOINER, NON_JOINER, is_control, is_emoji, is_invisible, is_joined_script, is_mark, is_unknown,
};
use crate::limits::{JOINERS_MAX_COUNT, MARKS_MAX_COUNT, SHOWN_TEXT_MAX_GRAPHEMES};

/// A text that may be printed anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanText<'a> {
    /// What may be shown; what was dangerous stands in it as `<U+202E>`, `<ESC>` or `<xFF>`.
    pub text: Cow<'a, str>,
    /// Whether anything had to be replaced, or was lost before (U+FFFD, which stays as it is): the
    /// row is flagged "odd name".
    pub is_odd: bool,
}

/// Makes `text` safe for a terminal, a log line and a table cell (one line, no controls, no bidi).
///
/// At most [`SHOWN_TEXT_MAX_GRAPHEMES`] characters as a person counts them; the last of a longer
/// text is `…`. Cleaning a clean text changes nothing, and borrows.
pub fn clean(text: &str) -> CleanText<'_> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return CleanText {
            text: cut_ascii(text),
            is_odd: false,
        };
    }
    let (cleaned, is_odd) = without_danger(text);
    let text = match cleaned {
        Some(cleaned) => cut(&cleaned).map_or(Cow::Owned(cleaned), Cow::Owned),
        None => cut(text).map_or(Cow::Borrowed(text), Cow::Owned),
    };
    CleanText { text, is_odd }
}

/// The same for what is bounded by who wrote it: one line of any length, a log line or a message.
pub fn one_line(text: &str) -> Cow<'_, str> {
    without_danger(text)
        .0
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The same for text of many lines: what ends a line (`\n`) goes on ending it.
pub fn lines(text: &str) -> Cow<'_, str> {
    if text
        .split('\n')
        .all(|line| without_danger(line).0.is_none())
    {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(one_line).collect();
    Cow::Owned(lines.join("\n"))
}

/// The text with what is dangerous made visible, or `None` where nothing is, and whether it is odd.
fn without_danger(text: &str) -> (Option<String>, bool) {
    let mut shown = Shown::default();
    let mut rest = text.chars();
    let mut cleaned: Option<String> = None;
    let mut is_odd = false;
    let mut kept_bytes = 0;
    while let Some(character) = rest.next() {
        if shown.takes(character, rest.clone().next()) {
            if let Some(cleaned) = &mut cleaned {
                cleaned.push(character);
            }
            is_odd |= character == char::REPLACEMENT_CHARACTER;
        } else {
            is_odd = true;
            cleaned
                .get_or_insert_with(|| text[..kept_bytes].to_owned())
                .push_str(&visible(character));
        }
        kept_bytes += character.len_utf8();
    }
    (cleaned, is_odd)
}

/// Makes bytes safe to show that may not be UTF-8: each bad byte stands as `<xFF>`.
pub fn clean_bytes(bytes: &[u8]) -> CleanText<'_> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return clean(text);
    }
    let mut all = String::new();
    for chunk in bytes.utf8_chunks() {
        all.push_str(&clean(chunk.valid()).text);
        all.extend(chunk.invalid().iter().map(|byte| format!("<x{byte:02X}>")));
    }
    CleanText {
        text: Cow::Owned(clean(&all).text.into_owned()),
        is_odd: true,
    }
}

/// What stands before the next character, as far as it decides whether that one may be shown.
#[derive(Default)]
struct Shown {
    last: Option<char>,
    /// Marks on the base; past the cap when there is no base.
    marks: usize,
    joiners: usize,
    is_after_emoji: bool,
    has_base: bool,
}

impl Shown {
    /// Whether `character` is shown as it is, with `next` behind it.
    fn takes(&mut self, character: char, next: Option<char>) -> bool {
        if matches!(character, JOINER | NON_JOINER) {
            let takes = self.joiners < JOINERS_MAX_COUNT && self.is_joined(character, next);
            if takes {
                self.joiners += 1;
                self.last = Some(character);
            } else {
                self.replaced();
            }
            return takes;
        }
        if is_control(character) || is_invisible(character) || is_unknown(character) {
            self.replaced();
            return false;
        }
        if is_mark(character) {
            if !self.has_base || self.marks >= MARKS_MAX_COUNT {
                self.marks = MARKS_MAX_COUNT;
                self.has_base = true;
                self.is_after_emoji = false;
                self.last = Some('>');
                return false;
            }
            self.marks += 1;
            self.last = Some(character);
            return true;
        }
        if self.last != Some(JOINER) && self.last != Some(NON_JOINER) {
            self.joiners = 0;
        }
        self.marks = 0;
        // A mark at the start of a name must not change the slash of its path.
        self.has_base = character != '/';
        self.is_after_emoji = is_emoji(character);
        self.last = Some(character);
        true
    }

    /// Whether a joiner between the last and the next character is spelling.
    fn is_joined(&self, joiner: char, next: Option<char>) -> bool {
        let (Some(last), Some(next)) = (self.last, next) else {
            return false;
        };
        if matches!(last, JOINER | NON_JOINER) {
            return false;
        }
        if joiner == JOINER && self.is_after_emoji && is_emoji(next) {
            return true;
        }
        let has_room = !is_mark(next) || self.marks < MARKS_MAX_COUNT;
        has_room && is_joined_script(last) && is_joined_script(next)
    }

    /// `<...>` is shown in place of a character.
    fn replaced(&mut self) {
        *self = Self {
            last: Some('>'),
            has_base: true,
            ..Self::default()
        };
    }
}

/// What is shown in place of a dangerous character.
fn visible(character: char) -> Cow<'static, str> {
    Cow::Borrowed(match character {
        '\0' => "<NUL>",
        '\x07' => "<BEL>",
        '\x08' => "<BS>",
        '\t' => "<TAB>",
        '\n' => "<LF>",
        '\r' => "<CR>",
        '\x1b' => "<ESC>",
        '\x7f' => "<DEL>",
        _ => return Cow::Owned(format!("<U+{:04X}>", u32::from(character))),
    })
}

fn cut_ascii(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN_TEXT_MAX_GRAPHEMES {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..SHOWN_TEXT_MAX_GRAPHEMES - 1]))
}

/// The text with `…` for what is too long; `None` when it fits.
fn cut(text: &str) -> Option<String> {
    if text.len() <= SHOWN_TEXT_MAX_GRAPHEMES {
        return None;
    }
    let mut starts = text
        .grapheme_indices(true)
        .map(|(at, _)| at)
        .skip(SHOWN_TEXT_MAX_GRAPHEMES - 1);
    let end = starts.next()?;
    starts.next()?;
    // A joiner joins nothing any more where its right side is cut away.
    let kept = text[..end].trim_end_matches([JOINER, NON_JOINER]);
    Some(format!("{kept}…"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let cleaned = clean(text);
        assert_eq!(cleaned.text, expected, "{text:?}");
        assert_eq!(cleaned.is_odd, text != expected, "odd: {text:?}");
    }

    #[test]
    fn ordinary_text_is_borrowed_as_it_is() {
        for text in [
            "",
            "debian-13.1.0.iso",
            "Größe é e\u{301} 東京 Ёлка",
            "עברית مستند",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष র\u{200d}\u{9cd}য",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}\u{200d}🔥 🏳\u{fe0f}\u{200d}🌈",
            "<U+202E>",
        ] {
            check(text, text);
            assert!(matches!(clean(text).text, Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn what_drives_a_terminal_becomes_visible() {
        check("\x1b]52;c;ZXZpbA==\x07", "<ESC>]52;c;ZXZpbA==<BEL>");
        check("a\nb\r\tc\0\x7f\x01", "a<LF>b<CR><TAB>c<NUL><DEL><U+0001>");
        check("\u{9b}31m", "<U+009B>31m");
        check("inv\u{202e}fdp.exe", "inv<U+202E>fdp.exe");
        check("a\u{2028}b\u{2029}", "a<U+2028>b<U+2029>");
        check("\u{61c}\u{200e}\u{2066}", "<U+061C><U+200E><U+2066>");
        check("\u{e000}\u{378}\u{e0041}", "<U+E000><U+0378><U+E0041>");
        check(
            "a\u{200b}\u{ad}\u{feff}b\u{3164}",
            "a<U+200B><U+00AD><U+FEFF>b<U+3164>",
        );
    }

    #[test]
    fn joiners_stay_only_where_they_spell() {
        check("a\u{200d}b", "a<U+200D>b");
        check("1\u{200d}2", "1<U+200D>2");
        check("👩\u{200d}", "👩<U+200D>");
        check("👩\u{200c}👩", "👩<U+200C>👩");
        check("\u{200d}👩", "<U+200D>👩");
        check("م\u{200c}\u{200c}م", "م<U+200C><U+200C>م");
        let full = format!("ب{}", "\u{64b}".repeat(4));
        let too_full = format!("{full}\u{200c}\u{64b}");
        check(&too_full, &format!("{full}<U+200C>\u{64b}"));
        let chain = |joiner: &str| ["👩"; 10].join(joiner);
        assert!(
            clean(&chain("\u{200d}")).is_odd,
            "a chain without end is no picture"
        );
    }

    #[test]
    fn marks_need_a_base_and_are_few() {
        check("\u{301}a", "<U+0301>a");
        check("\u{301}\u{302}a", "<U+0301><U+0302>a");
        check("odd/\u{301}lead", "odd/<U+0301>lead");
        let zalgo = format!("a{}b\u{301}", "\u{301}".repeat(6));
        let shown = format!("a{}<U+0301><U+0301>b\u{301}", "\u{301}".repeat(4));
        check(&zalgo, &shown);
    }

    #[test]
    fn bytes_lost_before_are_odd_and_visible() {
        let cleaned = clean("caf\u{fffd}.txt");
        assert_eq!(
            (cleaned.text.as_ref(), cleaned.is_odd),
            ("caf\u{fffd}.txt", true)
        );
        let cleaned = clean_bytes(b"caf\xe9\xff\x1b.txt");
        assert_eq!(
            (cleaned.text.as_ref(), cleaned.is_odd),
            ("caf<xE9><xFF><ESC>.txt", true)
        );
        assert!(!clean_bytes("café".as_bytes()).is_odd);
    }

    #[test]
    fn long_text_is_cut() {
        let at_most = "é".repeat(1024);
        check(&at_most, &at_most);
        for letter in ["a", "é", "👩\u{200d}👩"] {
            let cleaned = clean(&letter.repeat(2000)).text.into_owned();
            assert_eq!(cleaned, format!("{}…", letter.repeat(1023)));
        }
    }

    #[test]
    fn longer_text_is_shown_whole_and_keeps_its_lines_where_it_may() {
        let long = "é".repeat(2_000);
        assert!(matches!(one_line(&long), Cow::Borrowed(text) if text == long));
        assert_eq!(one_line("a\n\x1b[2J"), "a<LF><ESC>[2J");
        let table = "NAME  SIZE\né     1 B\n";
        assert!(matches!(lines(table), Cow::Borrowed(text) if text == table));
        assert_eq!(
            lines("a\n\u{202e}b\r\n\u{301}"),
            "a\n<U+202E>b<CR>\n<U+0301>"
        );
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            proptest::sample::select(vec![
                "\u{200d}", "\u{200c}", "\u{301}", "👩", "❤", "\u{fe0f}", "م", "\u{64b}", "क",
                "\u{94d}", "a", "\x1b", "\u{202e}", "\u{1100}", "\u{d4e}", "\r", "\n", "🇩",
            ])
            .prop_map(str::to_owned),
            (1..1100_usize, "[a\u{301}م\u{200c}👩\u{200d}]").prop_map(|(n, text)| text.repeat(n)),
        ];
        proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left_and_again_changes_nothing(text in hostile()) {
            let once = clean(&text);
            for character in once.text.chars() {
                prop_assert!(!is_control(character) && !is_unknown(character));
                let is_joiner = matches!(character, JOINER | NON_JOINER);
                prop_assert!(is_joiner || !is_invisible(character));
            }
            prop_assert!(once.text.graphemes(true).count() <= SHOWN_TEXT_MAX_GRAPHEMES);
            let twice = clean(&once.text);
            prop_assert_eq!(&twice.text, &once.text);
            prop_assert!(matches!(twice.text, Cow::Borrowed(_)));
            let bytes = clean_bytes(text.as_bytes());
            prop_assert_eq!(bytes, once);
        }
    }
}

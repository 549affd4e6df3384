//! The only way from a stranger's name to a path on this disk.
//!
//! Filter, then NFC, then the rules of each part, again and again until nothing changes: one pass
//! is not enough, since taking a character out lets its neighbours compose or ends a name in a dot.
//! Knows texts only: it opens nothing and asks no file system.

use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::split_ending;
use crate::character::{is_control, is_invisible, is_mark, is_unknown};
use crate::limits::{
    MARKS_MAX_COUNT, SAFE_NAME_MAX_BYTES, SAFE_PATH_MAX_BYTES, SAFE_PATH_MAX_DEPTH,
};

/// Stands where nothing is left of a name.
const UNNAMED: &str = "unnamed";

/// Folders leave room for the longest name, so that a number fits behind any name.
const FOLDERS_MAX_BYTES: usize = SAFE_PATH_MAX_BYTES - 1 - SAFE_NAME_MAX_BYTES;

/// Devices of Windows: no file may be called so there, with whatever ending.
const RESERVED: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

/// A relative path that is safe to create below a folder, on any common file system: the only way
/// from a stranger's name to a path on this disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafePath(PathBuf);

impl SafePath {
    /// Makes any text safe: dangerous characters go, too long parts are cut with their ending
    /// kept, an empty rest becomes `unnamed`. Applying it again changes nothing.
    ///
    /// Folders of which nothing is left are dropped, and so are the inner ones past the caps on
    /// depth and length. Different texts may become one path: whoever writes it must not overwrite
    /// (see [`SafePath::numbered`]).
    pub fn from_untrusted(text: &str) -> Self {
        let text = text.trim_end_matches('/');
        let (folders, name) = text.rsplit_once('/').unwrap_or(("", text));
        let mut path = PathBuf::new();
        let mut bytes = 0;
        let parts = folders.split('/').map(safe_part);
        for part in parts
            .filter(|part| !part.is_empty())
            .take(SAFE_PATH_MAX_DEPTH)
        {
            bytes += part.len() + 1;
            if bytes > FOLDERS_MAX_BYTES + 1 {
                break;
            }
            path.push(part);
        }
        path.push(safe_name(name));
        Self(path)
    }

    /// Only the last part of `text`, made safe.
    pub fn name_from_untrusted(text: &str) -> Self {
        let text = text.trim_end_matches('/');
        let name = text.rsplit('/').next().unwrap_or(text);
        Self(PathBuf::from(safe_name(name)))
    }

    /// The path, relative, without `.` or `..` parts.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// `name (2).ext` for the `number` 2: the same path with the number before the ending.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let name = self.0.file_name().and_then(|name| name.to_str());
        let (stem, ending) = split_ending(name.unwrap_or(UNNAMED));
        let tail = format!(" ({number}){ending}");
        let stem = cut(stem, SAFE_NAME_MAX_BYTES.saturating_sub(tail.len()));
        Self(self.0.with_file_name(format!("{stem}{tail}")))
    }
}

fn safe_name(name: &str) -> String {
    let name = safe_part(name);
    if name.is_empty() {
        return UNNAMED.to_owned();
    }
    name
}

/// One part made safe; empty when nothing is left.
fn safe_part(text: &str) -> String {
    // Longer texts than any name are cut at once, so that the passes below cost little.
    let mut part = cut(text, 16 * SAFE_NAME_MAX_BYTES).to_owned();
    // Each pass takes characters away, composes them or adds one `_` for good: it ends after a few.
    for _ in 0..16 {
        let next = one_pass(&part);
        if next == part {
            return part;
        }
        part = next;
    }
    String::new()
}

fn one_pass(text: &str) -> String {
    let kept = text.chars().filter(|c| !is_dangerous(*c)).nfc();
    let filtered = without_heaps(kept);
    let trimmed = filtered
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '-'))
        .trim_end_matches(|c: char| c.is_whitespace() || c == '.');
    let free = match reserved_word(trimmed) {
        Some(word) => format!("{word}_{}", &trimmed[word.len()..]),
        None => trimmed.to_owned(),
    };
    cut_name(&free)
}

/// The text without marks that stand on nothing, and without those past the cap on one base: the
/// ones that are not shown either.
fn without_heaps(text: impl Iterator<Item = char>) -> String {
    let mut marks = MARKS_MAX_COUNT;
    let is_kept = |character: &char| {
        if !is_mark(*character) {
            marks = 0;
            return true;
        }
        marks += 1;
        marks <= MARKS_MAX_COUNT
    };
    text.filter(is_kept).collect()
}

fn is_dangerous(character: char) -> bool {
    matches!(
        character,
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'
    ) || is_control(character)
        || is_invisible(character)
        || is_unknown(character)
        // Noncharacters: macOS refuses them.
        || u32::from(character) & 0xFFFE == 0xFFFE
        || matches!(character, '\u{FDD0}'..='\u{FDEF}')
}

/// The name of a device that the text starts with, if Windows would take it for that device.
fn reserved_word(text: &str) -> Option<&str> {
    let word = text.split('.').next().unwrap_or(text).trim_end();
    let upper = word.to_uppercase();
    let is_port = ["COM", "LPT"].iter().any(|port| {
        upper.strip_prefix(port).is_some_and(|number| {
            let mut digits = number.chars();
            matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        })
    });
    (is_port || RESERVED.contains(&upper.as_str())).then_some(word)
}

/// At most [`SAFE_NAME_MAX_BYTES`], the ending kept.
fn cut_name(name: &str) -> String {
    if name.len() <= SAFE_NAME_MAX_BYTES {
        return name.to_owned();
    }
    let (stem, ending) = split_ending(name);
    let stem = cut(stem, SAFE_NAME_MAX_BYTES.saturating_sub(ending.len()));
    format!("{}{ending}", stem.trim_end())
}

/// The start of a text, at most `max_bytes`, cut between characters as a person sees them.
fn cut(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let end = text
        .grapheme_indices(true)
        .map(|(at, grapheme)| at + grapheme.len())
        .take_while(|end| *end <= max_bytes)
        .last();
    // One character of endless marks: cut inside it.
    let end = end.unwrap_or_else(|| text.floor_char_boundary(max_bytes));
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Component;

    fn safe(text: &str) -> String {
        let path = SafePath::from_untrusted(text);
        path.as_path().to_str().expect("made of text").to_owned()
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(safe(text), expected, "{text:?}");
    }

    #[test]
    fn ordinary_names_pass_unchanged() {
        for name in [
            "debian-13.1.0-amd64-netinst.iso",
            "Fotos/Übersee 2024/Größe.jpg",
            "映画/東京 (1).mkv",
            "музыка/Ёлка.mp3",
            "مستند.pdf",
            "हिन्दी.txt",
            "❤️ & co.txt",
            "a~b !#$%&'()+,;=@[]^_`{}.txt",
            "Mr. Smith/v1.2 final",
        ] {
            check(name, name);
        }
    }

    #[test]
    fn no_path_leads_out() {
        check("../x", "x");
        check("a/../../x", "a/x");
        check("/etc/passwd", "etc/passwd");
        check("..\\..\\x", "x");
        check("C:\\x", "Cx");
        check("\\\\?\\C:\\x", "Cx");
        check("//host/share", "host/share");
        check("..", "unnamed");
        check("a/..", "a/unnamed");
        check("a/", "a");
        check("", "unnamed");
        check("///", "unnamed");
        check(" . ", "unnamed");
        check(".ssh/authorized_keys", "ssh/authorized_keys");
        assert_eq!(
            SafePath::name_from_untrusted("a/b/../c.txt").as_path(),
            Path::new("c.txt")
        );
        assert_eq!(
            SafePath::name_from_untrusted("a/..").as_path(),
            Path::new("unnamed")
        );
    }

    #[test]
    fn dangerous_characters_go() {
        check("a\u{1b}[2Jb\0\n\u{9b}31m.txt", "a[2Jb31m.txt");
        check("inv\u{202e}fdp.exe", "invfdp.exe");
        check("a\u{200b}\u{feff}\u{2066}\u{e0041}\u{ad}b", "ab");
        check("a*?\"<>|b::$DATA", "ab$DATA");
        check("a\u{fffe}b\u{1ffff}c\u{fdd2}", "abc");
        check("-rf", "rf");
        check("--help", "help");
        check("a. . ", "a");
        check("e\u{301}.txt", "é.txt");
        check("\u{212a}.txt", "K.txt");
        check("a\u{200b}\u{301}", "á");
    }

    #[test]
    fn what_nobody_can_read_goes_too() {
        check("private\u{e000}.txt", "private.txt");
        check("\u{301}lead.txt", "lead.txt");
        check("-\u{301}\u{302}x", "x");
        let heap = format!("q{}.txt", "\u{301}".repeat(8));
        check(&heap, &format!("q{}.txt", "\u{301}".repeat(4)));
        check("\u{301}", "unnamed");
        check(
            "\u{915}\u{94d}\u{937}\u{94d}\u{91f}\u{94d}.txt",
            "\u{915}\u{94d}\u{937}\u{94d}\u{91f}\u{94d}.txt",
        );
    }

    #[test]
    fn names_of_devices_are_changed() {
        check("CON", "CON_");
        check("con.txt", "con_.txt");
        check("AUX.tar.gz", "AUX_.tar.gz");
        check("COM1", "COM1_");
        check("com¹.log", "com¹_.log");
        check("LPT²", "LPT²_");
        check("CONIN$", "CONIN$_");
        check("nul .txt", "nul_ .txt");
        check("nul/aux/x", "nul_/aux_/x");
        check("console.log", "console.log");
        check("COM10", "COM10");
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = safe(&format!("{}.tar.gz", "ä".repeat(300)));
        assert!(name.len() <= 255 && name.ends_with("ä.tar.gz"), "{name}");
        let cut_after_a_dot = format!("{}.{}", "a".repeat(254), "b c".repeat(20));
        check(&cut_after_a_dot, &"a".repeat(254));
        let deep = safe(&format!("{}x.txt", "folder/".repeat(60)));
        assert_eq!(deep, format!("{}x.txt", "folder/".repeat(32)));
        let long = safe(&format!(
            "{}x.txt",
            format!("{}/", "f".repeat(250)).repeat(6)
        ));
        assert_eq!(long.split('/').count(), 4);
        assert!(long.ends_with("/x.txt"));
        assert!(safe(&"\u{301}".repeat(1 << 20)).len() <= 255);
    }

    #[test]
    fn a_number_stands_before_the_ending() {
        let number = |text: &str| {
            let path = SafePath::from_untrusted(text).numbered(2);
            path.as_path().to_str().expect("made of text").to_owned()
        };
        assert_eq!(number("iso/debian.iso"), "iso/debian (2).iso");
        assert_eq!(number("a.tar.gz"), "a (2).tar.gz");
        assert_eq!(number("README"), "README (2)");
        let longest = number(&format!("{}.iso", "n".repeat(251)));
        assert_eq!(longest, format!("{} (2).iso", "n".repeat(247)));
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => any::<char>().prop_map(String::from),
            3 => "[a-c./ -]",
            2 => proptest::sample::select(vec![
                "..", "../", "con", "NUL", "COM¹", ".tar.gz", "\u{301}", "\u{338}", "\u{200d}",
                "\u{202e}", "\u{37e}", "\u{1100}", "\u{1161}", "_", "\\", ":", "é", " .", "<",
                "\u{ff0e}", "\u{2024}", "İ",
            ]).prop_map(str::to_owned),
            1 => (1..300_usize, "[a\u{301}/. ]").prop_map(|(count, text)| text.repeat(count)),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_comes_is_safe_and_stays_as_it_is(text in hostile(), number: u32) {
            let path = SafePath::from_untrusted(&text);
            for path in [path.numbered(number), path] {
                let shown = path.as_path().to_str().expect("made of text");
                prop_assert!(shown.len() <= SAFE_PATH_MAX_BYTES);
                prop_assert!(!shown.chars().any(|c| c != '/' && is_dangerous(c)));
                prop_assert!(path.as_path().components().count() <= SAFE_PATH_MAX_DEPTH + 1);
                for part in path.as_path().components() {
                    prop_assert!(matches!(part, Component::Normal(_)));
                    prop_assert!(part.as_os_str().len() <= SAFE_NAME_MAX_BYTES);
                }
                prop_assert!(!shown.ends_with(['.', ' ']) && !shown.starts_with(['.', '-', ' ']));
                prop_assert_eq!(&SafePath::from_untrusted(shown), &path, "again");
                let name = SafePath::name_from_untrusted(shown);
                prop_assert_eq!(name.as_path().file_name(), path.as_path().file_name());
            }
        }
    }
}

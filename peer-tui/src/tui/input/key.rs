//! A key as a person means it, and its name in `keys.toml`, help and hints.

use std::fmt;
use std::str::FromStr;

use crate::tui::theme::Glyphs;

/// Which key, without what is held down beside it.
pub use crossterm::event::KeyCode as Code;

/// A key press. Shift is part of the character where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
}

const NAMED: &[(&str, Code)] = &[
    ("Enter", Code::Enter),
    ("Esc", Code::Esc),
    ("Tab", Code::Tab),
    ("Shift+Tab", Code::BackTab),
    ("BS", Code::Backspace),
    ("Del", Code::Delete),
    ("Ins", Code::Insert),
    ("↑", Code::Up),
    ("↓", Code::Down),
    ("←", Code::Left),
    ("→", Code::Right),
    ("Up", Code::Up),
    ("Down", Code::Down),
    ("Left", Code::Left),
    ("Right", Code::Right),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PgUp", Code::PageUp),
    ("PgDn", Code::PageDown),
    ("Space", Code::Char(' ')),
];

impl Key {
    /// A key with nothing held down.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// A character.
    pub const fn char(character: char) -> Self {
        Self::plain(Code::Char(character))
    }

    /// A letter with Control.
    pub const fn ctrl(letter: char) -> Self {
        Self {
            code: Code::Char(letter),
            ctrl: true,
            alt: false,
        }
    }

    /// The same key with Alt.
    #[must_use]
    pub const fn with_alt(self) -> Self {
        Self { alt: true, ..self }
    }

    /// The character that it types, if it types one.
    pub const fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(character) if !self.ctrl && !self.alt => Some(character),
            _ => None,
        }
    }
}

/// Arrows in words: their stand-ins in seven bits are other keys.
const ARROWS: [(&str, &str); 4] = [("↑", "Up"), ("↓", "Down"), ("←", "Left"), ("→", "Right")];

impl Key {
    /// Its name in these characters.
    pub fn written(&self, glyphs: Glyphs) -> String {
        let name = self.to_string();
        if glyphs != Glyphs::Ascii {
            return name;
        }
        let found = ARROWS.iter().find(|(arrow, _)| name.ends_with(arrow));
        match found {
            Some((arrow, word)) => name.replace(arrow, word),
            None => name,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alt {
            f.write_str("Alt+")?;
        }
        if self.ctrl {
            f.write_str("^")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            Code::Char(character) if self.ctrl => write!(f, "{}", character.to_ascii_uppercase()),
            Code::Char(character) => write!(f, "{character}"),
            Code::F(number) => write!(f, "F{number}"),
            _ => Ok(()),
        }
    }
}

/// A text that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no key: write a character, ^F, Alt+b, F1 or one of Enter Esc Tab Space BS Del Up Down Left Right Home End PgUp PgDn"
)]
pub struct UnknownKey {
    text: String,
}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey {
            text: text.to_owned(),
        };
        if let Some(rest) = text.strip_prefix("Alt+").filter(|rest| !rest.is_empty()) {
            return Ok(rest.parse::<Self>().map_err(|_| unknown())?.with_alt());
        }
        if let Some((_, code)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(Self::plain(*code));
        }
        let mut characters = text.chars();
        match (characters.next(), characters.next(), characters.next()) {
            (Some(character), None, _) => Ok(Self::char(character)),
            (Some('^'), Some(letter), None) => Ok(Self::ctrl(letter.to_ascii_lowercase())),
            (Some('F'), Some(_), _) => match text[1..].parse() {
                Ok(number @ 1..=12) => Ok(Self::plain(Code::F(number))),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_read_back() {
        for text in [
            "j", "^F", "Alt+b", "Alt+1", "F1", "Enter", "Space", "PgDn", "?", "^", "F",
        ] {
            let key: Key = text.parse().expect(text);
            assert_eq!(key.to_string(), text);
        }
        let up: Key = "Up".parse().expect("a key");
        assert_eq!(up.to_string(), "↑");
        assert_eq!(up.with_alt().written(Glyphs::Ascii), "Alt+Up");
        for text in ["", "F13", "Alt+", "jj", "Hyper"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}

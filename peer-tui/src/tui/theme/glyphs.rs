//! Which characters the terminal can draw, and what stands in for those it cannot.
//!
//! Everything is drawn with the full set; what is missing is put in its place in the finished
//! frame, cell by cell, so that no widget has to know.

use ratatui::buffer::Buffer;

/// Characters that the terminal can draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Everything.
    #[default]
    Unicode,
    /// The set of the Linux console.
    Cp437,
    /// Seven bits.
    Ascii,
}

/// (full set, console, seven bits). Never two meanings on one screen position share a stand-in.
const STAND_INS: &[(&str, &str, &str)] = &[
    ("▼", "▼", "v"),
    ("▲", "▲", "^"),
    ("‖", "║", "="),
    ("…", "~", "~"),
    ("✗", "x", "x"),
    ("✓", "√", "*"),
    ("●", "•", "o"),
    ("◐", "o", "~"),
    ("○", "○", "-"),
    ("→", "→", ">"),
    ("←", "←", "<"),
    ("↑", "↑", "^"),
    ("↓", "↓", "v"),
    ("·", "·", "."),
    ("—", "-", "-"),
    ("–", "-", "-"),
    ("›", ">", ">"),
    ("×", "x", "x"),
    ("▾", "▼", "v"),
    ("▸", "►", ">"),
    ("─", "─", "-"),
    ("│", "│", "|"),
    ("┌", "┌", "+"),
    ("┐", "┐", "+"),
    ("└", "└", "+"),
    ("┘", "┘", "+"),
    ("█", "█", "#"),
    ("▉", "█", "#"),
    ("▊", "█", "#"),
    ("▋", "▌", "#"),
    ("▌", "▌", "="),
    ("▍", "▌", "-"),
    ("▎", " ", " "),
    ("▏", "│", "|"),
    ("▓", "▓", "%"),
    ("▒", "▒", "~"),
    ("▁", "_", "_"),
    ("▂", "_", "."),
    ("▃", "▄", "-"),
    ("▄", "▄", "="),
    ("▅", "▄", "+"),
    ("▆", "█", "*"),
    ("▇", "█", "#"),
];

impl Glyphs {
    /// All sets, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Unicode, Self::Cp437, Self::Ascii];

    /// The word for it on the command line and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Cp437 => "cp437",
            Self::Ascii => "ascii",
        }
    }

    /// The set for an environment: a locale without UTF-8 has seven bits, the Linux console its
    /// own set, everything else all of Unicode. `variable` reads one variable.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()))
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !(locale.contains("utf-8") || locale.contains("utf8")) {
            return Self::Ascii;
        }
        if variable("TERM").is_some_and(|term| term.starts_with("linux")) {
            return Self::Cp437;
        }
        Self::Unicode
    }

    /// Puts stand-ins for what this set lacks into a finished frame.
    pub fn substitute(self, buffer: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if cell.symbol().is_ascii() {
                continue;
            }
            let found = STAND_INS.iter().find(|(full, ..)| *full == cell.symbol());
            match (self, found) {
                (Self::Cp437, Some((_, console, _))) => cell.set_symbol(console),
                (Self::Ascii, Some((_, _, ascii))) => cell.set_symbol(ascii),
                (Self::Ascii, None) => cell.set_symbol("?"),
                _ => continue,
            };
        }
    }
}

impl std::str::FromStr for Glyphs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|glyphs| glyphs.as_str() == text)
            .ok_or_else(|| format!("glyphs {text:?}: one of unicode, cp437, ascii"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: Glyphs) {
        let found = Glyphs::of_environment(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(found, expected, "{variables:?}");
    }

    #[test]
    fn the_set_follows_locale_and_terminal() {
        check(&[("LANG", "C")], Glyphs::Ascii);
        check(&[], Glyphs::Ascii);
        check(&[("LANG", "en_US.UTF-8")], Glyphs::Unicode);
        check(&[("LANG", "C.utf8"), ("TERM", "linux")], Glyphs::Cp437);
        check(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Glyphs::Ascii);
        check(&[("LANG", "C"), ("LC_ALL", "")], Glyphs::Ascii);
    }

    #[test]
    fn seven_bits_leave_nothing_else_in_the_frame() {
        let mut buffer = Buffer::with_lines(["▼ 文書 ✓ é█▏"]);
        Glyphs::Ascii.substitute(&mut buffer);
        let text: String = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert!(text.is_ascii(), "{text}");
        assert!(text.starts_with("v ?"), "{text}");
    }
}

//! Colours and attributes as the terminal holds them, and the shortest way from one set to another.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// What the next character will look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self {
            fg: Color::Reset,
            bg: Color::Reset,
            modifier: Modifier::empty(),
        }
    }
}

const CODES: &[(Modifier, u8)] = &[
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

impl Pen {
    /// The pen that draws `cell`. What cannot be seen on a blank is left out, so that blanks
    /// change colours less often.
    pub(super) fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// Whether a blank in this pen looks like one that was never drawn.
    pub(super) fn is_unseen_on_blank(self) -> bool {
        let seen = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
        self.bg == Color::Reset && !self.modifier.intersects(seen)
    }

    /// Appends what turns `before` into this pen.
    pub(super) fn switch_from(self, before: Option<Self>, out: &mut Vec<u8>) {
        if before == Some(self) {
            return;
        }
        if self == Self::default() {
            out.extend_from_slice(b"\x1b[m");
            return;
        }
        let kept = before.filter(|before| (before.modifier - self.modifier).is_empty());
        let base = kept.unwrap_or_default();
        out.extend_from_slice(b"\x1b[");
        let start = out.len();
        if kept.is_none() {
            out.extend_from_slice(b"0;");
        }
        for (modifier, code) in CODES {
            if (self.modifier - base.modifier).contains(*modifier) {
                append(out, format_args!("{code};"));
            }
        }
        if self.fg != base.fg {
            colour(self.fg, 30, out);
        }
        if self.bg != base.bg {
            colour(self.bg, 40, out);
        }
        if out.len() > start {
            out.pop();
        }
        out.push(b'm');
    }
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes everything.
    let _ = out.write_fmt(text);
}

/// `base` is 30 for text and 40 for the ground.
fn colour(colour: Color, base: u8, out: &mut Vec<u8>) {
    let basic = match colour {
        Color::Reset => base + 9,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => base + 60,
        Color::LightRed => base + 61,
        Color::LightGreen => base + 62,
        Color::LightYellow => base + 63,
        Color::LightBlue => base + 64,
        Color::LightMagenta => base + 65,
        Color::LightCyan => base + 66,
        Color::White => base + 67,
        Color::Indexed(index) => {
            return append(out, format_args!("{};5;{index};", base + 8));
        }
        Color::Rgb(red, green, blue) => {
            return append(out, format_args!("{};2;{red};{green};{blue};", base + 8));
        }
    };
    append(out, format_args!("{basic};"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Option<Pen>, after: Pen, expected: &str) {
        let mut out = Vec::new();
        after.switch_from(before, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn pens_change_by_the_shortest_sequence() {
        let plain = Pen::default();
        let red = Pen {
            fg: Color::Red,
            ..plain
        };
        let red_bold = Pen {
            modifier: Modifier::BOLD,
            ..red
        };
        check(Some(plain), plain, "");
        check(Some(plain), red, "\x1b[31m");
        check(Some(red), red_bold, "\x1b[1m");
        check(Some(red_bold), red, "\x1b[0;31m");
        check(Some(red_bold), plain, "\x1b[m");
        check(None, red, "\x1b[0;31m");
        let rgb = Pen {
            bg: Color::Rgb(1, 2, 3),
            ..plain
        };
        check(Some(red), rgb, "\x1b[39;48;2;1;2;3m");
    }
}

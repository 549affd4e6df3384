//! The map of pieces: one cell a piece, or a cell for several.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::tui::theme::Token;

/// What a cell shows of the pieces it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Have,
    Part,
    Now,
    Want,
    None,
}

impl Shown {
    const fn drawn(self) -> (&'static str, Token) {
        match self {
            Self::Have => ("█", Token::PieceHave),
            Self::Part => ("▓", Token::PiecePart),
            Self::Now => ("▒", Token::PieceNow),
            Self::Want => ("·", Token::PieceWant),
            Self::None => ("!", Token::PieceNone),
        }
    }
}

/// The worst and the busiest of several pieces is what a person looks for.
fn summary(pieces: &[u8]) -> Shown {
    if pieces.contains(&b'!') {
        Shown::None
    } else if pieces.contains(&b'~') {
        Shown::Now
    } else if pieces.iter().all(|piece| *piece == b'#') {
        Shown::Have
    } else if pieces.contains(&b'#') {
        Shown::Part
    } else {
        Shown::Want
    }
}

/// Draws `pieces` (one byte each: `#` have, `~` arriving, `.` wanted, `!` nobody has it).
pub fn pieces(canvas: &mut Canvas<'_>, area: Rect, pieces: &[u8]) {
    let cells = usize::from(area.width) * usize::from(area.height);
    if cells == 0 || pieces.is_empty() {
        return;
    }
    let shown = pieces.len().min(cells);
    for cell in 0..shown {
        let (from, to) = (
            cell * pieces.len() / shown,
            (cell + 1) * pieces.len() / shown,
        );
        let (symbol, token) = summary(&pieces[from..to]).drawn();
        let (line, column) = (
            cell / usize::from(area.width),
            cell % usize::from(area.width),
        );
        let x = area.x + u16::try_from(column).unwrap_or(0);
        let y = area.y + u16::try_from(line).unwrap_or(0);
        canvas.put_in(x, y, 1, symbol, token);
    }
}

/// A row of `width` characters for what a peer has.
pub fn has_bar((has, all): (u32, u32), width: u16) -> String {
    let filled = if has >= all {
        usize::from(width)
    } else {
        usize::try_from(u64::from(has) * u64::from(width) / u64::from(all.max(1))).unwrap_or(0)
    };
    let rest = usize::from(width) - filled;
    format!("{}{}", "█".repeat(filled), "·".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_shows_the_worst_of_its_pieces() {
        assert_eq!(summary(b"####"), Shown::Have);
        assert_eq!(summary(b"##.."), Shown::Part);
        assert_eq!(summary(b"##.~"), Shown::Now);
        assert_eq!(summary(b"##~!"), Shown::None);
        assert_eq!(summary(b"...."), Shown::Want);
    }

    #[test]
    fn what_a_peer_has_is_full_only_when_it_has_all() {
        assert_eq!(has_bar((3, 4), 4), "███·");
        assert_eq!(has_bar((4, 4), 4), "████");
        assert_eq!(has_bar((3_999, 4_000), 4), "███·");
    }
}

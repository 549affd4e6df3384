//! A bar of eighths.

use super::canvas::Canvas;
use crate::tui::theme::Token;

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Draws `done` of `total` as a bar of `width` columns, an end mark after it (column `width`).
pub fn bar(canvas: &mut Canvas<'_>, (x, y): (u16, u16), width: u16, done: u64, total: u64) {
    let filled = filled(width, done, total);
    canvas.put_in(x, y, width, &filled, Token::BarFill);
    canvas.put_in(x + width, y, 1, "▏", Token::BarRest);
}

fn filled(width: u16, done: u64, total: u64) -> String {
    let all = u128::from(width) * 8;
    let eighths = if done >= total {
        all
    } else {
        u128::from(done) * all / u128::from(total.max(1))
    };
    let whole = usize::try_from(eighths / 8).unwrap_or(0);
    let rest = usize::try_from(eighths % 8).unwrap_or(0);
    format!("{}{}", "█".repeat(whole), EIGHTHS[rest])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_full_only_when_all_is_done() {
        assert_eq!(filled(4, 0, 100), "");
        assert_eq!(filled(4, 50, 100), "██");
        assert_eq!(filled(4, 99, 100), "███▉");
        assert_eq!(filled(4, 100, 100), "████");
        assert_eq!(filled(4, u64::MAX - 1, u64::MAX), "███▉");
        assert_eq!(filled(4, 0, 0), "████");
    }
}

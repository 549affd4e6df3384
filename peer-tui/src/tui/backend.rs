//! Frames to bytes: nothing for an unchanged frame, one write for a changed one, as few bytes as
//! the terminal's state allows.
//!
//! Remembers what the terminal was told last (colours, cursor), which the stock backend of the
//! library does not. Knows nothing of what is drawn.

mod pen;
mod shown;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use unicode_width::UnicodeWidthStr;

use pen::Pen;
use shown::Shown;

/// From here on a frame is wrapped in synchronized-output marks: smaller ones arrive in one piece
/// anyway.
const SYNC_MIN_BYTES: usize = 256;
const SYNC_START: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// Draws on `out`; every frame is one call of `write_all`.
#[derive(Debug)]
pub struct ScreenBackend<W> {
    out: W,
    size: Size,
    /// Bytes of this frame.
    frame: Vec<u8>,
    pen: Option<Pen>,
    /// Where the terminal's cursor is, if that is certain.
    at: Option<Position>,
    is_cursor_shown: Option<bool>,
    /// Where the left halves of two-column characters stand on the terminal.
    wide: HashSet<(u16, u16)>,
    /// Everything that stands there.
    shown: Shown,
    /// Whether the glyphs of the screen itself are surely one column wide.
    has_sure_widths: bool,
}

impl<W: Write> ScreenBackend<W> {
    /// A backend for a terminal of `size` in an unknown state.
    pub fn new(out: W, size: Size) -> Self {
        let mut shown = Shown::default();
        shown.blank(size);
        Self {
            out,
            size,
            frame: Vec::new(),
            pen: None,
            at: None,
            is_cursor_shown: None,
            wide: HashSet::new(),
            shown,
            has_sure_widths: true,
        }
    }

    /// For terminals that may draw line and block characters two columns wide: the cursor is
    /// placed anew after each.
    #[must_use]
    pub fn with_doubtful_widths(mut self) -> Self {
        self.has_sure_widths = false;
        self
    }

    /// The size from now on.
    pub fn set_size(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.shown.blank(size);
        }
    }

    /// Puts `bytes` before the next frame and forgets what the terminal was told.
    pub fn start_with(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
        self.pen = None;
        self.at = None;
        self.is_cursor_shown = None;
    }

    /// Puts `bytes` that draw nothing before the next frame.
    pub fn before_frame(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
    }

    /// The size that was told last.
    pub const fn known_size(&self) -> Size {
        self.size
    }

    fn move_to(&mut self, target: Position) {
        if self.at == Some(target) {
            return;
        }
        let absolute = format!("\x1b[{};{}H", target.y + 1, target.x + 1);
        let relative = self.at.map(|from| relative_move(from, target));
        let shortest = match relative {
            Some(relative) if relative.len() < absolute.len() => relative,
            _ => absolute,
        };
        self.frame.extend_from_slice(shortest.as_bytes());
        self.at = Some(target);
    }

    fn switch_to(&mut self, pen: Pen) {
        pen.switch_from(self.pen, &mut self.frame);
        self.pen = Some(pen);
    }

    /// Draws what changed in a row where every cell covers what the layout gives it.
    fn put_changes(&mut self, y: u16, changes: &[(u16, &Cell)]) {
        for (at, &(x, cell)) in changes.iter().enumerate() {
            self.put(x, y, cell);
            let next = changes.get(at + 1).map(|(x, _)| (*x, y));
            let halves = self.lost_halves(x, y, cell);
            for half in halves.into_iter().flatten() {
                if next != Some(half) {
                    self.put(half.0, half.1, &Cell::EMPTY);
                }
            }
        }
    }

    /// Draws a row anew from left to right, so that it cannot matter what its clusters cover: the
    /// cursor is placed after each, and the rest of the row is emptied before it is drawn.
    fn put_whole(&mut self, y: u16) {
        self.wide.retain(|place| place.1 != y);
        self.empty_from(0, y);
        for (x, columns, cell) in self.shown.row(y) {
            let symbol = cell.symbol();
            if symbol == " " && Pen::of(&cell).is_unseen_on_blank() {
                continue;
            }
            if shown::is_disputed(symbol) {
                self.put_cluster((x, y), columns, &cell);
            } else {
                self.put(x, y, &cell);
            }
            if columns == 2 {
                self.wide.insert((x, y));
            }
        }
    }

    fn put_cluster(&mut self, (x, y): (u16, u16), columns: u16, cell: &Cell) {
        if columns > 1 && !Pen::of(cell).is_unseen_on_blank() {
            let mut blank = cell.clone();
            blank.set_symbol(" ");
            (x..x + columns).for_each(|x| self.put(x, y, &blank));
        }
        self.put(x, y, cell);
        if x + columns < self.size.width {
            self.empty_from(x + columns, y);
        }
    }

    fn empty_from(&mut self, x: u16, y: u16) {
        self.move_to(Position::new(x, y));
        self.switch_to(Pen::default());
        self.frame.extend_from_slice(b"\x1b[K");
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        self.move_to(Position::new(x, y));
        self.switch_to(Pen::of(cell));
        let symbol = cell.symbol();
        // A joiner at the end would draw the next cell into this one.
        let drawn = symbol.trim_end_matches('\u{200d}');
        self.frame.extend_from_slice(drawn.as_bytes());
        let is_certain =
            symbol.is_ascii() && symbol.len() == 1 || self.has_sure_widths && is_own_glyph(symbol);
        // In the last column terminals wait with the wrap, each in its own way.
        self.at = (is_certain && x + 1 < self.size.width).then(|| Position::new(x + 1, y));
    }
}

impl<W> ScreenBackend<W> {
    /// The right halves of characters whose left half was just drawn over. Some terminals leave
    /// them as they are, and the library takes it that all of them blank them.
    fn lost_halves(&mut self, x: u16, y: u16, cell: &Cell) -> [Option<(u16, u16)>; 2] {
        let is_wide = cell.symbol().width() > 1;
        let was_wide = self.wide.remove(&(x, y));
        let next_was_wide = is_wide && self.wide.remove(&(x + 1, y));
        if is_wide {
            self.wide.insert((x, y));
        }
        [
            (was_wide && !is_wide).then_some((x + 1, y)),
            next_was_wide.then_some((x + 2, y)),
        ]
    }
}

fn relative_move(from: Position, to: Position) -> String {
    // Line feeds keep the column in raw mode; they never scroll, since the target is on the screen.
    let vertical = match (from.y, to.y) {
        (now, next) if now == next => String::new(),
        (now, next) if next > now && next - now <= 3 => "\n".repeat(usize::from(next - now)),
        (now, next) if next > now => format!("\x1b[{}B", next - now),
        (now, next) if now == next + 1 => "\x1b[A".to_owned(),
        (now, next) => format!("\x1b[{}A", now - next),
    };
    let horizontal = match (from.x, to.x) {
        (now, next) if now == next => String::new(),
        (_, 0) => "\r".to_owned(),
        (now, next) if next == now + 1 => "\x1b[C".to_owned(),
        (now, next) if next > now => format!("\x1b[{}C", next - now),
        (now, next) if now - next <= 3 => "\x08".repeat(usize::from(now - next)),
        (now, next) => format!("\x1b[{}D", now - next),
    };
    horizontal + &vertical
}

/// Lines, blocks and marks that this screen draws itself: one column on every terminal that is not
/// set to wide ambiguous characters.
fn is_own_glyph(symbol: &str) -> bool {
    let mut characters = symbol.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return false;
    };
    matches!(character, '\u{2500}'..='\u{259f}' | '▲' | '▼' | '▸' | '▾' | '●' | '○' | '◐' | '·'
        | '…' | '‖' | '×' | '–' | '—' | '›' | '✓' | '✗' | '←'..='↓')
}

impl<W: Write> Backend for ScreenBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        let mut changes = Vec::new();
        while let Some((x, y, cell)) = content.next() {
            changes.push((x, cell));
            if content.peek().is_some_and(|next| next.1 == y) {
                continue;
            }
            if self.shown.take(y, &changes) {
                self.put_whole(y);
            } else {
                self.put_changes(y, &changes);
            }
            changes.clear();
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.is_cursor_shown != Some(false) {
            self.frame.extend_from_slice(b"\x1b[?25l");
            self.is_cursor_shown = Some(false);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.is_cursor_shown != Some(true) {
            self.frame.extend_from_slice(b"\x1b[?25h");
            self.is_cursor_shown = Some(true);
        }
        Ok(())
    }

    /// Where the cursor was left; the terminal is never asked, since an answer may take seconds.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.at.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.move_to(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.frame.extend_from_slice(b"\x1b[m\x1b[2J\x1b[H");
        self.pen = Some(Pen::default());
        self.at = Some(Position::ORIGIN);
        self.wide.clear();
        self.shown.blank(self.size);
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        let sequence: &[u8] = match clear_type {
            ClearType::All => return self.clear(),
            ClearType::AfterCursor => b"\x1b[m\x1b[J",
            ClearType::BeforeCursor => b"\x1b[m\x1b[1J",
            ClearType::CurrentLine => b"\x1b[m\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[m\x1b[K",
        };
        self.frame.extend_from_slice(sequence);
        self.pen = Some(Pen::default());
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let result = if self.frame.len() > SYNC_MIN_BYTES {
            let mut whole =
                Vec::with_capacity(SYNC_START.len() + self.frame.len() + SYNC_END.len());
            whole.extend_from_slice(SYNC_START);
            whole.extend_from_slice(&self.frame);
            whole.extend_from_slice(SYNC_END);
            self.out.write_all(&whole)
        } else {
            self.out.write_all(&self.frame)
        };
        self.frame.clear();
        result
    }
}

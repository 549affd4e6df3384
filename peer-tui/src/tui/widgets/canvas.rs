//! A frame being drawn: text at a place in a token's style.
//!
//! Everything that is put passes the cleaning of strangers' texts once more, so that no screen can
//! forget it.

use protocol::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::format;
use crate::tui::theme::{Theme, Token};

/// A frame being drawn.
#[derive(Debug)]
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
}

/// A length in columns.
pub fn columns(text: &str) -> u16 {
    u16::try_from(format::width(text)).unwrap_or(u16::MAX)
}

impl<'a> Canvas<'a> {
    /// A canvas over `buffer`.
    pub const fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme }
    }

    /// Columns of the frame.
    pub const fn width(&self) -> u16 {
        self.buffer.area.width
    }

    /// How a token looks.
    pub fn style(&self, token: Token) -> Style {
        self.theme.style(token)
    }

    /// Puts `text` at a place, cut at the end to `room` columns; the column after it.
    pub fn put_in(&mut self, x: u16, y: u16, room: u16, text: &str, token: Token) -> u16 {
        let style = self.theme.style(token);
        self.put_styled(x, y, room, text, style)
    }

    /// [`Self::put_in`] with as much room as there is.
    pub fn put(&mut self, x: u16, y: u16, text: &str, token: Token) -> u16 {
        let room = self.width().saturating_sub(x);
        self.put_in(x, y, room, text, token)
    }

    fn put_styled(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() || room == 0 {
            return x;
        }
        let room = room.min(area.right() - x);
        let clean = text::clean(text);
        let cut;
        let text = if format::width(&clean.text) > usize::from(room) {
            cut = format::cut_end(&clean.text, usize::from(room));
            cut.as_str()
        } else {
            &clean.text
        };
        self.free_left_of(x, y);
        self.buffer
            .set_stringn(x, y, text, usize::from(room), style)
            .0
    }

    /// A character of several columns that is about to be drawn over goes as a whole. What it
    /// covers beside its first column stands as blanks.
    fn free_left_of(&mut self, x: u16, y: u16) {
        if y >= self.buffer.area.bottom() {
            return;
        }
        for left in (0..x).rev() {
            let cell = &mut self.buffer[(left, y)];
            if cell.symbol() == " " {
                continue;
            }
            if format::width(cell.symbol()) > usize::from(x - left) {
                cell.set_symbol(" ");
            }
            return;
        }
    }

    /// Puts `text` so that it ends before the column `end`, if it is no longer than `room`.
    pub fn put_right(&mut self, end: u16, y: u16, room: u16, text: &str, token: Token) -> u16 {
        let width = columns(text).min(room);
        let x = end.saturating_sub(width);
        self.put_in(x, y, width, text, token);
        x
    }

    /// Words in several tokens, one after the other; the column after them.
    pub fn spans(&mut self, x: u16, y: u16, end: u16, spans: &[(&str, Token)]) -> u16 {
        let mut at = x;
        for (text, token) in spans {
            at = self.put_in(at, y, end.saturating_sub(at), text, *token);
        }
        at
    }

    /// A line across the frame.
    pub fn rule(&mut self, y: u16, token: Token) {
        let line = "─".repeat(usize::from(self.width()));
        let style = self.theme.style(token);
        self.put_styled(0, y, self.width(), &line, style);
    }

    /// A line with a title at its left and words at its right.
    pub fn titled_rule(&mut self, y: u16, title: &str, right: &str, is_focused: bool) {
        let rule = if is_focused {
            Token::RuleFocus
        } else {
            Token::Rule
        };
        self.rule(y, rule);
        let end = self.width().saturating_sub(3);
        if !right.is_empty() {
            let words = format!(" {right} ");
            self.put_right(end + 1, y, columns(&words), &words, Token::Dim);
        }
        let room = end.saturating_sub(columns(right) + 5);
        let title = format::cut_middle(title, usize::from(room));
        self.put(3, y, &title, Token::Strong);
        self.put(2, y, " ", rule);
        self.put(3 + columns(&title), y, " ", rule);
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom().min(self.buffer.area.bottom()) {
            self.free_left_of(area.x, y);
            for x in area.left()..area.right().min(self.buffer.area.right()) {
                self.buffer[(x, y)].reset();
            }
        }
    }

    /// Lays a token's style over what stands in an area.
    pub fn overlay(&mut self, area: Rect, token: Token) {
        let style = self.theme.style(token);
        self.buffer.set_style(area, style);
    }

    /// The text of the row `y`, for tests and cuts.
    pub const fn buffer(&mut self) -> &mut Buffer {
        self.buffer
    }
}

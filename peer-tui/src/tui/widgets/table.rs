//! Tables: a name that takes what is left, columns that go when there is no room.

use super::canvas::{Canvas, columns};
use crate::tui::format;
use crate::tui::theme::Token;

/// The name column never gets narrower while there is another column to drop.
const NAME_MIN_COLUMNS: u16 = 16;
/// Marker, mark or state, blank.
pub const GUTTER: u16 = 3;

/// A column besides the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Title, and what cells name it by.
    pub title: &'static str,
    /// Its width, the gap before it not counted.
    pub width: u16,
    /// Blank columns before it.
    pub gap: u16,
    /// Whether its text stands at its right end.
    pub is_right: bool,
    /// Lower ones are dropped first.
    pub weight: u8,
}

impl Column {
    /// A column whose text stands at the left.
    pub const fn left(title: &'static str, width: u16, weight: u8) -> Self {
        Self {
            title,
            width,
            gap: 2,
            is_right: false,
            weight,
        }
    }

    /// A column whose text stands at the right.
    pub const fn right(title: &'static str, width: u16, weight: u8) -> Self {
        Self {
            title,
            width,
            gap: 2,
            is_right: true,
            weight,
        }
    }

    /// The same closer to the one before.
    #[must_use]
    pub const fn close(mut self) -> Self {
        self.gap = 1;
        self
    }
}

/// Columns at their places.
#[derive(Debug, Clone)]
pub struct Table {
    name_width: u16,
    placed: Vec<(Column, u16)>,
}

impl Table {
    /// As many of `wanted` as fit into `width` beside the name.
    pub fn fit(width: u16, wanted: &[Column]) -> Self {
        let mut kept: Vec<Column> = wanted.to_vec();
        loop {
            let taken: u16 = kept.iter().map(|column| column.width + column.gap).sum();
            // One blank stays at the right edge.
            let name_width = width.saturating_sub(GUTTER + taken + 1);
            let lightest = kept
                .iter()
                .enumerate()
                .min_by_key(|(_, column)| column.weight);
            match lightest.map(|(index, _)| index) {
                Some(index) if name_width < NAME_MIN_COLUMNS => {
                    kept.remove(index);
                }
                _ => return Self::place(name_width, &kept),
            }
        }
    }

    fn place(name_width: u16, columns: &[Column]) -> Self {
        let mut x = GUTTER + name_width;
        let placed = columns
            .iter()
            .map(|column| {
                let at = x + column.gap;
                x = at + column.width;
                (*column, at)
            })
            .collect();
        Self { name_width, placed }
    }

    /// Columns of the name.
    pub const fn name_width(&self) -> usize {
        self.name_width as usize
    }

    /// Where a column stands and how wide it is, if it is there.
    pub fn place_of(&self, title: &str) -> Option<(u16, u16)> {
        self.placed
            .iter()
            .find(|(column, _)| column.title == title)
            .map(|(column, x)| (*x, column.width))
    }

    /// The titles.
    pub fn titles(&self, canvas: &mut Canvas<'_>, y: u16, name: &str) {
        canvas.put(GUTTER, y, name, Token::Dim);
        for (column, x) in &self.placed {
            if column.is_right {
                canvas.put_right(x + column.width, y, column.width, column.title, Token::Dim);
            } else {
                canvas.put_in(*x, y, column.width, column.title, Token::Dim);
            }
        }
    }

    /// Text in the column of that title, if it is there.
    pub fn cell(&self, canvas: &mut Canvas<'_>, y: u16, title: &str, text: &str, token: Token) {
        let Some((column, x)) = self.placed.iter().find(|(column, _)| column.title == title) else {
            return;
        };
        if column.is_right {
            canvas.put_right(x + column.width, y, column.width, text, token);
        } else {
            canvas.put_in(*x, y, column.width, text, token);
        }
    }

    /// How far a peer is to be trusted, if that column is there.
    pub fn trust(&self, canvas: &mut Canvas<'_>, y: u16, reputation: u8) {
        let trust = format::trust(reputation);
        let token = if trust == "!" {
            Token::Error
        } else {
            Token::Text
        };
        self.cell(canvas, y, "Trust", trust, token);
    }

    /// The name, indented; under the cursor in the selection's style. Only its letters carry the
    /// style: moving the cursor then changes few cells. Yields where it ends.
    pub fn name(&self, canvas: &mut Canvas<'_>, y: u16, indent: u16, name: &Name<'_>) -> u16 {
        let room = self.name_width.saturating_sub(indent);
        let tail_room = columns(name.tail).min(room);
        let text = format::cut_middle(name.text, usize::from(room - tail_room));
        let token = if name.is_selected {
            Token::Select
        } else if name.is_odd {
            Token::Warn
        } else {
            name.token
        };
        let mut x = canvas.put_in(GUTTER + indent, y, room, &text, token);
        if !name.tail.is_empty() {
            x = canvas.put_in(x, y, tail_room, name.tail, Token::Dim);
        }
        if name.is_selected {
            canvas.put(0, y, ">", Token::Select);
        }
        x
    }
}

/// What stands in the name column.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    /// The name, clean.
    pub text: &'a str,
    /// Behind it, dim, never cut.
    pub tail: &'a str,
    /// How it looks when nothing else is said.
    pub token: Token,
    /// Whether something was taken out of it.
    pub is_odd: bool,
    /// Whether the cursor is on it.
    pub is_selected: bool,
}

impl<'a> Name<'a> {
    /// A plain name.
    pub const fn of(text: &'a str, is_odd: bool, is_selected: bool) -> Self {
        Self {
            text,
            tail: "",
            token: Token::Text,
            is_odd,
            is_selected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_lightest_first_and_the_name_keeps_its_room() {
        let wanted = [
            Column::right("Size", 8, 4),
            Column::right("Src", 4, 3),
            Column::right("Latency", 8, 2),
            Column::left("Note", 10, 1),
        ];
        for width in 10..200 {
            let table = Table::fit(width, &wanted);
            let left: Vec<&str> = table
                .placed
                .iter()
                .map(|(column, _)| column.title)
                .collect();
            assert!(
                ["Size", "Src", "Latency", "Note"].starts_with(&left),
                "{left:?}"
            );
            assert!(left.is_empty() || table.name_width >= NAME_MIN_COLUMNS);
            let end = table
                .placed
                .last()
                .map_or(0, |(column, x)| x + column.width);
            assert!(end < width.max(1), "{width}");
        }
    }
}

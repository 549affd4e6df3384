//! What stands on the terminal, cell by cell, and which of its rows are only drawn whole.
//!
//! Terminals count the columns of a cluster (a conjunct, a run of jamo, a joined emoji) each in
//! its own way, so nobody knows what such a cluster covers. Knows no escape sequence.

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use unicode_width::UnicodeWidthStr;

/// The cells that the terminal was told last.
#[derive(Debug, Default)]
pub(super) struct Shown {
    size: Size,
    cells: Vec<Cell>,
    /// Whether a row holds a cell whose width is disputed.
    disputed: Vec<bool>,
}

impl Shown {
    /// The terminal is blank, and this large.
    pub(super) fn blank(&mut self, size: Size) {
        self.size = size;
        let rows = usize::from(size.height);
        self.cells.clear();
        self.cells
            .resize(rows * usize::from(size.width), Cell::EMPTY);
        self.disputed.clear();
        self.disputed.resize(rows, false);
    }

    /// Takes over the new cells of the row `y`; whether the row must be drawn whole, because it
    /// holds or held what may cover more or less than its columns.
    pub(super) fn take(&mut self, y: u16, changes: &[(u16, &Cell)]) -> bool {
        let width = usize::from(self.size.width);
        let row = usize::from(y);
        let Some(cells) = self.cells.get_mut(row * width..(row + 1) * width) else {
            return false;
        };
        for &(x, cell) in changes {
            put(cells, usize::from(x), cell);
        }
        let was_disputed = self.disputed[row];
        let is_disputed = if was_disputed {
            cells.iter().any(|cell| is_disputed(cell.symbol()))
        } else {
            changes.iter().any(|(_, cell)| is_disputed(cell.symbol()))
        };
        self.disputed[row] = is_disputed;
        was_disputed || is_disputed
    }

    /// The cells of the row `y`, where each starts and how many columns it has.
    pub(super) fn row(&self, y: u16) -> Vec<(u16, u16, Cell)> {
        let mut cells = Vec::new();
        let mut x = 0;
        while x < self.size.width {
            let at = usize::from(y) * usize::from(self.size.width) + usize::from(x);
            let cell = self.cells[at].clone();
            let columns = columns(cell.symbol()).min(self.size.width - x);
            cells.push((x, columns, cell));
            x += columns;
        }
        cells
    }
}

/// What a cell covers beside itself is blank, in its colours.
fn put(row: &mut [Cell], x: usize, cell: &Cell) {
    let end = (x + usize::from(columns(cell.symbol()))).min(row.len());
    for covered in row.iter_mut().take(end).skip(x) {
        covered.clone_from(cell);
        covered.set_symbol(" ");
    }
    if let Some(own) = row.get_mut(x) {
        own.clone_from(cell);
    }
}

/// Columns that the layout gives to a symbol.
fn columns(symbol: &str) -> u16 {
    u16::try_from(symbol.width()).unwrap_or(u16::MAX).max(1)
}

/// Whether terminals may disagree about the columns of `symbol`. Letters of one column, ideographs
/// and the glyphs of the screen itself are the same everywhere, or nearly so.
pub(super) fn is_disputed(symbol: &str) -> bool {
    let mut characters = symbol.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return true;
    };
    !(character.is_ascii()
        || super::is_own_glyph(symbol)
        || is_letter(character)
        || is_ideograph(character))
}

/// Alphabets without marks, one column each.
const fn is_letter(character: char) -> bool {
    matches!(character,
        '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2af}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{58a}'
        | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{1e00}'..='\u{1fff}'
        | '\u{2010}'..='\u{2027}')
}

/// Ideographs, kana, syllables and full-width letters, two columns each.
const fn is_ideograph(character: char) -> bool {
    matches!(character,
        '\u{3001}'..='\u{3020}' | '\u{3041}'..='\u{3096}' | '\u{309b}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{ff01}'..='\u{ff60}')
}

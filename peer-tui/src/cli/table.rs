//! Tables for people: columns as wide as their widest cell, and on a terminal never wider than it.

use std::borrow::Cow;
use std::io::IsTerminal as _;

use protocol::text::one_line;
use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

use super::print;
use crate::tui::format::cut_middle;

/// Columns between two cells.
const GAP: usize = 2;
/// A cell that gives way keeps so many columns.
const LEAST: usize = 12;

/// What a column does where the terminal is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// It stays whole.
    Whole,
    /// It goes first.
    Spare,
    /// Its cells are cut in the middle.
    Name,
}

/// A row, and what stands below it on a line of its own where there is something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One for each column.
    pub cells: Vec<String>,
    /// In words.
    pub below: Option<String>,
}

impl From<Vec<String>> for Row {
    fn from(cells: Vec<String>) -> Self {
        Self { cells, below: None }
    }
}

/// The columns of the terminal that standard output is; `None` for a pipe or a file, where nothing
/// is cut.
pub fn width() -> Option<usize> {
    let out = std::io::stdout();
    let size = out.is_terminal().then(|| tcgetwinsize(&out).ok()).flatten();
    size.map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
}

/// Prints rows whose last columns may end a line early.
pub fn print(columns: &[Column], rows: Vec<Row>) {
    print::text(&fitted(columns, rows, width()));
}

fn fitted(columns: &[Column], rows: Vec<Row>, room: Option<usize>) -> String {
    let mut columns = columns.to_vec();
    let (mut table, below): (Vec<Vec<String>>, Vec<_>) = rows
        .into_iter()
        .map(|row| {
            let cells = row.cells.iter().map(|cell| one_line(cell));
            (cells.map(Cow::into_owned).collect(), row.below)
        })
        .unzip();
    if let Some(room) = room {
        while all(&widths(&table)) > room
            && let Some(spare) = columns.iter().rposition(|column| *column == Column::Spare)
        {
            columns.remove(spare);
            for cells in &mut table {
                cells.remove(spare);
            }
        }
        narrow(&columns, &mut table, room);
    }
    let widths = widths(&table);
    let mut out = String::new();
    for (cells, below) in table.iter().zip(below) {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + GAP));
        }
        out.push_str(line.trim_end());
        out.push('\n');
        if let Some(words) = below {
            out.push_str("    ");
            out.push_str(&one_line(&words));
            out.push('\n');
        }
    }
    out
}

/// Takes from the widest names until all fits or nothing is left to take.
fn narrow(columns: &[Column], table: &mut [Vec<String>], room: usize) {
    let mut widths = widths(table);
    while all(&widths) > room {
        let names = columns.iter().enumerate();
        let names = names.filter(|(at, column)| **column == Column::Name && widths[*at] > LEAST);
        let Some((widest, _)) = names.max_by_key(|(at, _)| widths[*at]) else {
            break;
        };
        widths[widest] -= 1;
    }
    for cells in table {
        for (cell, width) in cells.iter_mut().zip(&widths) {
            *cell = cut_middle(cell, *width);
        }
    }
}

fn widths(table: &[Vec<String>]) -> Vec<usize> {
    let count = table.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = table.iter().filter_map(|cells| cells.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    (0..count).map(width).collect()
}

fn all(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::Name, Column::Whole, Column::Spare];

    fn rows(name: &str) -> Vec<Row> {
        let rows = [
            ["NAME", "SIZE", "HASH"],
            [name, "1.0 KiB", "0123456789abcdef"],
        ];
        rows.map(|cells| cells.map(str::to_owned).to_vec().into())
            .to_vec()
    }

    #[test]
    fn a_cell_adds_no_row_and_drives_no_terminal() {
        let shown = fitted(&COLUMNS, rows("a\nforged\u{9b}2J"), None);
        assert_eq!(shown.lines().count(), 2, "{shown:?}");
        assert!(shown.contains("a<LF>forged<U+009B>2J  1.0"), "{shown:?}");
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_and_names_keep_their_ends() {
        let name = "photographs/2024/06 summer at the lake/夜の電車 IMG_2041 (copy).jpeg";
        let shown = |room| fitted(&COLUMNS, rows(name), room);
        assert!(shown(None).contains(name), "a pipe gets all of it");
        assert!(shown(None).contains("0123456789abcdef"));
        for room in [40, 60, 80, 200] {
            let shown = shown(Some(room));
            let widest = shown.lines().map(UnicodeWidthStr::width).max();
            assert!(widest.is_some_and(|widest| widest <= room), "{shown}");
            assert!(shown.contains("jpeg  1.0 KiB"), "{shown}");
            assert_eq!(shown.contains("HASH"), room == 200, "{shown}");
        }
    }

    #[test]
    fn what_there_is_to_say_stands_whole_below_its_row() {
        let mut rows = rows("a name that is quite long for this");
        rows[1].below = Some("nobody who has it is online".to_owned());
        let shown = fitted(&COLUMNS, rows, Some(24));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2], "    nobody who has it is online");
        assert!(lines[1].width() <= 24, "{shown}");
    }
}

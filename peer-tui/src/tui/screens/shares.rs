//! Shares: the folders and files that others see, as a tree.

use ratatui::layout::{Position, Rect};

use super::parts::{empty, filter_text};
use crate::daemon::state::{ShareKind, ShareRow};
use crate::tui::format;
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::table::{Column, Name, Table};
use crate::tui::words;

/// Of the path of what cannot be shared, whatever else the line has to say.
const PATH_MIN_COLUMNS: usize = 16;

/// Draws the screen; where the cursor stands.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let cursor = summary(model, layout, canvas);
    let list = &model.shares.list;
    let columns: &[Column] = if layout.class >= Some(Class::Normal) {
        &[
            Column::right("Files", 8, 1),
            Column::right("Size", 9, 3),
            Column::left("State", 22, 2),
        ]
    } else {
        &[Column::right("Size", 9, 3), Column::left("State", 12, 2)]
    };
    let table = Table::fit(canvas.width(), columns);
    table.titles(canvas, layout.columns.y, "Folder");
    if list.total() == 0 {
        empty(&words::no_shares(model), layout.list, canvas);
    }
    for ((position, row), y) in list.visible().zip(layout.list.y..) {
        match row {
            Some(row) => share(&table, row, y, position == list.cursor(), canvas),
            None => {
                canvas.put(3, y, "…", Token::Dim);
            }
        }
    }
    if list.total() > 0 && has_nothing(model) {
        let taken = u16::try_from(list.visible().count() + 1).unwrap_or(u16::MAX);
        let y = layout.list.y.saturating_add(taken);
        let height = layout.list.bottom().saturating_sub(y);
        let below = Rect::new(0, y, layout.list.width, height);
        empty(&words::no_shares(model), below, canvas);
    }
    trouble(model, layout, canvas);
    cursor
}

/// Whether there are folders, and nothing in them; of one that cannot be looked at nobody knows.
fn has_nothing(model: &Model) -> bool {
    let figures = model.shares.figures.as_ref();
    model.shares.text.line.is_empty()
        && figures
            .is_some_and(|all| all.found_files == 0 && all.files == 0 && all.troubles.is_empty())
}

fn summary(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let y = layout.line.y;
    let (end, cursor) = filter_text(&model.shares.text, y, canvas);
    let Some(figures) = &model.shares.figures else {
        return cursor;
    };
    let parts = [
        format::counted(figures.files, "file"),
        format!("{} shared", format::size(figures.bytes)),
        format!("{} now", format::counted(figures.uploads as u64, "upload")),
    ];
    let words = format::fit(&parts, " · ", usize::from(end.saturating_sub(2)));
    let x = canvas.put(1, y, &words, Token::Text);
    if figures.hashing_files > 0 {
        let checked = figures.found_files.saturating_sub(figures.hashing_files);
        let mut parts = vec![format!(
            "checking {}/{}",
            format::count(checked),
            format::count(figures.found_files)
        )];
        if figures.hash_rate > 0 {
            parts.push(format!("{} left", format::size(figures.hashing_bytes)));
            parts.push(format!("at {}", format::rate(figures.hash_rate)));
        }
        let room = end.saturating_sub(x + 2);
        let words = format::fit(&parts, ", ", usize::from(room));
        canvas.put_right(end, y, room, &words, Token::Dim);
    }
    cursor
}

fn share(table: &Table, row: &ShareRow, y: u16, is_selected: bool, canvas: &mut Canvas<'_>) {
    let depth = u16::try_from(row.depth.min(12)).unwrap_or(12);
    let raw = if row.kind == ShareKind::Root {
        format::path(std::path::Path::new(&row.name))
    } else {
        row.name.clone()
    };
    let name = format::shown(&raw);
    let sign = match (row.kind, row.is_open) {
        (ShareKind::File, _) => "",
        (_, true) => "▾ ",
        (_, false) => "▸ ",
    };
    let slash = if row.kind == ShareKind::File { "" } else { "/" };
    let text = format!("{sign}{}{slash}", name.text.trim_end_matches('/'));
    let mut shown = Name::of(&text, name.is_odd, is_selected);
    if row.kind == ShareKind::Root {
        shown.token = Token::Strong;
    }
    table.name(canvas, y, depth * 2, &shown);
    if row.kind != ShareKind::File {
        table.cell(canvas, y, "Files", &format::count(row.files), Token::Text);
    }
    table.cell(
        canvas,
        y,
        "Size",
        &format::size(row.size_bytes),
        Token::Text,
    );
    let (note, token) = match &row.note {
        Some(note) if row.is_trouble => {
            // What to do about it stands whole under the list.
            let what = note.split_once("; ").map_or(note.as_str(), |parts| parts.0);
            (format!("✗ {}", format::clean(what)), Token::Error)
        }
        Some(note) => (format::clean(note), Token::Text),
        None if name.is_odd => ("odd name".to_owned(), Token::Warn),
        None => ("ready".to_owned(), Token::Dim),
    };
    table.cell(canvas, y, "State", &note, token);
}

/// What cannot be shared, where it is seen without looking for it.
fn trouble(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.status.y;
    let room = canvas.width().saturating_sub(4);
    let troubles = model
        .shares
        .figures
        .as_ref()
        .map_or(&[][..], |figures| &figures.troubles);
    let selected = model.shares.list.selected();
    let is_selected = |path: &String| selected.is_some_and(|row| row.path == *path);
    let of_row = troubles.iter().find(|(path, _)| is_selected(path));
    if let Some((path, why)) = of_row.or(troubles.first()) {
        let why = format::clean(why);
        let path = format::path(std::path::Path::new(path));
        let more = match troubles.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let around = format::width("✗ : ") + format::width(&why) + format::width(&more);
        let left = usize::from(room).saturating_sub(around);
        let path = format::cut_middle(&path, left.max(PATH_MIN_COLUMNS));
        let words = format!("✗ {path}: {why}{more}");
        canvas.put_in(3, y, room, &words, Token::Error);
        return;
    }
    let below = model.shares.list.below();
    if below > 0 {
        let words = format!("{} more below", format::count(below as u64));
        canvas.put_in(3, y, room, &words, Token::Dim);
    }
}

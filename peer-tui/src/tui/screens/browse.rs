//! The files of one peer, folder by folder.

use ratatui::layout::Position;

use super::parts::{self, empty};
use super::search::{result_row, table};
use crate::daemon::state::BrowseRow;
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::model::tabs::BrowseTab;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::table::Name;
use crate::tui::words;

/// Draws the screen; it has no cursor of its own.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let tab = model.browse.as_ref()?;
    title(tab, model, layout, canvas);
    let list = &tab.list;
    let table = table(layout.class.unwrap_or(Class::Line), canvas.width());
    table.titles(canvas, layout.columns.y, "Name");
    if list.total() == 0 {
        empty(&words::no_files(model), layout.list, canvas);
    }
    for ((position, row), y) in list.visible().zip(layout.list.y..) {
        let Some(row) = row else {
            canvas.put(3, y, "…", Token::Dim);
            continue;
        };
        let is_selected = position == list.cursor();
        match row {
            BrowseRow::File(row) => {
                result_row(&table, row, y, is_selected, canvas);
            }
            BrowseRow::Folder {
                name,
                files,
                size_bytes,
                ..
            } => {
                let name = format::shown(name);
                let text = format!("{}/", name.text);
                let tail = format!("  ({})", format::counted(*files, "file"));
                let mut shown = Name::of(&text, name.is_odd, is_selected);
                shown.token = Token::Strong;
                shown.tail = &tail;
                table.name(canvas, y, 0, &shown);
                table.cell(canvas, y, "Size", &format::size(*size_bytes), Token::Text);
            }
        }
        if list.is_marked(position, row) {
            canvas.put(1, y, "+", Token::Mark);
        }
    }
    let mut words = Vec::new();
    if list.below() > 0 {
        words.push(format!("{} more below", format::count(list.below() as u64)));
    }
    if list.mark_count() > 0 {
        words.push(format!("{} marked", list.mark_count()));
    }
    canvas.put(3, layout.status.y, &words.join(" · "), Token::Dim);
    if layout.pane.height > 0 {
        pane(tab, model, layout, canvas);
    }
    None
}

fn title(tab: &BrowseTab, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.line.y;
    let end = canvas.width().saturating_sub(1);
    let keys = [
        (Command::DownloadFolder, "get folder"),
        (Command::Close, "up"),
        (Command::Back, "back"),
    ];
    let has_room = layout.class >= Some(Class::Normal);
    let keys = if has_room { &keys[..] } else { &keys[2..] };
    let hints = keys
        .iter()
        .filter_map(|(command, words)| model.hint(*command, words));
    let right = hints.collect::<Vec<_>>().join("   ");
    let end = canvas.put_right(end, y, end / 2, &right, Token::Dim);
    let x = canvas.put(1, y, "Peers › ", Token::Dim);
    let path = tab.folder.replace('/', " › ");
    let mut words = format::clean(&tab.peer_name);
    if !path.is_empty() {
        words = format!("{words} › {}", format::clean(&path));
    }
    let room = end.saturating_sub(x + 2);
    let words = format::cut_middle(&words, usize::from(room));
    canvas.put_in(x, y, room, &words, Token::Strong);
}

fn pane(tab: &BrowseTab, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.pane;
    let (name, lines) = match tab.list.selected() {
        Some(BrowseRow::File(row)) => (
            format::clean(&row.name),
            vec![
                ("Path", format::clean(&row.path)),
                ("Size", format::exact_size(row.size_bytes)),
                ("Kind", row.category.as_str().to_owned()),
                ("Hash", row.hash.to_string()),
                ("Sources", format::count(row.sources)),
            ],
        ),
        Some(BrowseRow::Folder {
            path,
            files,
            size_bytes,
            ..
        }) => {
            let holds = format!(
                "{}, {}",
                format::counted(*files, "file"),
                format::size(*size_bytes)
            );
            let all = "downloads all of it, its structure kept";
            let get = model.hint(Command::DownloadFolder, all);
            let mut lines = vec![("Holds", holds)];
            lines.extend(get.map(|get| ("Get", get)));
            (format::clean(path), lines)
        }
        None => return canvas.rule(area.y, Token::Rule),
    };
    parts::pane(area, &name, &lines, canvas);
}

//! Peers: who is here, how near and how good, and one of them closely.

use ratatui::layout::Position;

use super::parts::{self, empty, filter_text, filters};
use crate::daemon::state::PeerRow;
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::update::{PEER_FILTERS, peer_sort_name};
use crate::tui::widgets::canvas::{Canvas, columns};
use crate::tui::widgets::graph::sparkline;
use crate::tui::widgets::table::{Column, Name, Table};
use crate::tui::words;

/// A round trip as long as this fills a spark.
const SPARK_PEAK_MS: u64 = 400;
/// From here on a peer is called slow.
const SLOW_MS: u32 = 80;

/// Draws the screen; where the cursor stands.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let cursor = filter_line(model, layout, canvas);
    let list = &model.peers.list;
    let table = table(layout.class.unwrap_or(Class::Line), canvas.width());
    table.titles(canvas, layout.columns.y, "Peer");
    if list.total() == 0 {
        empty(&words::no_peers(model), layout.list, canvas);
    }
    for ((position, row), y) in list.visible().zip(layout.list.y..) {
        match row {
            Some(row) => peer(&table, row, y, position == list.cursor(), model, canvas),
            None => {
                canvas.put(3, y, "…", Token::Dim);
            }
        }
    }
    if list.below() > 0 {
        let words = format!("{} more below", format::count(list.below() as u64));
        canvas.put(3, layout.status.y, &words, Token::Dim);
    }
    if layout.pane.height > 0 {
        pane(model, layout, canvas);
    }
    cursor
}

fn filter_line(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let tab = &model.peers;
    let y = layout.line.y;
    let (mut end, cursor) = filter_text(&tab.text, y, canvas);
    if cursor.is_none() && layout.class >= Some(Class::Normal) {
        let order = if tab.is_reversed { " reversed" } else { "" };
        let sort = format!("sort: {}{order}", peer_sort_name(tab.sort));
        let sort = model.hint(Command::SortKeys, &sort).unwrap_or(sort);
        let words = match model.hint(Command::Find, "filter") {
            Some(find) => format!("{find}   {sort}"),
            None => sort,
        };
        end = canvas.put_right(end, y, columns(&words), &words, Token::Dim);
    }
    let counts = tab
        .figures
        .as_ref()
        .map_or((0, 0, 0, 0), |figures| figures.counts);
    let counts = [counts.0, counts.1, counts.2, counts.3];
    let names: Vec<String> = PEER_FILTERS
        .iter()
        .zip(counts)
        .map(|((_, name), count)| format!("{name} {count}"))
        .collect();
    let chosen = PEER_FILTERS
        .iter()
        .position(|(filter, _)| *filter == tab.filter);
    let chosen = chosen.unwrap_or(0);
    if layout.class >= Some(Class::Normal) {
        filters(&names, chosen, y, end, canvas);
    } else {
        filters(&names[chosen..=chosen], 0, y, end, canvas);
    }
    cursor
}

fn table(class: Class, width: u16) -> Table {
    let large = [
        Column::left("State", 10, 8),
        Column::right("Latency", 8, 7).close(),
        Column::left("last 20", 20, 1),
        Column::left("Trust", 5, 6),
        Column::right("Files", 7, 3),
        Column::right("Shares", 9, 5),
        Column::right("Got", 9, 4),
        Column::right("Gave", 9, 2),
    ];
    let normal = [
        Column::left("State", 10, 8),
        Column::right("Latency", 8, 7).close(),
        Column::left("Trust", 5, 6),
        Column::right("Shares", 9, 5).close(),
        Column::right("Got", 9, 4).close(),
    ];
    let small = [
        Column::left("State", 10, 8).close(),
        Column::right("Shares", 9, 5).close(),
    ];
    match class {
        Class::Large => Table::fit(width, &large),
        Class::Normal => Table::fit(width, &normal),
        _ => Table::fit(width, &small),
    }
}

fn state(row: &PeerRow, model: &Model) -> (String, Token) {
    if row.is_blocked {
        return ("✗ blocked".to_owned(), Token::Error);
    }
    if !row.is_online {
        let seen = format::when(row.last_seen, model.now, &model.zone);
        return (format!("○ {seen}"), Token::Dim);
    }
    if row.latency_ms.is_some_and(|latency| latency >= SLOW_MS) {
        return ("◐ slow".to_owned(), Token::Warn);
    }
    ("● online".to_owned(), Token::Ok)
}

fn peer(
    table: &Table,
    row: &PeerRow,
    y: u16,
    is_selected: bool,
    model: &Model,
    canvas: &mut Canvas<'_>,
) {
    let name = format::shown(&row.name);
    let mut shown = Name::of(&name.text, name.is_odd, is_selected);
    let is_told = row.is_me && row.name != "you";
    shown.tail = if is_told { " (you)" } else { "" };
    table.name(canvas, y, 0, &shown);
    let (state, token) = state(row, model);
    table.cell(canvas, y, "State", &state, token);
    if let Some(latency) = row.latency_ms {
        table.cell(canvas, y, "Latency", &format!("{latency} ms"), Token::Text);
    }
    let spark: String = row
        .latencies_ms
        .iter()
        .map(|latency| match latency {
            Some(latency) => sparkline(&[u64::from(*latency)], SPARK_PEAK_MS),
            None => " ".to_owned(),
        })
        .collect();
    table.cell(canvas, y, "last 20", &spark, Token::Graph);
    table.trust(canvas, y, row.reputation);
    table.cell(
        canvas,
        y,
        "Files",
        &format::count(row.shared_files),
        Token::Text,
    );
    table.cell(
        canvas,
        y,
        "Shares",
        &format::size(row.shared_bytes),
        Token::Text,
    );
    if row.is_me {
        // Nobody exchanges anything with oneself.
        return;
    }
    table.cell(canvas, y, "Got", &amount(row.got_bytes), Token::Text);
    table.cell(canvas, y, "Gave", &amount(row.gave_bytes), Token::Text);
}

fn amount(bytes: u64) -> String {
    if bytes == 0 {
        return "0".to_owned();
    }
    format::size(bytes)
}

/// Its limits, where it has any.
fn limits(row: &PeerRow) -> String {
    if (row.down_limit, row.up_limit) == (None, None) {
        return String::new();
    }
    format!(
        "   limit ↓ {} ↑ {}",
        format::limit(row.down_limit),
        format::limit(row.up_limit)
    )
}

fn pane(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.pane;
    let Some(row) = model.peers.list.selected() else {
        canvas.titled_rule(area.y, "", "", false);
        return;
    };
    let trust = format::trust(row.reputation);
    let block = |words: &str| {
        let hint = model.hint(Command::Block, words);
        hint.map_or_else(String::new, |hint| format!(" ({hint})"))
    };
    let trust = match (row.is_blocked, trust) {
        (true, _) => {
            let undo = block("unblocks");
            format!("{trust}  blocked: nothing is fetched from it{undo}")
        }
        (false, "!") => {
            let block = block("blocks it");
            format!("{trust}  it sent data that did not match{block}")
        }
        (false, _) => format!("{trust}  {} of 100", row.reputation),
    };
    let key = if row.is_verified {
        "its key is verified"
    } else {
        "without a key: its name and address prove nothing"
    };
    let seen = if row.is_online {
        "online".to_owned()
    } else {
        let zone = &model.zone;
        format!("last seen {}", format::when(row.last_seen, model.now, zone))
    };
    let version = if row.version.is_empty() {
        String::new()
    } else {
        format!(", version {}", format::clean(&row.version))
    };
    let region = if row.region.is_empty() {
        String::new()
    } else {
        format!(", {}", format::clean(&row.region))
    };
    let latency = match row.latency_ms {
        Some(latency) => format!("{latency} ms"),
        None if row.is_me => "this machine".to_owned(),
        None => "not measured".to_owned(),
    };
    let browse = model.hint(Command::Browse, "browses them");
    let browse = browse.filter(|_| !row.is_me);
    let browse = browse.map_or_else(String::new, |hint| format!(" — {hint}"));
    let mut lines = vec![
        ("Trust", trust),
        ("Id", format!("{}   {key}", row.id.short())),
        (
            "Link",
            format!("{}, {latency}", format::clean(&row.address)),
        ),
        ("State", format!("{seen}{version}{region}")),
        (
            "Shares",
            format!(
                "{} in {}{browse}",
                format::size(row.shared_bytes),
                format::counted(row.shared_files, "file")
            ),
        ),
    ];
    if !row.is_me {
        let (got, gave) = (amount(row.got_bytes), amount(row.gave_bytes));
        lines.push(("Traffic", format!("got {got}, gave {gave}{}", limits(row))));
    }
    parts::pane(area, &format::clean(&row.name), &lines, canvas);
}

//! Search: prompt, results, the pane of one content, the dock.
//!
//! ```text
//!  Search > debian iso_                           type:any  size:any  sort:best   47 files · 3 ms
//!    Name                                                     Size Sources   Latency  Trust   Note
//! >  debian-13.1.0-amd64-netinst.iso                       755 MiB      14      2 ms  *****   have 62%
//! ── Transfers  2 active · 1 paused ─────────────────────────────────────────────────── 2 open ─
//! ```

mod matches;
mod pane;

use ratatui::layout::Position;

use self::matches::Matches;
use super::parts::{edited, empty};
use super::transfer_row;
use crate::daemon::state::{Own, ResultRow};
use crate::tui::format;
use crate::tui::keymap::{Command, Context, Tab};
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::update::search_sort_name;
use crate::tui::widgets::canvas::{Canvas, columns};
use crate::tui::widgets::table::{Column, Name, Table};
use crate::tui::words;

const NOTE: &str = "Note";

/// Draws the screen; where the cursor stands.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let cursor = prompt(model, layout, canvas);
    about(model, layout, canvas);
    results(model, layout, canvas);
    status(model, layout, canvas);
    if layout.pane.height > 0 {
        pane::draw(model, layout, canvas);
    }
    dock(model, layout, canvas);
    model.search.is_typing().then_some(cursor)
}

fn prompt(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Position {
    let search = &model.search;
    let y = layout.line.y;
    let class = layout.class.unwrap_or(Class::Line);
    let token = if search.is_typing() {
        Token::Accent
    } else {
        Token::Dim
    };
    let x = canvas.put(0, y, " Search > ", token);
    let mut right = canvas.width().saturating_sub(1);
    let is_found = search.shown_generation > 0 && search.trouble.is_none();
    if class >= Class::Small && is_found {
        right = canvas
            .put_right(right, y, 30, &found(model), Token::Dim)
            .saturating_sub(3);
    }
    if class == Class::Large {
        let kind = search.category.map_or("any", |category| category.as_str());
        let words = format!(
            "type:{kind}  size:{}  sort:{}",
            size_words(search.min_size, search.max_size),
            search_sort_name(search.sort, search.order)
        );
        right = canvas
            .put_right(right, y, 60, &words, Token::Dim)
            .saturating_sub(2);
    } else if search.category.is_some() || search.min_size.is_some() || search.max_size.is_some() {
        right = canvas
            .put_right(right, y, 9, "filtered", Token::Warn)
            .saturating_sub(2);
    }
    edited(&search.prompt, x, y, right.saturating_sub(x).max(1), canvas)
}

/// In the rule under the prompt, where the eye is while typing.
fn about(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let Some(words) = words::about_results(model) else {
        return;
    };
    // A banner takes the whole rule.
    let has_banner = model.is_stale() || model.index_lost_since().is_some();
    if layout.rule.height > 0 && !has_banner {
        let room = usize::from(canvas.width().saturating_sub(6));
        let words = format!(" {} ", format::cut_end(&words, room));
        canvas.put(2, layout.rule.y, &words, Token::Warn);
    }
}

fn found(model: &Model) -> String {
    let search = &model.search;
    let more = if search.total_is_exact { "" } else { "+" };
    let ms = search.took_us.div_ceil(1_000);
    if search.matches == 1 && search.total_is_exact {
        return format!("1 file · {ms} ms");
    }
    format!("{}{more} files · {ms} ms", format::count(search.matches))
}

fn size_words(min: Option<u64>, max: Option<u64>) -> String {
    match (min, max) {
        (None, None) => "any".to_owned(),
        (Some(min), None) => format!("from {}", format::size(min)),
        (None, Some(max)) => format!("to {}", format::size(max)),
        (Some(min), Some(max)) => format!("{} to {}", format::size(min), format::size(max)),
    }
}

/// The columns for a class of window.
pub fn table(class: Class, width: u16) -> Table {
    let wanted: &[Column] = match class {
        Class::Large => &[
            Column::right("Size", 9, 5),
            Column::right("Sources", 7, 4).close(),
            Column::right("Latency", 9, 2).close(),
            Column::left("Trust", 5, 3),
            Column::left(NOTE, 10, 1),
        ],
        Class::Normal => &[
            Column::right("Size", 9, 5),
            Column::right("Src", 5, 4).close(),
            Column::right("Latency", 8, 2).close(),
            Column::left("Trust", 5, 3).close(),
            Column::left(NOTE, 9, 1).close(),
        ],
        _ => &[
            Column::right("Size", 9, 5).close(),
            Column::right("Src", 5, 4).close(),
        ],
    };
    Table::fit(width, wanted)
}

fn results(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let list = &model.search.list;
    let table = table(layout.class.unwrap_or(Class::Line), canvas.width());
    table.titles(canvas, layout.columns.y, "Name");
    if list.total() == 0 {
        return empty(&words::no_results(model), layout.list, canvas);
    }
    let matches = Matches::of(model);
    for ((position, row), y) in list.visible().zip(layout.list.y..) {
        let Some(row) = row else {
            canvas.put(3, y, "…", Token::Dim);
            continue;
        };
        let is_selected = position == list.cursor() && !model.search.is_in_dock();
        if list.is_marked(position, row) {
            canvas.put(1, y, "+", Token::Mark);
        }
        let name = result_row(&table, row, y, is_selected, canvas);
        matches.draw(&name, y, is_selected, canvas);
    }
}

/// One result; used for the files of a peer too. Yields its name as it stands there.
pub fn result_row(
    table: &Table,
    row: &ResultRow,
    y: u16,
    is_selected: bool,
    canvas: &mut Canvas<'_>,
) -> String {
    let name = format::shown(&row.name);
    let note = note(row, name.is_odd);
    let mut shown = Name::of(&name.text, name.is_odd, is_selected);
    if row.sources == 0 {
        shown.token = Token::Dim;
    }
    if name.is_odd && (row.own != Own::None || table.place_of(NOTE).is_none()) {
        // The note has no room for both, or is not there.
        shown.tail = odd_tail(table);
    }
    table.name(canvas, y, 0, &shown);
    table.cell(
        canvas,
        y,
        "Size",
        &format::size(row.size_bytes),
        Token::Text,
    );
    let sources = format::count(row.sources);
    let token = if row.sources == 0 {
        Token::Warn
    } else {
        Token::Text
    };
    table.cell(canvas, y, "Sources", &sources, token);
    table.cell(canvas, y, "Src", &sources, token);
    if let Some(latency) = row.latency_ms {
        table.cell(canvas, y, "Latency", &format!("{latency} ms"), Token::Text);
    }
    table.trust(canvas, y, row.reputation);
    let (words, token) = note;
    table.cell(canvas, y, NOTE, &words, token);
    let room = table.name_width().saturating_sub(shown.tail.len());
    format::cut_middle(&name.text, room)
}

/// The flag of a name of which something was taken out, behind the name.
fn odd_tail(table: &Table) -> &'static str {
    if table.name_width() < 30 {
        " (odd)"
    } else {
        " (odd name)"
    }
}

fn note(row: &ResultRow, is_odd: bool) -> (String, Token) {
    match row.own {
        Own::Downloading { percent } => (format!("have {percent}%"), Token::Down),
        Own::Queued => ("queued".to_owned(), Token::Text),
        Own::Paused { .. } => ("paused".to_owned(), Token::Warn),
        Own::NoSource { .. } => ("no source".to_owned(), Token::Warn),
        Own::DiskFull { .. } => ("disk full".to_owned(), Token::Warn),
        Own::Failed { .. } => ("failed".to_owned(), Token::Error),
        Own::Done => ("have".to_owned(), Token::Ok),
        Own::Shared => ("shared".to_owned(), Token::Ok),
        Own::None if is_odd => ("odd name".to_owned(), Token::Warn),
        Own::None => (String::new(), Token::Text),
    }
}

fn status(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let list = &model.search.list;
    if list.total() == 0 {
        return;
    }
    let mut words = Vec::new();
    if layout.rule.height == 0 {
        // There is no rule to tell it in.
        words.extend(words::about_results_shortly(model));
    }
    if list.below() > 0 {
        words.push(format!("{} more below", format::count(list.below() as u64)));
    }
    match list.waiting_count() {
        0 => {}
        count => {
            let merge = model.hint_in(Context::RESULTS, Command::Merge, "to merge");
            let merge = merge.map_or_else(String::new, |hint| format!(" ( {hint})"));
            let counted = format::counted(count as u64, "new result");
            words.push(format!("{counted} waiting{merge}"));
        }
    }
    match list.gone_count() {
        0 => {}
        count => {
            let takes = model.hint_in(Context::RESULTS, Command::Merge, "takes away");
            let takes = takes.map_or_else(String::new, |hint| format!(" ( {hint})"));
            words.push(format!("{} gone{takes}", format::count(count as u64)));
        }
    }
    match list.mark_count() {
        0 => {}
        count => words.push(format!("{count} marked")),
    }
    if list.has_range() {
        let ends = model.hint_in(Context::RESULTS, Command::MarkRange, "ends it");
        words.push(ends.map_or_else(|| "range".to_owned(), |ends| format!("range: {ends}")));
    }
    let room = usize::from(canvas.width().saturating_sub(4));
    let words = format::fit(&words, " · ", room);
    canvas.put(3, layout.status.y, &words, Token::Dim);
}

fn dock(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.bottom;
    if area.height == 0 {
        return;
    }
    let class = layout.class.unwrap_or(Class::Line);
    let mut y = area.y;
    if class > Class::Tiny {
        let counts = &model.dock_counts;
        let parts = [
            (counts.downloading, "active"),
            (counts.paused, "paused"),
            (counts.queued, "queued"),
            (counts.failed, "failed"),
            (counts.uploads, "up"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        let opens = model.hint_in(Context::RESULTS, Command::Tab(Tab::Transfers), "opens");
        let opens = opens.unwrap_or_default();
        let around = columns("── Transfers    ──") + columns(&opens);
        let room = usize::from(canvas.width().saturating_sub(around));
        let title = format!("Transfers  {}", format::fit(&parts, " · ", room));
        canvas.titled_rule(y, title.trim_end(), &opens, model.search.is_in_dock());
        y += 1;
    }
    let table = transfer_row::table(class, canvas.width());
    let nothing = words::no_dock(model);
    if model.dock.total() == 0 && !model.is_stale() && columns(&nothing) + 3 < canvas.width() {
        canvas.put(3, y, &nothing, Token::Dim);
    }
    for ((position, row), y) in model.dock.visible().zip(y..area.bottom()) {
        if let Some(row) = row {
            let is_selected = model.search.is_in_dock() && position == model.dock.cursor();
            transfer_row::draw(&table, row, y, is_selected, model, canvas);
        }
    }
}

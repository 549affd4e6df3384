//! The sources of one transfer: what each does, gave and got wrong.

use super::is_running;
use crate::daemon::state::{DownloadDetail, DownloadState, SourceState, SourceStatus};
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::pieces::has_bar;
use crate::tui::widgets::table::{Column, Name, Table};
use crate::tui::words;

/// Of the bar of what a source has.
const HAS_COLUMNS: u16 = 20;

fn table(class: Class, width: u16) -> Table {
    let large = [
        Column::left("State", 12, 8),
        Column::right("Rate", 10, 7),
        Column::right("Latency", 8, 1).close(),
        Column::left("Trust", 5, 4),
        Column::left("Has", HAS_COLUMNS, 5),
        Column::right("Gave", 9, 6),
        Column::right("Share", 5, 3),
        Column::right("Errors", 6, 2),
    ];
    let normal = [
        Column::left("State", 12, 8),
        Column::right("Rate", 10, 7).close(),
        Column::right("Latency", 8, 2).close(),
        Column::left("Trust", 5, 3),
        Column::right("Gave", 9, 5).close(),
        Column::right("Errors", 6, 1).close(),
    ];
    let small = [
        Column::left("State", 12, 8).close(),
        Column::right("Rate", 10, 7).close(),
    ];
    match class {
        Class::Large => Table::fit(width, &large),
        Class::Normal => Table::fit(width, &normal),
        _ => Table::fit(width, &small),
    }
}

/// Draws the list.
pub fn draw(detail: &DownloadDetail, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let Some(view) = &model.details else { return };
    let table = table(layout.class.unwrap_or(Class::Line), canvas.width());
    table.titles(canvas, layout.columns.y, "Sources");
    if view.sources.total() == 0 {
        let words = if detail.status.state == DownloadState::Done {
            "All there and checked.".to_owned()
        } else {
            let more = model.hint(Command::MoreSources, "looks for more");
            words::two("No source now", more)
        };
        canvas.put(3, layout.list.y, &words, Token::Dim);
    }
    for ((position, row), y) in view.sources.visible().zip(layout.list.y..) {
        if let Some(row) = row {
            let is_selected = position == view.sources.cursor() && !view.is_on_pieces;
            source(&table, row, (detail, model), y, is_selected, canvas);
        }
    }
    let below = view.sources.below();
    if below > 0 {
        let words = format!("{below} more below");
        canvas.put(3, layout.status.y, &words, Token::Dim);
    }
}

/// What the shares are parts of: what was given is told before all of it is checked, and some of it
/// twice.
fn given_bytes(detail: &DownloadDetail) -> u64 {
    let given = detail.sources.iter().map(|source| source.gave_bytes);
    given.sum::<u64>().max(detail.status.done_bytes).max(1)
}

fn source(
    table: &Table,
    row: &SourceStatus,
    (detail, model): (&DownloadDetail, &Model),
    y: u16,
    is_selected: bool,
    canvas: &mut Canvas<'_>,
) {
    let name = format::shown(&row.name);
    let name = Name::of(&name.text, name.is_odd, is_selected);
    let end = table.name(canvas, y, 0, &name);
    let is_running = is_running(&detail.status.state);
    let (state, token) = match row.state {
        // The last look was taken while bytes still came.
        SourceState::Sending | SourceState::Connecting | SourceState::Idle | SourceState::Busy
            if !is_running =>
        {
            match detail.status.state {
                DownloadState::Done => ("✓ done", Token::Dim),
                _ => ("‖ not asked", Token::Dim),
            }
        }
        SourceState::Sending => ("▼ sending", Token::Down),
        SourceState::Connecting => ("… connecting", Token::Text),
        SourceState::Idle => ("… ready", Token::Dim),
        SourceState::Busy => ("… busy", Token::Dim),
        SourceState::Failed => ("✗ failed", Token::Warn),
        SourceState::Corrupt => ("✗ bad data", Token::Error),
        SourceState::Offline => ("○ offline", Token::Dim),
    };
    let is_offline = row.state == SourceState::Offline;
    if let (Some(reason), false) = (&row.reason, is_offline) {
        // Figures of a source that is out tell nothing; why it is needs their room.
        let sign = state.split(' ').next().unwrap_or_default();
        let words = format!("{sign} {}", format::clean(reason));
        let room = canvas.width().saturating_sub(end + 3);
        canvas.put_in(end + 2, y, room, &words, token);
        return;
    }
    table.cell(canvas, y, "State", state, token);
    if row.rate_bytes > 0 && is_running {
        table.cell(
            canvas,
            y,
            "Rate",
            &format::rate(row.rate_bytes),
            Token::Text,
        );
    }
    if let Some(latency) = model.latencies.get(&row.peer) {
        table.cell(canvas, y, "Latency", &format!("{latency} ms"), Token::Text);
    }
    table.trust(canvas, y, row.reputation);
    table.cell(
        canvas,
        y,
        "Has",
        &has_bar(row.has_pieces, HAS_COLUMNS),
        Token::PieceHave,
    );
    if row.gave_bytes > 0 {
        table.cell(
            canvas,
            y,
            "Gave",
            &format::size(row.gave_bytes),
            Token::Text,
        );
    }
    if is_offline && row.gave_bytes == 0 && row.errors == 0 {
        // It may come back: what it has and how far it is trusted is all there is to know.
        return;
    }
    let share = format::percent(row.gave_bytes, given_bytes(detail));
    table.cell(canvas, y, "Share", &format!("{share}%"), Token::Text);
    let token = if row.errors > 0 {
        Token::Warn
    } else {
        Token::Dim
    };
    table.cell(canvas, y, "Errors", &row.errors.to_string(), token);
}

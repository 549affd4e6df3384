//! One transfer in one line: in the dock, and in the list of transfers.

mod trouble;

pub use self::trouble::trouble;

use crate::daemon::state::{DownloadState, DownloadStatus, TransferRow};
use crate::tui::format;
use crate::tui::layout::Class;
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::bar::bar;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::table::{Column, Name, Table};

const BAR: &str = "Progress";

/// The columns for a class of window; narrow ones go without the size.
pub fn table(class: Class, width: u16) -> Table {
    let large = [
        Column::right("Size", 9, 3),
        Column::left(BAR, 21, 2),
        Column::right("Rate", 10, 5).close(),
        Column::right("Left", 7, 1).close(),
        Column::right("Sources", 7, 4),
    ];
    let narrow = [
        Column::left(BAR, 15, 2).close(),
        Column::right("Rate", 10, 5).close(),
        Column::right("Left", 6, 1).close(),
        Column::right("Sources", 7, 4).close(),
    ];
    let small = [
        Column::left(BAR, 15, 3).close(),
        Column::right("Rate", 9, 4).close(),
        Column::right("Left", 6, 1).close(),
    ];
    let tiny = [
        Column::left(BAR, 10, 2).close(),
        Column::right("Rate", 10, 1).close(),
    ];
    match class {
        Class::Large => Table::fit(width, &large),
        Class::Normal => Table::fit(width, &narrow),
        Class::Small => Table::fit(width, &small),
        _ => Table::fit(width, &tiny),
    }
}

/// What one line says.
struct Facts {
    sign: (&'static str, Token),
    name: format::Shown,
    tail: String,
    size: u64,
    done: u64,
    rate: (String, Token),
    left: String,
    sources: String,
}

/// Draws the row.
pub fn draw(
    table: &Table,
    row: &TransferRow,
    y: u16,
    is_selected: bool,
    model: &Model,
    canvas: &mut Canvas<'_>,
) {
    let facts = match row {
        TransferRow::Down(status) => of_download(status, model),
        TransferRow::Up {
            name,
            client,
            clients,
            size_bytes,
            sent_bytes,
            rate_bytes,
            ..
        } => {
            let (client, left) = if *clients > 1 {
                (format::counted(*clients as u64, "peer"), "--".to_owned())
            } else {
                let left = format::left(size_bytes.saturating_sub(*sent_bytes), *rate_bytes);
                (format::cut_end(&format::clean(client), 20), left)
            };
            Facts {
                sign: ("▲", Token::Up),
                name: format::shown(name),
                tail: format!(" → {client}"),
                size: *size_bytes,
                done: *sent_bytes,
                rate: (format::rough_rate(*rate_bytes), Token::Text),
                left,
                sources: format!("{clients} peer"),
            }
        }
    };
    let (sign, token) = facts.sign;
    canvas.put(1, y, sign, token);
    let mut name = Name::of(&facts.name.text, facts.name.is_odd, is_selected);
    name.tail = &facts.tail;
    table.name(canvas, y, 0, &name);
    table.cell(canvas, y, "Size", &format::size(facts.size), Token::Text);
    progress(table, y, facts.done, facts.size, canvas);
    table.cell(canvas, y, "Rate", &facts.rate.0, facts.rate.1);
    table.cell(canvas, y, "Left", &facts.left, Token::Text);
    table.cell(canvas, y, "Sources", &facts.sources, Token::Text);
}

fn progress(table: &Table, y: u16, done: u64, size: u64, canvas: &mut Canvas<'_>) {
    let Some((x, width)) = table.place_of(BAR) else {
        return;
    };
    let percent = format::percent(done, size);
    let bar_width = width.saturating_sub(5);
    bar(canvas, (x, y), bar_width, bar_percent(percent), 100);
    let words = format!("{percent:>3}%");
    canvas.put_in(x + bar_width + 1, y, 4, &words, Token::Text);
}

/// What the bar of a row shows of a percent: in steps of less than a column, since the percent
/// stands beside it and each step costs a slow line as much as all the other figures.
fn bar_percent(percent: u8) -> u64 {
    const STEP: u64 = 4;
    let percent = u64::from(percent);
    if percent == 100 {
        return 100;
    }
    ((percent + STEP / 2) / STEP * STEP).min(100 - STEP)
}

fn of_download(status: &DownloadStatus, model: &Model) -> Facts {
    let name = format::shown(&status.name);
    let remaining = status.size_bytes.saturating_sub(status.done_bytes);
    let (sign, rate) = sign_and_rate(status);
    let moves = matches!(status.state, DownloadState::Downloading);
    let left = match (&status.state, status.finished_at) {
        (DownloadState::Done, Some(at)) => format::when(at, model.now, &model.zone),
        _ if moves => format::left(remaining, status.rate_bytes),
        _ => "--".to_owned(),
    };
    let sources = match status.state {
        DownloadState::Done => "checked".to_owned(),
        _ if moves => format!("{} src", status.sources.0),
        _ => format!("{} src", status.sources.1),
    };
    let tail = match status.priority {
        0 => String::new(),
        priority => format!(" {priority:+}"),
    };
    Facts {
        sign,
        name,
        tail,
        size: status.size_bytes,
        done: status.done_bytes,
        rate,
        left,
        sources,
    }
}

/// The sign of a state, and the word that stands for it where no rate is to be told.
pub fn sign_and_rate(status: &DownloadStatus) -> ((&'static str, Token), (String, Token)) {
    let word = |text: &str, token| (text.to_owned(), token);
    match status.state {
        DownloadState::Downloading => (
            ("▼", Token::Down),
            (format::rough_rate(status.rate_bytes), Token::Text),
        ),
        DownloadState::Queued => (("…", Token::Dim), word("queued", Token::Dim)),
        DownloadState::Looking => (("…", Token::Down), word("looking", Token::Text)),
        DownloadState::Paused => (("‖", Token::Warn), word("paused", Token::Warn)),
        DownloadState::Finishing => (("▼", Token::Ok), word("checking", Token::Ok)),
        DownloadState::Done => (("✓", Token::Ok), word("done", Token::Ok)),
        DownloadState::NoSource { .. } => (("✗", Token::Warn), word("no source", Token::Warn)),
        DownloadState::DiskFull { .. } => (("✗", Token::Warn), word("disk full", Token::Warn)),
        DownloadState::Failed { .. } => (("✗", Token::Error), word("failed", Token::Error)),
        DownloadState::Cancelled { .. } => (("✗", Token::Dim), word("cancelled", Token::Dim)),
    }
}

//! Transfers: filter line, list, why the row under the cursor does not go on, speed.
//!
//! ```text
//!  [All 9]  Downloading 2  Paused 1  Queued 1  Failed 1  Uploads 2  Done 2     limit ↓ none ↑ 2 MiB/s (t)
//! >▼ debian-13.1.0-amd64-netinst.iso                       755 MiB  █████████▉      ▏ 62%    8.2 MiB/s
//!    ✗ old-backup.tar.zst: last source lena-laptop went offline — r retry · m find more sources · x remove
//! ```

use ratatui::layout::{Position, Rect};

use super::parts::{empty, filter_text, filters};
use super::transfer_row;
use crate::daemon::state::{SPEED_MAX_COUNT, Speed, TransferRow};
use crate::tui::format;
use crate::tui::keymap::{Command, Context};
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::update::{TRANSFER_FILTER_NAMES, TRANSFER_FILTERS, transfer_sort_name};
use crate::tui::widgets::canvas::{Canvas, columns};
use crate::tui::widgets::graph::{graph, round_peak};
use crate::tui::words;

/// Columns of the axis at the left of the graph.
const AXIS: u16 = 10;

/// Draws the screen; where the cursor stands.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let cursor = filter_line(model, layout, canvas);
    let class = layout.class.unwrap_or(Class::Line);
    let list = &model.transfers.list;
    let table = transfer_row::table(class, canvas.width());
    table.titles(canvas, layout.columns.y, "Name");
    if list.total() == 0 {
        empty(&words::no_transfers(model), layout.list, canvas);
    }
    for ((position, row), y) in list.visible().zip(layout.list.y..) {
        let Some(row) = row else {
            canvas.put(3, y, "…", Token::Dim);
            continue;
        };
        let is_selected = position == list.cursor();
        transfer_row::draw(&table, row, y, is_selected, model, canvas);
        if list.is_marked(position, row) {
            let x = if is_selected { 2 } else { 0 };
            canvas.put(x, y, "+", Token::Mark);
        }
    }
    trouble(model, layout, canvas);
    if layout.bottom.height > 0 {
        speed(model, layout.bottom, class, canvas);
    }
    cursor
}

fn filter_line(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let tab = &model.transfers;
    let y = layout.line.y;
    let (mut end, cursor) = filter_text(&tab.text, y, canvas);
    if layout.class == Some(Class::Large) && cursor.is_none() {
        let header = model.header.as_ref();
        let (down, up) = header.map_or((None, None), |header| (header.down_limit, header.up_limit));
        let order = if tab.is_reversed { " reversed" } else { "" };
        let key = model.key_in(Context::TRANSFERS, Command::LimitKeys);
        let key = key.map_or_else(String::new, |key| format!(" ({key})"));
        let words = format!(
            "sort: {}{order}   limit ↓ {} ↑ {}{key}",
            transfer_sort_name(tab.sort),
            format::limit(down),
            format::limit(up)
        );
        end = canvas.put_right(end, y, columns(&words), &words, Token::Dim);
    }
    let counts = [
        tab.counts.all,
        tab.counts.downloading,
        tab.counts.paused,
        tab.counts.queued,
        tab.counts.failed,
        tab.counts.uploads,
        tab.counts.done,
    ];
    let names: Vec<String> = TRANSFER_FILTER_NAMES
        .iter()
        .zip(counts)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let chosen = TRANSFER_FILTERS
        .iter()
        .position(|filter| *filter == tab.filter);
    let chosen = chosen.unwrap_or(0);
    if layout.class >= Some(Class::Normal) {
        filters(&names, chosen, y, end, canvas);
    } else {
        filters(&names[chosen..=chosen], 0, y, end, canvas);
    }
    cursor
}

/// Right under the last row, where it happened.
fn trouble(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let list = &model.transfers.list;
    let Some(TransferRow::Down(status)) = list.selected() else {
        return;
    };
    let x = 3 + columns("✗ ");
    let room = canvas.width().saturating_sub(x + 1);
    let Some(words) = transfer_row::trouble(status, true, usize::from(room), model) else {
        let below = list.below();
        if below > 0 {
            let words = format!("{} more below", format::count(below as u64));
            canvas.put(3, layout.status.y, &words, Token::Dim);
        }
        return;
    };
    let shown = u16::try_from(list.total() - list.top()).unwrap_or(u16::MAX);
    let y = layout.list.y.saturating_add(shown).min(layout.status.y);
    canvas.put(3, y, "✗ ", Token::Error);
    canvas.put_in(x, y, room, &words, Token::Error);
}

fn speed(model: &Model, area: Rect, class: Class, canvas: &mut Canvas<'_>) {
    let tab = &model.transfers;
    let (down, up) = model
        .header
        .as_ref()
        .map_or((0, 0), |header| (header.down_rate, header.up_rate));
    let downs = tab.speed.samples.iter().map(|(down, _)| *down);
    let peak = downs.max().unwrap_or(0);
    let right = format!(
        "now ↓ {}  ↑ {}  peak ↓ {}",
        format::rate(down),
        format::rate(up),
        format::rate(peak)
    );
    canvas.titled_rule(area.y, "Speed, last 5 min", &right, false);
    let foot = if class == Class::Large { 2 } else { 1 };
    let lines = area.height.saturating_sub(1 + foot);
    let plot = Rect::new(
        AXIS,
        area.y + 1,
        canvas.width().saturating_sub(AXIS + 2),
        lines,
    );
    let top = round_peak(peak.max(1_000));
    let peak_words = format!("{}/s", format::size(top));
    canvas.put_right(AXIS - 1, plot.y, AXIS, &peak_words, Token::Dim);
    canvas.put_right(
        AXIS - 1,
        plot.bottom().saturating_sub(1),
        AXIS,
        "0",
        Token::Dim,
    );
    if plot.height >= 5 {
        let half_words = format::size(top / 2);
        canvas.put_right(
            AXIS - 1,
            plot.y + plot.height / 2,
            AXIS,
            &half_words,
            Token::Dim,
        );
    }
    let columns_shown = usize::from(plot.width);
    graph(canvas, plot, &squeezed(&tab.speed, columns_shown), top);
    let y = plot.bottom();
    let shown = u16::try_from(five_minutes(columns_shown)).unwrap_or(plot.width);
    let start = plot.right().saturating_sub(shown);
    canvas.put(start, y, "-5 min", Token::Dim);
    canvas.put_right(plot.right(), y, 3, "now", Token::Dim);
    if class == Class::Large {
        let disk = tab.disk_free_bytes.map_or_else(String::new, |free| {
            format!("{} free on the download disk · ", format::size(free))
        });
        let words = format!(
            "{disk}{} of {} upload slots in use",
            tab.slots.0, tab.slots.1
        );
        canvas.put(AXIS, y + 1, &words, Token::Dim);
    }
}

/// The last five minutes in at most so many columns, newest last: each the mean of the samples of
/// as many seconds, and of the same ones until they leave, so that the curve moves and its shape
/// does not waver.
fn squeezed(speed: &Speed, columns: usize) -> Vec<u64> {
    let secs = SPEED_MAX_COUNT.div_ceil(columns.max(1)) as u64;
    let count = speed.samples.len() as u64;
    let first = speed.taken.saturating_sub(count);
    let mut shown: Vec<u64> = Vec::new();
    let (mut sum, mut summed) = (0_u128, 0_u128);
    for (number, (down, _)) in (first..).zip(&speed.samples) {
        sum += u128::from(*down);
        summed += 1;
        if (number + 1).is_multiple_of(secs) || number + 1 == speed.taken {
            shown.push(u64::try_from(sum / summed).unwrap_or(u64::MAX));
            (sum, summed) = (0, 0);
        }
    }
    shown.split_off(shown.len().saturating_sub(five_minutes(columns)))
}

/// How many of the columns five minutes take.
fn five_minutes(columns: usize) -> usize {
    SPEED_MAX_COUNT.div_ceil(SPEED_MAX_COUNT.div_ceil(columns.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_the_mean_of_the_same_seconds_until_it_leaves() {
        let sample = |number: u64| number * number % 977;
        let mut speed = Speed::default();
        for number in 0..700 {
            speed.add((sample(number), 0));
            let shown = squeezed(&speed, 108);
            assert!(shown.len() <= 100, "{}", shown.len());
            for (bucket, column) in (0..=number / 3).rev().zip(shown.iter().rev()) {
                let seconds = (bucket * 3).max((number + 1).saturating_sub(300))..bucket * 3 + 3;
                let there: Vec<u64> = seconds.filter(|at| *at <= number).map(sample).collect();
                let mean = there.iter().sum::<u64>() / there.len() as u64;
                assert_eq!(*column, mean, "{bucket} after {number}");
            }
        }
    }
}

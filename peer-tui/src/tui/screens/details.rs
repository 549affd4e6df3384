//! One transfer closely: bar, state, place, the map of pieces, sources.

mod sources;

use ratatui::layout::{Position, Rect};

use super::transfer_row::{sign_and_rate, trouble};
use crate::daemon::state::{DownloadDetail, DownloadState};
use crate::tui::format;
use crate::tui::keymap::{Command, Context};
use crate::tui::layout::{Class, Layout, PIECES_FROM};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::bar::bar;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::pieces::pieces;

const LEGEND: &str = "█ have  ▓ part  ▒ arriving  · wanted  ! nobody has";
const SHORT_LEGEND: &str = "█ have ▓ part ▒ now · wanted ! none";

/// Draws the screen; it has no cursor of its own.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let view = model.details.as_ref()?;
    let Some(detail) = &view.detail else {
        canvas.put(1, layout.line.y, "Transfers ›", Token::Dim);
        canvas.put(3, layout.columns.y, "Waiting for the daemon.", Token::Dim);
        return None;
    };
    title(detail, model, layout, canvas);
    if layout.above.height > 0 {
        above(detail, model, layout, canvas);
    }
    if layout.list.height > 0 {
        sources::draw(detail, model, layout, canvas);
    }
    None
}

fn title(detail: &DownloadDetail, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.line.y;
    let mut right: Vec<String> = model.hint(Command::Back, "back").into_iter().collect();
    let key = |command| model.key_in(Context::DETAILS, command);
    if layout.class >= Some(Class::Normal)
        && let (Some(previous), Some(next)) = (key(Command::PreviousTab), key(Command::NextTab))
    {
        right.push(format!("{previous} {next} previous/next"));
    }
    let right = right.join("   ");
    let end = canvas.width().saturating_sub(1);
    let end = canvas.put_right(end, y, end / 2, &right, Token::Dim);
    let x = canvas.put(1, y, "Transfers › ", Token::Dim);
    let name = format::shown(&detail.status.name);
    let room = end.saturating_sub(x + 2);
    let token = if name.is_odd {
        Token::Warn
    } else {
        Token::Strong
    };
    let name = format::cut_middle(&name.text, usize::from(room));
    canvas.put_in(x, y, room, &name, token);
}

fn above(detail: &DownloadDetail, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.above;
    let status = &detail.status;
    let words = format!(
        "{}%  {} of {}",
        format::percent(status.done_bytes, status.size_bytes),
        format::size(status.done_bytes),
        format::size(status.size_bytes)
    );
    let end = canvas.width().saturating_sub(2);
    let start = canvas.put_right(end, area.y, 30, &words, Token::Strong);
    let width = start.saturating_sub(6);
    bar(
        canvas,
        (2, area.y),
        width,
        status.done_bytes,
        status.size_bytes,
    );
    if area.height > 1 {
        let room = usize::from(end.saturating_sub(2));
        let words = format::fit(&state_parts(detail, model), "   ", room);
        canvas.put(2, area.y + 1, &words, Token::Text);
    }
    if area.height > 2 {
        let hash = format!("hash {}", format::short_hash(&status.hash));
        let x = canvas.put_right(end, area.y + 2, 20, &hash, Token::Dim);
        let room = x.saturating_sub(4);
        let place = format!("to {}", format::path(&status.destination));
        let place = format::cut_middle(&place, usize::from(room));
        canvas.put_in(2, area.y + 2, room, &place, Token::Text);
    }
    if area.height > 3 {
        // Of a small file that came with others nothing was looked at closely.
        let title = match detail.pieces.len() as u64 {
            0 => "Pieces".to_owned(),
            count => format!(
                "Pieces  {} × {}",
                format::count(count),
                format::size(detail.piece_bytes)
            ),
        };
        let legend = match canvas.width() {
            100.. => LEGEND,
            80.. => SHORT_LEGEND,
            _ => "",
        };
        let is_focused = model.details.as_ref().is_some_and(|view| view.is_on_pieces);
        canvas.titled_rule(area.y + 3, &title, legend, is_focused);
    }
    if area.height > 4 {
        let map = Rect::new(
            2,
            area.y + 4,
            canvas.width().saturating_sub(4),
            area.height - PIECES_FROM,
        );
        if is_running(&status.state) {
            pieces(canvas, map, detail.pieces.as_bytes());
        } else {
            let rest = detail.pieces.replace('~', ".");
            pieces(canvas, map, rest.as_bytes());
        }
        note(detail, model, area.bottom() - 1, canvas);
    }
}

/// Whether bytes come, or are about to.
const fn is_running(state: &DownloadState) -> bool {
    matches!(
        state,
        DownloadState::Looking | DownloadState::Downloading | DownloadState::Finishing
    )
}

/// What is told of its state, the most important first.
fn state_parts(detail: &DownloadDetail, model: &Model) -> Vec<String> {
    let status = &detail.status;
    let ((sign, _), (rate, _)) = sign_and_rate(status);
    let mut parts = Vec::new();
    if status.state == DownloadState::Downloading {
        let left = format::left(
            status.size_bytes.saturating_sub(status.done_bytes),
            status.rate_bytes,
        );
        parts.push(format!("{sign} downloading"));
        parts.push(rate);
        parts.push(format!("{left} left"));
    } else {
        parts.push(format!("{sign} {rate}"));
    }
    if let Some(at) = status.finished_at {
        let at = format::when(at, model.now, &model.zone);
        parts.push(format!("finished {at}"));
    } else if is_running(&status.state) {
        parts.push(format!(
            "{} in use, {} known",
            format::counted(status.sources.0.into(), "source"),
            status.sources.1
        ));
    }
    if let Some(limit) = status.limit_bytes {
        parts.push(format!("limit {}", format::rate(limit)));
    }
    parts.push(format!(
        "asked for {}",
        format::when(status.added_at, model.now, &model.zone)
    ));
    parts.push(match status.priority {
        0 => "normal priority".to_owned(),
        priority => format!("priority {priority:+}"),
    });
    parts
}

/// What keeps it from ending, or what went wrong on the way.
fn note(detail: &DownloadDetail, model: &Model, y: u16, canvas: &mut Canvas<'_>) {
    let room = canvas.width().saturating_sub(4);
    let left = usize::from(room).saturating_sub(format::width("✗ "));
    if let Some(words) = trouble(&detail.status, false, left, model) {
        canvas.put_in(2, y, room, &format!("✗ {words}"), Token::Error);
        return;
    }
    if let Some([what, rest]) = missing(&detail.pieces) {
        let more = model.hint(Command::MoreSources, "looks for more");
        let parts: Vec<String> = [Some(what), more, Some(rest)]
            .into_iter()
            .flatten()
            .collect();
        let words = format::fit(&parts, " · ", usize::from(room));
        canvas.put_in(2, y, room, &words, Token::Warn);
        return;
    }
    if let Some(last) = detail.notes.last() {
        canvas.put_in(2, y, room, &format::clean(last), Token::Warn);
    }
}

/// How many pieces nobody has, and which: the first one, or the stretch where it is one.
fn missing(pieces: &str) -> Option<[String; 2]> {
    let count = pieces.bytes().filter(|piece| *piece == b'!').count();
    let first = pieces.find('!')?;
    let last = pieces.rfind('!')?;
    let number = |index: usize| format::count(index as u64 + 1);
    let which = if count == 1 {
        number(first)
    } else if last - first + 1 == count {
        format!("{}–{}", number(first), number(last))
    } else {
        format!("from {} on", number(first))
    };
    let counted = match count {
        1 => "1 piece".to_owned(),
        _ => format!("{} pieces", format::count(count as u64)),
    };
    let has = if count == 1 { "has" } else { "have" };
    Some([
        format!("{counted} ({which}) {has} no source now"),
        "the rest finishes without".to_owned(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_nobody_has_are_named() {
        assert_eq!(missing("##~."), None);
        for (pieces, expected) in [
            ("#!..", "1 piece (2) has no source"),
            ("#!!.", "2 pieces (2–3) have no source"),
            ("!..!", "2 pieces (from 1 on) have no source"),
        ] {
            let [words, ..] = missing(pieces).expect("some are missing");
            assert!(words.starts_with(expected), "{words}");
        }
    }
}

//! The key line: what the keys do here, or the second keys of a pair.

use ratatui::layout::Rect;

use crate::tui::keymap::{Command, Context};
use crate::tui::layout::{Body, Class, Layout};
use crate::tui::model::Model;
use crate::tui::model::popup::{Chord, Popup};
use crate::tui::theme::Token;
use crate::tui::update::{COPIES, ORDERS, limits, sorts};
use crate::tui::widgets::canvas::{Canvas, columns};

/// Hints of the smallest window.
const TINY_HINTS: usize = 3;

pub(super) fn line(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.keys.y;
    if let Some(Popup::Chord(chord)) = &model.popup {
        return chord_line(model, *chord, y, canvas);
    }
    if is_filtering(model) {
        let spans = [
            (" Enter", Token::Key),
            (" keep the filter  ", Token::Dim),
            ("Esc", Token::Key),
            (" show all", Token::Dim),
        ];
        canvas.spans(0, y, canvas.width(), &spans);
        return;
    }
    let room = canvas.width().saturating_sub(1);
    let is_prompt = model.context().meets(Context::PROMPT);
    let leave = model.hint(Command::Leave, "leave");
    let leave = leave.filter(|_| is_prompt && layout.class >= Some(Class::Normal));
    let kept = leave.as_deref().map_or(0, columns);
    let mut x = 1;
    for (key, hint) in hints(model, layout, room - kept) {
        x = canvas.put(x, y, &key, Token::Key);
        x = canvas.put(x, y, &hint, Token::Dim) + 2;
    }
    if let Some(leave) = leave {
        canvas.put_right(room, y, kept, &leave, Token::Dim);
    }
}

/// Keys and what they do, as many as fit; help and the way out are the last to go.
fn hints(model: &Model, layout: &Layout, room: u16) -> Vec<(String, String)> {
    let context = model.context();
    let marks = mark_count(model);
    let mut said: Vec<Command> = Vec::new();
    let mut found = Vec::new();
    for binding in model.keymap.hints(context) {
        let command = binding.row.command;
        if said.contains(&command) {
            continue;
        }
        said.push(command);
        let mut key = binding.keys_text(1, model.look.glyphs);
        if command == Command::RaisePriority
            && let Some(lower) = model.key_in(context, Command::LowerPriority)
        {
            key = format!("{key}/{lower}");
        }
        let is_mark = matches!(command, Command::Mark | Command::MarkDown);
        let hint = if is_mark && marks > 0 {
            format!(" {} ({marks})", binding.row.hint)
        } else {
            format!(" {}", binding.row.hint)
        };
        found.push((key, hint));
    }
    if layout.class == Some(Class::Tiny) {
        found.truncate(TINY_HINTS);
    }
    let is_last = |command: &Command| matches!(command, Command::Help | Command::Leave);
    let kept = said.iter().filter(|command| is_last(command)).count();
    let width = |found: &[(String, String)]| -> u16 {
        let widths = found
            .iter()
            .map(|(key, hint)| columns(key) + columns(hint) + 2);
        widths.sum()
    };
    while width(&found) > room && found.len() > kept.max(1) {
        found.remove(found.len() - 1 - kept.min(found.len() - 1));
    }
    found
}

fn chord_line(model: &Model, chord: Chord, y: u16, canvas: &mut Canvas<'_>) {
    let (title, choices): (&str, Vec<(char, &str)>) = match chord {
        Chord::Sort => ("sort", sorts(model.body())),
        Chord::Copy => (
            "copy",
            COPIES.iter().map(|(key, name, _)| (*key, *name)).collect(),
        ),
        Chord::Order => (
            "move to",
            ORDERS.iter().map(|(key, name, _)| (*key, *name)).collect(),
        ),
        Chord::Limit => (
            "limit",
            limits(model.body())
                .map(|(key, name, _)| (key, name))
                .collect(),
        ),
    };
    let mut choices: Vec<(String, &str)> = choices
        .into_iter()
        .map(|(key, name)| (key.to_string(), name))
        .collect();
    choices.push(("Esc".to_owned(), "back"));
    let lines = chord_lines(&choices, columns(title) + 3, canvas.width());
    let top = y.saturating_sub(u16::try_from(lines.len() - 1).unwrap_or(0));
    for (y, line) in (top..).zip(lines) {
        canvas.clear(Rect::new(0, y, canvas.width(), 1));
        canvas.put(1, y, if y == top { title } else { "" }, Token::Strong);
        for (x, (key, name)) in line {
            let x = canvas.put(x, y, key, Token::Key) + 1;
            canvas.put(x, y, name, Token::Text);
        }
    }
}

/// A choice and the column where it stands.
type Placed<'c> = (u16, &'c (String, &'c str));

/// The choices in as many lines as they need, beginning at `start`.
fn chord_lines<'c>(
    choices: &'c [(String, &'c str)],
    start: u16,
    width: u16,
) -> Vec<Vec<Placed<'c>>> {
    let mut lines = vec![Vec::new()];
    let mut x = start;
    for choice in choices {
        let needed = columns(&choice.0) + 1 + columns(choice.1);
        if x > start && x + needed > width {
            lines.push(Vec::new());
            x = start;
        }
        if let Some(line) = lines.last_mut() {
            line.push((x, choice));
        }
        x += needed + 2;
    }
    lines
}

/// Whether letters go to the filter line of a list.
pub(super) fn is_filtering(model: &Model) -> bool {
    match model.body() {
        Body::Transfers => model.transfers.text.is_typing,
        Body::Shares => model.shares.text.is_typing,
        Body::Peers => model.peers.text.is_typing,
        Body::Log => model.log.text.is_typing,
        _ => false,
    }
}

fn mark_count(model: &Model) -> usize {
    match model.body() {
        Body::Search => model.search.list.mark_count(),
        Body::Transfers => model.transfers.list.mark_count(),
        Body::Browse => model
            .browse
            .as_ref()
            .map_or(0, |browse| browse.list.mark_count()),
        _ => 0,
    }
}

//! Boxes over the screen.

use ratatui::layout::{Position, Rect};

use crate::tui::format;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::model::line::Line;
use crate::tui::model::popup::{Ask, Dialog, Limited, Menu, Popup, SearchFilterForm};
use crate::tui::palette::{self, HelpLine};
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::{Canvas, columns};

pub(super) fn draw(
    model: &Model,
    popup: &Popup,
    layout: &Layout,
    canvas: &mut Canvas<'_>,
) -> Option<Position> {
    match popup {
        Popup::Help { filter, top } => {
            help(model, filter, *top, canvas);
            None
        }
        Popup::Palette { filter, cursor } => Some(commands(model, filter, *cursor, canvas)),
        Popup::Menu(menu) => {
            draw_menu(menu, canvas);
            None
        }
        Popup::SearchFilter(form) => filter_form(form, canvas),
        Popup::Ask { ask, line, trouble } => {
            Some(ask_line(ask, line, trouble.as_deref(), layout, canvas))
        }
        Popup::Dialog(dialog) => {
            draw_dialog(dialog, canvas);
            None
        }
        Popup::Chord(_) => None,
    }
}

/// An empty box of that size in the middle; the area inside.
fn frame(canvas: &mut Canvas<'_>, width: u16, height: u16, title: &str, foot: &str) -> Rect {
    let area = canvas.buffer().area;
    let width = width.min(area.width.saturating_sub(2)).max(4);
    let height = height.min(area.height.saturating_sub(1)).max(3);
    let x = (area.width.saturating_sub(width)) / 2;
    let y = (area.height.saturating_sub(height)) / 2;
    let outer = Rect::new(x, y, width, height);
    canvas.clear(outer);
    canvas.overlay(outer, Token::Text);
    let line = "─".repeat(usize::from(width) - 2);
    canvas.put(x, y, &format!("┌{line}┐"), Token::RuleFocus);
    for row in y + 1..y + height - 1 {
        canvas.put_in(x, row, 1, "│", Token::RuleFocus);
        canvas.put_in(x + width - 1, row, 1, "│", Token::RuleFocus);
    }
    canvas.put_in(
        x,
        y + height - 1,
        width,
        &format!("└{line}┘"),
        Token::RuleFocus,
    );
    let room = usize::from(width).saturating_sub(6);
    let title = format!(" {} ", format::cut_end(title, room));
    canvas.put_in(x + 2, y, width - 3, &title, Token::Strong);
    if !foot.is_empty() {
        let foot = format!(" {} ", format::cut_end(foot, room));
        canvas.put_right(x + width - 1, y + height - 1, width - 2, &foot, Token::Dim);
    }
    Rect::new(x + 2, y + 1, width - 4, height - 2)
}

fn help(model: &Model, filter: &Line, top: usize, canvas: &mut Canvas<'_>) {
    let lines = palette::help_lines(model, filter.text());
    let height = model.size.1.saturating_sub(2);
    let title = format!("Keys: {}", model.tab.title());
    let foot = if filter.is_empty() {
        "type to find a key · Esc closes".to_owned()
    } else {
        format!("find: {} · Esc closes", format::clean(filter.text()))
    };
    let inner = frame(canvas, 76, height, &title, &foot);
    // Where there is little room the help is worth more of it than the third name of a key.
    let keys_width = 17.min(inner.width / 4);
    if lines.is_empty() {
        canvas.put_in(
            inner.x,
            inner.y,
            inner.width,
            "No key does that.",
            Token::Dim,
        );
    }
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        match line {
            HelpLine::Title(title) => {
                canvas.put_in(inner.x, y, inner.width, title, Token::Strong);
            }
            HelpLine::Keys(keys, help) => {
                let x = inner.x + 2;
                canvas.put_in(x, y, keys_width, keys, Token::Key);
                let x = x + keys_width + 1;
                canvas.put_in(x, y, inner.right().saturating_sub(x), help, Token::Text);
            }
        }
    }
    let below = lines.len().saturating_sub(top + usize::from(inner.height));
    if below > 0 {
        let words = format!("{below} more below");
        canvas.put_right(inner.right(), inner.y, columns(&words), &words, Token::Dim);
    }
}

fn commands(model: &Model, filter: &Line, cursor: usize, canvas: &mut Canvas<'_>) -> Position {
    let found = palette::commands(model, filter.text());
    let height = model.size.1.saturating_sub(4).min(20);
    let inner = frame(
        canvas,
        72,
        height,
        "All commands",
        "Enter runs · Esc closes",
    );
    let x = canvas.put(inner.x, inner.y, "> ", Token::Accent);
    let at = edit_line(filter, x, inner.y, inner.right().saturating_sub(x), canvas);
    if found.is_empty() {
        canvas.put_in(
            inner.x,
            inner.y + 1,
            inner.width,
            "No such command.",
            Token::Dim,
        );
    }
    let rows = usize::from(inner.height.saturating_sub(1));
    let first = (cursor + 1).saturating_sub(rows);
    let shown = found.iter().enumerate().skip(first);
    for (y, (index, entry)) in (inner.y + 1..inner.bottom()).zip(shown) {
        let token = if index == cursor {
            canvas.put(inner.x, y, ">", Token::Select);
            Token::Select
        } else if entry.elsewhere.is_some() {
            Token::Dim
        } else {
            Token::Text
        };
        let end = canvas.put_right(inner.right(), y, 14, &entry.keys, Token::Key);
        let words = match entry.elsewhere {
            Some(place) => format!("{} (in {})", entry.help, place.name),
            None => entry.help.to_owned(),
        };
        let room = end.saturating_sub(inner.x + 3);
        canvas.put_in(inner.x + 2, y, room, &words, token);
    }
    at
}

fn draw_menu(menu: &Menu, canvas: &mut Canvas<'_>) {
    let widest = menu.items.iter().map(|(text, _)| columns(text)).max();
    let width = widest.unwrap_or(0).max(columns(menu.title) + 2).max(24) + 8;
    let height = u16::try_from(menu.items.len()).unwrap_or(10) + 2;
    let inner = frame(canvas, width, height, menu.title, "Enter · Esc");
    let rows = usize::from(inner.height);
    let first = (menu.cursor + 1).saturating_sub(rows);
    let shown = menu.items.iter().enumerate().skip(first);
    for (y, (index, (text, _))) in (inner.y..inner.bottom()).zip(shown) {
        let token = if index == menu.cursor {
            canvas.put(inner.x, y, ">", Token::Select);
            Token::Select
        } else {
            Token::Text
        };
        canvas.put_in(inner.x + 2, y, inner.width.saturating_sub(2), text, token);
    }
}

fn filter_form(form: &SearchFilterForm, canvas: &mut Canvas<'_>) -> Option<Position> {
    let foot = "Tab next · Enter done";
    let inner = frame(canvas, 50, 5, "Filter the search", foot);
    let kind = form.category.map_or("any", |category| category.as_str());
    let titles = ["Kind", "At least", "At most"];
    for (index, title) in (0..).zip(titles) {
        let y = inner.y + index;
        let is_here = usize::from(index) == form.field;
        let token = if is_here { Token::Accent } else { Token::Dim };
        canvas.put(inner.x, y, if is_here { ">" } else { " " }, token);
        canvas.put(inner.x + 2, y, title, token);
    }
    let x = inner.x + 12;
    let room = inner.right().saturating_sub(x);
    let kind = format!("{kind}   ← → changes");
    canvas.put_in(x, inner.y, room, &kind, Token::Text);
    let low = edit_line(&form.min_size, x, inner.y + 1, room.min(14), canvas);
    let high = edit_line(&form.max_size, x, inner.y + 2, room.min(14), canvas);
    for (index, line) in [(1, &form.min_size), (2, &form.max_size)] {
        let is_bad = !line.is_empty() && protocol::byte_size::parse_bytes(line.text()).is_err();
        let (words, token) = if is_bad {
            ("such as 700M or 2G", Token::Warn)
        } else if form.is_reversed() && index == 2 {
            ("smaller size first", Token::Warn)
        } else {
            ("any where empty", Token::Dim)
        };
        canvas.put_in(
            x + 15,
            inner.y + index,
            room.saturating_sub(15),
            words,
            token,
        );
    }
    match form.field {
        1 => Some(low),
        2 => Some(high),
        _ => None,
    }
}

/// A line of text with its cursor kept in view; where the cursor stands.
fn edit_line(line: &Line, x: u16, y: u16, room: u16, canvas: &mut Canvas<'_>) -> Position {
    crate::tui::screens::parts::edited(line, x, y, room, canvas)
}

fn ask_line(
    ask: &Ask,
    line: &Line,
    trouble: Option<&str>,
    layout: &Layout,
    canvas: &mut Canvas<'_>,
) -> Position {
    let (title, foot) = match ask {
        Ask::AddShare => ("Share which folder?", "a path, ~ for home · Enter · Esc"),
        Ask::Connect => ("Use which index?", "URL or host:port · Enter · Esc"),
        Ask::Limit(which) => (
            match which {
                Limited::Down => "Limit downloads to",
                Limited::Up => "Limit uploads to",
                Limited::Transfers(ids) if ids.len() > 1 => "Limit each of these downloads to",
                Limited::Transfers(_) => "Limit this download to",
                Limited::FromPeer(_) => "Limit what comes from this peer to",
                Limited::ToPeer(_) => "Limit what goes to this peer to",
            },
            "such as 500K a second, empty for none",
        ),
    };
    let height = 3 + u16::from(trouble.is_some());
    let inner = frame(canvas, layout.keys.width.min(72), height, title, foot);
    if let Some(words) = trouble {
        canvas.put_in(inner.x, inner.y + 1, inner.width, words, Token::Error);
    }
    edit_line(line, inner.x, inner.y, inner.width, canvas)
}

fn draw_dialog(dialog: &Dialog, canvas: &mut Canvas<'_>) {
    let lines = u16::try_from(dialog.lines.len()).unwrap_or(3);
    let widest = dialog.lines.iter().map(|line| columns(line)).max();
    let width = widest
        .unwrap_or(0)
        .max(columns(&dialog.question) + 4)
        .max(40)
        + 6;
    let inner = frame(canvas, width, lines + 3, &dialog.question, "");
    for (y, line) in (inner.y..inner.bottom()).zip(&dialog.lines) {
        canvas.put_in(inner.x, y, inner.width, line, Token::Text);
    }
    let y = inner.bottom().saturating_sub(1);
    let letter = format!("[{}]", dialog.letter);
    let spans = [
        ("[Enter]", Token::Key),
        (" no   ", Token::Text),
        (letter.as_str(), Token::Key),
        (" ", Token::Text),
        (dialog.yes, Token::Text),
    ];
    canvas.spans(inner.x, y, inner.right(), &spans);
}

//! What every screen has: state line, toast, banner.

use super::keys;
use crate::daemon::state::Header;
use crate::tui::format;
use crate::tui::keymap::{Command, Context, Tab};
use crate::tui::layout::{Body, Class, Layout};
use crate::tui::model::toast::Level;
use crate::tui::model::{DaemonLink, Model};
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::{Canvas, columns};
use crate::tui::widgets::graph::{round_peak, sparkline};
use crate::tui::words;

pub(super) fn header(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let class = layout.class.unwrap_or(Class::Line);
    let y = layout.header.y;
    let mut x = 0;
    if class >= Class::Normal {
        x = canvas.put(0, y, " peer ", Token::Dim);
    }
    for tab in Tab::ALL {
        let is_active = tab == model.tab;
        let title = tab_title(model, tab, class, is_active);
        let token = if is_active {
            Token::Accent
        } else {
            Token::Text
        };
        let text = if is_active {
            format!("[{title}]")
        } else {
            format!(" {title} ")
        };
        x = canvas.put(x, y, &text, token);
    }
    let room = canvas.width().saturating_sub(x + 2);
    let spans = figures(model, class, room);
    let width: u16 = spans.iter().map(|(text, _)| columns(text)).sum();
    let mut at = canvas.width().saturating_sub(width + 1).max(x + 1);
    for (text, token) in &spans {
        at = canvas.put(at, y, text, *token);
    }
}

fn tab_title(model: &Model, tab: Tab, class: Class, is_active: bool) -> String {
    let number = tab.index() + 1;
    let name = match class {
        Class::Large => tab.title(),
        Class::Normal => tab.short_title(),
        _ if is_active => tab.short_title(),
        _ => return number.to_string(),
    };
    let open = model
        .header
        .as_ref()
        .map_or(0, |header| header.open_downloads);
    if tab == Tab::Transfers && open > 0 {
        format!("{number} {name} {open}")
    } else {
        format!("{number} {name}")
    }
}

/// Figures at the right of the state line; of the link as much as there is `room` beside the rates.
fn figures(model: &Model, class: Class, room: u16) -> Vec<(String, Token)> {
    if let DaemonLink::Lost { since, .. } = &model.link {
        let since = if class > Class::Tiny {
            format!(" {}", format::clock(*since, &model.zone))
        } else {
            String::new()
        };
        return vec![(format!("○ no link{since}"), Token::Error)];
    }
    let Some(header) = &model.header else {
        return vec![("connecting".to_owned(), Token::Dim)];
    };
    let (words, is_good) = words::link(header, &model.zone);
    let peers = header.online_peers;
    let (dot, dot_token) = if is_good {
        ("●", Token::Ok)
    } else {
        ("○", Token::Warn)
    };
    if class == Class::Large {
        return large_figures(header, &words, is_good, (dot, dot_token));
    }
    let mut spans = Vec::new();
    if is_good && class >= Class::Normal {
        spans.push((format!("{dot} "), dot_token));
        spans.push((peers.to_string(), Token::Text));
    }
    let down = format::rate_short(header.down_rate);
    let up = format::rate_short(header.up_rate);
    if is_good || class >= Class::Normal {
        spans.push((" ↓ ".to_owned(), Token::Down));
        spans.push((down, Token::Text));
        spans.push((" ↑ ".to_owned(), Token::Up));
        spans.push((up, Token::Text));
    }
    if !is_good {
        let taken: u16 = spans.iter().map(|(text, _)| columns(text)).sum();
        let left = room.saturating_sub(taken + 2);
        let words = if columns(&words) > left {
            words::link_shortly(header).to_owned()
        } else {
            words
        };
        spans.insert(0, (format!("{dot} {words}"), dot_token));
    }
    spans
}

fn large_figures(
    header: &Header,
    words: &str,
    is_good: bool,
    (dot, dot_token): (&str, Token),
) -> Vec<(String, Token)> {
    let bar = || (" │ ".to_owned(), Token::Rule);
    let mut spans = vec![
        (format!("{dot} "), dot_token),
        (format::counted(header.online_peers, "peer"), Token::Text),
        bar(),
        ("↓ ".to_owned(), Token::Down),
        (format::rate(header.down_rate), Token::Text),
    ];
    if header.down_history.iter().any(|rate| *rate > 0) {
        let peak = header.down_history.iter().copied().max().unwrap_or(1);
        let line = sparkline(&header.down_history, round_peak(peak));
        spans.push((format!(" {line}"), Token::Graph));
    }
    spans.extend([
        bar(),
        ("↑ ".to_owned(), Token::Up),
        (format::rate(header.up_rate), Token::Text),
        bar(),
        (
            words.to_owned(),
            if is_good { Token::Dim } else { Token::Warn },
        ),
    ]);
    spans
}

/// The window is too small for a list: figures in one line, keys still work.
pub(super) fn one_line(model: &Model, canvas: &mut Canvas<'_>) {
    let words = match (&model.link, &model.header) {
        (DaemonLink::Lost { .. }, _) => "no daemon".to_owned(),
        (_, Some(header)) => format!(
            "↓{} ↑{} {} open",
            format::rate_short(header.down_rate),
            format::rate_short(header.up_rate),
            header.open_downloads
        ),
        _ => "connecting".to_owned(),
    };
    let x = canvas.put(0, 0, &words, Token::Text) + 2;
    let (width, height) = model.size;
    let (why, least) = ("window too small", "(40x12)");
    let whole = format!("{why} {least}");
    if x + columns(&whole) <= width {
        canvas.put(x, 0, &whole, Token::Dim);
        return;
    }
    if height == 1 {
        canvas.put(x, 0, why, Token::Dim);
        return;
    }
    canvas.put(0, 1, why, Token::Dim);
    canvas.put(0, 2, &format!("({width}x{height} of 40x12)"), Token::Dim);
}

/// What helps where the daemon does not come back by itself: a screen starts none.
const STARTS_ONE: &str = "`peer-tui daemon` starts one";

/// The daemon is out of reach.
pub(super) fn banner(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let DaemonLink::Lost {
        since,
        retry_at,
        tries,
        reason,
    } = &model.link
    else {
        return;
    };
    let is_search = model.body() == Body::Search;
    let y = if is_search && layout.rule.height > 0 {
        layout.rule.y
    } else if is_search {
        layout.columns.y
    } else {
        layout.line.y
    };
    let tries = match *tries {
        0 => String::new(),
        tries => format!(" ({tries})"),
    };
    let next = match retry_at {
        Some(at) => format!("retry at {}{tries}", format::clock(*at, &model.zone)),
        None => format!("trying now{tries}"),
    };
    let since = if layout.class > Some(Class::Tiny) {
        format!(" since {}", format::clock(*since, &model.zone))
    } else {
        String::new()
    };
    let (what, remedy) = told_apart(reason);
    let remedy = remedy.unwrap_or(STARTS_ONE).to_owned();
    // What helps before what is known anyway: the daemon is tried by itself.
    let mut parts = vec![format!(" ! no daemon{since}")];
    parts.extend(lost_keys(model));
    parts.extend([remedy, next]);
    parts.extend(what.map(ToOwned::to_owned));
    let width = usize::from(canvas.width());
    let mut line = format::fit(&parts, "  ", width);
    let blank = width.saturating_sub(format::width(&line));
    line.push_str(&" ".repeat(blank));
    canvas.put(0, y, &line, Token::Banner);
}

/// The index is out of reach, and with it whatever the network tells.
pub(super) fn index_banner(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let Some(since) = model.index_lost_since() else {
        return;
    };
    if layout.rule.height == 0 {
        return;
    }
    let what = if model.has_seen_index() {
        format!("! no index since {}", format::clock(since, &model.zone))
    } else {
        "! the index does not answer".to_owned()
    };
    let mut parts = vec![what, retry_key(model, "tries now")];
    if model.has_seen_index() && has_rows(model) {
        parts.push("this is as it was then".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    let room = usize::from(canvas.width().saturating_sub(6));
    let words = format!(" {} ", format::fit(&parts, " · ", room));
    canvas.put(2, layout.rule.y, &words, Token::Warn);
}

/// Whether there is anything of the network on the screen.
fn has_rows(model: &Model) -> bool {
    match model.body() {
        Body::Search => model.search.list.total() > 0,
        Body::Peers => model.peers.list.total() > 0,
        Body::Browse => model
            .browse
            .as_ref()
            .is_some_and(|browse| browse.list.total() > 0),
        _ => false,
    }
}

/// The key that tries again; in a line of text it is text, in the dock it is about a transfer, and
/// one leaves them first.
fn retry_key(model: &Model, words: &str) -> String {
    let retry = model.hint_in(Context::LOG, Command::Retry, words);
    let is_elsewhere = model.search.is_in_dock() && model.body() == Body::Search;
    let list = model.key_in(Context::PROMPT, Command::Back);
    match (retry, list) {
        (Some(retry), Some(list)) if is_typing(model) || is_elsewhere => format!("{list} {retry}"),
        (retry, _) => retry.unwrap_or_default(),
    }
}

/// What a person can press while the daemon is away.
fn lost_keys(model: &Model) -> impl Iterator<Item = String> {
    let context = if is_typing(model) {
        Context::PROMPT
    } else {
        Context::LOG
    };
    let leave = model.hint_in(context, Command::Leave, "leave");
    let retry = Some(retry_key(model, "now")).filter(|retry| !retry.is_empty());
    retry.into_iter().chain(leave)
}

/// What a failed try said: what happened, and the command that helps where that stands behind a
/// colon. That none runs is said already.
fn told_apart(reason: &str) -> (Option<&str>, Option<&str>) {
    match reason.split_once(": `") {
        _ if reason.is_empty() || reason.starts_with("no daemon") => (None, None),
        Some((what, _)) => {
            let remedy = &reason[what.len() + 2..];
            let first = remedy.split_once(", ").map_or(remedy, |parts| parts.0);
            (Some(what), Some(first))
        }
        None => (Some(reason), None),
    }
}

/// Whether letters are text now.
fn is_typing(model: &Model) -> bool {
    model.context().meets(Context::PROMPT) || keys::is_filtering(model)
}

/// Lines of a toast: what does not fit into them is in the log.
const TOAST_LINES: usize = 2;

/// Above the key line, at the right; above the dock where there is one, whose rows move.
pub(super) fn toast(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let Some((toast, behind)) = model.toasts.shown() else {
        return;
    };
    let (sign, token) = match toast.level {
        Level::Ok => ("✓ ", Token::Ok),
        Level::Note => ("", Token::Text),
        Level::Error => ("✗ ", Token::Error),
    };
    let mut tail = String::new();
    if behind > 0 {
        let log = model.hint(Command::Tab(Tab::Log), "Log");
        tail = format!(" (+{behind}, {})", log.unwrap_or_else(|| "Log".to_owned()));
    }
    let room = usize::from(canvas.width()).saturating_sub(4);
    let whole = format!("{sign}{}{tail}", toast.text);
    let mut lines = format::wrapped(&whole, room);
    if lines.len() > TOAST_LINES {
        // A long name or path in it is what can be spared.
        let left = (TOAST_LINES * room).saturating_sub(room / 4);
        lines = format::broken(&format::cut_middle(&whole, left), room);
    }
    let below = if model.body() == Body::Search && layout.bottom.height > 0 {
        layout.bottom.y
    } else {
        layout.keys.y
    };
    let widest = lines.iter().map(|line| format::width(line)).max();
    let widest = widest.unwrap_or(0);
    let count = u16::try_from(lines.len()).unwrap_or(1);
    for (y, line) in (below.saturating_sub(count)..).zip(&lines) {
        let blank = " ".repeat(widest - format::width(line));
        let words = format!("  {line}{blank}  ");
        canvas.put_right(canvas.width(), y, columns(&words), &words, token);
    }
}

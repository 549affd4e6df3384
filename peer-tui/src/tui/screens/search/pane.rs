//! The pane under the results: one content closely.

use protocol::file::ContentInfo;

use crate::daemon::state::{Own, ResultRow};
use crate::tui::format;
use crate::tui::keymap::{Command, Context, Tab};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::screens::parts;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::Canvas;

/// Holders that are named.
const SOURCES_MAX_COUNT: usize = 4;
/// Other names that are told.
const NAMES_MAX_COUNT: usize = 3;

/// Draws the pane.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.pane;
    let search = &model.search;
    // Not the row under the cursor but the one it rested on: a running cursor stays cheap.
    let rows = search.list.rows();
    let rested = rows.iter().find(|row| Some(row.hash) == search.detail);
    let Some(row) = rested.or(search.list.selected()) else {
        return canvas.rule(area.y, Token::Rule);
    };
    let name = format::shown(&row.name);
    let folder = row.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = format!(
        "{}/ on {}",
        format::clean(folder),
        format::clean(&row.owner_name)
    );
    let copies = model.hint_in(Context::RESULTS, Command::CopyKeys, "copies");
    let size = format!(
        "{}       Hash  {}      {}",
        format::exact_size(row.size_bytes),
        format::short_hash(&row.hash),
        copies.unwrap_or_default()
    );
    let mut lines = vec![
        ("Size", size),
        ("Path", path.trim_start_matches('/').trim().to_owned()),
    ];
    let content = search.content.as_ref();
    match content.filter(|content| content.hash == row.hash) {
        _ if row.sources == 0 => {
            let words = "0: nobody who is online has it any more";
            lines.push(("Sources", words.to_owned()));
        }
        Some(content) => lines.extend(holders(content, row, model)),
        None => lines.push(("Sources", format::count(row.sources))),
    }
    lines.push(("You", you(row, model)));
    if name.is_odd {
        let words = if row.name.contains(char::REPLACEMENT_CHARACTER) {
            "odd: it is not UTF-8, or was damaged on its way"
        } else {
            "odd: it holds characters that are not shown, such as the marked ones"
        };
        lines.push(("Name", words.to_owned()));
    }
    parts::pane(area, &name.text, &lines, canvas);
}

/// Who has it, how whole, and under which other names.
fn holders(content: &ContentInfo, row: &ResultRow, model: &Model) -> Vec<(&'static str, String)> {
    let online = || content.sources.iter().filter(|source| source.is_online);
    let all = online().count();
    let partial = online().filter(|source| source.partial).count();
    let mut named: Vec<String> = online()
        .take(SOURCES_MAX_COUNT)
        .map(|source| {
            let trust = format::trust(source.reputation);
            let name = format::clean(&source.name);
            match model.latencies.get(&source.peer) {
                Some(latency) => format!("{name} {latency} ms {trust}"),
                None => format!("{name} {trust}"),
            }
        })
        .collect();
    if all > named.len() {
        named.push(format!("{} more", all - named.len()));
    }
    let copies = format!(
        "complete on {}, partial on {partial}, {} offline",
        all - partial,
        content.sources.len() - all
    );
    let mut lines = vec![
        ("Sources", format!("{all}: {}", named.join(" · "))),
        ("Copies", copies),
    ];
    let others: Vec<String> = content
        .names
        .iter()
        .filter(|other| **other != row.name)
        .take(NAMES_MAX_COUNT)
        .map(|other| format::clean(other))
        .collect();
    if !others.is_empty() {
        lines.push(("Also", format!("known as {}", others.join(", "))));
    }
    lines
}

fn you(row: &ResultRow, model: &Model) -> String {
    match row.own {
        Own::None if row.sources == 0 => "do not have it".to_owned(),
        Own::None => {
            let words = format!("downloads {}", format::size(row.size_bytes));
            let context = if model.search.is_typing() {
                Context::PROMPT
            } else {
                Context::RESULTS
            };
            match model.hint_in(context, Command::Download, &words) {
                Some(hint) => format!("do not have it; {hint}"),
                None => "do not have it".to_owned(),
            }
        }
        Own::Shared => "share it already".to_owned(),
        Own::Downloading { percent } => format!("{percent}% downloaded, running now"),
        Own::Queued => "asked for it: it waits in the queue".to_owned(),
        Own::Paused { percent } => format!("{percent}% downloaded, paused"),
        Own::NoSource { percent } => {
            format!("{percent}% downloaded, no source now; it is tried again by itself")
        }
        Own::DiskFull { percent } => format!("{percent}% downloaded, the disk is full"),
        Own::Failed { percent } => match model.hint(Command::Tab(Tab::Transfers), "says why") {
            Some(hint) => format!("{percent}% downloaded, failed; {hint}"),
            None => format!("{percent}% downloaded, failed"),
        },
        Own::Done => "have downloaded it".to_owned(),
    }
}

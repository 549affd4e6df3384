//! Words for people, in one voice: what happened, and what to do next.

use super::format;
use super::keymap::{Command, Context, Tab};
use super::model::Model;
use crate::daemon::state::{DownloadState, Header, LinkState, Stuck};

/// A sentence, and one about the key that helps where there is such a key.
pub fn two(said: &str, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{said}. {hint}."),
        None => format!("{said}."),
    }
}

/// A sentence that ends in the key that helps, where there is such a key.
fn one(said: &str, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{said}: {hint}."),
        None => format!("{said}."),
    }
}

/// What stands where nothing is known of a list.
fn unknown() -> Vec<String> {
    vec!["Nothing is known of it while the daemon is away.".to_owned()]
}

/// An empty list of results.
pub fn no_results(model: &Model) -> Vec<String> {
    let search = &model.search;
    if model.is_stale() && search.shown_generation == 0 {
        return unknown();
    }
    if let Some(trouble) = &search.trouble {
        return vec![format!("! {trouble}")];
    }
    if search.shown_generation == 0 {
        return waiting(model);
    }
    let has_filter =
        search.category.is_some() || search.min_size.is_some() || search.max_size.is_some();
    if search.is_cut {
        return vec![format!(
            "Too many names to look through for {}: more letters or words find it.",
            typed(model)
        )];
    }
    if !search.prompt.is_empty() {
        let mut lines = vec![format!("Nothing on this network matches {}.", typed(model))];
        if has_filter {
            let change = model.hint(Command::Filter, "changes it");
            lines.push(one("A filter is set", change));
        }
        return lines;
    }
    if has_filter {
        let change = model.hint(Command::Filter, "changes it");
        return vec![one("Nothing here passes the filter", change)];
    }
    let mut lines = vec!["Nobody shares anything here yet.".to_owned()];
    if let Some(header) = &model.header {
        lines.push(format!(
            "Drop files into {} and others find them.",
            folder(header)
        ));
        if !header.join_hint.is_empty() {
            lines.push(format!(
                "Others join with: {}",
                format::clean(&header.join_hint)
            ));
        }
    }
    lines
}

fn typed(model: &Model) -> String {
    format::cut_end(&format::clean(model.search.prompt.text()), 40)
}

/// What is to be said of all results together, if anything: that they are those of a corrected
/// query, or not all.
pub fn about_results(model: &Model) -> Option<String> {
    let search = &model.search;
    let has_rows = search.list.total() > 0;
    if let Some(trouble) = search.trouble.as_ref().filter(|_| has_rows) {
        return Some(format!("! {trouble}"));
    }
    if let Some(corrected) = &search.corrected {
        return Some(format!(
            "nothing for {}: showing {}; in \"quotes\" it stays as typed",
            format::cut_end(&format::clean(search.prompt.text()), 16),
            format::cut_end(corrected, 20),
        ));
    }
    (search.is_cut && has_rows).then(|| "not all are shown: more letters find the rest".to_owned())
}

/// The same where there is little room.
pub fn about_results_shortly(model: &Model) -> Option<String> {
    let search = &model.search;
    match &search.corrected {
        Some(corrected) => Some(format!("showing {}", format::cut_end(corrected, 16))),
        None => (search.is_cut && search.list.total() > 0).then(|| "not all".to_owned()),
    }
}

fn waiting(model: &Model) -> Vec<String> {
    let first = match model.header.as_ref().map(|header| &header.link) {
        None => "Reaching the daemon.",
        Some(LinkState::Searching) => "Looking for an index: this machine, then the local network.",
        Some(LinkState::Registering) => "Registering with the index.",
        Some(LinkState::Live) => "Asking the index.",
        Some(LinkState::Lost { .. }) => "The index does not answer; it is tried again by itself.",
    };
    let mut lines = vec![first.to_owned()];
    lines.extend(model.notes.iter().map(|note| format::clean(note)));
    lines
}

fn folder(header: &Header) -> String {
    format::path(std::path::Path::new(&header.share_folder))
}

/// An empty list of transfers.
pub fn no_transfers(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    let tab = &model.transfers;
    if !tab.text.line.is_empty() || tab.counts.all > 0 {
        return vec![two("No transfer passes the filter", shows_all(model))];
    }
    let search = model.hint(Command::Tab(Tab::Search), "searches");
    let ways: Vec<String> = search.into_iter().chain(downloads(model)).collect();
    let ways = Some(ways.join("; ")).filter(|ways| !ways.is_empty());
    vec![two("Nothing is moving", ways)]
}

fn shows_all(model: &Model) -> Option<String> {
    model.hint(Command::Back, "shows all")
}

fn downloads(model: &Model) -> Option<String> {
    let words = "on a result downloads it";
    model.hint_in(Context::RESULTS, Command::Download, words)
}

/// A download that got stuck where its row is not seen.
pub fn stuck(stuck: &Stuck, model: &Model) -> String {
    let what = match stuck.state {
        DownloadState::NoSource { .. } => "no source",
        DownloadState::DiskFull { .. } => "disk full",
        _ => "failed",
    };
    let name = format::cut_middle(&format::clean(&stuck.name), 40);
    let others = match stuck.others {
        0 => String::new(),
        count => format!(" and {} more", format::count(count)),
    };
    let shows = model.hint(Command::Tab(Tab::Transfers), "shows why");
    let shows = shows.map_or_else(String::new, |shows| format!(" — {shows}"));
    format!("{what}: {name}{others}{shows}")
}

/// An empty dock.
pub fn no_dock(model: &Model) -> String {
    one("Nothing is moving yet", downloads(model))
}

/// An empty tree of shares.
pub fn no_shares(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    if !model.shares.text.line.is_empty() {
        return vec![two("No shared file has that in its path", shows_all(model))];
    }
    let add = model.hint(Command::AddShare, "adds a folder");
    vec![match &model.header {
        Some(header) if !header.share_folder.is_empty() => {
            let add = add.map_or_else(String::new, |add| format!(", or {add}"));
            let folder = folder(header);
            format!("Nothing is shared yet: drop files into {folder}{add}.")
        }
        _ => two("You share nothing: others see your name and no files", add),
    }]
}

/// An empty list of peers.
pub fn no_peers(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    let tab = &model.peers;
    let known = tab.figures.as_ref().map_or(0, |figures| figures.counts.1);
    if !tab.text.line.is_empty() || known > 0 {
        let others = model.hint(Command::Filter, "shows others");
        return vec![one("No peer passes the filter", others)];
    }
    let connect = model.hint(Command::Connect, "connects to an index that you know");
    let mut lines = vec![two("No peer yet", connect)];
    if let Some(header) = &model.header
        && !header.join_hint.is_empty()
    {
        lines.push(format!(
            "Others join with: {}",
            format::clean(&header.join_hint)
        ));
    }
    lines
}

/// An empty folder of a peer.
pub fn no_files(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    match &model.browse {
        Some(browse) => match &browse.trouble {
            Some(trouble) => vec![format!("! {trouble}")],
            None if browse.is_loading => vec!["Reading the list of files.".to_owned()],
            None if browse.folder.is_empty() => vec!["This peer shares nothing.".to_owned()],
            None => vec![two(
                "This folder is empty",
                model.hint(Command::Close, "goes up"),
            )],
        },
        None => Vec::new(),
    }
}

/// An empty log.
pub fn no_log(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    let tab = &model.log;
    let is_filtered = tab.level > 0 || !tab.text.line.is_empty();
    vec![if is_filtered {
        two("Nothing that passes the filter", shows_all(model))
    } else {
        "Nothing has happened yet.".to_owned()
    }]
}

/// The state of a link that is not good, where there is no room for more.
pub const fn link_shortly(header: &Header) -> &'static str {
    match &header.link {
        LinkState::Searching => "looking",
        LinkState::Registering => "joining",
        LinkState::Live => "attached",
        LinkState::Lost { .. } => "no index",
    }
}

/// The state of the link to the index, for the state line; `true` when it is good.
pub fn link(header: &Header, zone: &jiff::tz::TimeZone) -> (String, bool) {
    match &header.link {
        LinkState::Searching => ("looking for an index".to_owned(), false),
        LinkState::Registering => ("registering".to_owned(), false),
        LinkState::Live => ("attached".to_owned(), true),
        LinkState::Lost { since, .. } => {
            (format!("no index {}", format::clock(*since, zone)), false)
        }
    }
}

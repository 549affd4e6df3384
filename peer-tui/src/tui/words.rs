//! Words for people, in one voice: what happened, and what to do next.

use super::format;
use super::model::Model;
use crate::daemon::state::{Header, LinkState};

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
            lines.push("A filter is set: ^F changes it.".to_owned());
        }
        return lines;
    }
    if has_filter {
        return vec!["Nothing here passes the filter: ^F changes it.".to_owned()];
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
    if let Some(corrected) = &search.corrected {
        return Some(format!(
            "nothing for {}: showing {}; in \"quotes\" it stays as typed",
            format::cut_end(&format::clean(search.prompt.text()), 16),
            format::cut_end(corrected, 20),
        ));
    }
    let has_rows = search.list.total() > 0;
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
        return vec!["No transfer passes the filter. Esc shows all.".to_owned()];
    }
    vec!["Nothing is moving. 1 searches; Enter on a result downloads it.".to_owned()]
}

/// An empty dock.
pub const NO_DOCK: &str = "Nothing is moving yet: Enter on a result downloads it.";

/// An empty tree of shares.
pub fn no_shares(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    if !model.shares.text.line.is_empty() {
        return vec!["No shared file has that in its path. Esc shows all.".to_owned()];
    }
    match &model.header {
        Some(header) if !header.share_folder.is_empty() => vec![format!(
            "Nothing is shared yet: drop files into {}, or a adds a folder.",
            folder(header)
        )],
        _ => vec![
            "You share nothing: others see your name and no files. a adds a folder.".to_owned(),
        ],
    }
}

/// An empty list of peers.
pub fn no_peers(model: &Model) -> Vec<String> {
    if model.is_stale() {
        return unknown();
    }
    let tab = &model.peers;
    let known = tab.figures.as_ref().map_or(0, |figures| figures.counts.1);
    if !tab.text.line.is_empty() || known > 0 {
        return vec!["No peer passes the filter: ^F shows others.".to_owned()];
    }
    let mut lines = vec!["No peer yet. c connects to an index that you know.".to_owned()];
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
            None => vec!["This folder is empty. BS goes up.".to_owned()],
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
        "Nothing that passes the filter. Esc shows all.".to_owned()
    } else {
        "Nothing has happened yet.".to_owned()
    }]
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

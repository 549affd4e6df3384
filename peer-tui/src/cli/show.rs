//! Commands that print what the screens show: status, peers, transfers, shares.

use jiff::Timestamp;

use super::print::{self, clock, counted, name, size};
use super::table::{self, Column, Row};
use super::trouble::Trouble;
use crate::config::{Layers, data_folder};
use crate::daemon::client::Client;
use crate::daemon::command::{
    Action, PeerFilter, PeersWatch, SharesWatch, TransfersWatch, Watch, Window,
};
use crate::daemon::sections::results::percent;
use crate::daemon::state::{Header, LinkState, PeerRow, Reply, Status, TransferRow, Update};
use crate::fetch::DownloadState;

/// Everything there is.
const EVERYTHING: Window = Window {
    first: 0,
    count: usize::MAX,
};

/// `status`.
///
/// # Errors
/// When no daemon runs.
pub fn status(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let mut client = Client::connect(&data_folder(layers)?)?;
    if let Reply::Status(status) = client.ask(Action::Status)? {
        if json {
            print::json(&status);
        } else {
            print_status(&status);
        }
    }
    Ok(())
}

/// Prints how a daemon stands.
pub fn print_status(status: &Status) {
    let header = &status.header;
    let mut rows: Vec<Row> = vec![
        row("peer", format!("{} ({})", name(&header.name), status.id)),
        row("index", index_words(header)),
        row(
            "network",
            format!(
                "{} of {} online, {}",
                header.online_peers,
                counted(header.total_peers, "peer"),
                counted(header.total_files, "file")
            ),
        ),
        row("shared", shared_words(status)),
        row("folders", status.shares.join(", ")),
        row(
            "downloads",
            format!(
                "{} open, {} done; {}/s, {}",
                header.open_downloads,
                status.counts.done,
                size(header.down_rate),
                limit_words(header.down_limit)
            ),
        ),
        row(
            "uploads",
            format!(
                "{} running, {} sent; {}/s, {}",
                header.active_uploads,
                size(status.uploads.0),
                size(header.up_rate),
                limit_words(header.up_limit)
            ),
        ),
        row("saved to", status.downloads.clone()),
        row("serving at", status.listen.clone()),
        row("daemon", daemon_words(status)),
    ];
    if !header.join_hint.is_empty() {
        rows.push(row("join with", header.join_hint.clone()));
    }
    table::print(&[], rows);
}

fn row(key: &str, value: String) -> Row {
    vec![key.to_owned(), value].into()
}

fn index_words(header: &Header) -> String {
    let index = &header.index;
    match &header.link {
        LinkState::Searching => "being looked for".to_owned(),
        LinkState::Registering => format!("{index} (joining)"),
        LinkState::Live => format!("{index} (connected)"),
        LinkState::Lost { reason, tries, .. } => {
            format!("{index} (lost: {}; tried {tries} times)", name(reason))
        }
    }
}

fn shared_words(status: &Status) -> String {
    let header = &status.header;
    let shared = format!(
        "{}, {}",
        counted(header.shared_files, "file"),
        size(status.shared_bytes)
    );
    match header.hashing_files {
        0 => shared,
        waiting => format!("{shared}, {waiting} being hashed"),
    }
}

pub(super) fn limit_words(limit: Option<u64>) -> String {
    limit.map_or_else(
        || "no limit".to_owned(),
        |rate| format!("limit {}/s", size(rate)),
    )
}

fn daemon_words(status: &Status) -> String {
    format!(
        "process {}, version {}, up {}",
        status.pid,
        status.version,
        clock(seconds_since(status.started_at))
    )
}

fn seconds_since(at: Timestamp) -> u64 {
    u64::try_from(Timestamp::now().duration_since(at).as_secs()).unwrap_or_default()
}

/// `peers`.
///
/// # Errors
/// When no daemon runs.
pub fn peers(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let watch = Watch {
        peers: Some(PeersWatch {
            filter: PeerFilter::All,
            window: EVERYTHING,
            ..PeersWatch::default()
        }),
        ..Watch::default()
    };
    // A daemon that has just started asks for the list once it is registered, at the index that it
    // finds or hosts.
    let (mut is_coming, mut known, mut index) = (true, None, String::new());
    let peers = first(layers, watch, |update| {
        if let Some(header) = &update.header {
            is_coming = !matches!(header.link, LinkState::Lost { .. });
            index.clone_from(&header.index);
        }
        known = update.peers.or_else(|| known.take());
        known.take_if(|peers| !is_coming || !peers.rows.is_empty())
    });
    let rows = peers?.rows;
    if !is_coming {
        let index = name(&index);
        print::note(&format!(
            "peer-tui: the index {index} does not answer: this is what it told last"
        ));
    }
    if json {
        print::json(&rows);
        return Ok(());
    }
    let head = ["NAME", "ID", "STATE", "ADDRESS", "FILES", "SIZE", "TRUST"];
    let mut table = vec![head.map(str::to_owned).to_vec().into()];
    table.extend(rows.iter().map(|peer| {
        Row::from(vec![
            name(&peer.name),
            peer.id.short(),
            peer_state(peer, is_coming).to_owned(),
            peer.address.clone(),
            peer.shared_files.to_string(),
            size(peer.shared_bytes),
            peer.reputation.to_string(),
        ])
    }));
    table::print(&[Column::Name], table);
    Ok(())
}

/// What is known of a peer; of an index that is away it is what was known last.
const fn peer_state(peer: &PeerRow, is_fresh: bool) -> &'static str {
    if peer.is_me {
        "this one"
    } else if peer.is_blocked {
        "blocked"
    } else if peer.is_online && !is_fresh {
        "was online"
    } else if peer.is_online {
        "online"
    } else {
        "offline"
    }
}

/// `transfers`.
///
/// # Errors
/// When no daemon runs.
pub fn transfers(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let watch = Watch {
        transfers: Some(TransfersWatch {
            window: EVERYTHING,
            ..TransfersWatch::default()
        }),
        ..Watch::default()
    };
    let rows = first(layers, watch, |update| update.transfers)?.rows;
    if json {
        print::json(&rows);
        return Ok(());
    }
    let mut columns = [Column::Whole; 6];
    columns[5] = Column::Name;
    let head = ["ID", "STATE", "DONE", "SIZE", "RATE", "NAME"];
    let mut table = vec![head.map(str::to_owned).to_vec().into()];
    let is_on_terminal = table::width().is_some();
    table.extend(rows.iter().map(|row| transfer_row(row, is_on_terminal)));
    table::print(&columns, table);
    Ok(())
}

/// A transfer; on a terminal its reason stands below it, where there is room for a sentence.
fn transfer_row(row: &TransferRow, is_on_terminal: bool) -> Row {
    let mut below = None;
    let cells = match row {
        TransferRow::Down(download) => vec![
            download.id.to_string(),
            state_word(&download.state).to_owned(),
            format!("{}%", percent(download.done_bytes, download.size_bytes)),
            size(download.size_bytes),
            format!("{}/s", size(download.rate_bytes)),
            match reason(&download.state) {
                Some(reason) if is_on_terminal => {
                    below = Some(name(reason));
                    name(&download.name)
                }
                Some(reason) => format!("{} ({})", name(&download.name), name(reason)),
                None => name(&download.name),
            },
        ],
        TransferRow::Up {
            name: file,
            client,
            size_bytes,
            sent_bytes,
            rate_bytes,
            ..
        } => vec![
            "-".to_owned(),
            "sending".to_owned(),
            format!("{}%", percent(*sent_bytes, *size_bytes)),
            size(*size_bytes),
            format!("{}/s", size(*rate_bytes)),
            format!("{} to {}", name(file), name(client)),
        ],
    };
    Row { cells, below }
}

fn reason(state: &DownloadState) -> Option<&str> {
    match state {
        DownloadState::NoSource { reason }
        | DownloadState::DiskFull { reason }
        | DownloadState::Failed { reason } => Some(reason),
        _ => None,
    }
}

/// A state in a word.
pub const fn state_word(state: &DownloadState) -> &'static str {
    match state {
        DownloadState::Queued => "queued",
        DownloadState::Looking => "looking",
        DownloadState::Downloading => "running",
        DownloadState::Paused => "paused",
        DownloadState::Finishing => "finishing",
        DownloadState::Done => "done",
        DownloadState::NoSource { .. } => "no source",
        DownloadState::DiskFull { .. } => "disk full",
        DownloadState::Failed { .. } => "failed",
        DownloadState::Cancelled { .. } => "cancelled",
    }
}

/// `shares`.
///
/// # Errors
/// When no daemon runs.
pub fn shares(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let watch = Watch {
        shares: Some(SharesWatch {
            window: EVERYTHING,
            ..SharesWatch::default()
        }),
        ..Watch::default()
    };
    let shares = first(layers, watch, |update| update.shares)?;
    if json {
        print::json(&shares);
        return Ok(());
    }
    let head = ["FOLDER", "FILES", "SIZE", "STATE"];
    let mut table = vec![head.map(str::to_owned).to_vec().into()];
    table.extend(shares.rows.iter().map(|row| {
        Row::from(vec![
            name(&row.path),
            row.files.to_string(),
            size(row.size_bytes),
            row.note.clone().unwrap_or_else(|| "ready".to_owned()),
        ])
    }));
    table::print(&[Column::Name], table);
    for (path, reason) in &shares.troubles {
        print::note(&format!("{}: {}", name(path), name(reason)));
    }
    if shares.hashing_files > 0 {
        print::note(&format!(
            "being hashed: {} ({})",
            counted(shares.hashing_files, "file"),
            size(shares.hashing_bytes)
        ));
    }
    Ok(())
}

/// The first time that a watched section is sent.
fn first<T>(
    layers: &Layers,
    watch: Watch,
    mut section: impl FnMut(Update) -> Option<T>,
) -> Result<T, Trouble> {
    let mut client = Client::connect(&data_folder(layers)?)?;
    client.watch(watch)?;
    loop {
        if let Some(section) = section(client.next_update()?) {
            return Ok(section);
        }
    }
}

//! `peer-tui get`: downloads and waits, through the daemon, or with a fetcher of its own when none
//! runs.

mod direct;
mod follow;
mod interrupt;
mod output;
mod progress;
mod target;

use std::path::{Path, PathBuf};

use serde_json::json;

use self::follow::Landed;
use self::interrupt::Waited;
use self::output::{Output, report};
use super::args::GetArgs;
use super::print;
use super::search::Searcher;
use super::trouble::Trouble;
use crate::config::{Config, Layers};
use crate::daemon::client::Client;
use crate::daemon::command::Action;
use crate::daemon::state::Reply;
use crate::fetch::{DownloadId, Wish};

/// Runs the command.
///
/// # Errors
/// 2 when it contradicts itself, 3 when nothing is meant, 4 when the index does not answer, 130 on
/// Ctrl-C, else 1.
pub fn run(layers: &Layers, get: &GetArgs, json: bool) -> Result<(), Trouble> {
    let is_piped = get
        .output
        .as_deref()
        .is_some_and(|path| path.as_os_str() == "-");
    if is_piped && json {
        return Err(Trouble::usage(
            "`-o -` writes the bytes to standard output, where --json prints too: give one of them",
        ));
    }
    let config = Config::from_layers(layers)?;
    let mut searcher = Searcher::find(layers)?;
    if let Some(folder) = &get.folder {
        let (peer, path) = folder.split_once(':').ok_or_else(|| {
            Trouble::usage(format!(
                "--folder is `{folder}`: write PEER:PATH, like nas:music/2024"
            ))
        })?;
        return match searcher {
            Searcher::Daemon(client) => {
                let waited = Waited::listen(config.data, None)?;
                get_folder(client, &waited, (peer, path), get.detach, json)
            }
            Searcher::Index(api, runtime) => {
                let wishes = runtime.block_on(direct::folder(&api, peer, path))?;
                let landed = direct::fetch(&api, &runtime, &config, wishes)?;
                report(&landed, json);
                Ok(())
            }
        };
    }
    let mut wish = target::resolve(&mut searcher, &get.target.join(" "))?;
    let output = Output::prepare(get.output.as_deref(), &mut wish, &config)?;
    match searcher {
        Searcher::Daemon(client) => {
            through_daemon(client, wish, get.detach, output, &config.data, json)
        }
        Searcher::Index(..) if get.detach => Err(Trouble::usage(
            "--detach needs a running daemon: start one with `peer-tui daemon`",
        )),
        Searcher::Index(api, runtime) => {
            let landed = direct::fetch(&api, &runtime, &config, vec![wish])?;
            output.deliver(&landed, json)
        }
    }
}

fn through_daemon(
    mut client: Client,
    wish: Wish,
    is_detached: bool,
    output: Output,
    data: &Path,
    json: bool,
) -> Result<(), Trouble> {
    let spool = output.folder();
    let is_spooled = spool.is_some();
    let waited = Waited::listen(data.to_owned(), spool)?;
    let hash = wish.hash;
    let wishes = vec![wish];
    let Reply::Done { note, ids, .. } = client.ask(Action::Download { wishes })? else {
        return Err(Trouble::failed("the daemon answered something else"));
    };
    if ids.is_empty() {
        // It is shared here: the note says where.
        let path = note
            .rsplit_once(": ")
            .map_or(note.as_str(), |(_, path)| path);
        let landed = Landed {
            id: None,
            hash,
            path: PathBuf::from(path),
            size_bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
        };
        return output.deliver(&[landed], json);
    }
    if is_detached {
        queued(&note, &ids, json);
        return Ok(());
    }
    waited.begin(&ids);
    let landed = follow::follow(&mut client, &ids);
    waited.go_on();
    let delivered = landed.and_then(|landed| output.deliver(&landed, json));
    if is_spooled {
        // Its file is gone again, so it is nothing to list.
        let _ = client.ask(Action::Cancel { ids: ids.clone() });
        let _ = client.ask(Action::Remove { ids });
    }
    delivered
}

fn get_folder(
    mut client: Client,
    waited: &Waited,
    (peer, path): (&str, &str),
    is_detached: bool,
    json: bool,
) -> Result<(), Trouble> {
    let action = Action::DownloadFolder {
        peer: peer.to_owned(),
        folder: path.to_owned(),
    };
    let Reply::Done { note, ids, .. } = client.ask(action)? else {
        return Err(Trouble::failed("the daemon answered something else"));
    };
    if is_detached {
        queued(&note, &ids, json);
        return Ok(());
    }
    print::note(&print::name(&note));
    waited.begin(&ids);
    let landed = follow::follow(&mut client, &ids);
    waited.go_on();
    report(&landed?, json);
    Ok(())
}

fn queued(note: &str, ids: &[DownloadId], json: bool) {
    if json {
        print::json(&json!({ "queued": ids }));
    } else {
        print::line(&print::name(note));
    }
}

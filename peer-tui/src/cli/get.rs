//! `peer-tui get`: downloads and waits, through the daemon, or with a fetcher of its own when none
//! runs.

mod direct;
mod follow;
mod progress;
mod target;

use std::path::{Path, PathBuf};

use serde_json::json;

use self::follow::Landed;
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
    // Through a daemon the download goes on after Ctrl-C, so there is nothing to clean up.
    let mut searcher = Searcher::find(layers)?;
    if let Some(folder) = &get.folder {
        let (peer, path) = folder.split_once(':').ok_or_else(|| {
            Trouble::usage(format!(
                "--folder is `{folder}`: write PEER:PATH, like nas:music/2024"
            ))
        })?;
        return match searcher {
            Searcher::Daemon(client) => get_folder(client, peer, path, get.detach, json),
            Searcher::Index(api, runtime) => {
                let wishes = runtime.block_on(direct::folder(&api, peer, path))?;
                let landed = direct::fetch(&api, &runtime, &config, wishes)?;
                report(&landed, json);
                Ok(())
            }
        };
    }
    let mut wish = target::resolve(&mut searcher, &get.target.join(" "))?;
    let spool = Spool::prepare(get.output.as_deref(), &mut wish, &config)?;
    match searcher {
        Searcher::Daemon(client) => through_daemon(client, wish, get.detach, spool, json),
        Searcher::Index(..) if get.detach => Err(Trouble::usage(
            "--detach needs a running daemon: start one with `peer-tui daemon`",
        )),
        Searcher::Index(api, runtime) => {
            let landed = direct::fetch(&api, &runtime, &config, vec![wish])?;
            finish(&landed, spool, json)
        }
    }
}

fn through_daemon(
    mut client: Client,
    wish: Wish,
    is_detached: bool,
    spool: Option<Spool>,
    json: bool,
) -> Result<(), Trouble> {
    follow::end_on_interrupt()?;
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
        return finish(&[landed], spool, json);
    }
    if is_detached {
        queued(&note, &ids, json);
        return Ok(());
    }
    let landed = follow::follow(&mut client, &ids)?;
    let is_spooled = spool.is_some();
    finish(&landed, spool, json)?;
    if is_spooled {
        // Its file is gone again, so it is nothing to list.
        let _ = client.ask(Action::Remove { ids });
    }
    Ok(())
}

fn get_folder(
    mut client: Client,
    peer: &str,
    path: &str,
    is_detached: bool,
    json: bool,
) -> Result<(), Trouble> {
    follow::end_on_interrupt()?;
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
    report(&follow::follow(&mut client, &ids)?, json);
    Ok(())
}

fn queued(note: &str, ids: &[DownloadId], json: bool) {
    if json {
        print::json(&json!({ "queued": ids }));
    } else {
        print::line(&print::name(note));
    }
}

fn finish(landed: &[Landed], spool: Option<Spool>, json: bool) -> Result<(), Trouble> {
    match spool {
        None => {
            report(landed, json);
            Ok(())
        }
        Some(spool) => match landed {
            [landed] => spool.pour(&landed.path),
            _ => Err(Trouble::failed("more than one file came")),
        },
    }
}

fn report(landed: &[Landed], json: bool) {
    for file in landed {
        if json {
            print::json(&json!({
                "id": file.id,
                "hash": file.hash,
                "size": file.size_bytes,
                "path": file.path,
            }));
        } else {
            print::path(&file.path);
        }
    }
}

/// A file on its way to standard output: it is fetched whole and verified first, so that no wrong
/// byte is ever written.
struct Spool {
    folder: tempfile::TempDir,
}

impl Spool {
    /// Sets where a wish is saved; a spool where the output is `-`.
    fn prepare(
        output: Option<&Path>,
        wish: &mut Wish,
        config: &Config,
    ) -> Result<Option<Self>, Trouble> {
        match output {
            None => Ok(None),
            Some(path) if path.as_os_str() == "-" => {
                let folder = tempfile::Builder::new()
                    .prefix("peerdex-get-")
                    .tempdir_in(config.downloads.parent().unwrap_or(&config.data))
                    .or_else(|_| tempfile::tempdir())
                    .map_err(|error| {
                        Trouble::failed(format!("make a temporary folder: {error}"))
                    })?;
                wish.save_as = Some(folder.path().join("content"));
                Ok(Some(Self { folder }))
            }
            Some(path) => {
                let mut path = std::path::absolute(path)
                    .map_err(|error| Trouble::usage(format!("--output: {error}")))?;
                if path.is_dir() {
                    let name = protocol::names::SafePath::name_from_untrusted(&wish.path);
                    path = path.join(name.as_path());
                }
                wish.save_as = Some(path);
                Ok(None)
            }
        }
    }

    fn pour(self, path: &Path) -> Result<(), Trouble> {
        let failed =
            |error: std::io::Error| Trouble::failed(format!("write to standard output: {error}"));
        let mut file = std::fs::File::open(path).map_err(failed)?;
        std::io::copy(&mut file, &mut std::io::stdout().lock()).map_err(failed)?;
        self.folder.close().map_err(failed)
    }
}

//! Commands that tell the daemon to do something: pause, resume, cancel, share, unshare, stop.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::args::PriorityArg;
use super::print;
use super::trouble::Trouble;
use crate::config::{Layers, data_folder, value};
use crate::daemon::client::Client;
use crate::daemon::command::Action;
use crate::daemon::socket;
use crate::daemon::state::Reply;
use crate::fetch::{DownloadId, Move};

/// The goodbye to the index takes 2 s at most, running uploads a few more.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// `pause ID...`.
///
/// # Errors
/// When no daemon runs or one of them is not there.
pub fn pause(layers: &Layers, ids: Vec<DownloadId>, json: bool) -> Result<(), Trouble> {
    tell(layers, Action::Pause { ids }, json)
}

/// `resume ID...`.
///
/// # Errors
/// As [`pause`].
pub fn resume(layers: &Layers, ids: Vec<DownloadId>, json: bool) -> Result<(), Trouble> {
    tell(layers, Action::Resume { ids }, json)
}

/// `cancel ID...`.
///
/// # Errors
/// As [`pause`].
pub fn cancel(layers: &Layers, ids: Vec<DownloadId>, json: bool) -> Result<(), Trouble> {
    tell(layers, Action::Cancel { ids }, json)
}

/// `priority ID... high|normal|low`.
///
/// # Errors
/// As [`pause`].
pub fn priority(
    layers: &Layers,
    ids: Vec<DownloadId>,
    priority: PriorityArg,
    json: bool,
) -> Result<(), Trouble> {
    let priority = match priority {
        PriorityArg::High => 1,
        PriorityArg::Normal => 0,
        PriorityArg::Low => -1,
    };
    tell(layers, Action::SetPriority { ids, priority }, json)
}

/// `move ID top|up|down|bottom`.
///
/// # Errors
/// As [`pause`].
pub fn reorder(layers: &Layers, id: DownloadId, to: Move, json: bool) -> Result<(), Trouble> {
    tell(layers, Action::Reorder { ids: vec![id], to }, json)
}

/// `share DIR`.
///
/// # Errors
/// When no daemon runs or the folder cannot be shared.
pub fn share(layers: &Layers, folder: &Path, json: bool) -> Result<(), Trouble> {
    let folder = read(folder, value::share_folder)?;
    tell(layers, Action::AddShare { folder }, json)
}

/// `unshare DIR`.
///
/// # Errors
/// When no daemon runs or the folder is not shared.
pub fn unshare(layers: &Layers, folder: &Path, json: bool) -> Result<(), Trouble> {
    let folder = read(folder, value::folder)?;
    tell(layers, Action::RemoveShare { folder }, json)
}

/// `stop`: returns when the daemon has ended.
///
/// # Errors
/// 3 when none runs, else when it does not end.
pub fn stop(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let data = data_folder(layers)?;
    let mut client = Client::connect(&data)?;
    let pid = client.greeting().pid;
    client.ask(Action::Stop)?;
    client.wait_for_end();
    wait_for_end(&data, pid)?;
    if json {
        print::json(&json!({ "stopped": true, "pid": pid }));
    } else {
        print::line("stopped");
    }
    Ok(())
}

fn wait_for_end(data: &Path, pid: u32) -> Result<(), Trouble> {
    let until = Instant::now() + STOP_TIMEOUT;
    while socket::is_running(data) {
        if Instant::now() > until {
            return Err(Trouble::failed(format!(
                "the daemon (process {pid}) was told to stop and still runs"
            )));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

pub(super) fn tell(layers: &Layers, action: Action, json: bool) -> Result<(), Trouble> {
    let mut client = Client::connect(&data_folder(layers)?)?;
    if let Reply::Done { note, ids, .. } = client.ask(action)? {
        if json {
            print::json(&json!({ "note": note, "ids": ids }));
        } else {
            print::line(&print::name(&note));
        }
    }
    Ok(())
}

fn read(folder: &Path, read: fn(&str) -> Result<PathBuf, String>) -> Result<PathBuf, Trouble> {
    let text = folder.to_str().ok_or_else(|| {
        Trouble::usage(format!(
            "{} is not UTF-8: share the folder above it",
            folder.display()
        ))
    })?;
    read(text).map_err(|remedy| Trouble::usage(format!("`{text}`: {remedy}")))
}

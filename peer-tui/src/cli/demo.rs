//! `peer-tui demo`: a whole network in one process and one temporary folder, with the screen on the
//! first peer of it. Nothing is left behind.

mod busy;
mod network;
mod samples;
mod signals;
mod tell;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::network::Network;
use self::signals::Signals;
use super::screen;
use super::trouble::Trouble;
use crate::config::{Layers, value};
use crate::daemon::log::{LogLayer, LogRing};
use crate::daemon::server;
use crate::tui::{self, Connection};

/// What is under way when a signal ends the demo is given so long, so that nothing is written into
/// the folder while it is taken away.
const LAST_WORK_WAIT: Duration = Duration::from_secs(2);

/// Runs the demo: with a terminal the screen, without one or with `json` a search and a download told line by line.
///
/// # Errors
/// When the temporary folder cannot be filled or nothing can be listened at.
pub fn run(layers: &Layers, is_busy: bool, json: bool) -> Result<(), Trouble> {
    let added = added_folders(layers)?;
    let folder = tempfile::Builder::new()
        .prefix("peerdex-demo-")
        .tempdir()
        .map_err(|error| Trouble::failed(format!("make a temporary folder: {error}")))?;
    let log = LogRing::default();
    tracing_subscriber::registry()
        .with(LogLayer::new(log.clone(), None))
        .init();
    let runtime = super::runtime()?;
    let mut signals = Signals::listen(&runtime)?;
    let started = runtime.block_on(async {
        tokio::select! {
            network = Network::start(folder.path(), added, log, is_busy) => Ok(network?),
            exit = signals.next() => Err(Trouble::ended_by(exit)),
        }
    });
    let result = started.and_then(|network: Network| {
        let result = run_with(&runtime, &mut signals, &network, json);
        runtime.block_on(network.stop());
        result
    });
    runtime.shutdown_timeout(LAST_WORK_WAIT);
    let closed = folder.close();
    result?;
    closed.map_err(|error| Trouble::failed(format!("take the temporary folder away: {error}")))
}

fn run_with(
    runtime: &tokio::runtime::Runtime,
    signals: &mut Signals,
    network: &Network,
    json: bool,
) -> Result<(), Trouble> {
    let is_shown = !json && std::io::stdout().is_terminal() && tui::can_run_full_screen().is_ok();
    if is_shown {
        let neighbours = runtime.spawn(network.clone().start_neighbours());
        let shown = show(runtime, network);
        neighbours.abort();
        return shown;
    }
    runtime.block_on(async {
        tokio::select! {
            told = tell::tell(network, json) => told,
            exit = signals.next() => Err(Trouble::ended_by(exit)),
        }
    })
}

/// Folders to share besides the samples. They are a person's own: none is made.
fn added_folders(layers: &Layers) -> Result<Vec<PathBuf>, Trouble> {
    let added = layers.read_list("share", value::share_folder)?;
    let added = added.unwrap_or_default();
    for folder in &added {
        if let Err(error) = std::fs::read_dir(folder) {
            let message = format!("share folder {}: {error}", folder.display());
            return Err(Trouble::failed(message));
        }
    }
    Ok(added)
}

fn show(runtime: &tokio::runtime::Runtime, network: &Network) -> Result<(), Trouble> {
    let engine = network.first().clone();
    let handle = runtime.handle().clone();
    let connect = move || {
        let _inside = handle.enter();
        screen::link(server::connect_in_process(&engine))
    };
    let link = connect();
    let connection = Connection {
        link,
        reconnect: Box::new(move || Ok(connect())),
    };
    let notes = vec![
        "a demo: an index and four peers in a temporary folder; Ctrl-C ends it all".to_owned(),
    ];
    tui::run(connection, screen::options(network.folder(), notes))?;
    Ok(())
}

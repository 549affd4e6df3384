//! `peer-tui demo`: a whole network in one process and one temporary folder, with the screen on the
//! first peer of it. Nothing is left behind.

mod busy;
mod network;
mod samples;
mod tell;

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::network::Network;
use super::screen;
use super::trouble::Trouble;
use crate::config::{Layers, value};
use crate::daemon::log::{LogLayer, LogRing};
use crate::daemon::server;
use crate::tui::{self, Connection};

/// Runs the demo: with a terminal the screen, without one or with `json` a search and a download told line by line.
///
/// # Errors
/// When the temporary folder cannot be filled or nothing can be listened at.
pub fn run(layers: &Layers, is_busy: bool, json: bool) -> Result<(), Trouble> {
    let added = layers
        .read_list("share", value::folder)?
        .unwrap_or_default();
    let folder = tempfile::Builder::new()
        .prefix("peerdex-demo-")
        .tempdir()
        .map_err(|error| Trouble::failed(format!("make a temporary folder: {error}")))?;
    let log = LogRing::default();
    tracing_subscriber::registry()
        .with(LogLayer::new(log.clone(), None))
        .init();
    let runtime = super::runtime()?;
    let network = runtime.block_on(Network::start(folder.path(), added, log, is_busy))?;
    let is_shown = !json && std::io::stdout().is_terminal() && tui::can_run_full_screen().is_ok();
    let result = if is_shown {
        let neighbours = runtime.spawn(network.clone().start_neighbours());
        let shown = show(&runtime, &network);
        neighbours.abort();
        shown
    } else {
        runtime.block_on(tell::tell(&network, json))
    };
    runtime.block_on(network.stop());
    runtime.shutdown_background();
    let closed = folder.close();
    result?;
    closed.map_err(|error| Trouble::failed(format!("take the temporary folder away: {error}")))
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
    let notes =
        vec!["a demo: an index and four peers in a temporary folder; q ends it all".to_owned()];
    tui::run(connection, screen::options(network.folder(), notes))?;
    Ok(())
}

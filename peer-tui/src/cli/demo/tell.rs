//! The demo without a terminal: the same network, one search and one verified download, told line
//! by line.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use protocol::hash::ContentHash;
use protocol::search::{SearchParams, SearchResponse};
use tokio::time::Instant;

use super::network::{NAMES, Network};
use crate::cli::print::{line, name, size};
use crate::cli::trouble::Trouble;
use crate::daemon::command::Action;
use crate::daemon::engine::Engine;
use crate::daemon::state::Reply;
use crate::fetch::{DownloadState, DownloadStatus, Wish};

/// A slow machine hashes the samples in this time ten times over.
const PATIENCE: Duration = Duration::from_mins(2);
const QUERY: &str = "debian netinst";

/// Tells it.
///
/// # Errors
/// When a part of the network does not do what it should.
pub async fn tell(network: &Network) -> Result<(), Trouble> {
    Ok(tell_all(network).await?)
}

async fn tell_all(network: &Network) -> anyhow::Result<()> {
    let you = network.first();
    line(&format!("index: {}", network.url()));
    let neighbours = tokio::spawn(network.clone().start_neighbours());
    if you.board().limits().down.is_none() {
        neighbours.await.context("start the other peers")??;
    }
    let found = search_until(you, |found| {
        found.results.first().is_some_and(|file| file.sources == 3)
    })
    .await?;
    let status = you.status();
    line(&format!(
        "peers: {} ({} online)",
        NAMES.join(", "),
        status.header.online_peers
    ));
    let file = &found.results[0];
    line(&format!(
        "search: `{QUERY}` finds {} of {} files in {} ms: {}, {}, {} sources",
        found.total,
        status.header.total_files,
        found.took_us.div_ceil(1000),
        name(&file.filename),
        size(file.size),
        file.sources
    ));
    let wish = Wish {
        hash: file.hash,
        size_bytes: file.size,
        path: file.filename.clone(),
        save_as: None,
    };
    let action = Action::Download { wishes: vec![wish] };
    let Reply::Done { ids, .. } = you
        .act(action)
        .await
        .map_err(|failure| anyhow::anyhow!(failure.message))?
    else {
        bail!("the download was not queued");
    };
    let started = Instant::now();
    let id = *ids.first().context("the download was not queued")?;
    let done = wait_for(you, |download| download.id == id).await?;
    let bytes = tokio::fs::read(&done.destination)
        .await
        .context("read what was fetched")?;
    ensure!(
        ContentHash::of(&bytes) == file.hash,
        "what was fetched is not what was asked for"
    );
    line(&format!(
        "download: {} in {} ms to {}",
        size(done.size_bytes),
        started.elapsed().as_millis(),
        done.destination.display()
    ));
    line(&format!("verified: SHA-256 {}", file.hash));
    Ok(())
}

async fn search_until(
    you: &Engine,
    is_enough: impl Fn(&SearchResponse) -> bool,
) -> anyhow::Result<SearchResponse> {
    let params = SearchParams {
        q: QUERY.to_owned(),
        ..SearchParams::default()
    };
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match you.search(&params).await {
            Ok(found) if is_enough(&found) => return Ok(found),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    bail!(
        "the sample files were not found within {} s",
        PATIENCE.as_secs()
    )
}

async fn wait_for(
    you: &Engine,
    is_meant: impl Fn(&DownloadStatus) -> bool,
) -> anyhow::Result<DownloadStatus> {
    let mut changed = you.fetch().watch();
    let until = Instant::now() + PATIENCE;
    loop {
        let view = you.fetch().view();
        let download = view.downloads.iter().find(|download| is_meant(download));
        match download.map(|download| (&download.state, download)) {
            Some((DownloadState::Done, download)) => return Ok(DownloadStatus::clone(download)),
            Some((DownloadState::Failed { reason }, _)) => bail!("the download failed: {reason}"),
            _ => {}
        }
        tokio::time::timeout_at(until, changed.changed())
            .await
            .context("the download did not finish")??;
    }
}

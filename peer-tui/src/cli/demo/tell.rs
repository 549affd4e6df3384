//! The demo without a terminal: the same network, one search and one verified download, told line
//! by line, in words or as JSON.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use protocol::hash::ContentHash;
use protocol::search::{SearchParams, SearchResponse};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::network::{NAMES, Network};
use super::samples;
use crate::cli::print::{self, name, size};
use crate::cli::trouble::Trouble;
use crate::daemon::command::Action;
use crate::daemon::engine::Engine;
use crate::daemon::state::Reply;
use crate::fetch::{DownloadState, DownloadStatus, Wish};

/// A slow machine hashes the samples in this time ten times over.
const PATIENCE: Duration = Duration::from_mins(2);
const CATALOGS_WAIT: Duration = Duration::from_secs(10);
const QUERY: &str = "debian netinst";

/// Tells it.
///
/// # Errors
/// When a part of the network does not do what it should.
pub async fn tell(network: &Network, json: bool) -> Result<(), Trouble> {
    Ok(tell_all(network, json).await?)
}

/// One line: the words for people, the facts for programs.
fn say(json: bool, words: &str, facts: &Value) {
    if json {
        print::json(facts);
    } else {
        print::line(words);
    }
}

async fn tell_all(network: &Network, json: bool) -> anyhow::Result<()> {
    let you = network.first();
    let url = network.url();
    say(
        json,
        &format!("index: {url}"),
        &json!({ "event": "index", "url": url }),
    );
    let neighbours = tokio::spawn(network.clone().start_neighbours());
    if you.board().limits().down.is_none() {
        neighbours.await.context("start the other peers")??;
    }
    let found = search_until(you, |found| {
        found.results.first().is_some_and(|file| file.sources == 3)
    })
    .await?;
    wait_for_catalogs(you).await;
    let file = &found.results[0];
    tell_found(you, &found, json);
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
    let took_ms = u64::try_from(started.elapsed().as_millis())?;
    say(
        json,
        &format!(
            "download: {}, {} in {took_ms} ms",
            name(&done.name),
            size(done.size_bytes)
        ),
        &json!({
            "event": "download",
            "size": done.size_bytes,
            "took_ms": took_ms,
            "name": done.name,
        }),
    );
    say(
        json,
        &format!("verified: SHA-256 {}", file.hash),
        &json!({ "event": "verified", "hash": file.hash }),
    );
    Ok(())
}

/// Who is there, and what the search found.
fn tell_found(you: &Engine, found: &SearchResponse, json: bool) {
    let status = you.status();
    let online = status.header.online_peers;
    say(
        json,
        &format!("peers: {} ({online} online)", NAMES.join(", ")),
        &json!({ "event": "peers", "names": NAMES, "online": online }),
    );
    let file = &found.results[0];
    say(
        json,
        &format!(
            "search: `{QUERY}` finds {} of {} files in {} ms: {}, {}, {} sources",
            found.total,
            status.header.total_files,
            found.took_us.div_ceil(1000),
            name(&file.filename),
            size(file.size),
            file.sources
        ),
        &json!({
            "event": "search",
            "query": QUERY,
            "total": found.total,
            "total_files": status.header.total_files,
            "took_us": found.took_us,
            "first": file,
        }),
    );
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

/// Waits until the index has told of all samples, or long enough: the figure is told, nothing hangs
/// on it.
async fn wait_for_catalogs(you: &Engine) {
    let until = Instant::now() + CATALOGS_WAIT;
    while you.header().total_files < samples::count() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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

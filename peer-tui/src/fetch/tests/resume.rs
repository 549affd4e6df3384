//! What an interrupted download goes on with: what is on disk and right, whatever the disk or the
//! sources did meanwhile.

use std::os::unix::fs::FileExt as _;

use super::super::*;
use super::PIECE;
use super::kit::{Content, Network, Way};

/// A network where a holder without pieces has given three pieces' worth of eight.
async fn begun(way: Way) -> (Network, Content, DownloadId) {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 8 * PIECE, &[way]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network
        .until(id, |one| one.done_bytes == 3 * PIECE as u64)
        .await;
    (network, content, id)
}

fn part(network: &Network, content: &Content) -> std::path::PathBuf {
    store::part_path(&network.downloads().join(store::FOLDER), &content.hash)
}

/// What `way` had to send until all was there and right.
async fn finish(mut network: Network, content: &Content, id: DownloadId, way: Way) -> u64 {
    let other = network.add_holder(content, way).await;
    network.fetch.nudge(None);
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    network.sent_bytes(other)
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_after_a_pause_and_a_restart() {
    let (mut network, content, id) = begun(Way::PlainStopsAfter(3)).await;
    network.fetch.pause(&[id]).await.unwrap();
    let came = 3 * PIECE as u64;
    let shown = |network: &Network| {
        let one = network.status(id);
        (one.state, one.done_bytes, one.sources)
    };
    let paused = (DownloadState::Paused, came, (0, 1));
    assert_eq!(shown(&network), paused, "from the first moment on");
    network.at_rest().await;
    assert_eq!(shown(&network), paused, "and once it has ended");
    network.restart().await;
    assert_eq!(network.status(id).done_bytes, came);
    network.silence(0);
    network.fetch.resume(&[id]).await.unwrap();
    let is_stuck = |one: &DownloadStatus| matches!(one.state, DownloadState::NoSource { .. });
    let stuck = network.until(id, is_stuck).await;
    assert_eq!(stuck.done_bytes, came, "kept, though nobody has the rest");
    let sent = finish(network, &content, id, Way::Plain).await;
    assert_eq!(sent, 5 * PIECE as u64);
}

#[tokio::test]
async fn a_killed_stream_goes_on_and_begins_at_the_front_where_what_is_there_is_wrong() {
    for (is_bent, expected) in [(false, 5 * PIECE), (true, 5 * PIECE + 8 * PIECE)] {
        let (mut network, content, id) = begun(Way::PlainStopsAfter(3)).await;
        let part = part(&network, &content);
        network.end();
        if is_bent {
            let file = std::fs::File::options().write(true).open(part).unwrap();
            file.write_at(b"bent", 100).unwrap();
        }
        network.kill().await;
        let sent = finish(network, &content, id, Way::Plain).await;
        assert_eq!(sent, expected as u64, "bent: {is_bent}");
    }
}

#[tokio::test]
async fn a_holder_that_gives_no_parts_begins_at_the_front_and_is_no_liar() {
    let (mut network, content, id) = begun(Way::PlainStopsAfter(3)).await;
    network.kill().await;
    let sent = finish(network, &content, id, Way::PlainWhole).await;
    assert_eq!(sent, 8 * PIECE as u64);
}

#[tokio::test]
async fn a_stream_goes_on_with_pieces_when_somebody_knows_them() {
    let (mut network, content, id) = begun(Way::PlainStopsAfter(3)).await;
    network.kill().await;
    let sent = finish(network, &content, id, Way::Honest).await;
    assert_eq!(sent, 5 * PIECE as u64);
}

#[tokio::test]
async fn after_the_disk_failed_only_what_it_lost_is_fetched_again() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 8 * PIECE, &[]).await;
    let part = part(&network, &content);
    let lose = |path: &std::path::Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_at(&vec![0; PIECE], 2 * PIECE as u64).unwrap();
        file.sync_all().unwrap();
    };
    store::faults::fail_next_sync(part.clone(), lose);
    let holder = network.add_holder(&content, Way::Honest).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    let sent = network.sent_bytes(holder);
    assert!(!store::faults::is_to_come(&part), "it has failed");
    assert_eq!(sent, 9 * PIECE as u64);
}

#[tokio::test]
async fn a_copy_that_is_gone_costs_nothing_of_what_has_come() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 8 * PIECE, &[]).await;
    let first = network.add_holder(&content, Way::Honest).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    network.silence(first);
    std::fs::remove_file(done.destination).unwrap();
    let again = network.enqueue_at(&content, "again.bin").await;
    network.add_holder(&content, Way::StopsAfter(3)).await;
    network.fetch.nudge(Some(content.hash));
    network
        .until(again, |one| one.done_bytes == 3 * PIECE as u64)
        .await;
    network.fetch.pause(&[again]).await.unwrap();
    network
        .until(again, |one| one.state == DownloadState::Paused)
        .await;
    network.fetch.resume(&[again]).await.unwrap();
    let sent = finish(network, &content, again, Way::Honest).await;
    assert_eq!(sent, 5 * PIECE as u64);
}

//! Files that a person names the place of.

use std::path::Path;

use super::super::*;
use super::PIECE;
use super::kit::{Network, Way};

#[tokio::test]
async fn a_place_that_cannot_be_made_costs_nothing_of_what_came() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 3 * PIECE, &[Way::Honest]).await;
    let nowhere = Wish {
        save_as: Some(Path::new("/proc/nope/x.bin").to_owned()),
        ..content.wish()
    };
    let id = network.fetch.enqueue(nowhere).await.unwrap();
    let is_failed = |one: &DownloadStatus| matches!(one.state, DownloadState::Failed { .. });
    network.until(id, is_failed).await;
    let sent = network.sent_bytes(0);
    assert_eq!(network.enqueue_at(&content, "y.bin").await, id);
    let done = network.done(id).await;
    assert_eq!(done.destination, network.downloads().join("y.bin"));
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(0), sent, "all of it had come");
}

#[tokio::test]
async fn a_copy_waits_for_the_download_that_runs_and_fetches_nothing() {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(3)])
        .await;
    let first = network.fetch.enqueue(content.wish()).await.unwrap();
    let came = 3 * PIECE as u64;
    network.until(first, |one| one.done_bytes == came).await;
    let copy = network.enqueue_at(&content, "y.bin").await;
    let other = network.add_holder(&content, Way::Honest).await;
    network.fetch.nudge(Some(content.hash));
    network.done(first).await;
    let done = network.done(copy).await;
    assert_eq!(done.destination, network.downloads().join("y.bin"));
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(other), 5 * PIECE as u64);
}

#[tokio::test]
async fn what_lies_at_a_named_place_is_looked_at_and_never_overwritten() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 3 * PIECE, &[Way::Honest]).await;
    let place = network.downloads().join("y.bin");
    std::fs::write(&place, &*content.bytes).unwrap();
    let id = network.enqueue_at(&content, "y.bin").await;
    assert_eq!(network.done(id).await.destination, place);
    assert_eq!(network.asked(0), 0, "it is there");
    let other = vec![b'x'; content.bytes.len()];
    std::fs::write(&place, &other).unwrap();
    assert_eq!(network.enqueue_at(&content, "y.bin").await, id);
    let beside = network.downloads().join("y (2).bin");
    network
        .until(id, |one| {
            one.state == DownloadState::Done && one.destination == beside
        })
        .await;
    assert_eq!(std::fs::read(&place).unwrap(), other);
    assert_eq!(std::fs::read(beside).unwrap(), *content.bytes);
}

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
    network.until(first, |one| one.done_bytes > 0).await;
    let copy = network.enqueue_at(&content, "y.bin").await;
    let other = network.add_holder(&content, Way::Honest).await;
    network.fetch.nudge(Some(content.hash));
    network.done(first).await;
    let sent = network.sent_bytes(0) + network.sent_bytes(other);
    let done = network.done(copy).await;
    assert_eq!(done.destination, network.downloads().join("y.bin"));
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(0) + network.sent_bytes(other), sent);
}

#[tokio::test]
async fn a_copy_is_looked_for_at_each_place_that_had_one() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 3 * PIECE, &[Way::Honest]).await;
    let mut places = Vec::new();
    for name in ["x.bin", "changed.bin", "kept.bin"] {
        let id = network.enqueue_at(&content, name).await;
        places.push(network.done(id).await.destination);
    }
    network.silence(0);
    std::fs::remove_file(&places[0]).unwrap();
    std::fs::write(&places[1], vec![b'x'; content.bytes.len()]).unwrap();
    let id = network.enqueue_at(&content, "z.bin").await;
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
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

#[tokio::test]
async fn a_download_that_has_begun_stays_in_the_folder_where_it_began() {
    let mut network = Network::start().await;
    let begun = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(3)])
        .await;
    let waiting = network.share("y.bin", 7 * PIECE, &[]).await;
    let (x, y) = (begun.wish(), waiting.wish());
    let x = network.fetch.enqueue(x).await.unwrap();
    let y = network.fetch.enqueue(y).await.unwrap();
    network.until(x, |one| one.done_bytes > 0).await;
    network.silence(0);
    let before = network.downloads();
    let after = network.move_downloads("elsewhere").await;
    let came = network.status(x).done_bytes;
    assert!(came > 0, "what came is known");
    let holder = network.add_holder(&begun, Way::Honest).await;
    network.add_holder(&waiting, Way::Honest).await;
    network.fetch.nudge(None);
    let done = network.done(x).await;
    assert_eq!(done.destination, before.join("x.bin"));
    assert_eq!(std::fs::read(done.destination).unwrap(), *begun.bytes);
    assert_eq!(network.sent_bytes(holder), begun.len() - came, "the rest");
    assert_eq!(network.done(y).await.destination, after.join("y.bin"));
    let left: Vec<_> = std::fs::read_dir(before.join(store::FOLDER))
        .unwrap()
        .flatten()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

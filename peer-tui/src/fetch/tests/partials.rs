//! What others read of an unfinished download, and what is seen of it, whether it runs or not.

use super::super::*;
use super::PIECE;
use super::kit::{Content, Network, Way};
use crate::serve::PartialContents as _;

/// A network where somebody has given three pieces of eight and then nothing more.
async fn begun() -> (Network, Content, DownloadId) {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(3)])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let came = |one: &DownloadStatus| one.done_bytes == 3 * PIECE as u64;
    network.until(id, came).await;
    (network, content, id)
}

/// How many pieces others may read; each of them is right.
fn held(network: &Network, content: &Content) -> Option<u32> {
    let partial = network.fetch.partial(&content.hash)?;
    assert_eq!(partial.pieces_root, content.hashes.root);
    assert_eq!(*partial.pieces, content.hashes.pieces[..]);
    let bytes = std::fs::read(&partial.path).unwrap();
    let held = partial.held.borrow().clone();
    for piece in partial.layout.pieces().filter(|one| held.contains(*one)) {
        let range = partial.layout.range(piece);
        let first = usize::try_from(range.first()).unwrap();
        let last = usize::try_from(range.last()).unwrap();
        assert_eq!(bytes[first..=last], content.bytes[first..=last]);
    }
    Some(held.held())
}

fn is_stuck(one: &DownloadStatus) -> bool {
    matches!(one.state, DownloadState::NoSource { .. })
}

#[tokio::test]
async fn others_read_what_is_verified_until_it_is_cancelled() {
    let (mut network, content, id) = begun().await;
    assert_eq!(held(&network, &content), Some(3));
    network.fetch.pause(&[id]).await.unwrap();
    network.at_rest().await;
    assert_eq!(held(&network, &content), Some(3), "paused");
    network.restart().await;
    assert_eq!(network.status(id).state, DownloadState::Paused);
    assert_eq!(held(&network, &content), Some(3), "after a restart");
    let unfinished = network.fetch.unfinished();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(
        (unfinished[0].hash, unfinished[0].name.as_str()),
        (content.hash, "x.bin")
    );
    network.silence(0);
    network.fetch.resume(&[id]).await.unwrap();
    network.until(id, is_stuck).await;
    assert_eq!(held(&network, &content), Some(3), "without a source");
    network.fetch.cancel(&[id]).await.unwrap();
    assert_eq!(held(&network, &content), None, "cancelled");
    network.fetch.restore(&[id]).await.unwrap();
    assert_eq!(held(&network, &content), Some(3), "brought back");
    network.until(id, is_stuck).await;
    network.fetch.cancel(&[id]).await.unwrap();
    let is_gone = |network: &Network| network.fetch.view().downloads.is_empty();
    network.wait(is_gone).await;
    assert!(network.fetch.restore(&[id]).await.is_err());
    assert_eq!(
        (held(&network, &content), network.fetch.unfinished()),
        (None, Vec::new())
    );
}

#[tokio::test]
async fn pieces_and_sources_are_shown_whether_somebody_is_online_or_not() {
    let (mut network, content, id) = begun().await;
    network.silence(0);
    network.fetch.pause(&[id]).await.unwrap();
    network.at_rest().await;
    let detail = network.fetch.detail(id).await.unwrap();
    assert_eq!(detail.pieces.matches('#').count(), 3);
    network.fetch.resume(&[id]).await.unwrap();
    network.until(id, is_stuck).await;
    let detail = network.fetch.detail(id).await.unwrap();
    assert_eq!(detail.pieces.matches('#').count(), 3, "{}", detail.pieces);
    assert_eq!(detail.pieces.matches('!').count(), 5, "{}", detail.pieces);
    let source = &detail.sources[0];
    assert_eq!(
        (source.state, source.gave_bytes, source.has_pieces),
        (SourceState::Offline, 3 * PIECE as u64, (8, 8))
    );
    let other = network.add_holder(&content, Way::Honest).await;
    network.fetch.nudge(Some(content.hash));
    network.done(id).await;
    assert_eq!(network.sent_bytes(other), 5 * PIECE as u64);
    let detail = network.fetch.detail(id).await.unwrap();
    let mut gave: Vec<_> = detail.sources.iter().map(|one| one.gave_bytes).collect();
    gave.sort_unstable();
    assert_eq!(gave, [3 * PIECE as u64, 5 * PIECE as u64]);
    assert_eq!(detail.pieces, "#".repeat(8));
}

#[tokio::test]
async fn what_comes_between_two_looks_is_counted_for_those_who_look_seldom() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 2 * PIECE, &[Way::Honest]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.done(id).await;
    let view = network.fetch.view();
    assert_eq!((view.down_rate, view.short_bytes), (0, content.len()));
}

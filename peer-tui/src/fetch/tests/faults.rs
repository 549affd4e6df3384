//! Sources that behave in every wrong way: beside an honest one the file comes exact, alone the
//! failure is clear and soon, and neither memory nor disk is theirs to fill.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use protocol::hash::ContentHash;

use super::kit::{Content, Network, Way};
use super::*;

const PIECE: usize = 256 * 1024;
/// What the system between two sockets takes, and then some: no source gets more bytes taken.
const WIRE_MAX_BYTES: u64 = 24 * 1024 * 1024;
/// Longer than any answer takes.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Networks that are tried at once.
const AT_ONCE_COUNT: usize = 24;

/// Runs `check` for each of `cases`, many at once; what fails says which case it was.
async fn for_each<T, F>(cases: Vec<T>, check: impl Fn(T) -> F)
where
    T: Copy + std::fmt::Debug,
    F: Future<Output = ()> + Send + 'static,
{
    let checks = cases.into_iter().map(|case| {
        let done = tokio::spawn(check(case));
        async move { done.await.map_err(|_| case) }
    });
    // Spawned as they are taken: the iterator is lazy.
    let ended: Vec<_> = stream::iter(checks)
        .buffer_unordered(AT_ONCE_COUNT)
        .collect()
        .await;
    let failed: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

async fn check_exact(network: &Network, id: DownloadId, content: &Content) {
    let done = network.done(id).await;
    let bytes = std::fs::read(&done.destination).unwrap();
    assert_eq!(ContentHash::of(&bytes), content.hash);
    assert!(network.disk_bytes() <= content.len() + PIECE as u64);
}

async fn notes(network: &Network, id: DownloadId) -> Vec<String> {
    network.fetch.detail(id).await.unwrap().notes
}

/// No honest source is ever said to have lied.
fn check_blame(notes: &[String], honest: &str) {
    let blamed = notes
        .iter()
        .find(|note| note.starts_with(honest) && note.contains("never asked"));
    assert!(blamed.is_none(), "{notes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_each_fails_in_words_and_an_honest_one_mends_it() {
    for_each(Way::FAULTS.to_vec(), |(way, said)| async move {
        // Who answers at all is not taken for silent where the machine is busy.
        let mut network = match said {
            "did not answer in time" => Network::start().await,
            _ => Network::waiting_for(ANSWER_WAIT).await,
        };
        let content = network.share("x.bin", 3 * PIECE + 5, &[way]).await;
        let id = network.fetch.enqueue(content.wish()).await.unwrap();
        let stuck = network
            .until(id, |one| {
                matches!(one.state, DownloadState::NoSource { .. })
            })
            .await;
        let DownloadState::NoSource { reason } = &stuck.state else {
            unreachable!("waited for it");
        };
        assert!(!reason.is_empty());
        let all = notes(&network, id).await;
        let named = all
            .iter()
            .any(|note| note.starts_with("peer 0 ") && note.contains(said));
        assert!(named, "{way:?}: {reason}; {all:?}");
        assert!(
            std::fs::symlink_metadata(network.downloads().join("x.bin")).is_err(),
            "{way:?}"
        );
        assert!(
            network.wire_bytes(0) < WIRE_MAX_BYTES,
            "{way:?}: {}",
            network.wire_bytes(0)
        );
        assert!(
            network.disk_bytes() <= content.len() + PIECE as u64,
            "{way:?}"
        );

        network.add_holder(&content, Way::Honest).await;
        network.fetch.nudge(Some(content.hash));
        check_exact(&network, id, &content).await;
        check_blame(&notes(&network, id).await, "peer 1 ");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_an_honest_one_none_spoils_a_file() {
    let ways =
        Way::FAULTS
            .iter()
            .map(|(way, _)| *way)
            .chain([Way::Drip, Way::PlainWrong, Way::Smuggles]);
    for_each(ways.collect(), |way| async move {
        let mut network = Network::start().await;
        let content = network
            .share("x.bin", 9 * PIECE + 5, &[way, Way::Honest])
            .await;
        let id = network.fetch.enqueue(content.wish()).await.unwrap();
        check_exact(&network, id, &content).await;
        check_blame(&notes(&network, id).await, "peer 1 ");
        assert!(
            network.wire_bytes(0) < WIRE_MAX_BYTES,
            "{}",
            network.wire_bytes(0)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_odd_but_right_brings_the_file() {
    for_each(Way::ODD_BUT_RIGHT.to_vec(), |way| async move {
        let mut network = Network::start().await;
        let content = network.share("x.bin", 9 * PIECE + 5, &[way]).await;
        let id = network.fetch.enqueue(content.wish()).await.unwrap();
        check_exact(&network, id, &content).await;
    })
    .await;
}

/// Liars who come first, are in the majority and agree with each other cost time, not the file.
#[tokio::test]
async fn of_holders_that_disagree_the_hash_of_the_file_decides() {
    let mut network = Network::start().await;
    let ways = [
        Way::OtherRoot,
        Way::OtherRoot,
        Way::OtherRoot,
        Way::Corrupt,
        Way::Honest,
    ];
    let content = network.share("x.bin", 6 * PIECE, &ways).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    check_exact(&network, id, &content).await;
    let notes = notes(&network, id).await;
    for liar in ["peer 0", "peer 1", "peer 2"] {
        let said = "told pieces that are not those of the file";
        let is_named = notes
            .iter()
            .any(|note| note.starts_with(liar) && note.contains(said));
        assert!(is_named, "{liar}: {notes:?}");
    }
    check_blame(&notes, "peer 4");
}

/// A slow source is waited for while it is the only one, and left as soon as it is not.
#[tokio::test]
async fn a_source_that_drips_is_left_for_a_better_one() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 4 * PIECE, &[Way::Drip]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.until(id, |one| one.rate_bytes > 0).await;
    network.add_holder(&content, Way::Honest).await;
    check_exact(&network, id, &content).await;
    // Half a second between looks at the index, and the last piece is asked of two.
    tokio::time::timeout(Duration::from_secs(5), notes(&network, id))
        .await
        .unwrap();
}

//! Whole downloads against sources on loopback that are honest, slow, partial, busy or lying: the
//! file comes exact, or the failure is clear.

mod faults;
mod kit;
mod partials;
mod places;
mod resume;
mod stalls;
mod together;

use std::time::Duration;

use kit::{Network, Way, id_of};
use protocol::hash::ContentHash;

use super::handle::FetchError;
use super::*;

const PIECE: usize = 256 * 1024;

#[tokio::test]
async fn a_file_comes_exact_under_its_safe_name_with_its_folders() {
    let mut network = Network::start().await;
    let content = network
        .share("iso/../a\u{202e}b/x.bin", 5 * PIECE + 17, &[Way::Honest])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(done.destination, network.downloads().join("iso/ab/x.bin"));
    assert_eq!(std::fs::read(&done.destination).unwrap(), *content.bytes);
    assert_eq!(
        (done.done_bytes, done.size_bytes),
        (content.len(), content.len())
    );
    let finished = network.finished().await;
    assert_eq!(finished.hashes, content.hashes);
    let left: Vec<_> = std::fs::read_dir(network.downloads().join(".peerdex"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_empty_file_needs_nobody() {
    let mut network = Network::start().await;
    let content = network.share("empty.txt", 0, &[]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), b"");
}

#[tokio::test]
async fn nothing_that_is_there_is_overwritten() {
    let mut network = Network::start().await;
    let content = network.share("a.tar.gz", 100, &[Way::Honest]).await;
    for name in ["a.tar.gz", "a (2).tar.gz"] {
        std::fs::write(network.downloads().join(name), name).unwrap();
    }
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(done.destination, network.downloads().join("a (3).tar.gz"));
    assert_eq!(
        std::fs::read(network.downloads().join("a.tar.gz")).unwrap(),
        b"a.tar.gz"
    );
    let again = network.fetch.enqueue(content.wish()).await;
    assert!(
        matches!(again, Err(FetchError::AlreadyDone { .. })),
        "{again:?}"
    );
    let id = network.enqueue_at(&content, "a.tar.gz").await;
    let copy = network.done(id).await;
    assert_eq!(copy.destination, network.downloads().join("a (4).tar.gz"));
    assert_eq!(std::fs::read(copy.destination).unwrap(), *content.bytes);
}

#[tokio::test]
async fn links_in_the_download_folder_lead_nowhere() {
    let mut network = Network::start().await;
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), network.downloads().join("out")).unwrap();
    let content = network.share("out/x.bin", 100, &[Way::Honest]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let failed = network
        .until(id, |one| matches!(one.state, DownloadState::Failed { .. }))
        .await;
    assert_eq!(
        std::fs::read_dir(outside.path()).unwrap().count(),
        0,
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_corrupt_source_is_asked_once_in_a_file_and_never_after_the_second() {
    let mut network = Network::start().await;
    let peer = network.peer(Way::Corrupt).await;
    let mut caught = 0;
    for number in 0..20 {
        // Every piece of it is long enough to hold a wrong byte.
        let length = 3 * PIECE + 1000 + number;
        let content = network.share_by(&format!("{number}.bin"), length, &[peer]);
        network.add_holder(&content, Way::Honest).await;
        let before = network.asked(peer);
        let id = network.fetch.enqueue(content.wish()).await.unwrap();
        network.done(id).await;
        let asked = network.asked(peer) - before;
        assert!(
            asked <= usize::from(caught < 2),
            "file {number}: asked {asked} times"
        );
        if caught == 2 {
            return;
        }
        // The honest one may have brought everything before its first piece was there.
        let detail = network.fetch.detail(id).await.unwrap();
        let is_noted = detail.notes.iter().any(|note| note.contains("wrong bytes"));
        let mut reasons = detail.sources.iter().filter_map(|one| one.reason.as_ref());
        assert_eq!(reasons.any(|said| said.contains("wrong bytes")), is_noted);
        caught += u32::from(is_noted);
    }
    panic!("it was not caught twice in twenty files");
}

#[tokio::test]
async fn busy_sources_are_waited_for_and_lost_ones_come_back() {
    let mut network = Network::start().await;
    let content = network.share("x.bin", 2 * PIECE, &[Way::BusyOnce]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.done(id).await;
    let content = network.share("y.bin", 2 * PIECE + 1, &[]).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network
        .until(id, |one| {
            matches!(one.state, DownloadState::NoSource { .. })
        })
        .await;
    network.add_holder(&content, Way::Honest).await;
    network.fetch.nudge(Some(content.hash));
    network.done(id).await;
}

#[tokio::test]
async fn holders_that_know_no_pieces_serve_too() {
    let mut network = Network::start().await;
    let ways = [Way::PlainWrong, Way::PlainBreaks, Way::Plain];
    let content = network.share("x.bin", 3 * PIECE + 1, &ways).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    let corrupt = protocol::peer::Outcome::Corrupt;
    network.wait(|all| all.is_reported(0, corrupt)).await;
    assert!(!network.is_reported(1, corrupt), "what it gave was right");
}

#[tokio::test]
async fn a_paused_download_goes_on_where_it_was_also_after_a_restart() {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(3)])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network
        .until(id, |one| one.done_bytes == 3 * PIECE as u64)
        .await;
    network.fetch.pause(&[id]).await.unwrap();
    network.at_rest().await;
    network.restart().await;
    let paused = network.status(id);
    assert_eq!(
        (paused.state.clone(), paused.done_bytes),
        (DownloadState::Paused, 3 * PIECE as u64)
    );
    let honest = network.add_holder(&content, Way::Honest).await;
    network.fetch.resume(&[id]).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(
        network.sent_bytes(honest),
        5 * PIECE as u64,
        "only what was missing"
    );
}

#[tokio::test]
async fn a_killed_download_goes_on_with_what_was_verified() {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(5)])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network
        .until(id, |one| one.done_bytes == 5 * PIECE as u64)
        .await;
    network.kill().await;
    let honest = network.add_holder(&content, Way::Honest).await;
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(honest), 3 * PIECE as u64);
}

#[tokio::test]
async fn a_cancel_can_be_undone_and_then_takes_the_bytes_away() {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(2)])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.until(id, |one| one.done_bytes > 0).await;
    network.fetch.cancel(&[id]).await.unwrap();
    network
        .until(id, |one| {
            matches!(one.state, DownloadState::Cancelled { .. })
        })
        .await;
    network.fetch.restore(&[id]).await.unwrap();
    network
        .until(id, |one| one.state == DownloadState::Downloading)
        .await;
    network.fetch.cancel(&[id]).await.unwrap();
    let part = store::part_path(&network.downloads().join(store::FOLDER), &content.hash);
    network
        .wait(|network| network.fetch.view().downloads.is_empty())
        .await;
    network
        .wait(|_| std::fs::symlink_metadata(&part).is_err())
        .await;
    assert_eq!(
        network.fetch.pause(&[id]).await,
        Err(FetchError::Unknown(id))
    );
}

#[tokio::test]
async fn what_is_cancelled_and_taken_off_the_list_is_deleted_at_once() {
    let mut network = Network::with(|timing| timing.undo = Duration::from_hours(1)).await;
    let content = network
        .share("x.bin", 8 * PIECE, &[Way::StopsAfter(2)])
        .await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.until(id, |one| one.done_bytes > 0).await;
    network.fetch.cancel(&[id]).await.unwrap();
    network.fetch.remove(&[id]).await.unwrap();
    let back = network.fetch.resume(&[id]).await;
    assert_eq!(back, Err(FetchError::Unknown(id)));
    network
        .wait(|network| network.fetch.view().downloads.is_empty())
        .await;
    let part = store::part_path(&network.downloads().join(store::FOLDER), &content.hash);
    network
        .wait(|_| std::fs::symlink_metadata(&part).is_err())
        .await;
}

#[tokio::test]
async fn a_folder_of_small_files_with_doubles_comes_whole() {
    let mut network = Network::start().await;
    let peer = network.peer(Way::Honest).await;
    let mut wishes = Vec::new();
    for number in 0..200 {
        let name = format!("folder/{number}.bin");
        wishes.push(network.share_by(&name, 100 + number % 50, &[peer]).wish());
    }
    let ids = network.fetch.enqueue_many(wishes.clone()).await.unwrap();
    for (id, wish) in ids.into_iter().zip(wishes) {
        let done = network.done(id.unwrap()).await;
        assert_eq!(done.destination, network.downloads().join(&wish.path));
        assert_eq!(
            ContentHash::of(&std::fs::read(done.destination).unwrap()),
            wish.hash
        );
    }
}

#[tokio::test]
async fn the_limit_holds_over_all_sources() {
    let mut network = Network::start().await;
    network.fetch.set_down_limit(Some(1024 * 1024));
    let content = network
        .share("x.bin", 4 * PIECE, &[Way::Honest, Way::Honest])
        .await;
    let started = std::time::Instant::now();
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    network.done(id).await;
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(500),
        "1 MiB at 1 MiB/s took {took:?}"
    );
}

#[tokio::test]
async fn a_source_with_a_limit_gives_no_more_and_the_others_the_rest() {
    const RATE: u64 = 256 * 1024;
    let mut network = Network::start().await;
    let slow = network.peer(Way::Honest).await;
    let slow_id = id_of(slow);
    network.fetch.set_peer_limits([(slow_id, RATE)]);
    let content = network.share_by("x.bin", 64 * PIECE, &[slow]);
    network.add_holder(&content, Way::Honest).await;
    let small: Vec<_> = (0..16)
        .map(|number| {
            network
                .share_by(&format!("s/{number}"), PIECE / 4 + number, &[slow])
                .wish()
        })
        .collect();
    let started = std::time::Instant::now();
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let smalls = network.fetch.enqueue_many(small).await.unwrap();
    network.done(id).await;
    for id in smalls {
        network.done(id.unwrap()).await;
    }
    let gave = network.fetch.view().got_bytes[&slow_id];
    assert!(gave >= 4 * PIECE as u64, "the small ones at least: {gave}");
    // What came last is paid for later: two pieces and a file on each kept connection.
    let most = started.elapsed().as_secs_f64() * RATE as f64 + 4.0 * PIECE as f64;
    assert!((gave as f64) < most, "{gave} of {most}");
}

#[tokio::test]
async fn what_came_from_a_peer_counts_while_the_download_goes_on() {
    let mut network = Network::start().await;
    let content = network
        .share("x.bin", 6 * PIECE, &[Way::StopsAfter(3)])
        .await;
    let holder = content.wish();
    let id = network.fetch.enqueue(holder).await.unwrap();
    let some = 2 * PIECE as u64;
    network.until(id, |one| one.done_bytes >= some).await;
    network
        .wait(|network| network.fetch.view().got_bytes.values().sum::<u64>() >= some)
        .await;
    let view = network.fetch.view();
    assert_eq!(view.active_count, 1, "it still runs");
    assert!(view.fetched_bytes >= some, "{}", view.fetched_bytes);
}

#[tokio::test]
async fn a_defect_costs_one_download_a_sentence_and_no_place() {
    let mut network = Network::start().await;
    let bad = network.share("bad.bin", 8 * PIECE, &[Way::Honest]).await;
    network.trap(Some(bad.hash));
    let id = network.fetch.enqueue(bad.wish()).await.unwrap();
    let failed = network
        .until(id, |one| matches!(one.state, DownloadState::Failed { .. }))
        .await;
    let DownloadState::Failed { reason } = failed.state else {
        unreachable!("waited for it");
    };
    assert!(reason.contains("retry"), "{reason}");
    assert_eq!(network.fetch.view().active_count, 0);
    network.trap(None);
    network.fetch.retry(&[id]).await.unwrap();
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *bad.bytes);
}

#[tokio::test]
async fn a_limit_of_one_download_holds_for_it_alone_also_after_a_restart() {
    let mut network = Network::start().await;
    let slow = network.share("slow.bin", 4 * PIECE, &[]).await;
    let id = network.fetch.enqueue(slow.wish()).await.unwrap();
    network.fetch.pause(&[id]).await.unwrap();
    let limit = Some(1024 * 1024);
    network.fetch.limit(&[id], limit).await.unwrap();
    network.restart().await;
    network.add_holder(&slow, Way::Honest).await;
    let started = std::time::Instant::now();
    network.fetch.resume(&[id]).await.unwrap();
    let other = network.share("fast.bin", 8 * PIECE, &[Way::Honest]).await;
    let other = network.fetch.enqueue(other.wish()).await.unwrap();
    network.done(other).await;
    assert_ne!(network.status(id).state, DownloadState::Done);
    network.done(id).await;
    assert!(started.elapsed() >= Duration::from_millis(500));
}

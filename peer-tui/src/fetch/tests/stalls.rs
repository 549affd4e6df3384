//! A file that comes in one stream from those who know no pieces, when the stream stands still.

use std::time::Duration;

use super::super::limits::Timing;
use super::super::*;
use super::PIECE;
use super::kit::{Content, Network, Way, id_of};

/// Longer than any test.
const NEVER: Duration = Duration::from_hours(1);

/// The only holder, without pieces, went silent after three pieces' worth of eight; nothing but what
/// `change` sets makes the download look for another one or leave it.
async fn standing_still(change: impl FnOnce(&mut Timing)) -> (Network, Content, DownloadId) {
    let set = |timing: &mut Timing| {
        timing.slow_window = NEVER;
        timing.look_again = NEVER;
        timing.no_source_min = NEVER;
        change(timing);
    };
    let mut network = Network::with(set).await;
    let ways = [Way::PlainStopsAfter(3)];
    let content = network.share("x.bin", 8 * PIECE, &ways).await;
    let id = network.fetch.enqueue(content.wish()).await.unwrap();
    let came = 3 * PIECE as u64;
    network.until(id, |one| one.done_bytes == came).await;
    (network, content, id)
}

/// The rest comes in pieces: all but those that the silent one is asked for, and these too when it
/// is blocked.
async fn ends_in_pieces(network: &Network, content: &Content, id: DownloadId, other: usize) {
    network
        .until(id, |one| one.done_bytes > 3 * PIECE as u64)
        .await;
    network.fetch.block(id_of(0)).await;
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(other), 5 * PIECE as u64);
}

/// Five pieces' worth came from `other`, and the silent one was asked once.
async fn ends_with(network: &Network, content: &Content, id: DownloadId, other: usize) {
    let done = network.done(id).await;
    assert_eq!(std::fs::read(done.destination).unwrap(), *content.bytes);
    assert_eq!(network.sent_bytes(other), 5 * PIECE as u64);
    assert_eq!(network.asked(0), 1);
}

#[tokio::test]
async fn a_nudge_brings_a_silent_stream_to_pieces() {
    let (mut network, content, id) = standing_still(|_| ()).await;
    let other = network.add_holder(&content, Way::Honest).await;
    network.fetch.nudge(Some(content.hash));
    ends_in_pieces(&network, &content, id, other).await;
}

#[tokio::test]
async fn a_silent_stream_finds_pieces_by_itself() {
    let often = |timing: &mut Timing| timing.look_again = Duration::from_millis(200);
    let (mut network, content, id) = standing_still(often).await;
    let other = network.add_holder(&content, Way::Honest).await;
    ends_in_pieces(&network, &content, id, other).await;
}

#[tokio::test]
async fn a_silent_stream_goes_on_with_a_holder_that_came_later() {
    let leaves = |timing: &mut Timing| timing.slow_window = Duration::from_secs(1);
    let (mut network, content, id) = standing_still(leaves).await;
    let other = network.add_holder(&content, Way::Plain).await;
    network.fetch.nudge(Some(content.hash));
    ends_with(&network, &content, id, other).await;
}

#[tokio::test]
async fn a_blocked_source_is_left_in_the_middle_of_its_stream() {
    let (mut network, content, id) = standing_still(|_| ()).await;
    let other = network.add_holder(&content, Way::Plain).await;
    network.fetch.nudge(Some(content.hash));
    network.until(id, |one| one.sources == (1, 2)).await;
    network.fetch.block(id_of(0)).await;
    ends_with(&network, &content, id, other).await;
}

#[tokio::test]
async fn pieces_that_never_come_keep_no_stream_from_going_on() {
    let patient = |timing: &mut Timing| {
        timing.slow_window = Duration::from_secs(1);
        timing.first_byte = NEVER;
    };
    let (mut network, content, id) = standing_still(patient).await;
    network.add_holder(&content, Way::Silent).await;
    let other = network.add_holder(&content, Way::Plain).await;
    network.fetch.nudge(Some(content.hash));
    ends_with(&network, &content, id, other).await;
}

//! The session against an index on loopback that can forget, restart and refuse.

mod kit;

use std::time::Duration;

use kit::{FakeIndex, FakeShare};
use protocol::event::Event;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::names::SharePath;
use protocol::search::SearchParams;

use super::*;

fn live_unsent(link: &Link) -> Option<u64> {
    match link {
        Link::Live { unsent_files, .. } => Some(*unsent_files),
        _ => None,
    }
}

#[tokio::test]
async fn everything_is_sent_once_and_every_change_soon() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("a.txt", "1"), ("b/c.txt", "2")]);
    let client = index.client(&share);
    index
        .until(|held| held.paths() == ["a.txt", "b/c.txt"])
        .await;
    share.add("d.txt", "3");
    share.remove("a.txt");
    index
        .until(|held| held.paths() == ["b/c.txt", "d.txt"])
        .await;
    assert_eq!(index.line_count(), 4, "each line once");
    assert!(live_unsent(&client.link().borrow()).is_some());
    client.stop().await;
    assert!(index.held().has_left);
}

#[tokio::test]
async fn an_index_in_step_is_sent_nothing() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("a.txt", "1"), ("b.txt", "2")]);
    let client = index.client(&share);
    index.until(|held| held.paths().len() == 2).await;
    client.stop().await;
    let before = index.line_count();
    let client = index.client(&share);
    let mut link = client.link();
    link.wait_for(|link| live_unsent(link) == Some(0))
        .await
        .unwrap();
    share.add("c.txt", "3");
    index.until(|held| held.paths().len() == 3).await;
    assert_eq!(index.line_count(), before + 1);
}

#[tokio::test]
async fn an_index_too_busy_for_heartbeats_keeps_the_session() {
    let index = FakeIndex::start().await;
    let client = index.client(&FakeShare::of(&[]));
    index.until(|held| held.beat_count > 0).await;
    index.be_busy(3);
    index.until(|held| held.busy_count == 0).await;
    let before = index.held().beat_count;
    index.until(|held| held.beat_count > before).await;
    assert_eq!(
        index.held().register_count,
        1,
        "registered again for a refusal"
    );
    assert!(live_unsent(&client.link().borrow()).is_some());
}

#[tokio::test]
async fn what_is_shared_no_more_is_withdrawn_and_the_rest_is_not_sent_again() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("a.txt", "1"), ("b.txt", "2"), ("c.txt", "3")]);
    let client = index.client(&share);
    index.until(|held| held.paths().len() == 3).await;
    client.stop().await;
    let before = index.line_count();
    let share = FakeShare::of(&[("a.txt", "1"), ("b.txt", "changed"), ("d.txt", "3")]);
    let _client = index.client(&share);
    index
        .until(|held| held.paths() == ["a.txt", "b.txt", "d.txt"])
        .await;
    assert_eq!(index.content_of("b.txt"), Some(ContentHash::of(b"changed")));
    assert_eq!(index.line_count(), before + 4, "two withdrawn, two added");
}

#[tokio::test]
async fn a_forgotten_peer_comes_back_by_itself_with_all_it_has() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("a.txt", "1")]);
    let _client = index.client(&share);
    index.until(|held| held.paths() == ["a.txt"]).await;
    index.forget_all();
    index.until(|held| held.paths() == ["a.txt"]).await;
}

#[tokio::test]
async fn an_index_that_is_away_is_tried_until_it_is_there() {
    let share = FakeShare::of(&[("a.txt", "1")]);
    let index = FakeIndex::start().await;
    let client = index.client(&share);
    index.until(|held| held.paths() == ["a.txt"]).await;
    let address = index.stop().await;
    let mut link = client.link();
    let lost = link
        .wait_for(|link| matches!(link, Link::Lost { tries, .. } if *tries > 1))
        .await;
    let Link::Lost { reason, .. } = lost.unwrap().clone() else {
        unreachable!("waited for it");
    };
    assert!(
        reason.contains("refused") || reason.contains("answer"),
        "{reason}"
    );
    let index = FakeIndex::start_at(address).await;
    link.wait_for(|link| live_unsent(link).is_some())
        .await
        .unwrap();
    index.until(|held| held.paths() == ["a.txt"]).await;
}

#[tokio::test]
async fn an_unfinished_download_is_published_and_withdrawn_but_never_a_whole_file() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("whole.txt", "whole")]);
    let client = index.client(&share);
    index.until(|held| held.paths() == ["whole.txt"]).await;
    let partial = |content: &str| PartialFile {
        hash: ContentHash::of(content.as_bytes()),
        size_bytes: 5,
        root: PiecesRoot::from_bytes([1; 32]),
        path: SharePath::new("part.bin").unwrap(),
    };
    client.publish_partial(partial("part")).await;
    index.until(|held| held.partials() == ["part.bin"]).await;
    index.forget_all();
    index.until(|held| held.partials() == ["part.bin"]).await;
    client.publish_partial(partial("whole")).await;
    client.withdraw_partial(ContentHash::of(b"whole")).await;
    client.withdraw_partial(ContentHash::of(b"part")).await;
    index
        .until(|held| held.partials().is_empty() && held.paths() == ["whole.txt"])
        .await;
}

#[tokio::test]
async fn before_the_first_look_is_over_nothing_is_withdrawn() {
    let index = FakeIndex::start().await;
    let share = FakeShare::of(&[("a.txt", "1"), ("b.txt", "2")]);
    let client = index.client(&share);
    index.until(|held| held.paths().len() == 2).await;
    client.stop().await;
    let share = FakeShare::unsettled();
    let client = index.client(&share);
    client
        .link()
        .wait_for(|link| live_unsent(link).is_some())
        .await
        .unwrap();
    share.add("b.txt", "2");
    share.add("c.txt", "3");
    index
        .until(|held| held.paths() == ["a.txt", "b.txt", "c.txt"])
        .await;
    share.settle();
    index.until(|held| held.paths() == ["b.txt", "c.txt"]).await;
}

#[tokio::test]
async fn events_reach_readers_and_keep_the_table_of_peers() {
    let index = FakeIndex::start().await;
    let client = index.client(&FakeShare::of(&[]));
    let mut events = client.events();
    let mut peers = client.peers();
    index.until_subscribed().await;
    let peer = kit::peer(7, true);
    index.push(Event::PeerRegistered(peer.clone()));
    let reached = async {
        loop {
            if events.recv().await.unwrap().event == Event::PeerRegistered(peer.clone()) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached)
        .await
        .unwrap();
    peers
        .wait_for(|table| table.get(&peer.id).is_some_and(|known| known.is_online))
        .await
        .unwrap();
    let offline = protocol::peer::Peer {
        is_online: false,
        ..peer.clone()
    };
    index.push(Event::PeerOffline(offline));
    peers
        .wait_for(|table| table.get(&peer.id).is_some_and(|known| !known.is_online))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_refusal_is_a_problem_and_another_server_is_told_apart() {
    let index = FakeIndex::start().await;
    let client = index.client(&FakeShare::of(&[]));
    let params = SearchParams {
        q: "refuse \"me".to_owned(),
        ..SearchParams::default()
    };
    let refused = client.search(&params).await;
    assert!(
        matches!(&refused, Err(IndexError::Refused(problem)) if problem.slug == "invalid-query"),
        "{refused:?}"
    );
    let error = client
        .rate(&protocol::ids::FileId::from_bytes([0; 16]), 3)
        .await
        .unwrap_err();
    assert!(matches!(error, IndexError::Unexpected { .. }), "{error:?}");
}

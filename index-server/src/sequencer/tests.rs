//! The sequencer over a journal in memory, on tokio's paused clock: what is durable, what readers
//! see, and when silence counts.

mod failing;
mod shown;

use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::problem::Slug;
use protocol::query::Query;
use protocol::search::SearchParams;

use super::kit::{House, Watcher, pass, rewound};
use super::*;
use crate::command::FileChanged;
use crate::decide::kit::{
    add, change, checked, download, file, heartbeat, leave, peer, register, remove,
};
use crate::journal::kit::load;

#[tokio::test(start_paused = true)]
async fn an_answer_means_durable_and_seen() {
    let house = House::new().await;
    house.ok(register(1)).await;
    let answer = house
        .ok(change(1, vec![add("a/x.iso", "x"), add("y.txt", "y")]))
        .await;
    assert_eq!(house.found(), ["a/x.iso", "y.txt"]);
    let (records, _) = load(&*house.journal);
    assert_eq!(records.len(), 2);
    let Answer::FilesChanged(outcomes) = answer else {
        panic!("another answer");
    };
    assert!(matches!(&outcomes[0], FileChanged::Added(id) if *id == file(1, "x")));
    house.ok(download(1, "x")).await;
    assert_eq!(
        house.watcher.take_events(),
        [
            "registered peer 1",
            "file a/x.iso of peer 1 with 1 sources",
            "file y.txt of peer 1 with 1 sources",
            "download 1",
        ]
    );
    let view = house.index.view();
    assert_eq!(view.stats.total_files, 2);
    assert_eq!(view.stats.total_downloads, 1);
    assert_eq!(view.peers[&peer(1)].shared_files, 2);

    house.stopper.stop().await;
    let again = House::on(rewound(&house.journal)).await;
    assert_eq!(again.found(), ["a/x.iso", "y.txt"]);
    assert_eq!(again.index.view().stats.total_downloads, 1);
    assert_eq!(
        house
            .index
            .ask(heartbeat(1))
            .await
            .expect_err("stopped")
            .slug,
        Slug::ShuttingDown
    );
}

#[tokio::test(start_paused = true)]
async fn silence_turns_into_offline_after_its_time_and_a_heartbeat_brings_back() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.ok(register(2)).await;
    house.ok(change(1, vec![add("x", "x")])).await;
    for _ in 0..10 {
        pass(30).await;
        house.ok(heartbeat(2)).await;
        let is_online = house.is_online(peer(1));
        assert_eq!(house.is_online(peer(2)), Some(true));
        if is_online == Some(false) {
            break;
        }
    }
    assert_eq!(house.is_online(peer(1)), Some(false));
    assert!(house.found().is_empty(), "offline files are not found");
    assert_eq!(
        house.watcher.take_events()[3..],
        ["offline peer 1".to_owned()]
    );
    house.ok(heartbeat(1)).await;
    assert_eq!(house.is_online(peer(1)), Some(true));
    assert_eq!(house.found(), ["x"]);
    assert_eq!(house.watcher.take_events(), ["online peer 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_called_offline_within_one_sweep_of_its_deadline() {
    let house = House::new().await;
    house.ok(register(1)).await;
    pass(119).await;
    assert_eq!(house.is_online(peer(1)), Some(true));
    pass(32).await;
    assert_eq!(house.is_online(peer(1)), Some(false));
}

#[tokio::test(start_paused = true)]
async fn long_silence_is_forgotten_with_its_files() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.ok(change(1, vec![add("x", "x")])).await;
    house.ok(leave(1)).await;
    assert_eq!(house.watcher.take_events()[2], "left peer 1");
    pass(24 * 3600 - 60).await;
    assert_eq!(house.is_online(peer(1)), Some(false));
    pass(120).await;
    assert_eq!(house.is_online(peer(1)), None);
    assert_eq!(house.index.view().stats.total_files, 0);
    assert_eq!(house.watcher.take_events(), ["no file x"]);
    assert_eq!(house.refused(heartbeat(1)).await, Slug::UnknownPeer);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_everybody_has_a_whole_deadline() {
    let house = House::new().await;
    house.ok(register(1)).await;
    pass(100).await;
    let again = House::on(rewound(&house.journal)).await;
    pass(100).await;
    assert_eq!(again.is_online(peer(1)), Some(true));
    again.ok(heartbeat(1)).await;
    pass(100).await;
    assert_eq!(
        again.is_online(peer(1)),
        Some(true),
        "its token still counts"
    );
    pass(60).await;
    assert_eq!(again.is_online(peer(1)), Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_calls_nobody_offline_for_it() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.ok(register(2)).await;
    tokio::time::advance(Duration::from_mins(3)).await;
    pass(1).await;
    assert_eq!(house.is_online(peer(1)), Some(true));
    house.ok(heartbeat(1)).await;
    pass(80).await;
    assert_eq!(house.is_online(peer(1)), Some(true));
    assert_eq!(house.is_online(peer(2)), Some(false), "it is really gone");
}

#[tokio::test(start_paused = true)]
async fn times_heard_reach_readers_and_figures_are_told_once_a_second() {
    let house = House::new().await;
    for number in 1..=20 {
        house.ok(register(number)).await;
    }
    pass(2).await;
    let told: Vec<_> = house.watcher.take();
    let figures: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("stats"))
        .collect();
    assert!(figures.len() <= 2, "{figures:?}");
    assert_eq!(told.last().expect("told"), "stats 20/20 peers 0 files");
    let before = house.index.view().peers[&peer(3)].last_seen;
    // Wall time is not paused, and is kept in whole milliseconds: the next one comes by itself.
    while Clock::default().now() <= before {}
    let appends = house.journal.appends.load(Ordering::SeqCst);
    house.ok(heartbeat(3)).await;
    pass(2).await;
    assert!(house.index.view().peers[&peer(3)].last_seen > before);
    let appended = house.journal.appends.load(Ordering::SeqCst) - appends;
    assert_eq!(appended, 0, "a heartbeat costs no disk");
    assert_eq!(house.watcher.take(), Vec::<String>::new(), "nothing new");
}

#[tokio::test(start_paused = true)]
async fn a_failed_append_changes_nothing_and_the_next_one_counts() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.is_failing.store(true, Ordering::SeqCst);
    assert_eq!(
        house.refused(change(1, vec![add("x", "x")])).await,
        Slug::Internal
    );
    assert_eq!(house.refused(register(2)).await, Slug::Internal);
    house.ok(heartbeat(1)).await;
    assert!(house.found().is_empty());
    assert_eq!(house.is_online(peer(2)), None);
    house.journal.is_failing.store(false, Ordering::SeqCst);
    house.ok(change(1, vec![add("x", "x")])).await;
    assert_eq!(house.found(), ["x"]);
    assert_eq!(house.refused(heartbeat(2)).await, Slug::UnknownPeer);
    pass(300).await;
    assert_eq!(
        house.watcher.take_events(),
        [
            "registered peer 1",
            "file x of peer 1 with 1 sources",
            "offline peer 1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_cannot_be_read_stops_the_start_with_a_remedy() {
    let start = async |record: &[u8]| {
        let journal = crate::journal::MemoryJournal::new();
        journal
            .append(crate::journal::Position::default(), &[record.to_vec()])
            .expect("appended");
        let started = Index::start(House::parts(Arc::new(journal), Watcher::default())).await;
        started.expect_err("unreadable").to_string()
    };
    let newer = start(&[200, 1, 2]).await;
    assert!(
        newer.contains("record 0") && newer.contains("newer index-server"),
        "{newer}"
    );
    let garbled = start(&[1, 200, 200]).await;
    assert!(garbled.contains("does not decode"), "{garbled}");
}

#[tokio::test(start_paused = true)]
async fn a_large_tail_is_compacted_beside_the_traffic() {
    let house = House::new().await;
    house.journal.is_large.store(true, Ordering::SeqCst);
    house.ok(register(1)).await;
    house
        .ok(change(1, vec![add("x", "x"), add("y", "y")]))
        .await;
    house.ok(change(1, vec![remove(1, "y", None)])).await;
    pass(60).await;
    let compactions = || house.journal.compactions.load(Ordering::SeqCst);
    assert_eq!(compactions(), 0, "most of what it says still holds");
    while compactions() == 0 {
        house.ok(download(1, "x")).await;
    }
    house.ok(change(1, vec![add("z", "z")])).await;
    assert!(house.journal.sizes().snapshot_records > 0);
    let (was, again) = (house.index.view(), House::on(rewound(&house.journal)).await);
    assert_eq!(again.found(), ["x", "z"]);
    let is = again.index.view();
    assert_eq!(is.stats.total_downloads, was.stats.total_downloads);
    // One that fails is not tried again at once, and takes nothing away.
    let failures = || house.index.shared.metrics.journal_failures.get();
    for _ in 0..10 {
        house.ok(download(1, "x")).await;
    }
    house.journal.is_large.store(true, Ordering::SeqCst);
    house.journal.is_failing.store(true, Ordering::SeqCst);
    while failures() == 0 {
        house.ok(heartbeat(1)).await;
        pass(1).await;
    }
    house.journal.is_failing.store(false, Ordering::SeqCst);
    house.journal.is_large.store(true, Ordering::SeqCst);
    house.ok(heartbeat(1)).await;
    pass(60).await;
    assert_eq!((compactions(), house.found().len()), (1, 2));
    pass(600).await;
    assert_eq!(compactions(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_append_that_lied_about_failing_is_found_out() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.is_lying.store(true, Ordering::SeqCst);
    assert_eq!(
        house.refused(change(1, vec![add("x", "x")])).await,
        Slug::Internal
    );
    house.journal.is_lying.store(false, Ordering::SeqCst);
    // This one finds the journal further on and takes the world from it again.
    assert_eq!(
        house.refused(change(1, vec![add("y", "y")])).await,
        Slug::Internal
    );
    assert_eq!(house.found(), ["x"]);
    house.ok(change(1, vec![add("y", "y")])).await;
    assert_eq!(house.found(), ["x", "y"]);
    let again = House::on(rewound(&house.journal)).await;
    assert_eq!(again.found(), ["x", "y"]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.hold();
    let mut asked = Vec::new();
    for _ in 0..QUEUE_MAX_COUNT * 2 {
        let index = house.index.clone();
        asked.push(tokio::spawn(async move { index.ask(register(1)).await }));
    }
    let is_refused = |asked: &[JoinHandle<_>]| asked.iter().any(JoinHandle::is_finished);
    while !is_refused(&asked) {
        tokio::task::yield_now().await;
    }
    house.journal.release();
    let (mut done_count, mut refused_count) = (0, 0);
    for answer in asked {
        match answer.await.expect("no panic") {
            Ok(_) => done_count += 1,
            Err(refusal) => {
                assert_eq!(refusal.slug, Slug::Overloaded);
                refused_count += 1;
            }
        }
    }
    assert!(done_count >= QUEUE_MAX_COUNT && refused_count > 0);
    house.ok(heartbeat(1)).await;
}

#[tokio::test]
async fn many_files_are_taken_in_and_compacted() {
    let house = House::new().await;
    house.ok(register(1)).await;
    for chunk in 0..20 {
        let changes = (0..1_000)
            .map(|number| {
                let name = format!("{chunk}-{number}");
                crate::command::FileChange::Add(checked(
                    &format!("folder {chunk}/{name}.bin"),
                    &name,
                ))
            })
            .collect();
        house.ok(change(1, changes)).await;
    }
    assert_eq!(house.index.view().stats.total_files, 20_000);
    assert_eq!(
        house.watcher.take_events()[1..],
        vec!["files +1000 ~0 -0 (20)".to_owned(); 20]
    );
    assert!(house.journal.sizes().tail_bytes > 1 << 20);
    compaction::compact(&*house.journal).expect("compacts");
    assert_eq!(house.journal.sizes().tail_records, 0);
    let again = House::on(rewound(&house.journal)).await;
    let (was, is) = (house.index.view(), again.index.view());
    assert_eq!(is.stats.total_bytes, was.stats.total_bytes);
    assert_eq!(is.peers[&peer(1)].shared_files, 20_000);
    house.stopper.stop().await;
}

#[tokio::test(start_paused = true)]
async fn at_rest_the_segments_become_two_at_most() {
    let house = House::new().await;
    house.ok(register(1)).await;
    for chunk in 0..9 {
        let file = |number| format!("folder {chunk}/{number}.bin");
        let add = |number| crate::command::FileChange::Add(checked(&file(number), &file(number)));
        house.ok(change(1, (0..1_200).map(add).collect())).await;
    }
    while house.index.view().catalog.segment_count() > 2 {
        pass(1).await;
        house.ok(heartbeat(1)).await;
    }
    let view = house.index.view();
    let page = view.catalog.search(
        &Query::parse("folder").expect("a query"),
        &SearchParams::default(),
    );
    assert_eq!(
        page.expect("no cursor").total,
        10_001,
        "more than are counted"
    );
    house.stopper.stop().await;
}

//! What the queue makes of wishes and orders.

use proptest::prelude::*;

use super::super::change::{Change, Move};
use super::*;

mod wanted;

fn wish(path: &str, content: &str) -> Wish {
    Wish {
        hash: ContentHash::of(content.as_bytes()),
        size_bytes: 5_000_000,
        path: path.to_owned(),
        save_as: None,
    }
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn add(queue: &mut Queue, path: &str, content: &str) -> Result<DownloadId, FetchError> {
    queue.enqueue(wish(path, content), Path::new("/d"), now(), |_, _| true)
}

fn next(queue: &Queue, running: &[DownloadId]) -> Option<DownloadId> {
    queue.next_to_start(&running.iter().copied().collect(), 2, false)
}

#[test]
fn the_same_content_is_queued_once_but_for_folders() {
    let mut queue = Queue::default();
    let first = add(&mut queue, "a.bin", "1").unwrap();
    assert_eq!(add(&mut queue, "other.bin", "1"), Ok(first));
    let inside = add(&mut queue, "folder/a.bin", "1").unwrap();
    let double = add(&mut queue, "folder/b.bin", "1").unwrap();
    assert_eq!(HashSet::from([first, inside, double]).len(), 3);
    assert_eq!(add(&mut queue, "folder/b.bin", "1"), Ok(double));
    assert_eq!(next(&queue, &[]), Some(first));
    assert_eq!(next(&queue, &[first]), None, "one of a content at a time");
    queue.started(first);
    queue.finished(first, PathBuf::from("/d/a.bin"), 5, now());
    let copies: Vec<_> = queue.done_copies(&ContentHash::of(b"1")).collect();
    assert_eq!(copies, [PathBuf::from("/d/a.bin")]);
    assert!(
        matches!(add(&mut queue, "a.bin", "1"), Ok(id) if id == inside || id == first)
            || matches!(
                add(&mut queue, "a.bin", "1"),
                Err(FetchError::AlreadyDone { .. })
            )
    );
}

#[test]
fn priority_goes_before_age() {
    let mut queue = Queue::default();
    let ids: Vec<_> = ["1", "2", "3"]
        .map(|name| add(&mut queue, name, name).unwrap())
        .into();
    queue
        .change(Change::Prioritise(1), ids[2], now(), &Timing::default())
        .unwrap();
    assert_eq!(next(&queue, &[]), Some(ids[2]));
    assert_eq!(next(&queue, &[ids[2]]), Some(ids[0]));
    assert_eq!(
        next(&queue, &[ids[2], ids[0]]),
        None,
        "two large ones at once"
    );
}

#[test]
fn a_download_is_moved_among_those_of_its_priority_and_stays_there() {
    let mut queue = Queue::new(Vec::new(), 1);
    let names = ["1", "2", "3", "4"];
    let ids = names.map(|name| add(&mut queue, name, name).unwrap());
    let timing = Timing::default();
    let order = |queue: &Queue| -> Vec<u64> {
        let mut running = Vec::new();
        while let Some(id) = queue.next_to_start(&running.iter().copied().collect(), 9, false) {
            running.push(id);
        }
        running.iter().map(|id| id.0).collect()
    };
    let mut change = |change, number: usize, expected: [u64; 4]| {
        queue
            .change(change, ids[number - 1], now(), &timing)
            .unwrap();
        assert_eq!(order(&queue), expected, "{change:?} {number}");
        let saved = serde_json::to_vec(&queue.entries().cloned().collect::<Vec<_>>()).unwrap();
        let again = Queue::new(serde_json::from_slice(&saved).unwrap(), 0);
        assert_eq!(order(&again), expected, "after a restart");
    };
    change(Change::Move(Move::Top), 3, [3, 1, 2, 4]);
    change(Change::Move(Move::Top), 4, [4, 3, 1, 2]);
    change(Change::Move(Move::Down), 4, [3, 4, 1, 2]);
    change(Change::Move(Move::Bottom), 3, [4, 1, 2, 3]);
    change(Change::Move(Move::Up), 3, [4, 1, 3, 2]);
    change(Change::Move(Move::Up), 4, [4, 1, 3, 2]);
    change(Change::Move(Move::Down), 2, [4, 1, 3, 2]);
    change(Change::SetPriority(1), 2, [2, 4, 1, 3]);
    change(Change::Move(Move::Top), 3, [2, 3, 4, 1]);
    change(Change::SetPriority(-1), 4, [2, 3, 1, 4]);
    change(Change::SetPriority(0), 2, [3, 1, 2, 4]);
}

/// Adds downloads `1..=count`, all waiting.
fn row_of(count: u64) -> Queue {
    let mut queue = Queue::new(Vec::new(), 1);
    for number in 1..=count {
        let name = number.to_string();
        add(&mut queue, &name, &name).unwrap();
    }
    queue
}

fn order(queue: &Queue) -> Vec<u64> {
    queue.ready.iter().map(|(.., id)| id.0).collect()
}

#[test]
fn several_move_together_past_those_that_a_person_sees_beside_them() {
    let mut queue = row_of(5);
    let mut go = |ids: &[u64], to, expected: [u64; 5]| {
        let ids: Vec<_> = ids.iter().copied().map(DownloadId).collect();
        queue.move_to(&ids, to);
        assert_eq!(order(&queue), expected, "{ids:?} {to:?}");
    };
    go(&[5, 4], Move::Top, [4, 5, 1, 2, 3]);
    go(&[4, 5], Move::Up, [4, 5, 1, 2, 3]);
    go(&[4, 5], Move::Down, [1, 4, 5, 2, 3]);
    go(&[1, 2], Move::Down, [4, 1, 5, 3, 2]);
    go(&[2, 5], Move::Up, [4, 5, 1, 2, 3]);
    go(&[5, 2], Move::Bottom, [4, 1, 3, 5, 2]);
    let paused = DownloadId(1);
    let timing = Timing::default();
    queue.change(Change::Pause, paused, now(), &timing).unwrap();
    queue.move_to(&[DownloadId(3)], Move::Up);
    assert_eq!(
        order(&queue),
        [3, 4, 5, 2],
        "a paused one is not in the way"
    );
}

#[test]
fn what_a_person_did_meanwhile_stands() {
    let mut queue = Queue::default();
    let id = add(&mut queue, "a", "1").unwrap();
    queue.started(id);
    let timing = Timing::default();
    assert_eq!(
        queue.change(Change::Pause, id, now(), &timing),
        Ok(Effect::Stop)
    );
    let reason = "gone".to_owned();
    let gone = DownloadState::NoSource { reason };
    queue.stand(id, gone, Instant::now(), &timing);
    queue.stopped(id, DownloadState::Queued, 7, 10);
    assert_eq!(queue.next_changes(), (None, None));
    let entry = queue.get(id).unwrap();
    assert_eq!(
        (&entry.state, entry.done_bytes),
        (&DownloadState::Paused, 7)
    );
}

#[test]
fn a_cancelled_one_goes_on_when_a_person_says_so_in_time() {
    for change in [Change::Resume, Change::Restore] {
        let mut queue = Queue::default();
        let id = add(&mut queue, "a", "1").unwrap();
        let timing = Timing::default();
        queue.change(Change::Cancel, id, now(), &timing).unwrap();
        let cancelled = queue.get(id).unwrap().state.clone();
        assert!(matches!(cancelled, DownloadState::Cancelled { .. }));
        queue.change(change, id, now(), &timing).unwrap();
        assert_eq!(queue.get(id).unwrap().state, DownloadState::Queued);
        assert_eq!(queue.expire(Timestamp::MAX, &HashSet::new()), []);
    }
}

#[test]
fn a_cancelled_one_that_is_taken_off_the_list_does_not_come_back() {
    for change in [Change::Resume, Change::Restore] {
        let mut queue = Queue::default();
        let id = add(&mut queue, "a", "1").unwrap();
        queue.started(id);
        let timing = Timing::default();
        for change in [Change::Cancel, Change::Remove] {
            queue.change(change, id, now(), &timing).unwrap();
        }
        // It ends first.
        let running = HashSet::from([id]);
        assert_eq!(queue.expire(now(), &running), []);
        let back = queue.change(change, id, now(), &timing);
        assert_eq!(back, Err(FetchError::Unknown(id)));
        assert_eq!(queue.expire(now(), &HashSet::new()).len(), 1);
    }
}

#[test]
fn waits_for_a_source_or_for_room_grow_and_a_nudge_ends_them() {
    let mut queue = Queue::default();
    let timing = Timing::default();
    let id = add(&mut queue, "a", "1").unwrap();
    let start = Instant::now();
    let mut waits = Vec::new();
    let reason = || "why".to_owned();
    let states = [
        DownloadState::NoSource { reason: reason() },
        DownloadState::DiskFull { reason: reason() },
    ];
    for state in states.iter().cycle().take(6) {
        queue.started(id);
        queue.stand(id, state.clone(), start, &timing);
        queue.stopped(id, DownloadState::Queued, 1, 5);
        queue
            .change(Change::Prioritise(1), id, now(), &timing)
            .unwrap();
        assert_eq!(&queue.get(id).unwrap().state, state);
        waits.push((queue.next_changes().0.unwrap() - start).as_secs());
        queue.nudge(None);
        assert_eq!(queue.get(id).unwrap().state, DownloadState::Queued);
    }
    assert_eq!(waits, [5, 10, 20, 20, 60, 20]);
    queue.started(id);
    queue.stand(id, states[1].clone(), start, &timing);
    assert_eq!(queue.retry_due(start), []);
    assert_eq!(queue.retry_due(start + timing.no_source_max), [id]);
    let full = Entry {
        state: states[1].clone(),
        ..queue.get(id).unwrap().clone()
    };
    assert_eq!(full.restarted().state, DownloadState::Queued);
}

#[test]
fn those_without_room_wait_short_and_say_what_to_free_now() {
    let mut queue = Queue::default();
    let timing = Timing::default();
    let start = Instant::now();
    let full = |free: &str| DownloadState::DiskFull {
        reason: format!("free {free}"),
    };
    let all = ["a", "b"].map(|name| {
        let id = add(&mut queue, name, name).unwrap();
        queue.started(id);
        queue.stand(id, full("?"), start, &timing);
        queue.stopped(id, DownloadState::Queued, 1, 5);
        id
    });
    let room = |free: u64| {
        move |wanted: u64| match wanted.saturating_sub(free) {
            0 => Ok(()),
            more => Err(format!("free {more}")),
        }
    };
    let pause = timing.no_source_min;
    assert_eq!(queue.wait_for_room(start, pause, room(1)), [], "not yet");
    let mut at = start;
    for _ in 0..20 {
        at += pause;
        queue.wait_for_room(at, pause, room(1));
        assert_eq!(queue.retry_due(at), []);
        assert_eq!(queue.next_changes().0, Some(at + pause));
    }
    let state = |queue: &Queue, id| queue.get(id).unwrap().state.clone();
    assert_eq!(all.map(|id| state(&queue, id)), [full("3"), full("7")]);
    at += pause;
    assert_eq!(queue.wait_for_room(at, pause, room(4)), [all[1]]);
    assert_eq!(queue.retry_due(at), [all[0]], "there is room for one");
    assert_eq!(state(&queue, all[1]), full("4"));
}

proptest! {
    #[test]
    fn a_move_is_undone_by_the_order_that_it_hands_back(
        priorities in proptest::collection::vec(-1..2_i8, 1..8),
        moves in proptest::collection::vec((proptest::collection::vec(1..8_u64, 1..4), 0..4_u8), 1..8),
    ) {
        let mut queue = row_of(priorities.len() as u64);
        for (number, priority) in (1..).zip(priorities) {
            let change = Change::SetPriority(priority);
            queue.change(change, DownloadId(number), now(), &Timing::default()).unwrap();
        }
        let mut undo = Vec::new();
        for (ids, to) in moves {
            let ids: Vec<_> = ids.into_iter().map(DownloadId).collect();
            let to = [Move::Top, Move::Up, Move::Down, Move::Bottom][usize::from(to)];
            let before = order(&queue);
            undo.push((before, queue.move_to(&ids, to)));
        }
        for (before, back) in undo.into_iter().rev() {
            queue.arrange(&back);
            prop_assert_eq!(order(&queue), before);
        }
    }

    #[test]
    fn no_order_loses_a_download_or_its_place(orders in proptest::collection::vec((0..10_u8, 1..6_u64), 0..80)) {
        let mut queue = Queue::default();
        let timing = Timing::default();
        for (order, number) in orders {
            let id = DownloadId(number);
            let change = match order {
                0 => { let name = number.to_string(); let _ = add(&mut queue, &name, &name); continue; }
                1 => { if let Some(id) = next(&queue, &[]) { queue.started(id); } continue; }
                2 => { queue.stopped(id, DownloadState::Queued, 0, 5); continue; }
                3 => Change::Pause,
                4 => Change::Resume,
                5 => Change::Cancel,
                6 => Change::Restore,
                7 => Change::Remove,
                8 => Change::Prioritise(1),
                _ => Change::Retry,
            };
            let _ = queue.change(change, id, now(), &timing);
            let queued: HashSet<_> = queue.entries().filter(|entry| entry.state == DownloadState::Queued).map(|entry| entry.id).collect();
            let ready: HashSet<_> = queue.ready.iter().chain(&queue.ready_together).map(|(.., id)| *id).collect();
            prop_assert_eq!(queued, ready);
            for entry in queue.entries() {
                prop_assert!(queue.entries_of(&entry.wish.hash).contains(&entry.id));
                let is_cancelled = matches!(entry.state, DownloadState::Cancelled { .. });
                prop_assert_eq!(is_cancelled, queue.cancelled.contains_key(&entry.id));
            }
        }
        queue.expire(Timestamp::MAX, &HashSet::new());
        prop_assert!(queue.cancelled.is_empty());
    }
}

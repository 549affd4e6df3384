//! Which download a wish for a known content gets.

use super::*;

/// A wish for the content `1` that names its place.
fn wish_at(place: &str) -> Wish {
    Wish {
        save_as: Some(PathBuf::from(place)),
        ..wish("a.bin", "1")
    }
}

fn add_at(queue: &mut Queue, place: &str) -> DownloadId {
    let added = queue.enqueue(wish_at(place), Path::new("/d"), now(), |_, _| true);
    added.expect("a wish that names its place is never done before it is looked at")
}

fn fail(queue: &mut Queue, id: DownloadId) {
    queue.started(id);
    let reason = "no such folder".to_owned();
    queue.stopped(id, DownloadState::Failed { reason }, 5, 5);
}

#[test]
fn a_wish_that_names_its_place_gets_a_download_to_that_place() {
    let mut queue = Queue::default();
    let running = add(&mut queue, "a.bin", "1").unwrap();
    let elsewhere = add_at(&mut queue, "/x/a");
    assert_ne!(elsewhere, running);
    assert_eq!(add_at(&mut queue, "/x/a"), elsewhere);
    assert_eq!(
        queue.get(elsewhere).unwrap().destination,
        Path::new("/x/a"),
        "it goes where it was asked to"
    );
    queue.started(running);
    assert_eq!(next(&queue, &[running]), None, "it waits for the first one");
    queue.finished(running, PathBuf::from("/d/a.bin"), 5, now());
    assert_eq!(next(&queue, &[]), Some(elsewhere), "and copies it then");
    queue.finished(elsewhere, PathBuf::from("/x/a"), 5, now());
    assert_eq!(add_at(&mut queue, "/x/a"), elsewhere);
    assert_eq!(
        queue.get(elsewhere).unwrap().state,
        DownloadState::Queued,
        "what lies there is looked at again"
    );
    assert!(matches!(
        add(&mut queue, "a.bin", "1"),
        Err(FetchError::AlreadyDone { id, .. }) if id == running
    ));
}

#[test]
fn a_failed_download_takes_the_place_of_the_next_wish_and_goes_on() {
    let mut queue = Queue::default();
    let id = add_at(&mut queue, "/proc/nope/a");
    fail(&mut queue, id);
    assert_eq!(add_at(&mut queue, "/x/a"), id);
    let entry = queue.get(id).unwrap();
    assert_eq!(
        (&entry.state, &*entry.destination, entry.done_bytes),
        (&DownloadState::Queued, Path::new("/x/a"), 5)
    );
    fail(&mut queue, id);
    assert_eq!(add(&mut queue, "a.bin", "1"), Ok(id), "no place named");
    assert_eq!(queue.get(id).unwrap().destination, Path::new("/d/a.bin"));
    fail(&mut queue, id);
    assert_eq!(add(&mut queue, "a.bin", "1"), Ok(id), "asked for again");
    assert_eq!(queue.get(id).unwrap().state, DownloadState::Queued);
    // A folder keeps its file.
    let mut queue = Queue::default();
    let inside = add(&mut queue, "folder/a.bin", "1").unwrap();
    fail(&mut queue, inside);
    assert_ne!(add_at(&mut queue, "/x/a"), inside);
}

#[test]
fn what_is_paused_or_taken_away_goes_on_when_it_is_asked_for_again() {
    let timing = Timing::default();
    for change in [Change::Pause, Change::Cancel] {
        let mut queue = Queue::default();
        let id = add(&mut queue, "a.bin", "1").unwrap();
        queue.change(change, id, now(), &timing).unwrap();
        let elsewhere = add_at(&mut queue, "/x/a");
        assert_ne!(
            elsewhere, id,
            "{change:?}: it may come back to its own place"
        );
        assert_eq!(next(&queue, &[]), Some(elsewhere));
        assert_eq!(add(&mut queue, "a.bin", "1"), Ok(id));
        assert_eq!(queue.get(id).unwrap().state, DownloadState::Queued);
    }
}

#[test]
fn a_queue_of_before_finds_the_folder_that_a_download_began_in() {
    let mut queue = Queue::default();
    let id = add(&mut queue, "music/a.bin", "1").unwrap();
    let mut entry = queue.get(id).unwrap().clone();
    entry.downloads = PathBuf::new();
    let settled = |is_there: bool| entry.clone().settled(Path::new("/new"), |_| is_there);
    let stays = settled(true);
    assert_eq!(stays.downloads, Path::new("/d"));
    assert_eq!(stays.target().path(), Path::new("/d/music/a.bin"));
    let moves = settled(false);
    assert_eq!(moves.destination, Path::new("/new/music/a.bin"));
}

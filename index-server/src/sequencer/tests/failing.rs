//! What callers are told while changes cannot be taken, and how it ends.

use super::*;
use crate::journal::kit::FlakyJournal;

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_as_what_it_is() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.is_full.store(true, Ordering::SeqCst);
    let asked = house.index.ask(change(1, vec![add("x", "x")])).await;
    let refused = asked.expect_err("no room");
    assert_eq!(refused.slug, Slug::DiskFull);
    assert!(refused.retry_after_secs.is_some());
    house.journal.is_full.store(false, Ordering::SeqCst);
    house.ok(change(1, vec![add("x", "x")])).await;
}

/// A watcher that does not survive the first thing it is told.
struct Fragile;

impl Publish for Fragile {
    fn publish(&self, _at: jiff::Timestamp, _changes: Vec<crate::feed::Change>) {
        panic!("of a watcher");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_inside_is_told_and_an_end_that_was_asked_for_is_none() {
    let mut parts = House::parts(Arc::<FlakyJournal>::default(), Watcher::default());
    parts.feed = Box::new(Fragile);
    let (index, _stopper) = Index::start(parts).await.expect("starts");
    assert!(!index.is_broken());
    let refused = index.ask(register(1)).await.expect_err("panicked");
    assert_eq!(refused.slug, Slug::ShuttingDown);
    index.broken().await;
    assert!(index.is_broken());

    let house = House::new().await;
    let index = house.index.clone();
    house.stopper.stop().await;
    assert!(!index.is_broken());
}

#[tokio::test(start_paused = true)]
async fn a_damaged_journal_is_written_anew_and_takes_nothing_until_it_is() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.is_damaged.store(true, Ordering::SeqCst);
    house.journal.is_failing.store(true, Ordering::SeqCst);
    let refused = async |name| house.refused(change(1, vec![add(name, name)])).await;
    assert_eq!(refused("x").await, Slug::JournalDamaged);
    pass(31).await;
    // It could not be written anew: it is not even tried to append to it.
    let appends = house.journal.appends.load(Ordering::SeqCst);
    assert_eq!(refused("x").await, Slug::JournalDamaged);
    assert_eq!(house.journal.appends.load(Ordering::SeqCst), appends);
    house.journal.is_failing.store(false, Ordering::SeqCst);
    pass(120).await;
    house.ok(register(1)).await;
    house.ok(change(1, vec![add("x", "x")])).await;
    let again = House::on(rewound(&house.journal)).await;
    assert_eq!(again.found(), ["x"]);
}
